package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// enterJoin lets a token into a parallel or an inclusive gateway. Where several flows come in it waits
// until as many tokens are there in one scope. Like Camunda 7 it counts tokens, not flows
// (ParallelGatewayActivityBehavior, InclusiveGatewayActivityBehavior): two over one flow count twice.
// An inclusive gateway does not wait for tokens that cannot come any more; settle sees to that.
//
// Then a parallel gateway takes every outgoing flow, conditions do not count; an inclusive one every
// flow whose condition is absent or true, else the default flow (BPMN 2.0.2 §13.4.1 and §13.4.3).
func enterJoin(s *step, t Token, node *bpmn.FlowNode) error {
	if len(node.Incoming) > 1 {
		arrived := s.arrived(t.Scope, node)
		if len(arrived) < len(node.Incoming) {
			return nil
		}
		s.merge(t, arrived)
	}
	s.finish(t)
	return nil
}

// arrived returns the tokens in a scope that wait at a joining gateway for others: not those that have
// yet to enter it, or have passed it and cannot leave.
func (s *step) arrived(scope int, gateway *bpmn.FlowNode) []Token {
	busy := map[int]bool{}
	for _, number := range s.ready {
		busy[number] = true
	}
	for i := range s.instance.Jobs {
		busy[s.instance.Jobs[i].Token] = true
	}
	for i := range s.instance.Incidents {
		busy[s.instance.Incidents[i].Token] = true
	}
	var list []Token
	for _, t := range s.instance.Tokens {
		if t.Scope == scope && t.Node == gateway.ID && !busy[t.Number] {
			list = append(list, t)
		}
	}
	return list
}

// continues reports whether a job will let a token go on.
func (s *step) continues(token int) bool {
	return slices.ContainsFunc(s.instance.Jobs, func(j Job) bool { return j.Token == token })
}

// merge consumes every token but t.
func (s *step) merge(t Token, arrived []Token) {
	for _, other := range arrived {
		if other.Number != t.Number {
			s.cancelToken(other, "") // it has nothing open, unless the definition is not the one it came by
		}
	}
}

// joinInclusive fires one inclusive join that waits for nobody any more. Unlike Camunda 7, which looks
// only when a token arrives, it is asked whenever all tokens rest: a branch that dies elsewhere does
// not hang the join.
func (s *step) joinInclusive() bool {
	asked := map[Token]bool{}
	for _, t := range s.instance.Tokens {
		node := s.process.Node(t.Node)
		place := Token{Scope: t.Scope, Node: t.Node}
		if node == nil || node.Element != bpmn.ElementInclusiveGateway || asked[place] {
			continue
		}
		asked[place] = true
		arrived := s.arrived(t.Scope, node)
		if len(arrived) == 0 || s.awaited(t.Scope, node) {
			continue
		}
		s.merge(arrived[0], arrived)
		s.finish(arrived[0])
		return true
	}
	return false
}

// awaited reports whether another token of the scope can still come to the gateway. A token inside of a
// sub-process is represented by the one at the sub-process. One that waits at another join, which no
// token that can move will make fire, comes only forwards: round a loop it would have to wait for this
// very gateway (Camunda 7 hangs there).
func (s *step) awaited(scope int, gateway *bpmn.FlowNode) bool {
	var moving, waiting []*bpmn.FlowNode
	for _, t := range s.instance.Tokens {
		node := s.process.Node(t.Node)
		switch {
		case t.Scope != scope || node == nil:
		case !s.joins(t, node):
			moving = append(moving, s.ahead(t, node)...)
		case node != gateway:
			waiting = append(waiting, node)
		}
	}
	return reaches(moving, gateway, nil) || reaches(waiting, gateway, nil) && reaches(waiting, gateway, loops(s.process, gateway.Parent))
}

// joins reports whether a token waits at a gateway for others.
func (s *step) joins(t Token, node *bpmn.FlowNode) bool {
	return (node.Element == bpmn.ElementParallelGateway || node.Element == bpmn.ElementInclusiveGateway) &&
		!s.stuck(t.Number) && !s.continues(t.Number)
}

// ahead returns where a token can be next: its node, unless it is done there and only has to leave.
func (s *step) ahead(t Token, node *bpmn.FlowNode) []*bpmn.FlowNode {
	for _, j := range s.instance.Jobs {
		for _, flow := range node.Outgoing {
			if j.Token == t.Number && j.Flow == flow.ID && j.Flow != "" {
				return []*bpmn.FlowNode{flow.Target}
			}
		}
	}
	if s.instance.owned(t.Number) == nil && s.leaving(t.Number) {
		return next(node, nil)
	}
	return []*bpmn.FlowNode{node}
}

// leaving reports whether the work of a token's node is done and it waits for a job, or for an
// operator, to go on.
func (s *step) leaving(token int) bool {
	return slices.ContainsFunc(s.instance.Incidents, func(i Incident) bool { return i.Token == token && i.Leaving }) ||
		slices.ContainsFunc(s.instance.Jobs, func(j Job) bool { return j.Token == token && j.Kind == AfterJob })
}

// next returns where the sequence flows lead that leave a node, except some.
func next(node *bpmn.FlowNode, except map[*bpmn.SequenceFlow]bool) []*bpmn.FlowNode {
	list := make([]*bpmn.FlowNode, 0, len(node.Outgoing))
	for _, flow := range node.Outgoing {
		if !except[flow] {
			list = append(list, flow.Target)
		}
	}
	return list
}

// reaches reports whether a token at one of some nodes can come to another along sequence flows,
// except some. What a boundary event may bring later is not waited for (BPMN 13.4.3, Camunda 7
// InclusiveGatewayActivityBehavior.isReachable).
func reaches(from []*bpmn.FlowNode, to *bpmn.FlowNode, except map[*bpmn.SequenceFlow]bool) bool {
	seen := map[*bpmn.FlowNode]bool{}
	for list := slices.Clone(from); len(list) > 0; {
		node := list[len(list)-1]
		list = list[:len(list)-1]
		if node == to {
			return true
		}
		if !seen[node] {
			seen[node] = true
			list = append(list, next(node, except)...)
		}
	}
	return false
}

// loops returns the sequence flows of a process or sub-process that lead back to a node which they
// come from: without them nothing goes round.
func loops(p *bpmn.Process, container *bpmn.FlowNode) map[*bpmn.SequenceFlow]bool {
	w := walk{under: map[*bpmn.FlowNode]bool{}, back: map[*bpmn.SequenceFlow]bool{}}
	for _, starts := range []bool{true, false} { // from the start events first, then whatever is left
		for _, node := range p.Nodes {
			if node.Parent == container && (node.Element == bpmn.ElementStartEvent) == starts {
				w.visit(node)
			}
		}
	}
	return w.back
}

// walk goes through a graph in depth. under has the nodes that were visited, true while what comes
// after them is.
type walk struct {
	under map[*bpmn.FlowNode]bool
	back  map[*bpmn.SequenceFlow]bool
}

func (w *walk) visit(node *bpmn.FlowNode) {
	if _, visited := w.under[node]; visited {
		return
	}
	w.under[node] = true
	for _, flow := range node.Outgoing {
		if w.under[flow.Target] {
			w.back[flow] = true
		}
		w.visit(flow.Target)
	}
	for _, event := range node.Boundary {
		w.visit(event)
	}
	w.under[node] = false
}
