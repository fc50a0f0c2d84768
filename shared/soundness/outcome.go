package soundness

import (
	"math/bits"

	"diom.io/workflow/shared/bpmn"
)

// step is where a token goes, and by which flow: none to an event on a border.
type step struct {
	flow string
	to   *bpmn.FlowNode
}

// outcomes lists every way in which a token may leave a node: a list of what it becomes for each.
func outcomes(n *bpmn.FlowNode) [][]step {
	if clears(n) {
		return [][]step{nil}
	}
	ways := departures(n)
	for _, event := range n.Boundary {
		at := step{to: event}
		if event.Interrupting {
			ways = append(ways, []step{at})
			continue
		}
		for _, way := range ways {
			ways = append(ways, append([]step{at}, way...))
		}
	}
	return ways
}

// departures lists the ways by the sequence flows alone (BPMN 2.0.2 §13.3.1, §13.4).
func departures(n *bpmn.FlowNode) [][]step {
	var always, maybe []step
	for _, f := range n.Outgoing {
		s := step{f.ID, f.Target}
		switch {
		case n.Element == bpmn.ElementParallelGateway:
			always = append(always, s)
		case n.Element == bpmn.ElementExclusiveGateway || n.Element == bpmn.ElementEventBasedGateway:
			maybe = append(maybe, s)
		case f == n.Default: // below
		case f.Condition != nil:
			maybe = append(maybe, s)
		default:
			always = append(always, s)
		}
	}
	if n.Element == bpmn.ElementExclusiveGateway || n.Element == bpmn.ElementEventBasedGateway {
		return single(maybe)
	}
	var ways [][]step
	for _, chosen := range subsets(maybe) {
		if way := append(chosen, always...); len(way) > 0 {
			ways = append(ways, way)
		}
	}
	if len(always) == 0 && n.Default != nil {
		ways = append(ways, []step{{n.Default.ID, n.Default.Target}})
	}
	if len(ways) == 0 {
		ways = [][]step{nil} // the path ends here
	}
	return ways
}

func single(list []step) [][]step {
	var ways [][]step
	for _, s := range list {
		ways = append(ways, []step{s})
	}
	return ways
}

// subsets returns the subsets of a list, the empty one first; of a long list the single elements and all.
func subsets(list []step) [][]step {
	ways := [][]step{nil}
	if len(list) > maxSubsets {
		return append(append(ways, single(list)...), append([]step(nil), list...))
	}
	for mask := uint(1); mask < 1<<len(list); mask++ {
		way := make([]step, 0, bits.OnesCount(mask))
		for i, s := range list {
			if mask>>i&1 == 1 {
				way = append(way, s)
			}
		}
		ways = append(ways, way)
	}
	return ways
}
