package workflow_test

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// several starts instances of testdata/operate.bpmn.
func (f *fixture) several(n int) (definition engine.ID, ids []engine.ID) {
	f.t.Helper()
	definition = f.deployText()
	for range n {
		ids = append(ids, f.run(definition, nil))
	}
	return definition, ids
}

func (f *fixture) batch(r workflow.BatchRequest) store.Batch {
	f.t.Helper()
	raw, err := f.CreateBatch(f.t.Context(), operating, r)
	return decode[store.Batch](f.t, raw, err)
}

// finished ticks until a batch has nothing to do.
func (f *fixture) finished(id engine.ID) store.Batch {
	f.t.Helper()
	for range 100 {
		if _, err := f.Tick(f.t.Context()); err != nil {
			f.t.Fatal(err)
		}
		if b := f.state(id); b.State != store.BatchRunning {
			return b
		}
		time.Sleep(20 * time.Millisecond)
	}
	f.t.Fatalf("%+v does not end", f.state(id))
	return store.Batch{}
}

func (f *fixture) state(id engine.ID) store.Batch {
	f.t.Helper()
	b, err := f.Batch(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return *b
}

func (f *fixture) items(id engine.ID, state store.ItemState) []store.BatchItem {
	f.t.Helper()
	p, err := f.BatchItems(f.t.Context(), id, string(state), page.Request{Limit: 100, Sort: "instanceId"})
	if err != nil {
		f.t.Fatal(err)
	}
	return p.Items
}

// laid writes a batch without beginning with it, as one whose maker has died at once.
func (f *fixture) laid(o workflow.Operation, ids []engine.ID) store.Batch {
	f.t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		f.t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	b := store.Batch{ID: engine.ID{7, byte(len(ids))}, Kind: string(o.Kind), Request: raw, CreatedBy: "wuqiang", CreatedAt: now}
	err = f.store.CreateBatch(f.t.Context(), &b, store.BatchOf{IDs: ids}, nil, func(*store.Batch) (store.Recorded, error) { return store.Recorded{}, nil })
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

func TestBatchOfAFilter(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	definition, ids := f.several(45) // more than a page
	f.run(f.deployText(`"operate"`, `"other"`), nil)
	b := f.batch(workflow.BatchRequest{
		Operation: workflow.Operation{Kind: workflow.CancelOperation, Reason: "the shop is closed"},
		Filter:    &workflow.BatchFilter{ProcessKey: "operate", DefinitionID: definition, State: "active", WithIncidents: true, Starter: "zhangwei", BusinessKey: "B-1"},
	})
	if b.Total != len(ids) || b.CreatedBy != "wuqiang" {
		t.Errorf("%+v", b)
	}
	if b = f.finished(b.ID); b.State != store.BatchCompleted || b.Done != len(ids) || b.Failed != 0 || b.EndedAt == nil {
		t.Errorf("%+v", b)
	}
	for _, id := range ids {
		if in := f.load(id); in.State != engine.Cancelled || in.Version != 2 {
			t.Errorf("%+v", in)
		}
	}
	rows := f.rows(ids[0])
	if last := rows[len(rows)-1]; last.Actor != "wuqiang" || last.Command != "cancel" {
		t.Errorf("%+v", last)
	}
	if _, err := f.CreateBatch(t.Context(), operating, workflow.BatchRequest{
		Operation: workflow.Operation{Kind: workflow.SuspendOperation}, Filter: &workflow.BatchFilter{ProcessKey: "operate"},
	}); !errors.Is(err, store.ErrBatchEmpty) {
		t.Errorf("of instances that have all ended: %v", err)
	}
	if list, err := f.Batches(t.Context(), "completed", page.Request{Limit: 10, Sort: "createdAt"}); err != nil || len(list.Items) != 1 {
		t.Errorf("%+v %v", list, err)
	}
}

func TestEveryKindOfBatch(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	_, ids := f.several(2)
	target := f.deployText(`"nothing"`, `""`)
	for _, o := range []workflow.Operation{
		{Kind: workflow.SuspendOperation}, {Kind: workflow.ResumeOperation},
		{Kind: workflow.RetryOperation, Retry: &workflow.Retry{Variables: engine.Variables{"nobody": "lina"}}},
		{Kind: workflow.VariablesOperation, Variables: &workflow.VariableChange{Variables: engine.Variables{"x": int64(1)}}},
		{Kind: workflow.CorrelateOperation, Correlate: &workflow.Hint{Message: "go on"}},
		{Kind: workflow.ModifyOperation, Modify: &workflow.Modification{Instructions: []workflow.Instruction{{Type: engine.StartBefore, NodeID: "wait"}}}},
		{Kind: workflow.MigrateOperation, Migrate: &workflow.MigrationPlan{TargetDefinitionID: target}},
		{Kind: workflow.CancelOperation},
		{Kind: workflow.RestartOperation, Restart: &workflow.Restart{}},
	} {
		b := f.batch(workflow.BatchRequest{Operation: o, InstanceIDs: ids})
		if b = f.finished(b.ID); b.State != store.BatchCompleted || b.Done != 2 {
			t.Fatalf("%s: %+v %+v", o.Kind, b, f.items(b.ID, ""))
		}
		for _, id := range ids {
			f.holds(id)
		}
	}
	if in := f.load(ids[0]); in.DefinitionID != target || in.State != engine.Cancelled {
		t.Errorf("%+v", in)
	}
	f.execute(`UPDATE workflow_history SET unsent = NULL`)
	b := f.batch(workflow.BatchRequest{Operation: workflow.Operation{Kind: workflow.DeleteOperation}, Filter: &workflow.BatchFilter{ProcessKey: "operate"}})
	if b = f.finished(b.ID); b.Done != 2 {
		t.Errorf("%+v", b)
	}
	if n := f.countAll("workflow_instance"); n != 2 { // those that were restarted
		t.Errorf("%d instances", n)
	}
	for _, r := range []workflow.BatchRequest{
		{InstanceIDs: ids}, {Operation: workflow.Operation{Kind: "dance"}, InstanceIDs: ids}, {Operation: workflow.Operation{Kind: workflow.ModifyOperation}, InstanceIDs: ids},
		{Operation: workflow.Operation{Kind: workflow.RestartOperation}, InstanceIDs: ids}, {Operation: workflow.Operation{Kind: workflow.CancelOperation}},
		{Operation: workflow.Operation{Kind: workflow.CancelOperation}, InstanceIDs: ids, Filter: &workflow.BatchFilter{}},
		{Operation: workflow.Operation{Kind: workflow.CancelOperation}, Filter: &workflow.BatchFilter{State: "asleep"}},
		{Operation: workflow.Operation{Kind: workflow.MigrateOperation, Migrate: &workflow.MigrationPlan{}}, InstanceIDs: ids},
	} {
		if raw, err := f.CreateBatch(t.Context(), operating, r); err == nil {
			t.Errorf("%+v: %s", r, raw)
		}
	}
}

// What fails is listed with the reason, and tried again when an operator has mended it.
func TestFailuresOfABatch(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	_, ids := f.several(3)
	move := workflow.Modification{Instructions: []workflow.Instruction{{Type: engine.MoveTokens, FromNodeID: "wait", NodeID: "work"}}}
	if _, err := f.ModifyInstance(t.Context(), operating, ids[1], move); err != nil {
		t.Fatal(err)
	}
	b := f.batch(workflow.BatchRequest{Operation: workflow.Operation{Kind: workflow.ModifyOperation, Modify: &move}, InstanceIDs: append(ids, engine.ID{9})})
	if b = f.finished(b.ID); b.State != store.BatchCompleted || b.Done != 2 || b.Failed != 2 {
		t.Errorf("%+v", b)
	}
	failed := f.items(b.ID, store.ItemFailed)
	if len(failed) != 2 || failed[0].InstanceID != ids[1] || failed[0].Code != "bad_modification" || failed[0].Message == "" || failed[1].Code != "instance_not_found" {
		t.Errorf("%+v", failed)
	}
	mend := workflow.Modification{Instructions: []workflow.Instruction{{Type: engine.StartBefore, NodeID: "wait"}}}
	if _, err := f.ModifyInstance(t.Context(), operating, ids[1], mend); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ChangeBatch(t.Context(), operating, b.ID, store.RetryBatch); err != nil {
		t.Fatal(err)
	}
	if b = f.finished(b.ID); b.Done != 3 || b.Failed != 1 {
		t.Errorf("%+v", b)
	}
	for n, version := range []int64{2, 4, 2} { // those that were done are not done again
		if in := f.load(ids[n]); in.Version != version {
			t.Errorf("instance %d has version %d, not %d", n, in.Version, version)
		}
	}
}

func TestPauseResumeAndCancelABatch(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	_, ids := f.several(2)
	b := f.laid(workflow.Operation{Kind: workflow.SuspendOperation}, ids)
	change := func(step store.BatchStep, want error) {
		t.Helper()
		if _, err := f.ChangeBatch(t.Context(), operating, b.ID, step); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", step, err, want)
		}
	}
	change(store.ResumeBatch, store.ErrBatchState)
	change(store.RetryBatch, store.ErrBatchState)
	change(store.PauseBatch, nil)
	change(store.PauseBatch, store.ErrBatchState)
	if _, err := f.Tick(t.Context()); err != nil || f.load(ids[0]).Version != 1 {
		t.Errorf("a paused batch has worked: %v", err)
	}
	change(store.ResumeBatch, nil)
	if b = f.finished(b.ID); b.Done != 2 {
		t.Errorf("%+v", b)
	}
	change(store.CancelBatch, store.ErrBatchState)
	b = f.laid(workflow.Operation{Kind: workflow.ResumeOperation}, ids[:1])
	change(store.CancelBatch, nil)
	if b = f.finished(b.ID); b.State != store.BatchCancelled || b.EndedAt == nil || f.load(ids[0]).State != engine.Suspended {
		t.Errorf("%+v", b)
	}
	change(store.RetryBatch, store.ErrBatchState)
	b.ID = engine.ID{8}
	change(store.PauseBatch, store.ErrNoBatch)
}

// doubled works on a batch by several processes at once, and again when all is done, as if the progress had
// been lost by a crash.
func doubled(t *testing.T, wire *wiretest.Wire) (versions []int64) {
	t.Helper()
	f := setup(t, wire)
	_, ids := f.several(8)
	add := workflow.Operation{Kind: workflow.ModifyOperation, Modify: &workflow.Modification{Instructions: []workflow.Instruction{{Type: engine.StartBefore, NodeID: "wait"}}}}
	b := f.laid(add, ids)
	for range 2 {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if err := f.AdvanceBatch(t.Context(), b); err != nil && !errors.Is(err, database.ErrContention) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		f.execute(`UPDATE workflow_batch_item SET state = 1`)
		f.execute(`UPDATE workflow_batch SET state = 1, done = 0, locked_until = NOW(3)`)
	}
	if b = f.finished(b.ID); b.Done != len(ids) || b.Failed != 0 {
		t.Errorf("%+v", b)
	}
	for _, id := range ids {
		versions = append(versions, f.load(id).Version)
	}
	return versions
}

func TestABatchWorksOnEachInstanceOnce(t *testing.T) {
	t.Parallel()
	for n, version := range doubled(t, nil) {
		if version != 2 {
			t.Errorf("instance %d was modified %d times", n, version-1)
		}
	}
}

// Without the row in the inbox a batch works on an instance again.
func TestWithoutTheNameOfTheBatch(t *testing.T) {
	t.Parallel()
	for _, version := range doubled(t, planted(`INSERT INTO workflow_inbox \(source, event_id, state, instance_id, received_at\)`, `REPLACE INTO workflow_inbox (source, event_id, state, instance_id, received_at)`)) {
		if version > 2 {
			return
		}
	}
	t.Error("nothing was done twice although the inbox is off")
}

// Without the fence an operator's modification and somebody else's step overwrite one another.
func TestModificationWithoutTheFence(t *testing.T) {
	t.Parallel()
	wire := planted(`INSERT INTO workflow_history`, `REPLACE INTO workflow_history`)
	wire2 := planted(` AND version = \d+;`, `;`)
	rewrite := wire.Rewrite
	guards := planted(`IF\(ROW_COUNT\(\) = 1, (\d+), NULL\)`, `$1`)
	wire.Rewrite = func(text []byte) []byte { return wire2.Rewrite(guards.Rewrite(rewrite(text))) }
	f := setup(t, wire)
	f.withoutLock()
	_, ids := f.several(1)
	add := workflow.Modification{Instructions: []workflow.Instruction{{Type: engine.StartBefore, NodeID: "wait"}}}
	for range 20 {
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() { _, _ = f.ModifyInstance(t.Context(), operating, ids[0], add) })
		}
		group.Wait()
		if f.problems(ids[0]) != nil || len(f.load(ids[0]).Subscriptions) != int(f.load(ids[0]).Version) {
			return
		}
	}
	t.Error("nothing was lost although the fence is off")
}

// A definition is suspended and resumed with its instances.
func TestSuspendADefinitionWithInstances(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	definition, ids := f.several(2)
	other := f.run(f.deployText(), nil)
	if _, err := f.SetInstancesSuspended(t.Context(), workflow.Call{Principal: employee}, definition, true); !errors.Is(err, workflow.ErrNotOperator) {
		t.Errorf("as an employee: %v", err)
	}
	for _, c := range []struct {
		suspended bool
		want      engine.State
	}{{true, engine.Suspended}, {false, engine.Active}} {
		raw, err := f.SetInstancesSuspended(t.Context(), operating, definition, c.suspended)
		answer := decode[workflow.DefinitionState](t, raw, err)
		if b := f.finished(answer.BatchID); b.Done != 2 || answer.Suspended != c.suspended {
			t.Errorf("%+v %+v", answer, b)
		}
		for _, id := range ids {
			if in := f.load(id); in.State != c.want {
				t.Errorf("%s, not %s", in.State, c.want)
			}
		}
	}
	if in := f.load(other); in.Version != 1 {
		t.Errorf("an instance of another version: %+v", in)
	}
	raw, err := f.SetInstancesSuspended(t.Context(), operating, definition, false) // none is suspended
	if answer := decode[workflow.DefinitionState](t, raw, err); !answer.BatchID.IsZero() {
		t.Errorf("%+v", answer)
	}
}
