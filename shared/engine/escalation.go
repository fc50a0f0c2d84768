package engine

import "diom.io/workflow/shared/bpmn"

// enterThrowEvent throws an escalation or compensation, or does what enterWork does; then the token goes on.
func enterThrowEvent(s *step, t Token, node *bpmn.FlowNode) error {
	if node.Event != nil && node.Event.Trigger == bpmn.TriggerEscalation {
		return s.escalate(t, node)
	}
	if node.Event != nil && node.Event.Trigger == bpmn.TriggerCompensation {
		return s.throwCompensation(t, node)
	}
	return enterWork(s, t, node)
}

// escalate throws the escalation of the event that a token is at. If who catches it interrupts, the path of
// the token is gone; if it does not, or nothing catches it, the token goes on: from an end event nowhere
// (BPMN 2.0.2 §10.5.7; Camunda 7 ThrowEscalationEventActivityBehavior).
func (s *step) escalate(t Token, node *bpmn.FlowNode) error {
	gone, err := s.propagate(t, node.Event.EscalationCode)
	if err == nil && !gone {
		s.finish(t)
	}
	return err
}

// propagate looks outwards from a token for the nearest sub-process, or call of this instance, with a
// boundary event that catches an escalation, and lets it happen; gone says that the token's path is over by
// that. The history says what was thrown, and if nothing caught it.
func (s *step) propagate(t Token, code string) (gone bool, err error) {
	host, event, err := s.escalationCatcher(t, code)
	if err != nil {
		return false, err
	}
	if event != nil && !event.Interrupting {
		if err := s.room(1); err != nil {
			return false, err
		}
	}
	s.do(Change{Kind: EscalationThrown, Token: t.Number, Node: t.Node, Code: code})
	if event == nil {
		told, over := s.toCaller(Return{Outcome: ReturnedEscalation, Code: code})
		if !told {
			s.do(Change{Kind: EscalationUnhandled, Token: t.Number, Node: t.Node, Code: code})
		}
		return over, nil
	}
	var caught Variables
	if name := event.Event.CodeVariable; name != "" {
		caught = Variables{name: code}
	}
	if event.Interrupting {
		s.interrupt(host, event)
		s.setVariables(host.Scope, caught)
		return true, nil
	}
	s.setVariables(host.Scope, caught)
	s.create(host.Scope, event.ID, "")
	return false, nil
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
