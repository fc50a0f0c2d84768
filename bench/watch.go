package main

import "fmt"

// watch is a look at the clocks, to say later what was spent.
type watch struct {
	processes map[string]int
	before    usage
	err       error
}

func look(processes map[string]int) watch {
	before, err := used(processes)
	return watch{processes, before, err}
}

// spent returns what a number of operations has cost since the look, and why that is no verdict, or "".
func (w watch) spent(operations int) (spent, string) {
	now, err := used(w.processes)
	if w.err != nil || err != nil {
		return spent{}, "processor time could not be read"
	}
	s := now.since(w.before, operations)
	if w.processes["database"] == 0 {
		return s, "the servers' processes are not on this machine"
	}
	return s, busy(s.Neighbours)
}

// busy is why a share of the processors that others took leaves no verdict, or "".
func busy(share float64) string {
	if share <= neighbourLimit {
		return ""
	}
	return fmt.Sprintf("neighbours took %.0f %% of the processors, more than %.0f %%", share*100, neighbourLimit*100)
}

// judged gives a goal its verdict, unless something stands in the way.
func (g Goal) judged(met bool, why string) Goal {
	if g.Why = why; why == "" {
		g.OK = new(met)
	}
	return g
}
