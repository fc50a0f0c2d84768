package workflow_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

var (
	manager = access.Principal{Username: "wangfang"}
	clerk   = workflow.Call{Principal: member("lina", "hr")}
)

func member(name string, groups ...string) access.Principal {
	return access.Principal{Username: name, Groups: groups}
}

func TestLeaveFromStartToEnd(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	deployed := f.deploy("leave.bpmn")
	if d := deployed.Definitions[0]; d.Key != "leave" || d.Version != 1 || d.Name != "请假" {
		t.Errorf("definition %+v", d)
	}
	started := f.start(engine.Variables{"days": int64(3)})
	if len(started.Tasks) != 1 || *started.Tasks[0].Assignee != "wangfang" || started.Instance.Starter != "zhangwei" {
		t.Fatalf("started %+v", started)
	}
	raw, err := f.CompleteTask(t.Context(), workflow.Call{Principal: manager}, started.Tasks[0].ID, workflow.Completion{Outcome: "approved", Variables: engine.Variables{"ok": true}})
	approved := decode[workflow.TaskAnswer](t, raw, err)
	if approved.Task.State != "completed" || len(approved.Next) != 1 || approved.Next[0].NodeID != "file" {
		t.Fatalf("approved %+v", approved)
	}
	raw, err = f.CompleteTask(t.Context(), clerk, approved.Next[0].ID, workflow.Completion{})
	filed := decode[workflow.TaskAnswer](t, raw, err)
	if filed.Instance.State != engine.Completed || filed.Instance.EndedAt == nil || filed.Instance.Version != 3 || len(filed.Next) != 0 {
		t.Fatalf("filed %+v", filed)
	}
	if found := f.problems(started.Instance.ID); found != nil {
		t.Error(found)
	}
}

func TestWhoMayWorkOnATask(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	task := f.start(nil).Tasks[0].ID
	for _, c := range []struct {
		who  access.Principal
		want error
	}{
		{employee, workflow.ErrNotYours}, {operator, workflow.ErrNotYours}, {clerk.Principal, workflow.ErrNotYours}, {manager, nil},
		{manager, engine.ErrTaskEnded}, {employee, workflow.ErrNotYours},
	} {
		if _, err := f.CompleteTask(t.Context(), workflow.Call{Principal: c.who}, task, workflow.Completion{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.who.Username, err, c.want)
		}
	}
	if _, err := f.CompleteTask(t.Context(), clerk, engine.ID{1}, workflow.Completion{}); !errors.Is(err, store.ErrNoTask) {
		t.Error(err)
	}
}

func TestLimitsChangeNothing(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	huge := strings.Repeat("x", 257<<10)
	many := engine.Variables{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		many[name] = huge[:250<<10]
	}
	for _, c := range []struct {
		request workflow.StartRequest
		code    string
	}{
		{workflow.StartRequest{Variables: engine.Variables{"x": huge}}, "variable_too_large"},
		{workflow.StartRequest{Variables: engine.Variables{"": int64(1)}}, "bad_variable_name"},
		{workflow.StartRequest{Variables: many}, "instance_too_large"},
		{workflow.StartRequest{BusinessKey: huge[:256]}, "bad_business_key"},
	} {
		_, err := f.StartProcess(t.Context(), workflow.Call{Principal: employee}, "leave", c.request)
		if e := fault.From(err); e == nil || e.Code != c.code {
			t.Errorf("%v, want %s", err, c.code)
		}
	}
	if n := f.countAll("workflow_instance"); n != 0 {
		t.Errorf("%d instances", n)
	}
}

// Sixteen callers complete one task: one gets through, fifteen are told that it is done, and the
// history holds one completion (I4).
func TestOneOfSixteenCompletes(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	for range 10 {
		started := f.start(nil)
		if got := f.race(16, started.Tasks[0].ID); got != (outcome{won: 1, ended: 15}) {
			t.Errorf("%+v", got)
		}
		if n := completions(f.rows(started.Instance.ID)); n != 1 {
			t.Errorf("%d completions in the history", n)
		}
		if found := f.problems(started.Instance.ID); found != nil {
			t.Error(found)
		}
	}
}

type outcome struct{ won, ended, other int }

func (f *fixture) race(n int, task engine.ID) outcome {
	var o outcome
	var mutex sync.Mutex
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			_, err := f.CompleteTask(f.t.Context(), workflow.Call{Principal: manager}, task, workflow.Completion{})
			mutex.Lock()
			defer mutex.Unlock()
			switch {
			case err == nil:
				o.won++
			case errors.Is(err, engine.ErrTaskEnded):
				o.ended++
			default:
				o.other++
				f.t.Log(err)
			}
		})
	}
	group.Wait()
	return o
}

func completions(rows []store.Row) (n int) {
	for _, row := range rows {
		for _, c := range row.Changes {
			if c.Kind == engine.TaskCompleted && c.Node == "approve" {
				n++
			}
		}
	}
	return n
}

func TestRoundTripsAndCommits(t *testing.T) {
	t.Parallel()
	wire := &wiretest.Wire{}
	f := setup(t, wire)
	f.deploy("leave.bpmn")
	warm := f.start(nil)
	if _, err := f.CompleteTask(t.Context(), workflow.Call{Principal: manager}, warm.Tasks[0].ID, workflow.Completion{}); err != nil {
		t.Fatal(err)
	}
	wire.Reset()
	started := f.start(engine.Variables{"days": int64(1)})
	gate(t, wire, "start", 1, 1)
	wire.Reset()
	if _, err := f.CompleteTask(t.Context(), workflow.Call{Principal: manager}, started.Tasks[0].ID, workflow.Completion{}); err != nil {
		t.Fatal(err)
	}
	gate(t, wire, "complete", 2, 1)
	wire.Reset()
	if _, err := f.StartProcess(t.Context(), workflow.Call{Principal: employee, Idempotency: key("zhangwei", "k", "b")}, "leave", workflow.StartRequest{}); err != nil {
		t.Fatal(err)
	}
	gate(t, wire, "start with a key", 1, 1)
}

func gate(t *testing.T, wire *wiretest.Wire, what string, trips, commits int) {
	t.Helper()
	if c := wire.Counts(); c.RoundTrips != trips || c.Commits != commits {
		t.Errorf("%s: %d round trips, %d commits; want %d and %d\n%s", what, c.RoundTrips, c.Commits, trips, commits, strings.Join(c.Texts, "\n"))
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	call := workflow.Call{Principal: employee, Idempotency: key("zhangwei", "k1", "body")}
	raw, err := f.StartProcess(t.Context(), call, "leave", workflow.StartRequest{})
	first := decode[workflow.Started](t, raw, err)
	if _, err := f.StartProcess(t.Context(), call, "leave", workflow.StartRequest{}); !errors.Is(err, store.ErrRepeated) {
		t.Fatalf("repeat: %v", err)
	}
	recorded, err := f.store.Recorded(t.Context(), call.Idempotency)
	if err != nil || recorded.Status != 201 || !cmp.Equal(string(recorded.Body), string(raw)) {
		t.Errorf("recorded %+v %v", recorded, err)
	}
	other := key("zhangwei", "k1", "other body")
	if _, err := f.StartProcess(t.Context(), workflow.Call{Principal: employee, Idempotency: other}, "leave", workflow.StartRequest{}); !errors.Is(err, store.ErrKeyReused) {
		t.Errorf("other body: %v", err)
	}
	if n := f.countAll("workflow_instance"); n != 1 {
		t.Errorf("%d instances", n)
	}
	done := workflow.Call{Principal: manager, Idempotency: key("wangfang", "k2", "body")}
	for i, want := range []error{nil, store.ErrRepeated} { // the first one commits after the caller has looked for its key
		if _, err := f.CompleteTask(t.Context(), done, first.Tasks[0].ID, workflow.Completion{}); !errors.Is(err, want) {
			t.Errorf("completion %d: %v", i, err)
		}
	}
	if recorded, err = f.store.Recorded(t.Context(), done.Idempotency); err != nil || recorded == nil {
		t.Errorf("completion recorded %+v %v", recorded, err)
	}
}

func (f *fixture) countAll(table string) (n int) {
	f.t.Helper()
	if err := f.store.DB.QueryRow(f.t.Context(), []any{&n}, "SELECT COUNT(*) FROM "+table); err != nil {
		f.t.Fatal(err)
	}
	return n
}
