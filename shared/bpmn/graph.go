package bpmn

import "slices"

// reach reports the nodes that no token can get to and those that a token can never leave for an
// end. It says only what is certain: a refused element is taken to be reachable and to end, for it
// may do so by other ways than flows. A link that nobody throws has been reported already. Of a sub-process that nothing leads to, the content is not
// reported. p has its start events, both ends of every flow and every boundary event at its activity.
func (r *reader) reach(p *draft) {
	g := newGraph(p.process)
	reached, ending := walk(g.starts, g.forward), walk(g.ends, backward)
	for _, f := range p.process.Nodes {
		around := f.surrounding()
		switch {
		case !reached[f] && (around == nil || reached[around]):
			r.add(ruleUnreachable, f.subject(), "")
		case reached[f] && !ending[f]:
			r.add(ruleNoEnd, f.subject(), "")
		}
	}
}

// graph is where the tokens of a process begin and end.
type graph struct {
	starts, ends []*FlowNode
	// inner are the start events of sub-processes.
	inner map[*FlowNode][]*FlowNode
}

func newGraph(p *Process) *graph {
	g := &graph{inner: map[*FlowNode][]*FlowNode{}}
	ends := func(b *FlowNode) bool { return b.Interrupting }
	// What an event on a border around, or an event sub-process beside, may end.
	interrupted := map[*FlowNode]bool{nil: slices.ContainsFunc(p.EventStarts(nil), ends)}
	for _, f := range p.Nodes {
		interrupted[f] = interrupted[f.Parent] || slices.ContainsFunc(f.Boundary, ends) || slices.ContainsFunc(p.EventStarts(f), ends)
		switch {
		case f.Element == 0 || (f.Parent == nil && (f.Element == ElementStartEvent || f.TriggeredByEvent)) || f.Instantiates || f.unpaired() || f.ForCompensation:
			g.starts = append(g.starts, f)
		case f.Element == ElementStartEvent || f.TriggeredByEvent:
			g.inner[f.Parent] = append(g.inner[f.Parent], f)
		}
		if len(f.Outgoing) == 0 || f.Element == 0 || interrupted[f.Parent] {
			g.ends = append(g.ends, f)
		}
	}
	return g
}

// forward visits where a token may get to from a node, by its flows, from its border and inside of it.
func (g *graph) forward(f *FlowNode, visit func(*FlowNode)) {
	for _, flow := range f.Outgoing {
		visit(flow.Target)
	}
	for _, next := range f.Boundary {
		visit(next)
	}
	for _, next := range g.inner[f] {
		visit(next)
	}
}

// backward visits where a token may have come from.
func backward(f *FlowNode, visit func(*FlowNode)) {
	for _, flow := range f.Incoming {
		visit(flow.Source)
	}
	if f.AttachedTo != nil {
		visit(f.AttachedTo)
	}
}

// surrounding returns what must be reached before the node can be: its activity, or its sub-process.
func (f *FlowNode) surrounding() *FlowNode {
	if f.AttachedTo != nil {
		return f.AttachedTo
	}
	return f.Parent
}

// walk returns the nodes that can be visited from some, these included.
func walk(from []*FlowNode, next func(f *FlowNode, visit func(*FlowNode))) map[*FlowNode]bool {
	visited := make(map[*FlowNode]bool)
	var waiting []*FlowNode
	visit := func(f *FlowNode) {
		if !visited[f] {
			visited[f] = true
			waiting = append(waiting, f)
		}
	}
	for _, f := range from {
		visit(f)
	}
	for len(waiting) > 0 {
		f := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		next(f, visit)
	}
	return visited
}
