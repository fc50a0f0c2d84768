package engine

import (
	"fmt"

	"diom.io/workflow/shared/bpmn"
)

// create puts a new token at a node.
func (s *step) create(scope int, node, flow string) {
	number := s.instance.LastToken + 1
	s.do(Change{Kind: TokenCreated, Token: number, Scope: scope, Node: node, Flow: flow})
	s.arrive(number)
}

// take moves a token along a sequence flow.
func (s *step) take(t Token, flow *bpmn.SequenceFlow, why []Why) {
	s.do(Change{Kind: TokenMoved, Token: t.Number, Node: flow.Target.ID, Flow: flow.ID, Why: why})
	s.arrive(t.Number)
	s.notifyTake(t.Number, flow, 0)
}

// leave lets a token go on from a node that is done. An exclusive gateway takes the first flow, in the
// order of the document, whose condition is absent or true; a parallel gateway every flow whatever its
// condition; any other node every flow whose condition is absent or true. The default flow is taken
// when there is none; a node without outgoing flows ends the path (BPMN 2.0.2 §13.3.1 and §13.4;
// Camunda 7 BpmnActivityBehavior).
func (s *step) leave(t Token, node *bpmn.FlowNode) error {
	if len(node.Outgoing) == 0 {
		return s.end(t)
	}
	flows, why, err := s.outgoing(t, node)
	if err != nil {
		return err
	}
	return s.fork(t, flows, why)
}

// outgoing returns the flows that a token takes out of a node.
func (s *step) outgoing(t Token, node *bpmn.FlowNode) ([]*bpmn.SequenceFlow, []Why, error) {
	if node.Element == bpmn.ElementParallelGateway {
		return node.Outgoing, nil, nil
	}
	return s.choose(t, node, node.Element == bpmn.ElementExclusiveGateway)
}

// exitLater chooses the flows out of a node now and takes each of them by a job of its own: the token the first, new
// tokens at the node the others (Camunda 7 PvmAtomicOperationTransitionNotifyListenerTake).
func (s *step) exitLater(t Token, node *bpmn.FlowNode) error {
	flows, why, err := s.outgoing(t, node)
	if err != nil {
		return err
	}
	if err := s.room(len(flows) - 1); err != nil {
		return err
	}
	if err := s.departBy(t, node, flows[0], why); err != nil {
		return err
	}
	for _, flow := range flows[1:] {
		s.do(Change{Kind: TokenCreated, Token: s.instance.LastToken + 1, Scope: t.Scope, Node: node.ID, Flow: flow.ID})
		if err := s.departBy(*s.instance.token(s.instance.LastToken), node, flow, nil); err != nil {
			return err
		}
	}
	return nil
}

// departBy is continueBy for one flow out of a node.
func (s *step) departBy(t Token, node *bpmn.FlowNode, flow *bpmn.SequenceFlow, why []Why) error {
	job, err := s.continuation(t, node, AfterJob)
	if err == nil {
		job.Flow = flow.ID
		s.do(Change{Kind: JobCreated, Job: job, Why: why})
	}
	return err
}

// departAlong lets a token go along the flow that was chosen for it; by id "", or one that the definition has no more, it
// chooses now.
func (s *step) departAlong(t Token, id string) {
	if node := s.node(t); node != nil {
		for _, flow := range node.Outgoing {
			if flow.ID != id || id == "" {
				continue
			}
			if err := s.fork(t, []*bpmn.SequenceFlow{flow}, nil); err != nil {
				s.raise(t, true, err)
			}
			return
		}
	}
	s.depart(t)
}

// fork lets a token go along several flows at once: it takes the first, new tokens take the others.
func (s *step) fork(t Token, flows []*bpmn.SequenceFlow, why []Why) error {
	if err := s.room(len(flows) - 1); err != nil {
		return err
	}
	for _, flow := range flows {
		if err := s.taken(t, flow); err != nil {
			return err
		}
	}
	s.take(t, flows[0], why)
	for _, flow := range flows[1:] {
		s.create(t.Scope, flow.Target.ID, flow.ID)
		s.notifyTake(s.instance.LastToken, flow, 0)
	}
	return nil
}

// room returns an error if the instance cannot have so many tokens more.
func (s *step) room(more int) error {
	if more > 0 && len(s.instance.Tokens)+more > maxTokens {
		return &dataError{"too_many_tokens", fmt.Sprintf("the instance would have more than %d tokens at once", maxTokens)}
	}
	return nil
}

// choose evaluates the outgoing flows of a node in the order of the document. It returns those to
// take: the first only when one is wanted, never none.
func (s *step) choose(t Token, node *bpmn.FlowNode, one bool) ([]*bpmn.SequenceFlow, []Why, error) {
	var taken []*bpmn.SequenceFlow
	var why []Why
	for _, flow := range node.Outgoing {
		if flow == node.Default {
			continue
		}
		open, err := s.holds(t, flow, &why)
		if err != nil {
			return nil, nil, err
		}
		if open {
			taken = append(taken, flow)
		}
		if open && one {
			return taken, why, nil
		}
	}
	if len(taken) == 0 && node.Default != nil {
		taken = append(taken, node.Default)
	}
	if len(taken) == 0 {
		return nil, nil, &dataError{"no_flow_taken", fmt.Sprintf("no outgoing sequence flow of %q has a true condition and there is no default flow", node.ID)}
	}
	return taken, why, nil
}

// holds reports whether a flow's condition is absent or true, and records its evaluation.
func (s *step) holds(t Token, flow *bpmn.SequenceFlow, why *[]Why) (bool, error) {
	if flow.Condition == nil {
		return true, nil
	}
	open, err := flow.Condition.EvaluateBool(s.environment(t, nil))
	if err == nil {
		*why = append(*why, explain(flow.ID, flow.Condition, open, s.lookup(s.instance.scopeOf(t))))
	}
	return open, err
}
