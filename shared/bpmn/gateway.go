package bpmn

// readEventBasedGateway refuses what would make the gateway something else.
func readEventBasedGateway(r *reader, n *node, f *FlowNode) {
	s := f.subject()
	f.Instantiates = n.flag("instantiate")
	if n.attr("eventGatewayType") == "Parallel" {
		r.addFix(ruleUnsupportedAttribute, s, "Use a parallel gateway with the events behind it.",
			"the eventGatewayType Parallel waits for all events, which this version does not execute")
	}
	if isTrue(n.extension("asyncAfter")) {
		r.addFix(ruleUnsupportedExtension, s, "Set asyncAfter at the events behind the gateway.",
			"the attribute asyncAfter cannot be executed: the events leave the gateway")
	}
}

// gateway applies the rules about the flows out of a gateway.
func (r *reader) gateway(p *draft, g *FlowNode) {
	switch g.Element {
	case ElementExclusiveGateway:
		r.exclusiveGateway(p, g)
	case ElementParallelGateway:
		r.unconditional(p, g)
	case ElementEventBasedGateway:
		r.unconditional(p, g)
		r.eventBasedGateway(g)
	}
}

// exclusiveGateway applies Camunda's rules (BpmnParse.validateExclusiveGateway): they make sure that
// at most one flow is taken for want of another.
func (r *reader) exclusiveGateway(p *draft, g *FlowNode) {
	switch len(g.Outgoing) {
	case 0:
		r.add(ruleNoOutgoing, g.subject(), "the exclusive gateway has no outgoing sequence flow")
		return
	case 1:
		if p.conditioned[g.Outgoing[0]] {
			r.add(ruleSingleCondition, g.Outgoing[0].subject(), "the only flow out of the exclusive gateway %s has a condition", clip(g.ID))
		}
		return
	}
	if g.Default != nil && p.conditioned[g.Default] {
		r.add(ruleDefaultCondition, g.Default.subject(), "the default flow of the exclusive gateway %s has a condition", clip(g.ID))
	}
	var open []*SequenceFlow
	for _, f := range g.Outgoing {
		if !p.conditioned[f] && f != g.Default {
			open = append(open, f)
		}
	}
	if len(open) == 1 && g.Default == nil {
		g.Default = open[0]
		r.add(ruleImplicitDefault, open[0].subject(),
			"the only flow without a condition is taken as the default flow of the exclusive gateway %s", clip(g.ID))
		return
	}
	for _, f := range open {
		r.add(ruleUnconditioned, f.subject(),
			"the flow out of the exclusive gateway %s has no condition and is not its default flow", clip(g.ID))
	}
}

// unconditional warns of conditions that nobody asks for.
func (r *reader) unconditional(p *draft, g *FlowNode) {
	for _, f := range g.Outgoing {
		if p.conditioned[f] {
			r.add(ruleConditionIgnored, f.subject(), "the condition is ignored: the %s %s takes its flows whatever they say", g.Element, clip(g.ID))
		}
	}
}

// eventBasedGateway demands that the gateway leads to events alone and that only the gateway leads to
// them (BPMN 2.0.2 §10.6.6; Camunda 7 knows no receive task there).
func (r *reader) eventBasedGateway(g *FlowNode) {
	if len(g.Outgoing) == 0 {
		r.add(ruleNoOutgoing, g.subject(), "the event-based gateway has no outgoing sequence flow")
	}
	targets := make([]*FlowNode, 0, len(g.Outgoing))
	for _, f := range g.Outgoing {
		event := f.Target
		switch {
		case event == nil || event.Element == 0 || event.links(ElementIntermediateCatchEvent): // reported already
		case event.Element != ElementIntermediateCatchEvent:
			r.add(ruleGatewayTarget, f.subject(), "the event-based gateway %s leads to the %s %s", clip(g.ID), event.Element, clip(event.ID))
		case len(event.Incoming) > 1:
			r.add(ruleGatewayShared, event.subject(), "%d sequence flows lead to the event behind the event-based gateway %s", len(event.Incoming), clip(g.ID))
		case event.AsyncBefore:
			r.add(ruleIgnoredExtension, event.subject(), "the attribute asyncBefore is ignored behind an event-based gateway")
		}
		targets = append(targets, event)
	}
	r.namesOnce(targets)
}
