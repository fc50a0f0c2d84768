package engine

import (
	"maps"

	"diom.io/workflow/shared/bpmn"
)

// enterThrowEvent throws an escalation, or does what enterWork does; then the token goes on.
func enterThrowEvent(s *step, t Token, node *bpmn.FlowNode) error {
	if node.Event != nil && node.Event.Trigger == bpmn.TriggerEscalation {
		return s.escalate(t, node)
	}
	return enterWork(s, t, node)
}

// escalate looks outwards from the event that a token is at for the nearest sub-process with a boundary
// event that catches the escalation. If it interrupts, the path of the token is gone with the sub-process;
// if it does not, or nothing catches it, the token goes on: from an end event nowhere (BPMN 2.0.2 §10.5.7;
// Camunda 7 ThrowEscalationEventActivityBehavior). The history says so in either case.
func (s *step) escalate(t Token, node *bpmn.FlowNode) error {
	return s.raiseEscalation(t, node.Event.EscalationCode, nil, func() { s.finish(t) })
}

// raiseEscalation is escalate for any token and code. done lets the token go on, unless it is gone; extra
// are variables for whoever catches.
func (s *step) raiseEscalation(t Token, code string, extra Variables, done func()) error {
	host, event, err := s.escalationCatcher(t, code)
	if err != nil {
		return err
	}
	if event != nil && !event.Interrupting {
		if err := s.room(1); err != nil {
			return err
		}
	}
	s.do(Change{Kind: EscalationThrown, Token: t.Number, Node: t.Node, Code: code})
	if event == nil {
		s.do(Change{Kind: EscalationUnhandled, Token: t.Number, Node: t.Node, Code: code})
		done()
		return nil
	}
	caught := maps.Clone(extra)
	if name := event.Event.CodeVariable; name != "" {
		if caught == nil {
			caught = Variables{}
		}
		caught[name] = code
	}
	if event.Interrupting {
		s.interrupt(host, event)
		s.setVariables(host.Scope, caught)
		return nil
	}
	s.setVariables(host.Scope, caught)
	s.create(host.Scope, event.ID, "")
	done()
	return nil
}

// escalationCatcher returns the boundary event that catches an escalation from within a token's scope, and
// the token at its sub-process; nil when there is none.
func (s *step) escalationCatcher(t Token, code string) (Token, *bpmn.FlowNode, error) {
	for scope := s.instance.scope(t.Scope); scope.Number > 0; scope = s.instance.scope(t.Scope) {
		t = *s.instance.token(scope.Token)
		activity := s.node(t)
		if activity == nil {
			return t, nil, errNodeUnknown
		}
		for _, event := range activity.Boundary {
			if e := event.Event; e.Trigger == bpmn.TriggerEscalation && (e.EscalationCode == "" || e.EscalationCode == code) {
				return t, event, nil
			}
		}
	}
	return t, nil, nil
}
