package bpmn

// Begins reports whether an instance begins at a node that is no start event: a receive task with
// instantiate, or an event behind an event-based gateway with it (BPMN 2.0.2 §13.3.1 and §10.6.6). No flow
// leads to the task or the gateway, so a token is never led to what begins.
func (f *FlowNode) Begins() bool {
	if f.Instantiates {
		return f.Element == ElementReceiveTask
	}
	for _, flow := range f.Incoming {
		if source := flow.Source; source != nil && source.Instantiates && source.Element == ElementEventBasedGateway {
			return true
		}
	}
	return false
}

// instantiates applies the rules about what starts an instance without a start event.
func (r *reader) instantiates(f *FlowNode) {
	if !f.Instantiates {
		return
	}
	s := f.subject()
	if len(f.Incoming) > 0 {
		r.add(ruleStartIncoming, s, "the sequence flow %s leads to the %s that starts an instance", clip(f.Incoming[0].ID), f.Element)
	}
	if f.Parent != nil {
		r.addFix(ruleUnsupportedAttribute, s, "Remove the attribute, and lead a flow to it.", "the attribute instantiate cannot start an instance inside of a sub-process")
	}
	r.literalNames(f)
	for _, flow := range f.Outgoing {
		if f.Element == ElementEventBasedGateway && flow.Target != nil {
			r.literalNames(flow.Target)
		}
	}
}

// literalNames demands that what an instance waits for to begin has a name that is known.
func (r *reader) literalNames(b *FlowNode) {
	if b.Event == nil {
		return
	}
	if name := b.Event.Message; name != nil && !name.IsLiteral() {
		r.add(ruleStartMessage, b.subject(), "the message name %s is an expression, but nothing is known before the start", clip(name.Source()))
	}
	if name := b.Event.Signal; name != nil && !name.IsLiteral() {
		r.add(ruleStartSignal, b.subject(), "the signal name %s is an expression, but nothing is known before the start", clip(name.Source()))
	}
}
