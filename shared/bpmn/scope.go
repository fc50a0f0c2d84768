package bpmn

import "slices"

// container reads what is in a process or a sub-process; parent is the latter.
func (r *reader) container(p *draft, n *node, parent *FlowNode) {
	for _, c := range n.children {
		if c.space == spaceBPMN {
			r.flowElement(p, c, parent)
		}
	}
}

// attach gives boundary events to their activities, in document order, and reports whether all have one.
func (r *reader) attach(p *draft) (complete bool) {
	complete = true
	for _, b := range p.boundaries {
		host := p.process.nodes[b.host]
		s := b.event.subject()
		switch {
		case b.host == "":
			r.add(ruleNotAttached, s, "")
		case host == nil:
			r.add(ruleNotAttached, s, "the attachedToRef %s is no activity of the process", clip(b.host))
		case host.Parent != b.event.Parent:
			r.add(ruleNotAttached, s, "the attachedToRef %s is in another sub-process", clip(b.host))
		case host.ForCompensation:
			r.add(ruleHandlerBorder, s, "the boundary event is attached to the compensation handler %s", clip(host.ID))
		case host.Element == 0: // a refused activity: what it may have on its border is not known
		case host.TriggeredByEvent:
			r.add(ruleNotAttached, s, "the attachedToRef %s is an event sub-process, which has no boundary events", clip(b.host))
		case !host.Element.isActivity():
			r.add(ruleNotAttached, s, "the attachedToRef %s is the %s, not an activity", clip(b.host), host.Element)
		default:
			b.event.AttachedTo = host
			host.Boundary = append(host.Boundary, b.event)
		}
		complete = complete && b.event.AttachedTo != nil
	}
	return complete
}

// boundary applies the rules about the boundary events of one activity: what would start two of them is
// an error, or a warning where the first one always wins.
func (r *reader) boundary(p *draft, host *FlowNode) {
	waiting := slices.Clone(host.Boundary)
	if host.Element == ElementReceiveTask {
		waiting = append([]*FlowNode{host}, waiting...)
	}
	inside := p.process.EventStarts(host)
	r.namesOnce(append(waiting, inside...))
	r.escalationsOnce(inside, host)
	r.compensationOnce(host)
	r.errorsOnce(inside)
	r.errorsOnce(host.Boundary)
}

// errorsOnce warns of events that never catch an error because one before them does.
func (r *reader) errorsOnce(events []*FlowNode) {
	codes := map[string]*FlowNode{}
	for _, b := range events {
		if b.Event == nil || b.Event.Trigger != TriggerError {
			continue
		}
		if first := codes[b.Event.ErrorCode]; first != nil {
			r.add(ruleSameError, b.subject(), "the event %s catches the same error before", clip(first.ID))
			continue
		}
		codes[b.Event.ErrorCode] = b
	}
}

// namesOnce demands that no two nodes which wait in one scope do so for one message, or for one signal:
// a correlation could not tell them apart (Camunda 7 BpmnParse.addEventSubscriptionDeclaration).
func (r *reader) namesOnce(nodes []*FlowNode) {
	messages, signals := map[string]*FlowNode{}, map[string]*FlowNode{}
	for _, n := range nodes {
		if n == nil || n.Event == nil {
			continue
		}
		switch n.Event.Trigger {
		case TriggerMessage:
			r.nameOnce(messages, n, ruleSameMessage, n.Event.Message.Source())
		case TriggerSignal:
			r.nameOnce(signals, n, ruleSameSignal, n.Event.Signal.Source())
		}
	}
}

func (r *reader) nameOnce(seen map[string]*FlowNode, n *FlowNode, rule, name string) {
	if first := seen[name]; first != nil {
		r.add(rule, n.subject(), "%s waits for %s, too", clip(first.ID), clip(name))
		return
	}
	seen[name] = n
}

// starts checks where a process and each of its sub-processes begin, and reports whether all of them
// have a start event.
func (r *reader) starts(p *draft) (complete bool) {
	found, triggered := r.startsOf(p)
	r.namesOnce(triggered)
	r.conditionsOnce(triggered)
	complete = found[nil]
	if !complete {
		r.add(ruleNoStart, p.process.subject(), "the process has no start event")
	}
	for _, f := range p.process.Nodes {
		if f.Element.Embeds() && !found[f] && !f.TriggeredByEvent {
			r.add(ruleNoStart, f.subject(), "the sub-process has no start event")
			complete = false
		}
		complete = complete && (!f.TriggeredByEvent || found[f])
	}
	return complete
}

// startsOf checks the nodes at which something begins. It returns in what there is one, nil for the process, and
// those at which the process is begun by an event.
func (r *reader) startsOf(p *draft) (found map[*FlowNode]bool, triggered []*FlowNode) {
	first := map[*FlowNode]*FlowNode{} // the start events without a trigger, by what they start
	found = map[*FlowNode]bool{}
	for _, f := range p.process.Nodes {
		if f.Parent == nil && (f.Instantiates || f.Begins()) {
			found[nil] = true
			triggered = append(triggered, f)
		}
		if f.Element != ElementStartEvent {
			continue
		}
		found[f.Parent] = true
		switch {
		case f.StartsEventSubProcess() && !f.Parent.ForCompensation: // has rules of its own
		case p.triggered[f] && f.Parent != nil && !f.Parent.TriggeredByEvent:
			r.add(ruleInnerTrigger, f.subject(), "")
		case p.triggered[f] && f.Parent == nil:
			triggered = append(triggered, f)
		case first[f.Parent] == nil:
			first[f.Parent] = f
		default:
			r.add(ruleSeveralStarts, f.subject(), "the %s has the start event %s already", p.where(f.Parent), clip(first[f.Parent].ID))
		}
	}
	return found, triggered
}

// where names a process or sub-process in a sentence.
func (p *draft) where(parent *FlowNode) string {
	if parent == nil {
		return "process " + clip(p.process.Key)
	}
	return "sub-process " + clip(parent.ID)
}
