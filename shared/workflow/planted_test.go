package workflow_test

import (
	"bytes"
	"errors"
	"regexp"
	"testing"

	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/lock"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// The tests below take a guard away, by changing the statement on its way to the server, and hold
// that the checks of the other tests then fail. A check that passes without its guard proves nothing.

// planted returns a wire on which every match of pattern in a statement becomes by.
func planted(pattern, by string) *wiretest.Wire {
	expression := regexp.MustCompile(pattern)
	return &wiretest.Wire{Rewrite: func(text []byte) []byte { return expression.ReplaceAll(text, []byte(by)) }}
}

// unfenced is a wire on which commands do not see that another one was faster.
func unfenced() *wiretest.Wire {
	return &wiretest.Wire{Rewrite: func(text []byte) []byte {
		text = bytes.Replace(text, []byte("INSERT INTO workflow_history"), []byte("REPLACE INTO workflow_history"), 1)
		text = regexp.MustCompile(`IF\(ROW_COUNT\(\) = 1, (\d+), NULL\)`).ReplaceAll(text, []byte("$1"))
		return regexp.MustCompile(` AND version = \d+;`).ReplaceAll(text, []byte(";"))
	}}
}

// Without the fence each race of two people at a board ends in a way that no order of theirs gives.
func TestApprovalRacesWithoutTheFence(t *testing.T) {
	t.Parallel()
	for name, race := range approvalRaces {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, unfenced())
			f.withoutLock()
			f.people("sunqi", "wuqiang")
			f.deploy("approval.bpmn")
			for range 50 {
				if race(f.board()) != "" {
					return
				}
			}
			t.Error("the race found nothing although the fence is off")
		})
	}
}

// Without the fence (the history's key and the version in the UPDATE) several of sixteen callers
// complete the same task, or the history no longer gives the state.
func TestWithoutTheFence(t *testing.T) {
	t.Parallel()
	f := setup(t, unfenced())
	f.withoutLock()
	f.deploy("leave.bpmn")
	for range 20 {
		started := f.start(nil)
		if got := f.race(16, started.Tasks[0].ID); got.won > 1 || f.problems(started.Instance.ID) != nil {
			return
		}
	}
	t.Error("the race of sixteen found nothing although the fence is off")
}

// withoutLock makes callers collide at the fence.
func (f *fixture) withoutLock() {
	f.lock = lock.New(nil)
	f.Service = workflow.New(f.store, f.lock, nil, nil)
}

// Without the unique idempotency record a repeated start starts again.
func TestWithoutTheIdempotencyRecord(t *testing.T) {
	t.Parallel()
	f := setup(t, planted(`INSERT INTO workflow_idempotency`, `INSERT IGNORE INTO workflow_idempotency`))
	f.deploy("leave.bpmn")
	call := workflow.Call{Principal: employee, Idempotency: key("zhangwei", "k", "body")}
	for range 2 {
		if _, err := f.StartProcess(t.Context(), call, "leave", workflow.StartRequest{}); errors.Is(err, store.ErrRepeated) {
			t.Fatal("the repeat was noticed although the record is off")
		}
	}
	if n := f.countAll("workflow_instance"); n != 2 {
		t.Errorf("%d instances", n)
	}
}

// Without the flag of the outbox nothing is ever sent.
func TestWithoutTheOutbox(t *testing.T) {
	t.Parallel()
	f := setup(t, planted(`changes, unsent\)`, `changes, attempts)`))
	f.deploy("leave.bpmn")
	f.start(nil)
	var got []string
	if _, err := f.collect(&got).Round(t.Context()); err != nil || len(got) > 0 {
		t.Errorf("events %v, %v although the outbox is off", got, err)
	}
}

// Without the guard of the definition an instance of a suspended definition starts.
func TestWithoutTheDefinitionGuard(t *testing.T) {
	t.Parallel()
	f := setup(t, planted(` AND suspended = 0 AND latest = 1`, ` `))
	definition := f.deploy("leave.bpmn").Definitions[0]
	f.start(nil)
	other := &fixture{t: t, dsn: f.dsn}
	other.connect(nil, "redis://127.0.0.1:1/0")
	if _, err := other.SetDefinitionSuspended(t.Context(), workflow.Call{Principal: operator}, definition.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := f.StartProcess(t.Context(), workflow.Call{Principal: employee}, "leave", workflow.StartRequest{}); err != nil {
		t.Errorf("%v although the guard is off", err)
	}
}
