package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// graph is the flow of a process or sub-process as an operation on approvals sees it: where tokens fork, and
// where all that forked comes together again.
type graph struct {
	nodes []*bpmn.FlowNode
	index map[*bpmn.FlowNode]int
	// after is where a token may come from a node: along its flows and by its boundary events. The last index
	// is the end behind every node that nothing leaves.
	after  [][]int
	before [][]int
	// meet is the nearest node that every token from a node comes to, unless it goes round for ever; -1: none.
	meet []int
}

func newGraph(p *bpmn.Process, container *bpmn.FlowNode) *graph {
	g := &graph{index: map[*bpmn.FlowNode]int{}}
	for _, node := range p.Nodes {
		if node.Parent == container {
			g.index[node] = len(g.nodes)
			g.nodes = append(g.nodes, node)
		}
	}
	end := len(g.nodes)
	g.after, g.before = make([][]int, end+1), make([][]int, end+1)
	for i, node := range g.nodes {
		for _, next := range append(next(node, nil), node.Boundary...) {
			if n, ok := g.index[next]; ok {
				g.join(i, n)
			}
		}
		if len(node.Outgoing) == 0 {
			g.join(i, end)
		}
	}
	g.dominate(end)
	return g
}

func (g *graph) join(from, to int) {
	g.after[from] = append(g.after[from], to)
	g.before[to] = append(g.before[to], from)
}

// dominate finds the post-dominators, by the iteration of Cooper, Harvey and Kennedy on the reversed graph.
func (g *graph) dominate(end int) {
	order, number := g.backwards(end)
	g.meet = make([]int, len(g.after))
	for i := range g.meet {
		g.meet[i] = -1
	}
	g.meet[end] = end
	for changed := true; changed; {
		changed = false
		for _, node := range order[1:] {
			if nearest := g.nearest(node, number); g.meet[node] != nearest {
				g.meet[node], changed = nearest, true
			}
		}
	}
}

// nearest is where the ways from a node come together, as far as it is known.
func (g *graph) nearest(node int, number []int) int {
	nearest := -1
	for _, next := range g.after[node] {
		switch {
		case number[next] < 0 || g.meet[next] < 0:
		case nearest < 0:
			nearest = next
		default:
			nearest = g.common(nearest, next, number)
		}
	}
	return nearest
}

// common is where the ways of two nodes to the end come together.
func (g *graph) common(a, b int, number []int) int {
	for a != b {
		for number[a] > number[b] {
			a = g.meet[a]
		}
		for number[b] > number[a] {
			b = g.meet[b]
		}
	}
	return a
}

// backwards lists the nodes that reach the end in reverse post-order of the reversed graph, and their places.
func (g *graph) backwards(end int) (order, number []int) {
	type frame struct{ node, next int }
	number = make([]int, len(g.after))
	seen := make([]bool, len(g.after))
	for stack := []frame{{node: end}}; len(stack) > 0; {
		top := &stack[len(stack)-1]
		seen[top.node] = true
		if top.next == len(g.before[top.node]) {
			order = append(order, top.node)
			stack = stack[:len(stack)-1]
			continue
		}
		from := g.before[top.node][top.next]
		top.next++
		if !seen[from] {
			stack = append(stack, frame{node: from})
		}
	}
	slices.Reverse(order)
	for i := range number {
		number[i] = -1
	}
	for i, node := range order {
		number[node] = i
	}
	return order, number
}

// reach marks the nodes to which a token can come from some, not through one of them; -1: through all.
func (g *graph) reach(from []int, through int) []bool {
	seen := make([]bool, len(g.after))
	for list := slices.Clone(from); len(list) > 0; {
		node := list[len(list)-1]
		list = list[:len(list)-1]
		if !seen[node] && node != through {
			seen[node] = true
			list = append(list, g.after[node]...)
		}
	}
	return seen
}

// forks reports whether one token at a node may become several.
func (g *graph) forks(i int) bool {
	node := g.nodes[i]
	for _, event := range node.Boundary {
		if !event.Interrupting {
			return true
		}
	}
	return len(node.Outgoing) > 1 && node.Element != bpmn.ElementExclusiveGateway && node.Element != bpmn.ElementEventBasedGateway
}

// region marks what is behind a fork and before its tokens come together again.
func (g *graph) region(fork int) []bool { return g.reach(g.after[fork], g.meet[fork]) }

// branch is which ways out of a fork lead to a node within its region.
func (g *graph) branches(fork, node int) []int {
	var list []int
	for n, way := range g.after[fork] {
		if g.reach([]int{way}, g.meet[fork])[node] {
			list = append(list, n)
		}
	}
	return list
}

// context lists the forks in whose region a node is, with the branches that it is on.
func (g *graph) context(node int) map[int][]int {
	all := map[int][]int{}
	for fork := range g.nodes {
		if fork != node && g.forks(fork) && g.region(fork)[node] {
			all[fork] = g.branches(fork, node)
		}
	}
	return all
}
