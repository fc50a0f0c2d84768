package soundness

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// loops reports loops of flows in which no node waits: their tokens go round within one command, until a
// condition lets them out or the engine's bound stops them. Of loops that share a node one is told.
func (c *checker) loops() {
	told := map[*bpmn.FlowNode]bool{}
	for _, n := range c.process.Nodes {
		if told[n] || c.waits(n) {
			continue
		}
		round := search(n, func(m *bpmn.FlowNode) bool { return m == n }, func(m *bpmn.FlowNode) bool { return !told[m] && !c.waits(m) })
		if round == nil {
			continue
		}
		for _, id := range round {
			told[c.process.Node(id)] = true
		}
		c.add(ruleBusyLoop, n, append(c.way(n), round[1:]...), "The flows form a loop through the node in which nothing waits.")
	}
}

// waits reports whether a token that enters the node leaves it in a later command only.
func (c *checker) waits(n *bpmn.FlowNode) bool {
	if n.AsyncBefore || n.AsyncAfter || n.Work != nil && (n.Work.Topic != nil || n.Work.Bean != nil) {
		return true
	}
	switch {
	case n.UserTask != nil, n.Call != nil, n.Element == bpmn.ElementReceiveTask, n.Element == bpmn.ElementEventBasedGateway:
		return true
	case n.Element == bpmn.ElementIntermediateCatchEvent:
		return n.Event != nil && n.Event.Trigger != bpmn.TriggerLink
	case n.Element.Embeds():
		return slices.ContainsFunc(c.process.Nodes, func(m *bpmn.FlowNode) bool { return m.Parent == n && c.waits(m) })
	}
	return false
}

// way returns the shortest way from a start event of the node's container to the node.
func (c *checker) way(n *bpmn.FlowNode) []string {
	var best []string
	for _, start := range c.process.Nodes {
		if start.Parent != n.Parent || len(start.Incoming) > 0 || start.AttachedTo != nil {
			continue
		}
		if start == n {
			return []string{n.ID}
		}
		found := search(start, func(m *bpmn.FlowNode) bool { return m == n }, func(*bpmn.FlowNode) bool { return true })
		if found != nil && (best == nil || len(found) < len(best)) {
			best = found
		}
	}
	return best
}

// search returns the ids on the shortest way of at least one flow from a node to one that is wanted,
// through those that may be passed, or nil.
func search(from *bpmn.FlowNode, wanted, passable func(*bpmn.FlowNode) bool) []string {
	type stop struct {
		node *bpmn.FlowNode
		path []string
	}
	queue, met := []stop{{from, []string{from.ID}}}, map[*bpmn.FlowNode]bool{}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, next := range moves(at.node) {
			if met[next.to] || !passable(next.to) {
				continue
			}
			met[next.to] = true
			path := slices.Clone(at.path)
			if next.flow != "" {
				path = append(path, next.flow)
			}
			path = append(path, next.to.ID)
			if wanted(next.to) {
				return path
			}
			queue = append(queue, stop{next.to, path})
		}
	}
	return nil
}

// moves are the single steps that a token may make from a node.
func moves(n *bpmn.FlowNode) []step {
	var list []step
	for _, f := range n.Outgoing {
		list = append(list, step{f.ID, f.Target})
	}
	for _, event := range n.Boundary {
		list = append(list, step{"", event})
	}
	return list
}
