package engine

import "diom.io/workflow/shared/bpmn"

// throwError looks outwards from a token for the event that catches a BPMN error: at the token's own
// activity, then in the scopes around it; in one place the event with the very code goes before the one
// for every error. It ends the activity, or the scope, that it watches. An error that nothing catches
// ends its own path only, and the history says so (BPMN 2.0.2 §10.5.7; Camunda 7 BpmnExceptionHandler
// and UnhandledBpmnErrorTest).
func (s *step) throwError(t Token, code, message string) {
	s.do(Change{Kind: ErrorThrown, Token: t.Number, Node: t.Node, Code: code, Reason: message})
	c, err := s.findCatcher(t, func(events []*bpmn.FlowNode) *bpmn.FlowNode { return errorCatcher(events, code) })
	switch {
	case err != nil:
		s.unknown(t)
	case c.event != nil:
		variables := Variables{}
		if name := c.event.Event.CodeVariable; name != "" {
			variables[name] = code
		}
		if name := c.event.Event.MessageVariable; name != "" {
			variables[name] = message
			if message == "" {
				variables[name] = nil // Camunda 7 sets null when the error has no message
			}
		}
		s.caught(c, variables)
	default:
		s.unhandled(t, code, message)
	}
}

// unhandled deals with an error that nothing in the instance catches: its caller may.
func (s *step) unhandled(t Token, code, message string) {
	if told, _ := s.toCaller(Return{Outcome: ReturnedError, Code: code, Message: message}); told {
		return
	}
	s.do(Change{Kind: ErrorUnhandled, Token: t.Number, Node: t.Node, Code: code, Reason: message})
	s.abandon(t)
	values, err := s.outputs(t, s.node(t), false) // the activity ends, and what it gives goes out
	if err != nil {
		for _, c := range s.instance.endWork(t.Number, "") { // nobody may do it again; a retry of the incident leaves
			s.do(c)
		}
		s.raise(t, true, err)
		return
	}
	s.release(t)
	s.give(t.Scope, values)
	if err := s.end(t); err != nil {
		s.raise(t, true, err)
	}
}

// errorCatcher returns which of some events catches an error, or nil.
func errorCatcher(events []*bpmn.FlowNode, code string) *bpmn.FlowNode {
	var every *bpmn.FlowNode
	for _, event := range events {
		if event.Event.Trigger != bpmn.TriggerError {
			continue
		}
		if event.Event.ErrorCode == code {
			return event
		}
		if event.Event.ErrorCode == "" && every == nil {
			every = event
		}
	}
	return every
}
