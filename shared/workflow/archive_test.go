package workflow_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/bucket/buckettest"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// archiving is a fixture that archives to a storage and keeps its attachments in another one.
type archiving struct {
	*fixture
	archive, files *buckettest.Memory
}

func opener(m *buckettest.Memory) func() (*bucket.Bucket, error) {
	return sync.OnceValues(func() (*bucket.Bucket, error) { return bucket.Open(m.Settings, m.Address) })
}

func setupArchive(t *testing.T) archiving {
	t.Helper()
	f := archiving{setup(t, nil), buckettest.StartMemory(t), buckettest.StartMemory(t)}
	f.with(f.fixture)
	return f
}

// with lets the use cases of a fixture archive.
func (f archiving) with(o *fixture) {
	o.keepNothing()
	o.Archive, o.Bucket = opener(f.archive), opener(f.files)
}

// one returns the only archive, as it lies there.
func (f archiving) one() (name string, packed []byte) {
	f.t.Helper()
	names := f.archive.Names()
	if len(names) != 1 {
		f.t.Fatalf("the archive has %q", names)
	}
	b, err := f.Archive()
	if err == nil {
		packed, err = b.GetBytes(f.t.Context(), names[0], 64<<20)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return names[0], packed
}

// attach gives an instance an attachment whose content is in its row, or in the bucket at a place.
func (f archiving) attach(instance engine.ID, n byte, content, place string) {
	f.t.Helper()
	ctx := f.t.Context()
	a := store.Attachment{ID: engine.ID{n}, InstanceID: instance, Author: "zhangwei", Size: new(len(content)), CreatedAt: time.Now().UTC()}
	if place != "" {
		b, err := f.Bucket()
		if err = errors.Join(err, f.store.BeginObject(ctx, place, time.Now().UTC()), b.PutBytes(ctx, place, []byte(content))); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := f.store.AddAttachment(ctx, a, store.NewContent([]byte(content), place), nil, store.Recorded{}); err != nil {
		f.t.Fatal(err)
	}
}

func unpack(t *testing.T, packed []byte) string {
	t.Helper()
	r, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pack(t *testing.T, text string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(text), nil)
}

// An instance is written whole before it is deleted: what is in the archive folds to the state that it had, and has comments,
// copies, links and the contents of attachments and files wherever those were kept. What is damaged there is found.
func TestArchive(t *testing.T) {
	t.Parallel()
	f := setupArchive(t)
	ctx := t.Context()
	_, ids := f.ended(1)
	id, other := ids[0], engine.ID{9}
	if _, err := f.AddComment(ctx, operating, store.Subject{Instance: id}, "seen by all"); err != nil {
		t.Fatal(err)
	}
	f.attach(id, 1, "in the row", "")
	f.attach(id, 2, "in the bucket", "elsewhere")
	f.change(`INSERT INTO workflow_copy (username, task_id, instance_id, copied_by, comment, copied_at) VALUES ('lina', ?, ?, 'zhangwei', 'look', NOW())`, id[:], id[:])
	f.change(`INSERT INTO workflow_instance_link (instance_id, other_id, comment, linked_by, linked_at) VALUES (?, ?, 'belongs', 'lina', NOW())`, other[:], id[:])
	f.change(`INSERT INTO workflow_file (id, owner, instance_id, name, content_type, size, sha256, place, content, created_at) VALUES (?, 'lina', ?, 'f', 't', 4, UNHEX(SHA2('form', 256)), '', 'form', NOW())`, other[:], id[:])
	in := f.load(id)
	if done := f.tick(); done.Archived != 1 || done.Purged != 1 || f.there(id) {
		t.Fatalf("%+v", done)
	}
	name, packed := f.one()
	if want := fmt.Sprintf("%s/operate/%s-", in.EndedAt.Format("2006/01"), id); !strings.HasPrefix(name, want) || !strings.HasSuffix(name, ".jsonl.zst") {
		t.Errorf("%s, want %s", name, want)
	}
	text := unpack(t, packed)
	for _, want := range []string{
		`{"version":1,"kind":"instance"`, `"seen by all"`, `"look"`, `"belongs"`, `"modelSha256":"`, `"endedBy"`,
		base64.StdEncoding.EncodeToString([]byte("in the row")), base64.StdEncoding.EncodeToString([]byte("in the bucket")), base64.StdEncoding.EncodeToString([]byte("form")),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	a, found := invariant.Archived(bytes.NewReader(packed))
	if len(found) > 0 || a.ID != id || int64(a.Lines[store.LineStep]) != in.Version || a.Lines[store.LineTask] != 1 || a.Lines[store.LineContent] != 3 || a.Lines[store.LineLink] != 1 {
		t.Errorf("%+v %+v", a, found)
	}
	damaged(t, text, packed)
}

// damaged changes an archive in every way that Archived has to find.
func damaged(t *testing.T, text string, packed []byte) {
	t.Helper()
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	without := func(kind string) string {
		for i, line := range lines {
			if strings.HasPrefix(line, `{"kind":"`+kind+`"`) {
				return strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
			}
		}
		t.Fatalf("no %s", kind)
		return ""
	}
	for name, c := range map[string]struct {
		packed []byte
		rule   string
	}{
		"cut off":          {packed[:len(packed)-9], "archive_unreadable"},
		"a byte":           {append(append(bytes.Clone(packed[:len(packed)/2]), packed[len(packed)/2]^1), packed[len(packed)/2+1:]...), "archive_unreadable"},
		"no end":           {pack(t, strings.Join(lines[:len(lines)-1], "")), "archive_unreadable"},
		"behind the end":   {pack(t, text+"\n"+lines[1]), "archive_unreadable"},
		"no archive":       {[]byte("x"), "archive_unreadable"},
		"another version":  {pack(t, strings.Replace(text, `"version":1`, `"version":2`, 1)), "archive_unreadable"},
		"a lost step":      {pack(t, without("step")), "history_gap"},
		"a lost comment":   {pack(t, without("comment")), "archive_differs"},
		"a lost content":   {pack(t, without("content")), "content_missing"},
		"another comment":  {pack(t, strings.Replace(text, "seen by all", "seen by few", 1)), "archive_differs"},
		"another content":  {pack(t, strings.Replace(text, base64.StdEncoding.EncodeToString([]byte("in the row")), base64.StdEncoding.EncodeToString([]byte("in the sky")), 1)), "content_differs"},
		"another state":    {pack(t, strings.Replace(text, `"body":{`, `"body":{"number":"7",`, 1)), "history_is_not_state"},
		"another row":      {pack(t, strings.Replace(text, `"starter":"`, `"starter":"not `, 1)), "row_is_not_state"},
		"another sequence": {pack(t, strings.Replace(text, `"seq":2`, `"seq":3`, 1)), "history_gap"},
	} {
		rules := ""
		_, found := invariant.Archived(bytes.NewReader(c.packed))
		for _, v := range found {
			rules += v.Rule + " "
		}
		if !strings.Contains(rules, c.rule) {
			t.Errorf("%s: found %q, want %s", name, rules, c.rule)
		}
	}
}

// While the storage is away nothing is deleted and each round says so; what cannot be archived whole stays, alone.
func TestArchiveAway(t *testing.T) {
	t.Parallel()
	f := setupArchive(t)
	_, ids := f.ended(2)
	f.attach(ids[0], 1, "in the bucket", "elsewhere")
	f.archive.Away(true)
	f.change("INSERT INTO workflow_inbox (source, event_id, state, received_at) VALUES ('/shop', 'old', 2, '2020-01-01')")
	done, err := f.Tick(t.Context())
	if !errors.Is(err, bucket.ErrStorage) || done.Archived != 0 || done.Purged != 1 || !f.there(ids[0]) || !f.there(ids[1]) {
		t.Errorf("away: %+v %v", done, err)
	}
	f.archive.Away(false)
	f.files.Away(true)
	if _, err := f.Tick(t.Context()); !errors.Is(err, workflow.ErrContentAway) || !f.there(ids[0]) {
		t.Errorf("the attachments are away: %v", err)
	}
	f.files.Away(false)
	f.files.Spoil(func([]byte) []byte { return nil })
	if _, err := f.Tick(t.Context()); !errors.Is(err, workflow.ErrContentDamaged) || !f.there(ids[0]) || f.there(ids[1]) || len(f.archive.Names()) != 1 {
		t.Errorf("a content is lost: %v, %q", err, f.archive.Names())
	}
	if done := f.tick(); done.Archived != 0 {
		t.Errorf("it is tried again at once: %+v", done)
	}
	without := f.other()
	without.keepNothing()
	if done := without.tick(); done.Purged != 1 || done.Archived != 0 || f.there(ids[0]) {
		t.Errorf("without an archive: %+v", done)
	}
}

// What is held is neither archived nor deleted.
func TestArchivePassesOverHolds(t *testing.T) {
	t.Parallel()
	f := setupArchive(t)
	_, ids := f.ended(1)
	h := f.hold(workflow.NewHold{InstanceID: ids[0]})
	if done := f.tick(); done.Archived != 0 || done.Held != 1 || !f.there(ids[0]) || len(f.archive.Names()) != 0 {
		t.Errorf("%+v %q", done, f.archive.Names())
	}
	f.lift(h)
	if done := f.tick(); done.Archived != 1 || f.there(ids[0]) {
		t.Errorf("%+v", done)
	}
}

// A process that dies between writing and deleting, at whatever statement, writes the same again under the same name.
func TestArchiveIsWrittenAgain(t *testing.T) {
	t.Parallel()
	var at atomic.Value
	at.Store("nothing")
	wire := &wiretest.Wire{Cut: func(text []byte) bool { return bytes.Contains(text, []byte(at.Load().(string))) }}
	f := archiving{setup(t, wire), buckettest.StartMemory(t), buckettest.StartMemory(t)}
	f.with(f.fixture)
	_, ids := f.ended(1)
	name, first := "", []byte(nil)
	for _, point := range []string{"SELECT state FROM workflow_instance", "ORDER BY seq FOR UPDATE", "DELETE FROM workflow_history", "DELETE FROM workflow_instance WHERE"} {
		at.Store(point)
		done, err := f.Tick(t.Context())
		at.Store("nothing")
		if err == nil || done.Archived != 1 || done.Purged != 0 || !f.there(ids[0]) {
			t.Errorf("%s: %+v %v", point, done, err)
		}
		again, content := f.one()
		if name != "" && (again != name || !bytes.Equal(content, first)) {
			t.Errorf("%s: %s after %s, or other bytes", point, again, name)
		}
		name, first = again, content
	}
	if done := f.tick(); done.Archived != 1 || done.Purged != 1 || f.there(ids[0]) {
		t.Errorf("%+v", done)
	}
	if last, content := f.one(); last != name || !bytes.Equal(content, first) {
		t.Errorf("%s after %s, or other bytes", last, name)
	}
}

// An instance that is held or has changed since it was archived is not deleted by that.
func TestArchiveOfWhatChanges(t *testing.T) {
	t.Parallel()
	f := setupArchive(t)
	ctx := t.Context()
	_, ids := f.ended(1)
	id := ids[0]
	sum, err := f.store.ArchiveSum(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	h := f.hold(workflow.NewHold{InstanceID: id})
	if err := f.store.DeleteArchived(ctx, id, sum); !errors.Is(err, store.ErrHeld) {
		t.Errorf("held since: %v", err)
	}
	f.lift(h)
	for what, c := range map[string]struct{ change, back string }{
		"a task":       {`UPDATE workflow_task SET priority = priority + 1`, `UPDATE workflow_task SET priority = priority - 1`},
		"a step":       {`UPDATE workflow_history SET at = at + INTERVAL 1 SECOND`, `UPDATE workflow_history SET at = at - INTERVAL 1 SECOND`},
		"the instance": {`UPDATE workflow_instance SET summary = 'x'`, `UPDATE workflow_instance SET summary = NULL`},
		"a copy": {`INSERT INTO workflow_copy (username, task_id, instance_id, copied_by, comment, copied_at) SELECT 'x', id, id, 'x', 'x', NOW() FROM workflow_instance`,
			`DELETE FROM workflow_copy`},
	} {
		f.change(c.change)
		if err := f.store.DeleteArchived(ctx, id, sum); !errors.Is(err, store.ErrChanged) || !f.there(id) {
			t.Errorf("%s has changed: %v", what, err)
		}
		f.change(c.back)
	}
	if err := f.store.DeleteArchived(ctx, id, sum); err != nil || f.there(id) {
		t.Errorf("unchanged: %v", err)
	}
}

// A long history is read and written one step after the other.
func TestArchiveOfALongHistory(t *testing.T) {
	t.Parallel()
	f := setupArchive(t)
	_, ids := f.ended(1)
	id := ids[0]
	in := f.load(id)
	const steps, atOnce = 10_000, 500
	for range steps / atOnce {
		var arguments []any
		for range atOnce {
			in.Version++
			arguments = append(arguments, id[:], in.Version, id[:])
		}
		f.change(`INSERT INTO workflow_history (instance_id, seq, command_id, command, actor, at, changes) VALUES `+
			strings.Repeat(`(?, ?, ?, 'x', 'x', NOW(), CONCAT(CHAR(1), '[]')), `, atOnce-1)+`(?, ?, ?, 'x', 'x', NOW(), CONCAT(CHAR(1), '[]'))`, arguments...)
	}
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	f.change(`UPDATE workflow_instance SET version = ?, body = ? WHERE id = ?`, in.Version, append([]byte{1}, body...), id[:])
	if done := f.tick(); done.Archived != 1 || done.Purged != 1 {
		t.Fatalf("%+v", done)
	}
	_, packed := f.one()
	a, found := invariant.Archived(bytes.NewReader(packed))
	if len(found) > 0 || a.Lines[store.LineStep] != int(in.Version) {
		t.Errorf("%+v %+v", a, found)
	}
}
