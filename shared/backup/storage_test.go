package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/bucket/buckettest"
	"diom.io/workflow/shared/database/databasetest"
)

// On a real S3-compatible server a backup is made, listed, verified, restored, found damaged, and pruned as in a
// directory, and one that is cut off leaves nothing.
func TestStorage(t *testing.T) {
	t.Parallel()
	s := buckettest.Start(t)
	r := newRig(t, func(settings *backup.Settings) { settings.Dir, settings.Bucket = s.Address, s.Settings })
	source := sourceOfLarge(t)
	m := r.make(source)
	if entries, err := r.List(t.Context()); err != nil || len(entries) != 1 || entries[0].State != backup.Whole {
		t.Fatalf("%+v %v", entries, err)
	}
	if _, err := r.Verify(t.Context(), backup.Latest, nil); err != nil {
		t.Error(err)
	}
	target := r.restore(m.ID)
	for _, table := range m.Tables {
		query := "SELECT COUNT(*) FROM `" + table.Name + "`"
		if got, want := rows(t, open(t, target), query), rows(t, open(t, source), query); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", table.Name, got, want)
		}
	}
	dir := filepath.Join(s.Dir, "some", "where", m.ID)
	object := filepath.Join(dir, m.Objects[1].Name)
	whole, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(object, flipped(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Verify(t.Context(), m.ID, nil); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("a flipped bit: %v", err)
	}
	if err := os.Remove(object); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Verify(t.Context(), m.ID, nil); !errors.Is(err, backup.ErrMissing) {
		t.Errorf("deleted: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "manifest")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Verify(t.Context(), m.ID, nil); !errors.Is(err, backup.ErrPartial) {
		t.Errorf("no manifest: %v", err)
	}
	if _, err := r.Verify(t.Context(), "20260101T000000.000Z-00000000", nil); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("never there: %v", err)
	}
	second := r.make(databasetest.DSN(t))
	deleted, err := r.Prune(t.Context(), time.Now().Add(48*time.Hour))
	if err != nil || !slices.Equal(deleted, []string{m.ID}) {
		t.Errorf("pruned %q: %v", deleted, err)
	}
	if entries, err := r.List(t.Context()); err != nil || len(entries) != 1 || entries[0].ID != second.ID {
		t.Errorf("%+v %v", entries, err)
	}
}

// The second place is a storage of its own, with keys of its own: what is cut off there goes on, the copy is restored from,
// and copied back to a directory.
func TestStorageOffSite(t *testing.T) {
	t.Parallel()
	s := buckettest.Start(t)
	keys := map[string]string{}
	r := newRig(t, func(settings *backup.Settings) {
		settings.CopyTo, settings.CopySchedule, settings.CopyKeep = s.Address, "0 4 * * 0", 90*day
		settings.CopyEndpoint, settings.CopyRegion, settings.CopyPathStyle = s.Endpoint, s.Region, s.PathStyle
		local := settings.Secret
		settings.Secret = func(name string) (string, error) {
			if key, is := keys[name]; is {
				return key, nil
			}
			return local(name)
		}
	})
	source := sourceOfLarge(t)
	m := r.make(source)
	keys["diom-s3-copy-access-key"], keys["diom-s3-copy-secret-key"] = "diom", "wrong"
	if _, err := r.CopyTo(t.Context(), backup.Latest, second(t, r.Vault, ""), nil); !errors.Is(err, bucket.ErrStorage) {
		t.Errorf("a wrong key: %v", err)
	}
	keys["diom-s3-copy-secret-key"] = "diom-secret"
	to := second(t, r.Vault, "")
	gone := errors.New("the line is dead")
	copied := int64(0)
	for files := range len(m.Objects) {
		to.FailAfter(files, gone)
		c, err := r.CopyTo(t.Context(), m.ID, to, nil)
		if !errors.Is(err, gone) || c.ID != "" {
			t.Errorf("after %d: %+v %v", files, c, err)
		}
		copied += c.Objects
		to.Heal()
		if entries, err := to.List(t.Context()); err != nil || len(entries) > 0 && entries[0].State != backup.Partial {
			t.Errorf("after %d: %+v %v", files, entries, err)
		}
	}
	from := backup.Database{DSN: source}
	// One whose request was given up may have come all the same.
	if round, err := r.RunCopy(t.Context(), from, 0); err != nil || round.ID != m.ID || round.Objects > int64(len(m.Objects))-copied {
		t.Errorf("%+v %v", round, err)
	}
	if round, err := r.RunCopy(t.Context(), from, 0); err != nil || round.Done || !round.Last.Equal(m.Started) {
		t.Errorf("%+v %v", round, err)
	}
	if err := os.RemoveAll(r.settings.Dir); err != nil {
		t.Fatal(err)
	}
	back := second(t, to, t.TempDir())
	if c, err := to.CopyTo(t.Context(), backup.Latest, back, nil); err != nil || c.Objects != int64(len(m.Objects)) {
		t.Errorf("%+v %v", c, err)
	}
	for _, r.Vault = range []*backup.Vault{to, back} {
		if _, err := r.Verify(t.Context(), m.ID, nil); err != nil {
			t.Error(err)
		}
		if got := rows(t, open(t, r.restore(m.ID)), "SELECT id, LENGTH(v) FROM t"); len(got) != 1 {
			t.Errorf("%s: %q", r.Vault.Settings().Dir, got)
		}
	}
}
