package tasks

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/bucket/buckettest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// bucketRig is the demo whose attachments are in a bucket, with a task of zhangwei's.
type bucketRig struct {
	*faastest.Demo
	t              *testing.T
	storage        *buckettest.Memory
	instance, task engine.ID
}

func openBucket(t *testing.T) *bucketRig {
	t.Helper()
	r := &bucketRig{Demo: faastest.OpenDemo(t, true), t: t, storage: buckettest.StartMemory(t)}
	r.Deploy(faastest.Leave)
	r.instance, r.task = r.Start(nil)
	return r
}

// on lets what is attached from now on go to the bucket.
func (r *bucketRig) on() {
	r.App.Workflow.Bucket = sync.OnceValues(func() (*bucket.Bucket, error) { return bucket.Open(r.storage.Settings, r.storage.Address) })
}

func (r *bucketRig) attach(content string) (store.Attachment, error) {
	raw, err := r.App.Workflow.Upload(r.t.Context(), r.Call("zhangwei"), r.task, workflow.Upload{Content: []byte(content), Name: "x.txt"})
	var a store.Attachment
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	return a, err
}

func (r *bucketRig) upload(content string) (f store.File) {
	r.t.Helper()
	raw, err := r.App.Workflow.UploadFile(r.t.Context(), r.Call("zhangwei"), workflow.Upload{Name: "x.txt", Content: []byte(content)})
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// reads holds what a download of an attachment gives, or how it fails.
func (r *bucketRig) reads(a store.Attachment, want string, failure error) {
	r.t.Helper()
	shown, content, err := r.App.Workflow.Attachment(r.t.Context(), r.Call("zhangwei").Principal, store.Subject{Task: r.task}, a.ID)
	if string(content) != want || !errors.Is(err, failure) || failure != nil && shown.ID != a.ID {
		r.t.Errorf("%+v: %q, %v; want %q, %v", shown, content, err, want, failure)
	}
}

// execute runs a statement behind the product's back.
func (r *bucketRig) execute(text string) {
	r.t.Helper()
	if err := r.App.DB.InTx(r.t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(r.t.Context(), text); return err }); err != nil {
		r.t.Fatal(err)
	}
}

func (r *bucketRig) count(text string) (n int) {
	r.t.Helper()
	if err := r.App.DB.QueryRow(r.t.Context(), []any{&n}, text); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// ticked ticks once, two hours later, and holds which objects are left.
func (r *bucketRig) ticked(what string, want ...string) {
	r.t.Helper()
	r.execute(`UPDATE workflow_object SET created_at = created_at - INTERVAL 2 HOUR`)
	if _, err := r.App.Workflow.Tick(context.WithoutCancel(r.t.Context())); err != nil {
		r.t.Errorf("%s: %v", what, err)
	}
	slices.Sort(want)
	if got := r.storage.Names(); !slices.Equal(got, want) || r.count(`SELECT COUNT(*) FROM workflow_object`) != len(want) {
		r.t.Errorf("%s: %q are left and %d rows, want %q", what, got, r.count(`SELECT COUNT(*) FROM workflow_object`), want)
	}
}

// What is attached goes to the bucket, and comes from it as it went; what was attached before stays in the database. A
// storage that is away, or has lost or changed something, is said; nothing is forgotten by that.
func TestAttachmentsInBucket(t *testing.T) {
	t.Parallel()
	r := openBucket(t)
	before, err := r.attach("before")
	if err != nil {
		t.Fatal(err)
	}
	r.on()
	a, err := r.attach("in the bucket")
	empty, failure := r.attach("")
	if err = errors.Join(err, failure); err != nil || len(r.storage.Names()) != 2 {
		t.Fatalf("%v, %q", err, r.storage.Names())
	}
	if n := r.count(`SELECT COUNT(*) FROM workflow_attachment WHERE content IS NULL AND place <> '' AND sha256 IS NOT NULL`); n != 2 {
		t.Errorf("%d rows have their content elsewhere", n)
	}
	r.reads(before, "before", nil)
	r.reads(a, "in the bucket", nil)
	r.reads(empty, "", nil)
	header, body := multipartOf(r.As("zhangwei"), "text/plain", "x.txt", "x")
	at := "/api/v1/tasks/" + r.task.String() + "/attachments"
	suite := faastest.Suite{App: r.App, Function: Function, Handle: Handle}
	r.storage.Away(true)
	suite.Run(t, []faastest.Call{
		{Name: "upload while away", Method: "POST", Path: at, Header: header, Body: body, Status: 503, Code: "attachment_storage_unavailable"},
		{Name: "of a form while away", Method: "POST", Path: "/api/v1/files", Header: header, Body: body, Status: 503, Code: "attachment_storage_unavailable"},
		{Name: "download while away", Method: "GET", Path: at + "/" + a.ID.String() + "/content", Header: r.As("zhangwei"), Status: 503, Code: "attachment_storage_unavailable"},
		{Name: "of Camunda's while away", Method: "GET", Path: "/engine-rest/task/" + r.task.String() + "/attachment/" + a.ID.String(), Header: r.As("zhangwei"), Status: 200},
		{Name: "list while away", Method: "GET", Path: at, Header: r.As("zhangwei"), Status: 200, JSON: `{"items": [{}, {}, {}]}`},
	})
	r.storage.Away(false)
	r.reads(a, "in the bucket", nil)
	r.storage.Spoil(func(b []byte) []byte { return append(b[:0], make([]byte, len(b))...) })
	r.reads(a, "", workflow.ErrContentDamaged)
	r.storage.Spoil(func([]byte) []byte { return nil })
	r.reads(a, "", workflow.ErrContentDamaged)
	r.App.Workflow.Bucket = nil // somebody has taken the setting away
	r.reads(a, "", workflow.ErrContentAway)
	r.reads(before, "before", nil)
}

// Wherever an upload or a removal is cut off, no object is lost that something has, and none stays that nothing has.
func TestObjectsAreRemoved(t *testing.T) {
	t.Parallel()
	r := openBucket(t)
	r.on()
	ctx, s := t.Context(), r.App.Store
	a, err := r.attach("a")
	if err != nil {
		t.Fatal(err)
	}
	kept := a.ID.String()
	r.ticked("what is had stays", kept)

	begun := store.NewContent([]byte("x"), "begun")
	if err := s.BeginObject(ctx, begun.Place, time.Now().UTC()); err != nil { // and the process is killed
		t.Fatal(err)
	}
	if _, err := r.App.Workflow.Tick(ctx); err != nil || r.count(`SELECT COUNT(*) FROM workflow_object WHERE state = 1`) != 1 {
		t.Errorf("an upload under way is given up: %v", err)
	}
	r.ticked("cut off before it was put", kept)
	late := a
	late.ID = engine.ID{7}
	if err := s.AddAttachment(ctx, late, begun, nil, store.Recorded{}); !errors.Is(err, store.ErrNoObject) {
		t.Errorf("given up and claimed: %v", err)
	}
	if n := r.count(`SELECT COUNT(*) FROM workflow_attachment`); n != 1 {
		t.Errorf("%d attachments", n)
	}

	r.storage.Away(true)
	if _, err := r.attach("refused"); !errors.Is(err, workflow.ErrContentAway) {
		t.Error(err)
	}
	r.storage.Away(false)
	r.ticked("refused by the storage", kept)

	once := r.Call("zhangwei")
	once.Idempotency = &store.Idempotency{Principal: "zhangwei", Key: "upload", Route: "r"}
	for _, want := range []error{nil, store.ErrRepeated} {
		if _, err := r.App.Workflow.Upload(ctx, once, r.task, workflow.Upload{Content: []byte("x"), Name: "once"}); !errors.Is(err, want) {
			t.Error(err)
		}
	}
	if n := len(r.storage.Names()); n != 3 {
		t.Errorf("%d objects", n)
	}
	var second string
	if err := r.App.DB.QueryRow(ctx, []any{&second}, `SELECT place FROM workflow_attachment WHERE name = 'once'`); err != nil {
		t.Fatal(err)
	}
	r.ticked("put, and not claimed", kept, second)

	if err := r.App.Workflow.Detach(ctx, r.Call("zhangwei"), store.Subject{Task: r.task}, a.ID); err != nil {
		t.Fatal(err)
	}
	r.storage.Away(true)
	if _, err := r.App.Workflow.Tick(ctx); !errors.Is(err, bucket.ErrStorage) {
		t.Errorf("a removal while the storage is away: %v", err)
	}
	r.storage.Away(false)
	r.ticked("detached", second)
	r.execute(`INSERT INTO workflow_object (name, state, created_at) VALUES ('removed', 3, NOW())`)
	r.ticked("removed, and not forgotten", second)
}

// What is deleted with other things gives its object up, too.
func TestObjectsOfWhatIsDeleted(t *testing.T) {
	t.Parallel()
	r := openBucket(t)
	r.on()
	ctx, s := t.Context(), r.App.Store
	if _, err := r.attach("a"); err != nil {
		t.Fatal(err)
	}
	f, g := r.upload("f"), r.upload("g")
	if err := r.App.Workflow.DeleteFile(ctx, r.Call("zhangwei").Principal, f.ID); err != nil {
		t.Fatal(err)
	}
	if _, content, err := r.App.Workflow.File(ctx, r.Call("zhangwei").Principal, g.ID); err != nil || string(content) != "g" {
		t.Errorf("%q, %v", content, err)
	}
	if err := s.DeleteFile(ctx, g.ID, "lina"); !errors.Is(err, store.ErrNoFile) { // and its object stays
		t.Error(err)
	}
	if n := r.count(`SELECT COUNT(*) FROM workflow_object WHERE state = 2`); n != 2 {
		t.Errorf("%d objects are had", n)
	}
	if n, err := s.PurgeFiles(ctx, time.Now().Add(time.Hour), 10); n != 1 || err != nil {
		t.Errorf("%d were purged, %v", n, err)
	}
	r.execute(`UPDATE workflow_instance SET state = 3, ended_at = NOW()`)
	r.execute(`UPDATE workflow_history SET unsent = NULL`)
	if err := s.DeleteInstance(ctx, r.instance, nil, store.Recorded{}); err != nil {
		t.Fatal(err)
	}
	r.ticked("everything is deleted")
}

// The instances that a deployment takes along give up the objects of their attachments and files.
func TestObjectsOfADeployment(t *testing.T) {
	t.Parallel()
	r := openBucket(t)
	r.on()
	if _, err := r.attach("a"); err != nil {
		t.Fatal(err)
	}
	f := r.upload("f")
	if err := r.App.Store.BindFile(t.Context(), f.ID, "zhangwei", r.instance); err != nil {
		t.Fatal(err)
	}
	r.execute(`UPDATE workflow_instance SET state = 3, ended_at = NOW()`)
	var definition engine.ID
	if err := r.App.DB.QueryRow(t.Context(), []any{&definition}, `SELECT definition_id FROM workflow_instance`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.App.Store.DeleteInstances(t.Context(), definition, 10); err != nil {
		t.Fatal(err)
	}
	r.ticked("the deployment is deleted")
}
