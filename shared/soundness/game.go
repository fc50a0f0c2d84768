package soundness

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
)

const (
	// maxMarkings bounds the markings of one game, maxWaiting the tokens at one node.
	maxMarkings = 20_000
	maxWaiting  = 100
	// maxSubsets bounds the conditional flows of one node whose combinations are all tried.
	maxSubsets = 4
)

// game is the playing of one container from one of its start events.
type game struct {
	*checker
	nodes   []*bpmn.FlowNode
	place   map[*bpmn.FlowNode]int
	reached []bool                    // a token has arrived
	beyond  []map[*bpmn.FlowNode]bool // where a token at a node may come to
	told    map[*bpmn.FlowNode]bool
	back    map[[2]*bpmn.FlowNode]bool
	seen    map[string]bool
	queue   []*marking
	cut     bool
}

// marking is how many tokens are at each node, and how it came to be.
type marking struct {
	tokens string
	from   *marking
	passed []string // the node that was left and the flows that were taken
}

// path returns what was passed from the start event on, then the last node.
func (m *marking) path(last *bpmn.FlowNode) []string {
	list := []string{last.ID}
	for ; m != nil; m = m.from {
		list = append(slices.Clone(m.passed), list...)
	}
	return list
}

// play plays a container from each start event, and reports the nodes that it never entered.
func (c *checker) play(container *bpmn.FlowNode) {
	g := &game{checker: c, place: map[*bpmn.FlowNode]int{}, told: map[*bpmn.FlowNode]bool{}, back: map[[2]*bpmn.FlowNode]bool{}}
	for _, n := range c.process.Nodes {
		if n.Parent == container {
			g.place[n] = len(g.nodes)
			g.nodes = append(g.nodes, n)
		}
	}
	g.reached = make([]bool, len(g.nodes))
	under := map[*bpmn.FlowNode]bool{}
	for _, n := range slices.Concat(g.entrances(), g.nodes) {
		g.round(n, under)
	}
	for _, n := range g.nodes {
		g.beyond = append(g.beyond, g.ahead(n))
	}
	for _, n := range g.entrances() {
		tokens := make([]byte, len(g.nodes))
		tokens[g.place[n]] = 1
		g.seen, g.queue = map[string]bool{}, nil
		g.visit(&marking{tokens: string(tokens)})
		g.run()
	}
	if !g.cut {
		g.unentered()
	}
}

// entrances are the nodes at which tokens begin.
func (g *game) entrances() []*bpmn.FlowNode {
	return slices.DeleteFunc(slices.Clone(g.nodes), func(n *bpmn.FlowNode) bool { return len(n.Incoming) > 0 || n.AttachedTo != nil })
}

// ahead returns the nodes that a token at n may come to without going round a loop.
func (g *game) ahead(n *bpmn.FlowNode) map[*bpmn.FlowNode]bool {
	met, waiting := map[*bpmn.FlowNode]bool{}, []*bpmn.FlowNode{n}
	for len(waiting) > 0 {
		n, waiting = waiting[0], waiting[1:]
		for _, next := range moves(n) {
			if !met[next.to] && !g.back[[2]*bpmn.FlowNode{n, next.to}] {
				met[next.to] = true
				waiting = append(waiting, next.to)
			}
		}
	}
	return met
}

// round finds the moves that lead back to a node which they come from.
func (g *game) round(n *bpmn.FlowNode, under map[*bpmn.FlowNode]bool) {
	if _, visited := under[n]; visited {
		return
	}
	under[n] = true
	for _, next := range moves(n) {
		if under[next.to] {
			g.back[[2]*bpmn.FlowNode{n, next.to}] = true
		}
		g.round(next.to, under)
	}
	under[n] = false
}

func (g *game) visit(m *marking) {
	if g.seen[m.tokens] {
		return
	}
	if len(g.seen) >= maxMarkings {
		g.cut = true
		return
	}
	g.seen[m.tokens] = true
	g.queue = append(g.queue, m)
}

func (g *game) run() {
	for len(g.queue) > 0 {
		m := g.queue[0]
		g.queue = g.queue[1:]
		if i := g.next(m); i >= 0 {
			g.fire(m, i)
		} else {
			g.stuck(m)
		}
	}
}

// rank says when a token at a node moves: those that nothing else influences first, then what several
// branches lead to, so that tokens which meet there are seen, then what looks at the other tokens.
func rank(n *bpmn.FlowNode) int {
	switch {
	case clears(n):
		return 4
	case len(n.Incoming) < 2:
		return 0
	case n.Element == bpmn.ElementParallelGateway:
		return 1
	case n.Element == bpmn.ElementInclusiveGateway:
		return 3
	}
	return 2
}

// clears reports whether the node ends what surrounds it.
func clears(n *bpmn.FlowNode) bool {
	if n.Element != bpmn.ElementEndEvent || n.Event == nil {
		return false
	}
	switch n.Event.Trigger {
	case bpmn.TriggerTerminate, bpmn.TriggerError, bpmn.TriggerCancel:
		return true
	}
	return false
}

// next returns the place whose token moves next, or -1. One place is enough: the moves of the others
// come to the same.
func (g *game) next(m *marking) int {
	best := -1
	for i, n := range g.nodes {
		if m.tokens[i] > 0 && g.enabled(m, i) && (best < 0 || rank(n) < rank(g.nodes[best])) {
			best = i
		}
	}
	return best
}

// enabled reports whether a token at a place can move. A parallel join counts tokens, as the engine does;
// an inclusive one, whose turn comes when all others wait at joins, waits while one of these is before it.
func (g *game) enabled(m *marking, i int) bool {
	switch n := g.nodes[i]; rank(n) {
	case 1:
		return int(m.tokens[i]) >= len(n.Incoming)
	case 3:
		for j := range g.nodes {
			if j != i && m.tokens[j] > 0 && g.beyond[j][n] {
				return false
			}
		}
	}
	return true
}

// fire moves a token on in every way that it may take.
func (g *game) fire(m *marking, i int) {
	n := g.nodes[i]
	g.entered[n], g.reached[i] = true, true
	left := []byte(m.tokens)
	switch rank(n) {
	case 1:
		left[i] -= byte(len(n.Incoming))
	case 2:
		if left[i] > 1 && n.Element != bpmn.ElementEndEvent && !g.told[n] {
			g.told[n] = true
			g.add(ruleNotJoined, n, m.path(n), "%d tokens of one run meet at the node without a join: it and what follows is done once for each.", left[i])
		}
		left[i] = 0 // one of them stands for all from here on
	case 3:
		left[i] = 0
	case 4:
		clear(left)
	default:
		left[i]--
	}
	for _, targets := range outcomes(n) {
		g.put(m, left, n, targets)
	}
}

// put adds the marking in which a token has gone from a node to some targets.
func (g *game) put(m *marking, left []byte, n *bpmn.FlowNode, targets []step) {
	tokens, passed := slices.Clone(left), []string{n.ID}
	for _, t := range targets {
		i := g.place[t.to]
		g.reached[i] = true
		if tokens[i] >= maxWaiting {
			g.cut = true
			return
		}
		tokens[i]++
		if t.flow != "" {
			passed = append(passed, t.flow)
		}
	}
	g.visit(&marking{tokens: string(tokens), from: m, passed: passed})
}

// stuck reports the joins at which tokens are left that nothing moves any more.
func (g *game) stuck(m *marking) {
	for i, n := range g.nodes {
		if m.tokens[i] > 0 && !g.told[n] {
			g.told[n] = true
			g.add(ruleDeadJoin, n, m.path(n), "The join waits for %d tokens, one for each incoming flow; a run may leave %d there for ever.", len(n.Incoming), m.tokens[i])
		}
	}
}

// unentered reports the first nodes behind what was entered that no run entered.
func (g *game) unentered() {
	for i, n := range g.nodes {
		if g.reached[i] {
			continue
		}
		for j, before := range g.nodes {
			if g.reached[j] && leads(before, n) {
				g.add(ruleNotEntered, n, g.way(n), "No run of the process ever enters the node.")
				break
			}
		}
	}
}

// leads reports whether a token gets from one node to another in one move.
func leads(from, to *bpmn.FlowNode) bool {
	return slices.ContainsFunc(moves(from), func(s step) bool { return s.to == to })
}
