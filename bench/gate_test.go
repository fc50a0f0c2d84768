package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/shared/database/databasetest"
)

// open returns the test servers; under -short the test is skipped where there are none.
func open(t *testing.T) *servers {
	t.Helper()
	redis := databasetest.Redis(t)
	s, err := openServers(t.Context(), os.Getenv("DIOM_TEST_MYSQL_DSN"), redis)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func (s *servers) productOf(t *testing.T, purpose string, w *wire) *product {
	t.Helper()
	name, err := s.database(t.Context(), purpose)
	if err != nil {
		t.Fatal(err)
	}
	p, err := openProduct(t.Context(), s, name, w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// Goal 1: start 1 round trip and 1 commit, complete at most 3 and 1, an inbox page 1 and 0.
func TestRoundTripsAndCommits(t *testing.T) {
	t.Parallel()
	s := open(t)
	list, err := countTrips(t.Context(), s.productOf(t, "gate_trips", newWire("diom-gate-trips")))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		if o.roundTrips == 0 || o.roundTrips > o.most || o.settled != o.commits {
			t.Errorf("%s: %d round trips (at most %d), %d commits (%d)\n%s", o.name, o.roundTrips, o.most, o.settled, o.commits, strings.Join(o.texts, "\n"))
		}
	}
}

// Goal 11: at most 4 KB of tables and indexes for a waiting instance with 1 KB of variables.
func TestBytesPerWaitingInstance(t *testing.T) {
	t.Parallel()
	const n = 2000
	s := open(t)
	size, err := measureGrowth(t.Context(), s, s.productOf(t, "gate_size", nil), n)
	if err != nil {
		t.Fatal(err)
	}
	if all := size["all tables"]; all < variableBytes/2 || all > sizeTarget {
		t.Errorf("%.0f bytes an instance, at most %d: %v", all, sizeTarget, size)
	}
	t.Logf("%.0f bytes an instance", size["all tables"])
	if got := len(variables()); got < variableBytes || got > variableBytes+40 {
		t.Errorf("the variables have %d bytes", got)
	}
}

// The twin says what the product says, or goal 2 compares two different things.
func TestTwinSaysWhatTheProductSays(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.productOf(t, "gate_product", newWire("diom-gate-product"))
	c := contest{servers: s}
	var err error
	if c.raw, err = s.database(t.Context(), "gate_raw"); err == nil {
		err = c.share(t.Context(), p)
	}
	if err != nil {
		t.Fatal(err)
	}
	twin, err := openTwin(s, c.raw, newWire("diom-gate-twin"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer twin.db.Close()
	if n, err := learnTwin(t.Context(), s, p, twin); err != nil || n < 2000 {
		t.Fatalf("%d bytes: %v", n, err)
	}
	if err := twin.instance(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := c.completed(t.Context(), c.raw); err != nil || n != 2 {
		t.Errorf("%d instances of the twin are completed: %v", n, err)
	}
}

func TestComparisonFindsPlantedDifferences(t *testing.T) {
	t.Parallel()
	said := []string{"BEGIN;INSERT 1;COMMIT", "SELECT 2"}
	for name, other := range map[string][]string{
		"fewer": said[:1], "another statement": {said[0], "SELECT 3"}, "a shorter row": {"BEGIN;INSERT ;COMMIT", said[1]},
	} {
		if _, err := compareTexts(said, other); err == nil {
			t.Errorf("%s: no difference is found", name)
		}
	}
	if n, err := compareTexts(said, slices.Clone(said)); err != nil || n != 29 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestCommits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"BEGIN;INSERT INTO a;COMMIT": 1, "SELECT 1": 0, "INSERT INTO a VALUES (1)": 1, "update a SET b = 1": 1, "COMMIT": 1, "START TRANSACTION": 0,
	} {
		if got := commits([]string{text}); got != want {
			t.Errorf("%s: %d commits, want %d", text, got, want)
		}
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	made := learn(`{"a":"one","b":"two","c":"one"}`, []string{"one", "two"})
	if got := string(made.fill([]string{"1", "2"})); got != `{"a":"1","b":"2","c":"1"}` {
		t.Error(got)
	}
	if got := string(learn("nothing", []string{"one"}).fill([]string{"1"})); got != "nothing" {
		t.Error(got)
	}
}

func TestLoopEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if _, err := closedLoop(t.Context(), 4, 1000, func(worker int) error {
		if worker == 2 {
			return broken
		}
		return nil
	}); err != nil && !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := closedLoop(t.Context(), 4, 1000, func(int) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := closedLoop(ended, 1, 1, func(int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A verdict needs quiet neighbours.
func TestDoubt(t *testing.T) {
	t.Parallel()
	of := func(neighbours float64) turn {
		return turn{PerSecond: 100, CPU: &spent{Neighbours: neighbours, PerOp: map[string]float64{"all": 900}}}
	}
	processes := map[string]int{"database": 1, "redis": 2, "product": 3, "load": 4}
	for name, tc := range map[string]struct {
		neighbours float64
		processes  map[string]int
		verdict    bool
	}{"quiet": {0.1, processes, true}, "busy": {0.2, processes, false}, "servers elsewhere": {0.1, nil, false}} {
		c := contest{rig: &rig{processes: tc.processes}, rounds: []round{{Product: of(tc.neighbours), Raw: of(tc.neighbours), Commit: of(0), Ratio: 0.6}}}
		for _, g := range c.goals() {
			if (g.OK != nil) != tc.verdict || (g.Why == "") != tc.verdict {
				t.Errorf("%s: goal %d: %v %q", name, g.ID, g.OK, g.Why)
			}
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-goals", "1, 11", "-time", "2s"})
	if err != nil || !o.wants(11) || o.wants(2) || o.time.Seconds() != 2 {
		t.Errorf("%+v %v", o, err)
	}
	for _, wrong := range [][]string{{"-goals", "99"}, {"-goals", "x"}, {"-time", "soon"}} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
}
