package faults_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// injected is how often a run has met a kind of fault, and how often it had promised to.
type injected struct {
	kind     string
	n, least int
}

// conclusion is what a command says at its end.
type conclusion struct {
	command string
	runs    int
	faults  []injected
	found   []string // violations
	seed    uint64
}

var (
	closing     sync.Mutex
	conclusions []conclusion // of each command one, of all of its tests together
)

// conclude ends a test of a command: it reports each violation and each kind of fault that was too rare, and
// writes a line. The command ends with one line of all of its tests.
func conclude(t *testing.T, c conclusion) {
	t.Helper()
	for _, problem := range c.problems() {
		t.Error(problem)
	}
	if t.Failed() && len(c.found) == 0 {
		c.found = append(c.found, "the test has failed")
	}
	t.Log(c.line())
	closing.Lock()
	defer closing.Unlock()
	for i := range conclusions {
		if conclusions[i].command == c.command {
			conclusions[i].add(c)
			return
		}
	}
	conclusions = append(conclusions, c)
}

// add counts another test of the same command.
func (c *conclusion) add(o conclusion) {
	c.runs += o.runs
	c.found = append(c.found, o.found...)
	c.seed = cmp.Or(c.seed, o.seed)
	c.faults = slices.Clone(c.faults)
	for _, f := range o.faults {
		i := slices.IndexFunc(c.faults, func(known injected) bool { return known.kind == f.kind })
		if i < 0 {
			c.faults = append(c.faults, f)
			continue
		}
		c.faults[i].n += f.n
	}
}

// closingLines are the last words of the commands whose tests have run.
func closingLines() (lines []string) {
	for _, c := range conclusions {
		lines = append(lines, c.line())
	}
	return lines
}

// problems are the violations, and a run with fewer faults than promised: it would show nothing.
func (c conclusion) problems() []string {
	list := c.found
	for _, f := range c.faults {
		if f.n < f.least {
			list = append(list[:len(list):len(list)], fmt.Sprintf("%d of %s, want at least %d", f.n, f.kind, f.least))
		}
	}
	return list
}

func (c conclusion) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: runs=%d", c.command, c.runs)
	for _, f := range c.faults {
		fmt.Fprintf(&b, " %s=%d", f.kind, f.n)
	}
	fmt.Fprintf(&b, " violations=%d seed=%d", len(c.found), c.seed)
	return b.String()
}

// TestConclusion: a run with too few faults of a kind has problems, as one with violations has.
func TestConclusion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		conclusion conclusion
		problems   int
		line       string
	}{
		{conclusion{"x", 9, []injected{{"kills", 2, 2}}, nil, 7}, 0, "x: runs=9 kills=2 violations=0 seed=7"},
		{conclusion{"x", 9, []injected{{"kills", 2, 1}, {"losses", 0, 1}}, nil, 7}, 1, "x: runs=9 kills=2 losses=0 violations=0 seed=7"},
		{conclusion{"x", 9, nil, []string{"two effects"}, 7}, 1, "x: runs=9 violations=1 seed=7"},
	} {
		if got := c.conclusion.problems(); len(got) != c.problems {
			t.Errorf("problems %q, want %d", got, c.problems)
		}
		if got := c.conclusion.line(); got != c.line {
			t.Errorf("line %q, want %q", got, c.line)
		}
	}
	sum := conclusion{"x", 9, []injected{{"kills", 2, 2}}, nil, 0}
	sum.add(conclusion{"x", 1, []injected{{"cuts", 4, 1}, {"kills", 1, 1}}, []string{"two effects"}, 7})
	if want, got := "x: runs=10 kills=3 cuts=4 violations=1 seed=7", sum.line(); got != want {
		t.Errorf("together %q, want %q", got, want)
	}
}
