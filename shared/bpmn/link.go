package bpmn

// linkRules are those about link events.
var linkRules = map[string]Rule{
	ruleLinkName: {
		Reason: "the link event has no name for its link",
		Fix:    "Set the attribute name of its linkEventDefinition; the throwing and the catching event have the same one.",
	},
	ruleLinkFlow: {
		Reason: "a sequence flow leaves the throwing link event or leads to the catching one",
		Fix:    "Remove the flow; a token goes from the throwing event to the catching one without it.",
	},
	ruleLinkTarget: {
		Reason: "no link event catches the link",
		Fix:    "Add an intermediate catch event with a link of that name to the same process or sub-process.",
	},
	ruleLinkSource: {
		Reason: "no link event throws the link",
		Fix:    "Add an intermediate throw event with a link of that name to the same process or sub-process, or remove the event.",
	},
	ruleLinkTwice: {
		Reason: "two link events of a process or sub-process catch the same link",
		Fix:    "Keep one of them, or rename one link on both of its sides.",
	},
	ruleLinkScope: {
		Reason: "the link leads out of its process or sub-process",
		Fix:    "Put both events into the same process or sub-process; an end event and a boundary event lead out of one.",
	},
}

func readLinkEvent(r *reader, d *node, f *FlowNode) {
	s := f.subject()
	s.line = d.line
	f.Event = &EventDefinition{Trigger: TriggerLink, Link: d.attr("name")}
	if f.Event.Link == "" {
		r.add(ruleLinkName, s, "")
	}
}

// linkPlace is where a link is caught.
type linkPlace struct {
	parent *FlowNode
	name   string
}

// pairLinks joins each throwing link event to the catching one of the same name beside it by a sequence flow
// of its own, which has no id (BPMN 2.0.2 §10.5.5: a pair acts as one). Several may throw one link.
func (r *reader) pairLinks(p *draft) {
	caught, elsewhere := r.caughtLinks(p)
	thrown := map[*FlowNode]bool{} // the catching events that something leads to, or means to
	for _, f := range p.process.Nodes {
		if !f.links(ElementIntermediateThrowEvent) {
			continue
		}
		if len(f.Outgoing) > 0 {
			r.add(ruleLinkFlow, f.subject(), "the sequence flow %s leaves the throwing link event", clip(f.Outgoing[0].ID))
		}
		name := f.Event.Link
		target, other := caught[linkPlace{f.Parent, name}], elsewhere[name]
		switch {
		case target != nil:
			thrown[target] = true
			flow := &SequenceFlow{Line: f.Line, Source: f, Target: target}
			f.Outgoing, target.Incoming = append(f.Outgoing, flow), append(target.Incoming, flow)
		case other != nil:
			thrown[other] = true
			r.add(ruleLinkScope, f.subject(), "the link %s of the %s is caught in the %s", clip(name), p.where(f.Parent), p.where(other.Parent))
		default:
			r.add(ruleLinkTarget, f.subject(), "no link event of the %s catches the link %s", p.where(f.Parent), clip(name))
		}
	}
	for _, f := range p.process.Nodes {
		if f.links(ElementIntermediateCatchEvent) && !thrown[f] && caught[linkPlace{f.Parent, f.Event.Link}] == f {
			r.add(ruleLinkSource, f.subject(), "no link event of the %s throws the link %s", p.where(f.Parent), clip(f.Event.Link))
		}
	}
}

// caughtLinks finds the catching link events by where they stand, and the first of each name.
func (r *reader) caughtLinks(p *draft) (caught map[linkPlace]*FlowNode, first map[string]*FlowNode) {
	caught, first = map[linkPlace]*FlowNode{}, map[string]*FlowNode{}
	for _, f := range p.process.Nodes {
		if !f.links(ElementIntermediateCatchEvent) {
			continue
		}
		if len(f.Incoming) > 0 {
			r.add(ruleLinkFlow, f.subject(), "the sequence flow %s leads to the catching link event", clip(f.Incoming[0].ID))
		}
		at := linkPlace{f.Parent, f.Event.Link}
		switch {
		case caught[at] != nil:
			r.add(ruleLinkTwice, f.subject(), "%s catches the link %s in the %s, too", clip(caught[at].ID), clip(f.Event.Link), p.where(f.Parent))
			continue
		case first[f.Event.Link] == nil:
			first[f.Event.Link] = f
		}
		caught[at] = f
	}
	return caught, first
}

// links reports whether the node is a link event of a kind whose link has a name.
func (f *FlowNode) links(e Element) bool {
	return f.Element == e && f.Event != nil && f.Event.Link != ""
}

// unpaired reports whether the node catches a link that nothing throws.
func (f *FlowNode) unpaired() bool {
	return f.Element == ElementIntermediateCatchEvent && f.Event != nil && f.Event.Trigger == TriggerLink && len(f.Incoming) == 0
}
