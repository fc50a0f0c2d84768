package workflow_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// listen starts instances that wait for the signal alarm, again and again.
func (f *fixture) listen(n int) []engine.ID {
	f.t.Helper()
	var list []engine.ID
	for range n {
		raw, err := f.StartProcess(f.t.Context(), workflow.Call{Principal: operator}, "listener", workflow.StartRequest{})
		list = append(list, decode[workflow.Started](f.t, raw, err).Instance.ID)
	}
	return list
}

// heard counts the signals that an instance has received.
func (f *fixture) heard(id engine.ID) int {
	f.t.Helper()
	n := 0
	for _, row := range f.rows(id) {
		for _, c := range row.Changes {
			if c.Kind == engine.SignalReceived {
				n++
			}
		}
	}
	return n
}

func (f *fixture) each(ids []engine.ID, want int) {
	f.t.Helper()
	for _, id := range ids {
		if got := f.heard(id); got != want {
			f.t.Errorf("%s heard %d signals, want %d", id, got, want)
		}
		if found := f.problems(id); found != nil {
			f.t.Errorf("%s: %v", id, found)
		}
	}
}

func (f *fixture) throw(variables engine.Variables) workflow.Thrown {
	f.t.Helper()
	raw, err := f.ThrowSignal(f.t.Context(), workflow.Call{Principal: operator}, "alarm", variables)
	return decode[workflow.Thrown](f.t, raw, err)
}

// settle ticks until no signal is being spread.
func (f *fixture) settle() {
	f.t.Helper()
	for range 600 {
		if f.countAll("workflow_signal") == 0 {
			return
		}
		if _, err := f.Tick(f.t.Context()); err != nil {
			f.t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.t.Fatal("the signal is not spread")
}

// TestSignalReachesEverybody: more receivers than a page has, each of them once, and each process that
// begins with the signal; whoever waits later gets nothing.
func TestSignalReachesEverybody(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("signals.bpmn")
	ids := f.listen(workflow.SignalPage + 30)
	f.throw(engine.Variables{"level": "high"})
	f.settle()
	late := f.listen(1)
	f.settle()
	f.each(ids, 1)
	f.each(late, 0)
	if n := f.countAll("workflow_instance"); n != len(ids)+1+2 {
		t.Errorf("%d instances", n)
	}
	raw, err := f.StartProcess(t.Context(), workflow.Call{Principal: operator}, "thrower", workflow.StartRequest{BusinessKey: "B-1", Variables: engine.Variables{"level": "over"}})
	decode[workflow.Started](t, raw, err)
	f.settle()
	f.each(ids, 2)
	f.each(late, 1)
	var keyed int
	if err := f.store.DB.QueryRow(t.Context(), []any{&keyed}, "SELECT COUNT(*) FROM workflow_instance WHERE business_key = ?", "B-1"); err != nil || keyed != 1+2 {
		t.Errorf("%d instances of the business key, %v", keyed, err)
	}
}

// A repeated request throws nothing; another signal is another one.
func TestSignalRepeated(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("signals.bpmn")
	ids := f.listen(2)
	call := workflow.Call{Principal: operator, Idempotency: key("wuqiang", "k", "body")}
	if _, err := f.ThrowSignal(t.Context(), call, "alarm", nil); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if _, err := f.ThrowSignal(t.Context(), call, "alarm", nil); !errors.Is(err, store.ErrRepeated) {
		t.Errorf("the repetition: %v", err)
	}
	for _, name := range []string{"", strings.Repeat("x", 256)} {
		if _, err := f.ThrowSignal(t.Context(), workflow.Call{Principal: operator}, name, nil); !errors.Is(err, workflow.ErrSignalName) {
			t.Errorf("a name of %d characters: %v", len(name), err)
		}
	}
	f.settle()
	f.each(ids, 1)
}

// replay spreads a signal of which it has been forgotten how far it had come.
func (f *fixture) replay(sig store.Signal) {
	f.t.Helper()
	_ = f.Spread(f.t.Context(), sig)
}

// again throws a signal, lets it be spread, and spreads it anew, as a process does that lost its lease.
func (f *fixture) again() int {
	f.t.Helper()
	f.deploy("signals.bpmn")
	f.listen(1)
	sig := store.Signal{ID: engine.ID{7}, Name: "alarm"}
	if err := f.store.ThrowSignal(f.t.Context(), sig, time.Now().UTC(), nil, store.Recorded{}); err != nil {
		f.t.Fatal(err)
	}
	stored, found, err := f.store.Signal(f.t.Context(), sig.ID)
	if err != nil || !found {
		f.t.Fatal(found, err)
	}
	for range 3 {
		f.replay(stored)
	}
	return f.countAll("workflow_instance")
}

func TestSignalSpreadAgain(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	if n := f.again(); n != 1+2 {
		t.Errorf("%d instances", n)
	}
}

// Without the inbox a signal that is spread again starts its processes again.
func TestSignalWithoutTheInbox(t *testing.T) {
	t.Parallel()
	f := setup(t, planted(`INSERT INTO workflow_inbox`, `INSERT IGNORE INTO workflow_inbox`))
	if n := f.again(); n <= 1+2 {
		t.Errorf("%d instances although the inbox is off", n)
	}
}

// Without the time of the throw an instance that waits anew receives the same signal anew.
func TestSignalWithoutItsTime(t *testing.T) {
	t.Parallel()
	f := setup(t, planted(`AND s.created_at <= '[^']*'`, ``))
	f.deploy("signals.bpmn")
	sig := store.Signal{ID: engine.ID{7}, Name: "alarm", Variables: engine.Variables{"level": "low"}}
	if err := f.store.ThrowSignal(t.Context(), sig, time.Now().UTC(), nil, store.Recorded{}); err != nil {
		t.Fatal(err)
	}
	late := f.listen(1)
	stored, _, err := f.store.Signal(t.Context(), sig.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.replay(stored)
	if f.heard(late[0]) == 0 {
		t.Error("a late one heard nothing although the time is off")
	}
}

// Suspended instances and processes get nothing, also not when they are resumed; a later version
// replaces the start event.
func TestSignalSuspended(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	definitions := f.deploy("signals.bpmn").Definitions
	ids := f.listen(2)
	call := workflow.Call{Principal: operator}
	if _, err := f.SuspendInstance(t.Context(), call, ids[0], ""); err != nil {
		t.Fatal(err)
	}
	for _, d := range definitions {
		if d.Key == "first" {
			if _, err := f.SetDefinitionSuspended(t.Context(), call, d.ID, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.throw(engine.Variables{"level": "low"})
	f.settle()
	if _, err := f.ResumeInstance(t.Context(), call, ids[0], ""); err != nil {
		t.Fatal(err)
	}
	f.settle()
	f.each(ids[:1], 0)
	f.each(ids[1:], 1)
	if n := f.countAll("workflow_instance"); n != 2+1 {
		t.Errorf("%d instances", n)
	}
	f.deploy("signals.bpmn")
	f.throw(engine.Variables{"level": "low"})
	f.settle()
	if n := f.countAll("workflow_instance"); n != 3+2 { // the latest versions alone, each once
		t.Errorf("%d instances after a new version", n)
	}
}

// What was thrown while nobody could spread it is spread later, to those who waited then. A process that
// starts itself by a signal comes to an end.
func TestSignalLeftBehind(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("signals.bpmn")
	ids := f.listen(3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sig := store.Signal{ID: engine.ID{7}, Name: "alarm", Variables: engine.Variables{"level": "low"}}
	if err := f.store.ThrowSignal(t.Context(), sig, time.Now().UTC(), nil, store.Recorded{}); err != nil {
		t.Fatal(err)
	}
	stored, _, err := f.store.Signal(t.Context(), sig.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Spread(ctx, stored); err == nil {
		t.Error("a spread whose time is up says nothing")
	}
	late := f.listen(1)
	f.settle()
	f.each(ids, 1)
	f.each(late, 0)
	before := f.countAll("workflow_instance")
	if _, err := f.ThrowSignal(t.Context(), workflow.Call{Principal: operator}, "loop", nil); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if n := f.countAll("workflow_instance") - before; n != 11 {
		t.Errorf("%d instances of an endless chain", n)
	}
	if n := f.countAll("workflow_dead_letter"); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}

// A signal under way reaches the later version of a process in the place of the earlier one, once.
func TestSignalMeetsNewVersion(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("signals.bpmn")
	sig := store.Signal{ID: engine.ID{7}, Name: "alarm"}
	if err := f.store.ThrowSignal(t.Context(), sig, time.Now().UTC(), nil, store.Recorded{}); err != nil {
		t.Fatal(err)
	}
	stored, _, err := f.store.Signal(t.Context(), sig.ID)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		f.deploy("signals.bpmn")
		f.replay(stored)
		if n := f.countAll("workflow_instance"); n != 2 {
			t.Errorf("%d instances", n)
		}
	}
}

// A receiver that fails holds nobody up, is tried again, and is a dead letter in the end.
func TestSignalOfAPoisonReceiver(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("signals.bpmn")
	ids := f.listen(workflow.SignalPage + 3)
	var b database.Batch
	b.Add("UPDATE workflow_instance SET body = 'x' WHERE id = ?", ids[1][:])
	if err := f.store.DB.Run(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	stored := store.Signal{ID: engine.ID{7}, Name: "alarm", Variables: engine.Variables{"level": "low"}}
	if err := f.store.ThrowSignal(t.Context(), stored, time.Now().UTC(), nil, store.Recorded{}); err != nil {
		t.Fatal(err)
	}
	for attempt := 1; ; attempt++ {
		sig, found, err := f.store.Signal(t.Context(), stored.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			if attempt != 13 {
				t.Errorf("given up after %d attempts", attempt-1)
			}
			break
		}
		if err := f.Spread(t.Context(), sig); (err == nil) != (attempt == 12) {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
		if attempt == 1 {
			f.each(append(ids[2:len(ids):len(ids)], ids[0]), 1)
		}
	}
	f.each([]engine.ID{ids[0], ids[2]}, 1)
	if n := f.countAll("workflow_dead_letter"); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}
