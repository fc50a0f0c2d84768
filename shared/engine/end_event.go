package engine

import "diom.io/workflow/shared/bpmn"

// enterEndEvent ends the path of a token (BPMN 2.0.2 §13.5.6). A none end event consumes it; a message
// is sent before, a signal is thrown; an error or an escalation looks for who catches it; compensation and
// cancel undo what was completed before; terminate ends the
// scope with all that is in it.
// The scope, or the instance, ends when no token is left.
func enterEndEvent(s *step, t Token, node *bpmn.FlowNode) error {
	switch {
	case node.Event == nil || node.Event.Trigger == bpmn.TriggerMessage || node.Event.Trigger == bpmn.TriggerSignal:
		return enterWork(s, t, node)
	case node.Event.Trigger == bpmn.TriggerEscalation:
		return s.throwEscalation(t, node)
	case node.Event.Trigger == bpmn.TriggerCompensation:
		return s.throwCompensation(t, node)
	case node.Event.Trigger == bpmn.TriggerCancel:
		return s.cancelTransaction(t)
	case node.Event.Trigger == bpmn.TriggerTerminate:
		s.cancelScope(t.Scope, "terminated")
		return nil
	}
	message, err := s.text(t, node.Event.ErrorMessage)
	if err != nil {
		return err
	}
	s.throwError(t, node.Event.ErrorCode, message)
	return nil
}
