package engine

import "diom.io/workflow/shared/bpmn"

// throwError looks outwards from a token for a boundary event that catches a BPMN error: at the
// token's own activity, then at the sub-processes around it; at one activity the event with the very
// code goes before the one for every error. The activity that it is attached to is interrupted. An
// error that nothing catches ends its own path only, and the history says so (BPMN 2.0.2 §10.5.7;
// Camunda 7 BpmnExceptionHandler and UnhandledBpmnErrorTest).
func (s *step) throwError(t Token, code, message string) {
	s.do(Change{Kind: ErrorThrown, Token: t.Number, Node: t.Node, Code: code, Reason: message})
	for host := t; ; {
		activity := s.node(host)
		if activity == nil {
			s.unknown(t)
			return
		}
		if event := catcher(activity, code); event != nil {
			s.catchError(host, event, code, message)
			return
		}
		scope := s.instance.scope(host.Scope)
		if scope.Number == 0 {
			break
		}
		host = *s.instance.token(scope.Token)
	}
	s.do(Change{Kind: ErrorUnhandled, Token: t.Number, Node: t.Node, Code: code, Reason: message})
	s.abandon(t)
	s.release(t, "")
	if err := s.end(t); err != nil {
		s.raise(t, true, err)
	}
}

func catcher(activity *bpmn.FlowNode, code string) *bpmn.FlowNode {
	var every *bpmn.FlowNode
	for _, event := range activity.Boundary {
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

func (s *step) catchError(host Token, event *bpmn.FlowNode, code, message string) {
	s.interrupt(host, event)
	caught := Variables{}
	if name := event.Event.CodeVariable; name != "" {
		caught[name] = code
	}
	if name := event.Event.MessageVariable; name != "" {
		caught[name] = message
	}
	s.setVariables(host.Scope, caught)
}
