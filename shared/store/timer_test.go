package store

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

func (f *fixture) claimTimers(after time.Duration) []Timer {
	f.t.Helper()
	got, err := f.ClaimTimers(f.t.Context(), 10, noon.Add(after), time.Minute)
	if err != nil {
		f.t.Fatal(err)
	}
	return got
}

func idsOfTimers(timers []Timer) []engine.ID {
	return ids(timers, func(t Timer) engine.ID { return t.ID })
}

// A timer is claimed when it is due, not earlier, what is due longest first, and not again within its
// lease; one of a suspended instance is not claimed.
func TestClaimTimers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	late, early := timerCreated(noon.Add(time.Second)), timerCreated(noon)
	early.Timer.Cycle, early.Timer.Anchor, early.Timer.Fired = "R/PT1M", noon.Add(-time.Hour), 2
	in := f.must(nil, late, early)
	expect := func(what string, after time.Duration, want ...engine.Change) {
		t.Helper()
		got := idsOfTimers(f.claimTimers(after))
		if diff := cmp.Diff(ids(want, func(c engine.Change) engine.ID { return c.Timer.ID }), got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", what, diff)
		}
	}
	expect("not due", -time.Millisecond)
	in = f.must(in, suspend)
	expect("suspended", time.Hour)
	in = f.must(in, resume)
	got := f.claimTimers(0)
	want := []Timer{{
		ID: early.Timer.ID, InstanceID: in.ID, DefinitionID: f.definition.ID, ProcessKey: "order", NodeID: "wait", DueAt: noon,
		Cycle: "R/PT1M", Anchor: noon.Add(-time.Hour), Fired: 2,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	expect("the other", 30*time.Second, late)
	expect("leased", time.Minute-time.Millisecond)
	expect("lease over", 2*time.Minute, early, late)
	in = f.must(in, engine.Change{Kind: engine.TimerFired, TimerID: early.Timer.ID})
	p, err := f.Timers(t.Context(), TimerFilter{InstanceID: in.ID, ProcessKey: "order"}, all)
	if list := each(t, p, err); len(list) != 1 || list[0].ID != late.Timer.ID {
		t.Errorf("%+v", list)
	}
	f.must(in, engine.Change{Kind: engine.TimerCancelled, TimerID: late.Timer.ID})
	expect("ended", time.Hour)
}

func TestConcurrentClaimsShareNoTimer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	changes := make([]engine.Change, 0, 100)
	for range cap(changes) {
		changes = append(changes, timerCreated(noon))
	}
	f.must(nil, changes...)
	var mutex sync.Mutex
	claimed := map[engine.ID]int{}
	deadline := time.Now().Add(30 * time.Second)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for time.Now().Before(deadline) {
				got, err := f.ClaimTimers(t.Context(), 10, noon, time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				mutex.Lock()
				for _, timer := range got {
					claimed[timer.ID]++
				}
				done := len(claimed) == len(changes)
				mutex.Unlock()
				if done {
					return
				}
			}
		})
	}
	all.Wait()
	for id, n := range claimed {
		if n > 1 {
			t.Errorf("timer %s was claimed %d times", id, n)
		}
	}
	if len(claimed) != len(changes) {
		t.Errorf("%d timers", len(claimed))
	}
}

func everyHour() StartEvent {
	return StartEvent{NodeID: "hourly", Timer: &Timer{DueAt: noon, Cycle: "R/PT1H", Anchor: noon.Add(-time.Hour)}}
}

// Each time that a start timer is due starts one instance: who comes second, with what the row said
// before, writes nothing.
func TestStartTimerFiresOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.definition = f.deploy("report", everyHour())[0]
	got := f.claimTimers(0)
	if len(got) != 1 || !got[0].InstanceID.IsZero() || got[0].DefinitionID != f.definition.ID || got[0].ProcessKey != "report" ||
		got[0].NodeID != "hourly" || got[0].Cycle != "R/PT1H" || !got[0].Anchor.Equal(noon.Add(-time.Hour)) || got[0].Fired != 0 {
		t.Fatalf("%+v", got)
	}
	id := got[0].ID
	next := startTimer(StartTimer{ID: id, NextDue: noon.Add(time.Hour)})
	if _, err := f.advance(nil, []engine.Change{jobCreated("a", 0)}, next); err != nil {
		t.Fatal(err)
	}
	f.refused(database.ErrGuard, nil, nil, next)
	f.refused(database.ErrGuard, nil, []engine.Change{jobCreated("a", 0)}, next)
	f.refused(database.ErrGuard, nil, nil, startTimer(StartTimer{ID: id}))
	f.refused(database.ErrGuard, nil, nil, startTimer(StartTimer{ID: id, NextDue: noon.Add(2 * time.Hour)}))
	if got := f.claimTimers(30 * time.Minute); len(got) > 0 {
		t.Errorf("%+v between the times", got)
	}
	if got := f.claimTimers(time.Hour); len(got) != 1 || got[0].Fired != 1 || !got[0].DueAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v the second time", got)
	}
	last := startTimer(StartTimer{ID: id, Fired: 1})
	if _, err := f.advance(nil, nil, last); err != nil {
		t.Fatal(err)
	}
	f.refused(database.ErrGuard, nil, nil, last)
	f.refused(database.ErrGuard, nil, nil, startTimer(StartTimer{ID: id, Fired: 1, NextDue: noon.Add(2 * time.Hour)}))
	if n := f.count(`SELECT COUNT(*) FROM workflow_timer`); n != 0 {
		t.Errorf("%d timers are left of one that is over", n)
	}
}
