package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// graph is the flow of a process or sub-process as a return sees it: where tokens fork, and where they join.
type graph struct {
	nodes []*bpmn.FlowNode
	index map[*bpmn.FlowNode]int
	// after is where a token may come from a node: along its flows and by its boundary events.
	after [][]int
}

func newGraph(p *bpmn.Process, container *bpmn.FlowNode) *graph {
	g := &graph{index: map[*bpmn.FlowNode]int{}}
	for _, node := range p.Nodes {
		if node.Parent == container {
			g.index[node] = len(g.nodes)
			g.nodes = append(g.nodes, node)
		}
	}
	g.after = make([][]int, len(g.nodes))
	for i, node := range g.nodes {
		g.after[i] = g.places(append(next(node, nil), node.Boundary...))
	}
	return g
}

func (g *graph) places(nodes []*bpmn.FlowNode) []int {
	list := make([]int, 0, len(nodes))
	for _, node := range nodes {
		if i, ok := g.index[node]; ok {
			list = append(list, i)
		}
	}
	return list
}

// reach marks the nodes to which a token can come from some, these among them, without entering one that stops it.
func (g *graph) reach(from []int, stop func(int) bool) []bool {
	seen := make([]bool, len(g.nodes))
	for list := slices.Clone(from); len(list) > 0; {
		node := list[len(list)-1]
		list = list[:len(list)-1]
		if !seen[node] && (stop == nil || !stop(node)) {
			seen[node] = true
			list = append(list, g.after[node]...)
		}
	}
	return seen
}

// joins reports whether tokens wait at a node for others.
func (g *graph) joins(i int) bool {
	node := g.nodes[i]
	return len(node.Incoming) > 1 && (node.Element == bpmn.ElementParallelGateway || node.Element == bpmn.ElementInclusiveGateway)
}

// forks reports whether one token that leaves a node by its flows may become several.
func (g *graph) forks(i int) bool {
	node := g.nodes[i]
	return len(node.Outgoing) > 1 && node.Element != bpmn.ElementExclusiveGateway && node.Element != bpmn.ElementEventBasedGateway
}

// fork is a node where a token may become several, with what is behind it.
type fork struct {
	// branches marks for each way out the nodes before the joins of the fork, region those of all ways.
	branches [][]bool
	region   []bool
	// joined marks the gateways that wait for tokens of several branches, beyond what is behind these.
	joined, beyond []bool
}

func (g *graph) fork(at int) fork {
	f := fork{region: make([]bool, len(g.nodes)), joined: make([]bool, len(g.nodes))}
	ways := g.places(next(g.nodes[at], nil))
	met := make([]int, len(g.nodes))
	for _, way := range ways {
		for i, here := range g.reach([]int{way}, func(i int) bool { return i == at }) {
			met[i] += one(here)
		}
	}
	var joins []int
	for i, n := range met {
		if n > 1 && g.joins(i) {
			f.joined[i] = true
			joins = append(joins, i)
		}
	}
	for _, way := range ways {
		branch := g.reach([]int{way}, func(i int) bool { return i == at || f.joined[i] })
		f.branches = append(f.branches, branch)
		for i, here := range branch {
			f.region[i] = f.region[i] || here
		}
	}
	f.beyond = g.reach(joins, func(i int) bool { return i == at })
	return f
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// together reports whether two nodes are on one branch of the fork.
func (f fork) together(a, b int) bool {
	return slices.ContainsFunc(f.branches, func(branch []bool) bool { return branch[a] && branch[b] })
}

// side marks what only a boundary event that does not interrupt leads to from an activity; nil: there is none.
func (g *graph) side(at int) []bool {
	var events []*bpmn.FlowNode
	for _, event := range g.nodes[at].Boundary {
		if !event.Interrupting {
			events = append(events, event)
		}
	}
	if events == nil {
		return nil
	}
	back := func(i int) bool { return i == at }
	side, main := g.reach(g.places(events), back), g.reach(g.places(next(g.nodes[at], nil)), back)
	for i := range side {
		side[i] = side[i] && !main[i]
	}
	return side
}
