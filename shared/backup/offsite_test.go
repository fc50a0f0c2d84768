package backup_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/database/databasetest"
)

// signerOnly opens the vault of a rig as a process does that makes backups, and cannot read them.
func (r *rig) signerOnly() *backup.Vault {
	r.Helper()
	dir := r.TempDir()
	key, err := os.ReadFile(filepath.Join(r.secrets, backup.SecretSigning))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, backup.SecretSigning), key, 0o600)
	}
	if err != nil {
		r.Fatal(err)
	}
	s := r.settings
	s.Secret = secretsIn(dir)
	return r.open(s)
}

// second opens a second place.
func second(t testing.TB, v *backup.Vault, dir string) *backup.Vault {
	t.Helper()
	to, err := v.OffSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// sourceOfSix is a database of six tables: a backup of it has seven objects.
func sourceOfSix(t *testing.T) string {
	t.Helper()
	dsn := databasetest.Empty(t)
	c := open(t, dsn)
	for i := range 6 {
		run(t, c, fmt.Sprintf("CREATE TABLE t%d (id INT PRIMARY KEY, v VARBINARY(8000))", i), fmt.Sprintf("INSERT INTO t%d SELECT seq, RANDOM_BYTES(4000) FROM seq_1_to_20", i))
	}
	return dsn
}

const ofSix = 7

// The first place is lost, and everything is restored from the second one: to a transaction and to the end, over
// increments that came in two copies. Who has copied can read nothing of it, and has copied nothing twice.
func TestOffSite(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	full := h.make(h.source().DSN)
	h.note()
	grow := func(from int) {
		for i := range 10 {
			h.change(from + i)
		}
		run(t, h.admin, "INSERT INTO t (v) VALUES ('last')")
		h.note()
		h.archive()
	}
	grow(0)
	copier, dir := h.signerOnly(), t.TempDir()
	to := second(t, copier, dir)
	first, err := copier.CopyTo(t.Context(), backup.Latest, to, nil)
	if err != nil || first.ID != full.ID || first.Increments != 1 || first.Objects != int64(len(full.Objects))+1 || !first.Made.Equal(full.Started) {
		t.Fatalf("%+v %v", first, err)
	}
	grow(100)
	var told [2]int64
	again, err := copier.CopyTo(t.Context(), full.ID, to, func(done, total int64) { told = [2]int64{done, total} })
	if err != nil || again.Increments != 2 || again.Objects != 1 || told[0] != told[1] || told[0] < full.Bytes() {
		t.Fatalf("%+v %v, told %v", again, err, told)
	}
	list, err := h.Increments(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v %v", list, err)
	}
	if _, err := copier.CopyTo(t.Context(), list[0].ID, to, nil); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("an increment alone: %v", err)
	}
	for _, id := range []string{full.ID, list[0].ID, list[1].ID} {
		there := h.content(dir, id)
		delete(there, "copied") // the mark is of the copy alone
		if here := h.content(h.settings.Dir, id); fmt.Sprint(here) != fmt.Sprint(there) {
			t.Errorf("%s is another one there", id)
		}
	}
	if err := os.RemoveAll(h.settings.Dir); err != nil {
		t.Fatal(err)
	}
	h.Vault = second(t, h.Vault, dir)
	if _, err := h.Verify(t.Context(), backup.Latest, nil); err != nil {
		t.Error(err)
	}
	if reached, missing, err := h.VerifyLog(t.Context(), backup.Latest, nil); err != nil || missing != "" || reached.Transactions == 0 {
		t.Errorf("%+v %q %v", reached, missing, err)
	}
	for _, s := range []step{h.steps[0], h.steps[4], h.steps[15]} {
		if got, _, err := h.restoreAt(backup.Point{GTID: s.gtid}); err != nil || !slices.Equal(got, s.state) {
			t.Errorf("%s: %v %s", s.gtid, err, difference(got, s.state))
		}
	}
	end := h.steps[len(h.steps)-1]
	if got, reached, err := h.restoreAt(backup.Point{}); err != nil || reached.GTID != end.gtid || !slices.Equal(got, end.state) {
		t.Errorf("the end: %+v %v %s", reached, err, difference(got, end.state))
	}
}

// Wherever a copy is cut off, what is there is no backup, and the next one goes on with what is left. A full disk is
// called that.
func TestCopyCutOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.make(sourceOfSix(t))
	gone := errors.New("the line is dead")
	for files := range ofSix + 1 {
		for cause, want := range map[error]error{gone: gone, syscall.ENOSPC: backup.ErrNoSpace} {
			to := second(t, r.Vault, t.TempDir())
			to.FailAfter(files, cause)
			cut, err := r.CopyTo(t.Context(), m.ID, to, nil)
			if !errors.Is(err, want) || cut.ID != "" || cut.Objects > int64(files) {
				t.Fatalf("after %d: %+v %v", files, cut, err)
			}
			entries, err := to.List(t.Context())
			if err != nil || len(entries) != 1 || entries[0].State != backup.Partial {
				t.Errorf("after %d: %+v %v", files, entries, err)
			}
			if _, err := to.Verify(t.Context(), backup.Latest, nil); !errors.Is(err, backup.ErrNotFound) {
				t.Errorf("after %d a part is taken for a backup: %v", files, err)
			}
			to.Heal()
			rest, err := r.CopyTo(t.Context(), m.ID, to, nil)
			if err != nil || rest.ID != m.ID || rest.Objects != ofSix-cut.Objects {
				t.Errorf("after %d, %d objects: %+v %v", files, cut.Objects, rest, err)
			}
			if _, err := to.Verify(t.Context(), m.ID, nil); err != nil {
				t.Errorf("after %d: %v", files, err)
			}
		}
	}
}

// The time of a call is over amid a copy: the next one goes on with what is left.
func TestCopyOutOfTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.make(sourceOfSix(t))
	to := second(t, r.Vault, t.TempDir())
	var objects int64
	calls := 0
	for done := false; !done; calls++ {
		ctx, cancel := context.WithCancel(t.Context())
		begun := int64(-1)
		c, err := r.CopyTo(ctx, backup.Latest, to, func(n, _ int64) {
			if begun >= 0 && n > begun { // an object more than at the beginning
				cancel()
			}
			begun = max(begun, n)
		})
		cancel()
		objects += c.Objects
		if done = err == nil; !done && !errors.Is(err, context.Canceled) || calls > 2*ofSix {
			t.Fatalf("call %d: %+v %v", calls, c, err)
		}
	}
	if _, err := to.Verify(t.Context(), m.ID, nil); err != nil || objects != ofSix || calls < 2 {
		t.Errorf("%d objects in %d calls: %v", objects, calls, err)
	}
}

// A damaged backup is named and not copied as if it were whole; it is the checksum that finds it.
func TestCopyOfDamage(t *testing.T) {
	t.Parallel()
	d := newDamage(t)
	const object = "rows-000001.zst.age"
	for name, c := range map[string]struct {
		changes map[string][]byte
		want    error
	}{
		"a flipped bit":      {map[string][]byte{object: flipped(d.files[object])}, backup.ErrDamaged},
		"cut off":            {map[string][]byte{object: d.files[object][:20]}, backup.ErrDamaged},
		"deleted":            {map[string][]byte{object: nil}, backup.ErrMissing},
		"an edited manifest": {map[string][]byte{"manifest": flipped(d.files["manifest"])}, backup.ErrDamaged},
		"of a stranger":      {d.others, backup.ErrWrongKey},
	} {
		d.put(c.changes)
		to := second(t, d.Vault, t.TempDir())
		if copied, err := d.CopyTo(t.Context(), d.id, to, nil); !errors.Is(err, c.want) || copied.ID != "" {
			t.Errorf("%s: %+v %v", name, copied, err)
		}
		if entries, err := to.List(t.Context()); err != nil || slices.ContainsFunc(entries, func(e backup.Entry) bool { return e.State != backup.Partial }) {
			t.Errorf("%s: %+v %v", name, entries, err)
		}
		d.put(nil)
		if _, err := d.CopyTo(t.Context(), d.id, to, nil); err != nil {
			t.Errorf("%s: once it is whole again: %v", name, err)
		}
		if _, err := to.Verify(t.Context(), d.id, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.put(map[string][]byte{object: flipped(d.files[object])})
	d.SetNoChecksum()
	if copied, err := d.CopyTo(t.Context(), d.id, second(t, d.Vault, t.TempDir()), nil); err != nil || copied.ID != d.id {
		t.Errorf("without the checksum it is found: %+v %v", copied, err)
	}
}

// Before a damaged increment the copy ends, and says so; the full backup and the increments before it are whole there.
func TestCopyOfDamagedIncrement(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	now := time.Now().Add(-time.Hour)
	full, err := r.FakeFull(now, gtid(1))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range 3 {
		id, err := r.FakeLog(now.Add(time.Duration(i+1)*time.Minute), gtid(i+1), gtid(i+2))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	object := filepath.Join(r.settings.Dir, ids[1], "binlog-000001.zst.age")
	whole, err := os.ReadFile(object)
	if err == nil {
		err = os.WriteFile(object, flipped(whole), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	to := second(t, r.Vault, t.TempDir())
	c, err := r.CopyTo(t.Context(), full, to, nil)
	if !errors.Is(err, backup.ErrDamaged) || !strings.Contains(err.Error(), ids[1]) || c.ID != full || c.Increments != 1 {
		t.Errorf("%+v %v", c, err)
	}
	if err := os.WriteFile(object, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := r.CopyTo(t.Context(), full, to, nil); err != nil || c.Increments != 3 || c.Objects != 2 {
		t.Errorf("once it is whole again: %+v %v", c, err)
	}
}

// Without the key that has signed a backup nothing of it is copied.
func TestCopyNeedsTheKey(t *testing.T) {
	t.Parallel()
	r, stranger := newRig(t, nil), newRig(t, nil)
	m := r.make(sourceOfSix(t))
	for name, c := range map[string]struct {
		secret func(string) (string, error)
		want   error
	}{"another key": {stranger.settings.Secret, backup.ErrWrongKey}, "no key": {secretsIn(t.TempDir()), backup.ErrNoKey}} {
		s, dir := r.settings, t.TempDir()
		s.Secret = c.secret
		v := r.open(s)
		if _, err := v.CopyTo(t.Context(), m.ID, second(t, v, dir), nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s has left %v: %v", name, left, err)
		}
	}
}

// Several copies at once come to one whole one.
func TestCopyTogether(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.make(sourceOfSix(t))
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if c, err := r.CopyTo(t.Context(), backup.Latest, second(t, r.Vault, dir), nil); err != nil || c.ID != m.ID {
				t.Errorf("%+v %v", c, err)
			}
		})
	}
	group.Wait()
	if _, err := second(t, r.Vault, dir).Verify(t.Context(), m.ID, nil); err != nil {
		t.Error(err)
	}
	if files := r.content(dir, m.ID); len(files) != ofSix+2 { // the manifest and the mark
		t.Errorf("%d files", len(files))
	}
}

// What was copied and is gone before the manifest is written makes no backup.
func TestCopyIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.make(sourceOfSix(t))
	dir := t.TempDir()
	to := second(t, r.Vault, dir)
	to.Forget(func() { _ = os.Remove(filepath.Join(dir, m.ID, m.Objects[0].Name)) })
	if c, err := r.CopyTo(t.Context(), m.ID, to, nil); !errors.Is(err, backup.ErrMissing) || c.ID != "" {
		t.Errorf("%+v %v", c, err)
	}
	if entries, err := to.List(t.Context()); err != nil || len(entries) != 1 || entries[0].State != backup.Partial {
		t.Errorf("%+v %v", entries, err)
	}
	to.Heal()
	if c, err := r.CopyTo(t.Context(), m.ID, to, nil); err != nil || c.Objects != 1 {
		t.Errorf("%+v %v", c, err)
	}
}

// A second place has settings of its own, and is another place.
func TestSecondPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if _, err := r.OffSite(""); !errors.Is(err, backup.ErrCopyOff) {
		t.Errorf("none: %v", err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(r.settings.Dir, link); err != nil {
		t.Fatal(err)
	}
	for _, same := range []string{r.settings.Dir, link, r.settings.Dir + "/"} {
		if _, err := r.OffSite(same); !errors.Is(err, backup.ErrCopySame) {
			t.Errorf("%s: %v", same, err)
		}
	}
	secrets := map[string]string{bucket.SecretAccess: "a", bucket.SecretKey: "b"}
	s := r.settings
	s.Dir, s.CopyTo, s.Secret = "s3://first/one", "s3://second/two", func(name string) (string, error) { return secrets[name], nil }
	s.Bucket = bucket.Settings{Endpoint: "https://one.example.com", Region: "here", PathStyle: true, Secret: s.Secret}
	keys := func(s backup.Settings) string {
		access, _ := s.Bucket.Secret(bucket.SecretAccess) // of a map
		key, _ := s.Bucket.Secret(bucket.SecretKey)
		return access + key
	}
	if to := s.At(s.CopyTo); to.Dir != s.CopyTo || to.Bucket.Endpoint != s.Bucket.Endpoint || to.Bucket.Region != "here" || !to.Bucket.PathStyle || keys(to) != "ab" {
		t.Errorf("the same storage: %+v", to)
	}
	s.CopyEndpoint, s.CopyRegion = "https://two.example.com", "there"
	if to := s.At(s.CopyTo); to.Bucket.Endpoint != s.CopyEndpoint || to.Bucket.Region != "there" || to.Bucket.PathStyle || keys(to) != "ab" {
		t.Errorf("another storage: %+v", to)
	}
	secrets["diom-s3-copy-access-key"], secrets["diom-s3-copy-secret-key"] = "c", "d"
	if to := s.At(s.CopyTo); keys(to) != "cd" {
		t.Errorf("other keys: %q", keys(to))
	}
	if to := s.At("s3://third"); to.Dir != "s3://third" || to.Bucket.Endpoint != s.Bucket.Endpoint || keys(to) != "ab" {
		t.Errorf("elsewhere: %+v", to)
	}
	if to := s.At(""); to.Dir != s.Dir {
		t.Errorf("nowhere else: %+v", to)
	}
	// The same address at another storage is another place.
	v := r.open(s)
	if _, err := v.OffSite(s.Dir); !errors.Is(err, backup.ErrCopySame) {
		t.Errorf("the same bucket: %v", err)
	}
	s.CopyTo = s.Dir
	if _, err := r.open(s).OffSite(""); err != nil {
		t.Errorf("the same name elsewhere: %v", err)
	}
	s.CopyEndpoint = "ftp://two.example.com"
	if _, err := r.open(s).OffSite(""); err == nil || !strings.Contains(err.Error(), "DIOM_BACKUP_COPY_ENDPOINT") {
		t.Errorf("a wrong address: %v", err)
	}
}
