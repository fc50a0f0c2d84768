package bpmn

// transactionRules are those about transactions and cancel events (Camunda 7
// BpmnParse.parseBoundaryCancelEventDefinition). It fails at run time where no event catches the cancel.
var transactionRules = map[string]Rule{
	ruleCancelEnd: {
		Reason: "the cancel end event does not stand in a transaction itself",
		Fix:    "Put it into the transaction that it cancels, not into a sub-process of it.",
	},
	ruleCancelHost: {
		Reason: "the cancel boundary event is not on a transaction",
		Fix:    "Attach it to a transaction, or use an error event.",
	},
	ruleCancelTwice: {
		Reason: "the transaction has two cancel boundary events",
		Fix:    "Keep one of them.",
	},
	ruleCancelUncaught: {
		Reason: "the transaction has a cancel end event, but no cancel boundary event leads on from there",
		Fix:    "Attach a cancel boundary event to the transaction.",
	},
}

func readCancelEvent(r *reader, d *node, f *FlowNode) {
	f.Event = &EventDefinition{Trigger: TriggerCancel}
	if f.Element == ElementBoundaryEvent {
		f.Interrupting = true
		return
	}
	if f.Parent == nil || f.Parent.Element != ElementTransaction {
		s := f.subject()
		s.line = d.line
		r.add(ruleCancelEnd, s, "")
	}
}

// Cancelled returns the boundary event by which a token leaves a transaction that was cancelled, or nil.
func (f *FlowNode) Cancelled() *FlowNode {
	for _, b := range f.Boundary {
		if b.Event != nil && b.Event.Trigger == TriggerCancel {
			return b
		}
	}
	return nil
}

// cancels applies the rules about the cancel events of each activity and of what stands in it.
func (r *reader) cancels(p *draft) {
	for _, f := range p.process.Nodes {
		first := f.Cancelled()
		for _, b := range f.Boundary {
			switch {
			case b.Event == nil || b.Event.Trigger != TriggerCancel:
			case f.Element != ElementTransaction:
				r.add(ruleCancelHost, b.subject(), "the cancel boundary event is on the %s %s", f.Element, clip(f.ID))
			case b != first:
				r.add(ruleCancelTwice, b.subject(), "the transaction %s has the cancel boundary event %s already", clip(f.ID), clip(first.ID))
			}
		}
		if f.Element == ElementEndEvent && f.Event != nil && f.Event.Trigger == TriggerCancel &&
			f.Parent != nil && f.Parent.Element == ElementTransaction && f.Parent.Cancelled() == nil {
			r.add(ruleCancelUncaught, f.subject(), "the transaction %s has no cancel boundary event", clip(f.Parent.ID))
		}
	}
}
