package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"diom.io/workflow/shared/backup"
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
