package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/fault"
)

func onMessage(name string) StartEvent { return StartEvent{NodeID: "on-" + name, Message: name} }

// starter returns the key and version of the process that a message starts, or "".
func (f *fixture) starter(message string, of ...Definition) string {
	f.t.Helper()
	sub, found, err := f.StartSubscription(f.t.Context(), message)
	if err != nil {
		f.t.Fatal(err)
	}
	if !found {
		return ""
	}
	for _, d := range of {
		if d.ID == sub.DefinitionID {
			return fmt.Sprintf("%s %d %s", sub.ProcessKey, d.Version, sub.NodeID)
		}
	}
	return sub.ProcessKey
}

// A version takes the place of the one before it with all of its start events.
func TestDeployReplacesStarts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.deploy("report", onMessage("m"), onMessage("n"), everyHour())[0]
	running := f.must(nil, opened("m"), timerCreated(noon))
	if got := f.starter("m", first); got != "report 1 on-m" {
		t.Errorf("m starts %q", got)
	}
	old := f.claimTimers(0)
	second := f.deploy("report", onMessage("m"), StartEvent{NodeID: "later", Timer: &Timer{DueAt: noon.Add(time.Hour)}})[0]
	if got := f.starter("m", first, second) + ", " + f.starter("n"); got != "report 2 on-m, " {
		t.Errorf("m, n start %q", got)
	}
	for _, timer := range old {
		if timer.InstanceID.IsZero() { // claimed before, removed meanwhile
			f.refused(database.ErrGuard, nil, nil, startTimer(StartTimer{ID: timer.ID, NextDue: noon.Add(time.Hour)}))
		}
	}
	got := f.claimTimers(2 * time.Hour)
	if len(got) != 2 || got[0].InstanceID != running.ID || got[1].NodeID != "later" || got[1].DefinitionID != second.ID || got[1].Cycle != "" {
		t.Errorf("%+v", got)
	}
	subs, err := f.Subscriptions(t.Context(), MessageQuery{Name: "m"}, 5)
	if err != nil || len(subs) != 1 || subs[0].InstanceID != running.ID {
		t.Errorf("who waits: %+v, %v", subs, err)
	}
	f.deploy("report")
	if n := f.count(`SELECT COUNT(*) FROM workflow_timer WHERE instance_id IS NULL`) + f.count(`SELECT COUNT(*) FROM workflow_subscription WHERE instance_id IS NULL`); n != 0 {
		t.Errorf("%d rows of start events are left", n)
	}
}

// A message starts one process; it may move to another within one deployment.
func TestStartMessageIsTaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.deploy("a", onMessage("m"))
	_, err := f.tryDeploy(Definition{Key: "b", Starts: []StartEvent{onMessage("n"), onMessage("m")}})
	var e *fault.Error
	if !errors.As(err, &e) || !errors.Is(err, ErrMessageTaken) || len(e.Details) != 1 || e.Details[0].Detail != `The message "m" starts the process a.` || e.Details[0].Element != "on-m" {
		t.Errorf("%v, %+v", err, e)
	}
	if got := f.starter("n"); got != "" || f.count(`SELECT COUNT(*) FROM workflow_definition WHERE process_key = 'b'`) != 0 {
		t.Errorf("n starts %q although the deployment was refused", got)
	}
	if _, err := f.tryDeploy(Definition{Key: "b", Starts: []StartEvent{onMessage("m")}}, Definition{Key: "a"}); err != nil {
		t.Errorf("the message moves: %v", err)
	}
	if got := f.starter("m"); got != "b" {
		t.Errorf("m starts %q", got)
	}
}

// Of processes that are deployed at the same time with the same message one gets it.
func TestConcurrentDeployments(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var all sync.WaitGroup
	errs := make([]error, 4)
	for n := range errs {
		all.Go(func() {
			_, errs[n] = f.tryDeploy(Definition{Key: fmt.Sprint("p", n), Starts: []StartEvent{everyHour(), onMessage("m")}})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrMessageTaken) {
			t.Error(err)
		}
	}
	if n := f.count(`SELECT COUNT(*) FROM workflow_timer`); won != 1 || n != 1 {
		t.Errorf("%d deployments, %d timers", won, n)
	}
}

// The start events of a suspended definition wait until it is resumed.
func TestSuspendedDefinitionStartsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.deploy("report", onMessage("m"), everyHour())[0]
	set := func(suspended bool) {
		t.Helper()
		if err := f.SuspendDefinition(t.Context(), Suspension{ID: d.ID, Suspended: suspended}, nil, func(Definition) (Recorded, error) { return Recorded{}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	f.must(nil, timerCreated(noon))
	set(true)
	if got := f.claimTimers(time.Hour); f.starter("m") != "" || len(got) != 1 || got[0].InstanceID.IsZero() {
		t.Errorf("m starts %q, due are %+v", f.starter("m"), got)
	}
	set(false)
	if got := f.claimTimers(time.Hour); f.starter("m") != "report" || len(got) != 1 || !got[0].InstanceID.IsZero() {
		t.Errorf("m starts %q, due are %+v", f.starter("m"), got)
	}
}
