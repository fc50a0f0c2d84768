package engine

import "diom.io/workflow/shared/bpmn"

var errNoCancelEvent = &dataError{"cancel_uncaught", "no boundary event of the transaction catches its cancel"}

// cancelTransaction ends everything else in the transaction around a cancel end event and undoes what was
// completed in it; then the token leaves by the cancel boundary event. Other events on the border are over
// (BPMN 2.0.2 §13.3.5; Camunda 7 CancelEndEventActivityBehavior).
func (s *step) cancelTransaction(t Token) error {
	if _, event := s.cancelCatcher(t); event == nil {
		return errNoCancelEvent
	}
	list := s.instance.completed(t.Scope)
	if err := s.undoable(list); err != nil {
		return err
	}
	s.do(Change{Kind: TransactionCancelled, Token: t.Number, Node: t.Node})
	for _, other := range s.instance.Clone().Tokens {
		if other.Scope == t.Scope && other.Number != t.Number {
			s.cancelToken(other, "cancelled")
		}
	}
	s.unwatch(t.Scope)
	s.cancelWaits(*s.instance.token(s.instance.scope(t.Scope).Token), "cancelled")
	s.compensate(t, list)
	return nil
}

// cancelCatcher returns the boundary event that catches the cancel of a token's transaction, and the token
// that it interrupts: of a multi-instance transaction that of the whole (BPMN 2.0.2 §10.5.6).
func (s *step) cancelCatcher(t Token) (Token, *bpmn.FlowNode) {
	scope := s.instance.scope(t.Scope)
	if scope.Number == 0 {
		return t, nil
	}
	host := *s.instance.token(scope.Token)
	if whole := s.instance.body(host); whole != nil {
		host = *whole
	}
	node := s.process.Node(host.Node)
	if node == nil || host.Undoes {
		return host, nil
	}
	return host, node.Cancelled()
}

// leaveTransaction lets the token of a cancelled transaction go on at the boundary event.
func (s *step) leaveTransaction(t Token) {
	host, event := s.cancelCatcher(t)
	if event == nil {
		s.unknown(t)
		return
	}
	s.interrupt(host, event)
}
