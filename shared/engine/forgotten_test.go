package engine_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"diom.io/workflow/shared/engine"
)

// TestMain chooses the seed of the random processes, so that it can be told, and ends with the line of
// `make replay`. A run of the usual size has the same processes each time, so that what it says is due to the
// change that is tested; a longer one has others each time.
func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		drawn := "1"
		if checks := flag.Lookup("rapid.checks"); checks.Value.String() != checks.DefValue {
			drawn = strconv.FormatInt(time.Now().UnixNano(), 10)
		}
		_ = seed.Value.Set(drawn) // it is a number
	}
	code := m.Run()
	if r := &replays; r.runs > 0 {
		fmt.Printf("replay: runs=%d steps=%d forgotten-fields=%d violations=%d seed=%s\n", r.runs, r.steps, r.forgotten, r.violations, flag.Lookup("rapid.seed").Value)
	}
	os.Exit(code)
}

// replays counts what the tests of random processes have done.
var replays struct {
	sync.Mutex
	runs, steps, forgotten, violations int
}

// concluded ends a test of random processes. A test that did less than it was asked for fails: the time of
// the whole run may have ended before.
func concluded(t *testing.T, runs, steps int) {
	t.Helper()
	least, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if testing.Short() {
		least /= 5 // as rapid does
	}
	if err != nil || runs < least || steps < least {
		t.Errorf("%d runs with %d steps, want %d at least (%v)", runs, steps, least, err)
	}
	replays.Lock()
	defer replays.Unlock()
	replays.runs += runs
	replays.steps += steps
	if t.Failed() {
		replays.violations++
	}
}

// noticed is what a run says of a planted bug.
type noticed string

// noticing is a run's test in which a failure is no failure.
type noticing struct{ *rapid.T }

func (noticing) Fatalf(format string, arguments ...any) {
	panic(noticed(fmt.Sprintf(format, arguments...)))
}

// TestRandomFindsForgottenFields: where a change is applied without one of its fields, the random processes
// notice that the history does not give the state.
func TestRandomFindsForgottenFields(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(c *engine.Change){
		"the node of a moved token":     of(engine.TokenMoved, func(c *engine.Change) { c.Node = "" }),
		"the scope of a new token":      of(engine.TokenCreated, func(c *engine.Change) { c.Scope = 0 }),
		"the assignee of a task":        of(engine.TaskAssigned, func(c *engine.Change) { c.Assignee = "" }),
		"the variables of a step":       of(engine.VariablesSet, func(c *engine.Change) { c.Variables = nil }),
		"the retries of a failed job":   of(engine.JobFailed, func(c *engine.Change) { c.Retries = 77 }),
		"the parent of a scope":         of(engine.ScopeOpened, func(c *engine.Change) { c.Parent++ }),
		"the message of a subscription": of(engine.SubscriptionOpened, func(c *engine.Change) { c.Subscription.Message = "" }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := ""
			rapid.Check(t, func(rt *rapid.T) {
				for n := 0; found == "" && n < tries; n++ {
					found = notices(rt, forget)
				}
			})
			if found == "" {
				t.Error("it is forgotten, and nothing was noticed")
			}
			replays.Lock()
			defer replays.Unlock()
			replays.forgotten++
		})
	}
}

func of(kind engine.Kind, forget func(c *engine.Change)) func(c *engine.Change) {
	return func(c *engine.Change) {
		if c.Kind == kind {
			forget(c)
		}
	}
}

// tries is how many random processes a check plays at most: what is rare, as a task that is assigned, must
// not be missed by bad luck.
const tries = 30

// notices plays a random process with a planted bug and returns what was noticed of it. To break down over
// it is to notice it.
func notices(rt *rapid.T, forget func(c *engine.Change)) (found string) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case noticed:
			found = string(cause)
		case runtime.Error:
			found = cause.Error()
		default: // rapid's own
			panic(cause)
		}
	}()
	r := newRun(noticing{rt})
	r.forget = forget
	play(rt, r)
	return ""
}
