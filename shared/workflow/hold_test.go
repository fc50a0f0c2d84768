package workflow_test

import (
	"context"
	"errors"
	"testing"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// ended starts instances of testdata/operate.bpmn and ends them; nothing of them waits to be sent.
func (f *fixture) ended(n int) (definition engine.ID, ids []engine.ID) {
	f.t.Helper()
	definition, ids = f.several(n)
	for _, id := range ids {
		if _, err := f.CancelInstance(f.t.Context(), operating, id, ""); err != nil {
			f.t.Fatal(err)
		}
	}
	f.execute(`UPDATE workflow_history SET unsent = NULL`)
	return definition, ids
}

func (f *fixture) hold(n workflow.NewHold) store.Hold {
	f.t.Helper()
	n.Reason = "lawsuit 7"
	raw, err := f.PlaceHold(f.t.Context(), operating, n)
	return decode[store.Hold](f.t, raw, err)
}

func (f *fixture) lift(h store.Hold) {
	f.t.Helper()
	lifted, err := f.LiftHold(f.t.Context(), operating, h.ID)
	if err != nil || lifted.LiftedBy == nil || *lifted.LiftedBy != "wuqiang" {
		f.t.Fatalf("%+v %v", lifted, err)
	}
}

// keepNothing lets the next tick purge every instance that has ended.
func (f *fixture) keepNothing() {
	f.Settings = setting.New(config.Config{}, func(context.Context) (map[string]string, error) {
		return map[string]string{setting.InstanceKeep: "1ms"}, nil
	})
	f.Settings.Renew(f.t.Context()) // who asks meanwhile gets what was known
}

func (f *fixture) there(id engine.ID) bool {
	f.t.Helper()
	_, err := f.store.LoadInstance(f.t.Context(), id)
	if err != nil && !errors.Is(err, store.ErrNoInstance) {
		f.t.Fatal(err)
	}
	return err == nil
}

// Whatever deletes instances passes over one that is held, and says so; when the hold is lifted, purge takes it.
func TestAHeldInstanceSurvives(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	ctx := t.Context()
	definition, ids := f.ended(3)
	of := store.Subject{Instance: ids[0]}
	comment, err := f.AddComment(ctx, operating, of, "seen")
	if err != nil {
		t.Fatal(err)
	}
	first, second := f.hold(workflow.NewHold{InstanceID: ids[0]}), f.hold(workflow.NewHold{InstanceID: ids[0]})
	for name, err := range map[string]error{
		"delete":             failure(f.DeleteInstance(ctx, operating, ids[0])),
		"delete definition":  f.DeleteDefinition(ctx, operating, definition, true),
		"delete a comment":   f.DeleteComment(ctx, operating, of, comment.ID),
		"change a comment":   f.EditComment(ctx, operating, of, comment.ID, "unseen"),
		"purge a definition": failure(f.store.DeleteInstances(ctx, definition, 10)),
	} {
		if !errors.Is(err, store.ErrHeld) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := f.finished(f.batch(workflow.BatchRequest{Operation: workflow.Operation{Kind: workflow.DeleteOperation}, InstanceIDs: ids[:2]}).ID)
	if failed := f.items(b.ID, store.ItemFailed); b.Failed != 1 || len(failed) != 1 || failed[0].InstanceID != ids[0] || failed[0].Code != "instance_held" {
		t.Errorf("%+v %+v", b, failed)
	}
	if !f.there(ids[0]) || f.there(ids[1]) {
		t.Error("the batch has deleted what is held, or not what is not")
	}
	f.keepNothing()
	if done := f.tick(); done.Purged != 1 || done.Held != 1 || !f.there(ids[0]) || f.there(ids[2]) {
		t.Errorf("%+v", done)
	}
	f.lift(first)
	if done := f.tick(); done.Purged != 0 || done.Held != 1 || !f.there(ids[0]) {
		t.Errorf("another hold is left: %+v", done)
	}
	f.lift(second)
	if done := f.tick(); done.Purged != 1 || done.Held != 0 || f.there(ids[0]) {
		t.Errorf("the hold was lifted: %+v", done)
	}
	if _, err := f.LiftHold(ctx, operating, second.ID); !errors.Is(err, store.ErrLifted) {
		t.Error(err)
	}
	p, err := f.Holds(ctx, page.Request{Limit: 10, Sort: "placedAt", Descending: true, Filters: map[string][]string{"state": {"lifted"}, "instanceId": {ids[0].String()}}})
	if err != nil || len(p.Items) != 2 || p.Items[0].Reason != "lawsuit 7" {
		t.Errorf("%+v %v", p, err)
	}
}

func failure[T any](_ T, err error) error { return err }

// Instances are held by their business key, process or starter, and a called one with the outermost caller.
func TestHoldsOfMany(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	_, ids := f.ended(2)
	f.change(`UPDATE workflow_instance SET root_id = ?, business_key = NULL, process_key = 'called', starter = 'chenjing' WHERE id = ?`, ids[0][:], ids[1][:])
	for name, n := range map[string]workflow.NewHold{
		"instance": {InstanceID: ids[0]}, "called": {InstanceID: ids[1]}, "business key": {BusinessKey: "B-1"}, "process": {ProcessKey: "operate"}, "starter": {Username: "zhangwei"},
	} {
		h := f.hold(n)
		for which, id := range ids {
			if _, err := f.DeleteInstance(t.Context(), operating, id); !errors.Is(err, store.ErrHeld) {
				t.Errorf("%s, instance %d: %v", name, which, err)
			}
		}
		f.lift(h)
	}
	for _, n := range []workflow.NewHold{{ProcessKey: "other"}, {BusinessKey: "b-1"}, {Username: "lina"}} {
		f.hold(n)
	}
	for _, id := range ids {
		if _, err := f.DeleteInstance(t.Context(), operating, id); err != nil {
			t.Error(err)
		}
	}
}

// A hold says what it holds and why.
func TestBadHolds(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	for name, c := range map[string]struct {
		n    workflow.NewHold
		want error
	}{
		"nothing":         {workflow.NewHold{Reason: "x"}, workflow.ErrBadHold},
		"two":             {workflow.NewHold{ProcessKey: "p", Username: "u", Reason: "x"}, workflow.ErrBadHold},
		"no reason":       {workflow.NewHold{ProcessKey: "p", Reason: " "}, workflow.ErrBadHold},
		"no instance":     {workflow.NewHold{InstanceID: engine.ID{9}, Reason: "x"}, store.ErrNoInstance},
		"a text too long": {workflow.NewHold{Username: string(make([]byte, 65)), Reason: "x"}, workflow.ErrText},
	} {
		if _, err := f.PlaceHold(t.Context(), operating, c.n); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.LiftHold(t.Context(), operating, engine.ID{9}); !errors.Is(err, store.ErrNoHold) {
		t.Error(err)
	}
}
