package bpmn

// check resolves the references of a process and applies the rules about it as a whole.
func (r *reader) check(p *draft) {
	complete := r.link(p)
	r.linkDefaults(p)
	complete = r.attach(p) && complete
	r.compensations(p)
	r.cancels(p)
	r.eventSubProcesses(p)
	r.pairLinks(p)
	for _, f := range p.process.Nodes {
		r.ends(f)
		r.gateway(p, f)
		if f.Element.isActivity() {
			r.boundary(p, f)
		}
		if f.Default != nil && f.Element != ElementExclusiveGateway && p.conditioned[f.Default] {
			r.add(ruleDefaultIgnored, f.Default.subject(), "")
		}
	}
	if r.starts(p) && complete {
		r.reach(p)
	}
}

// ends applies the rules about the flows that an event cannot have.
func (r *reader) ends(f *FlowNode) {
	switch f.Element {
	case ElementReceiveTask, ElementEventBasedGateway:
		r.instantiates(f)
	case ElementStartEvent:
		if len(f.Incoming) > 0 {
			r.add(ruleStartIncoming, f.subject(), "the sequence flow %s leads to the start event", clip(f.Incoming[0].ID))
		}
	case ElementBoundaryEvent:
		if len(f.Incoming) > 0 {
			r.add(ruleBoundaryIncoming, f.subject(), "the sequence flow %s leads to the boundary event", clip(f.Incoming[0].ID))
		}
	case ElementEndEvent:
		if len(f.Outgoing) > 0 {
			r.add(ruleEndOutgoing, f.subject(), "the sequence flow %s leaves the end event", clip(f.Outgoing[0].ID))
		}
	}
}

// link joins flows and nodes in document order and reports whether every flow has both ends.
func (r *reader) link(p *draft) (complete bool) {
	complete = true
	for _, d := range p.flows {
		source := r.end(p, d.flow, "sourceRef", d.source)
		target := r.end(p, d.flow, "targetRef", d.target)
		complete = complete && source != nil && target != nil
		if source != nil && target != nil && source.Parent != target.Parent {
			r.add(ruleCrossingFlow, d.flow.subject(), "the sequence flow leads from the %s to the %s", p.where(source.Parent), p.where(target.Parent))
			complete = false
		}
		d.flow.Source, d.flow.Target = source, target
		if source != nil {
			source.Outgoing = append(source.Outgoing, d.flow)
		}
		if target != nil {
			target.Incoming = append(target.Incoming, d.flow)
		}
	}
	return complete
}

func (r *reader) end(p *draft, f *SequenceFlow, attribute, id string) *FlowNode {
	if n := p.process.nodes[id]; n != nil {
		return n
	}
	owner, elsewhere := r.owners[id]
	switch {
	case id == "":
		r.add(ruleDanglingFlow, f.subject(), "the sequence flow has no %s", attribute)
	case elsewhere:
		r.add(ruleCrossingFlow, f.subject(), "the %s %s of the sequence flow stands in %s, not in the process %s itself",
			attribute, clip(id), clip(owner), clip(p.process.Key))
	default:
		r.add(ruleDanglingFlow, f.subject(), "the %s %s of the sequence flow is no flow node of the process", attribute, clip(id))
	}
	return nil
}

func (r *reader) linkDefaults(p *draft) {
	for _, d := range p.defaults {
		for _, f := range d.node.Outgoing {
			if f.ID == d.flow {
				d.node.Default = f
			}
		}
		if d.node.Default == nil {
			r.add(ruleDefaultNotOutgoing, d.node.subject(), "the default flow %s does not leave the node", clip(d.flow))
		}
	}
}
