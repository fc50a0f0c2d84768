package engine

import "diom.io/workflow/shared/bpmn"

// enterThrowEvent throws an escalation or compensation, or does what enterWork does; then the token goes on.
func enterThrowEvent(s *step, t Token, node *bpmn.FlowNode) error {
	if node.Event != nil && node.Event.Trigger == bpmn.TriggerEscalation {
		return s.throwEscalation(t, node)
	}
	if node.Event != nil && node.Event.Trigger == bpmn.TriggerCompensation {
		return s.throwCompensation(t, node)
	}
	return enterWork(s, t, node)
}

// throwEscalation throws the escalation of an event. If what catches it interrupts, the path of the token is
// gone; if it does not, or nothing catches it, the token goes on: from an end event nowhere (BPMN 2.0.2 §10.5.7;
// Camunda 7 ThrowEscalationEventActivityBehavior). The history says so in either case.
func (s *step) throwEscalation(t Token, node *bpmn.FlowNode) error {
	gone, err := s.propagate(t, node.Event.EscalationCode)
	if err == nil && !gone {
		s.finish(t)
	}
	return err
}

// propagate throws an escalation, and records it if nothing catches it; gone says that the token's path is
// over.
func (s *step) propagate(t Token, code string) (gone bool, err error) {
	handled, gone, err := s.handle(t, code)
	if err == nil && !handled {
		s.do(Change{Kind: EscalationUnhandled, Token: t.Number, Node: t.Node, Code: code})
	}
	return gone, err
}

// handle lets an escalation be caught in this instance, else by its caller.
func (s *step) handle(t Token, code string) (handled, gone bool, err error) {
	c, err := s.escalate(t, code)
	if err != nil || c.event != nil {
		return c.event != nil, c.event != nil && c.event.Interrupting, err
	}
	handled, gone = s.toCaller(Return{Outcome: ReturnedEscalation, Code: code})
	return handled, gone, nil
}

// escalate looks outwards from a token for the first event that catches an escalation, and lets it happen: at
// the token's own activity, then in the scopes around it. It returns what has caught it. On an error nothing
// has happened.
func (s *step) escalate(t Token, code string) (catcher, error) {
	c, err := s.findCatcher(t, func(events []*bpmn.FlowNode) *bpmn.FlowNode { return escalationCatcher(events, code) })
	if err != nil {
		return c, err
	}
	if c.event != nil && !c.event.Interrupting {
		if err := s.room(1); err != nil {
			return c, err
		}
	}
	s.do(Change{Kind: EscalationThrown, Token: t.Number, Node: t.Node, Code: code})
	if c.event == nil {
		return c, nil
	}
	var variables Variables
	if name := c.event.Event.CodeVariable; name != "" {
		variables = Variables{name: code}
	}
	s.caught(c, variables)
	return c, nil
}

// escalationCatcher returns which of some events catches an escalation, or nil.
func escalationCatcher(events []*bpmn.FlowNode, code string) *bpmn.FlowNode {
	for _, event := range events {
		if e := event.Event; e.Trigger == bpmn.TriggerEscalation && (e.EscalationCode == "" || e.EscalationCode == code) {
			return event
		}
	}
	return nil
}
