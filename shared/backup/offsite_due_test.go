package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database/databasetest"
)

const day = 24 * time.Hour

// weekly is a vault whose backups of one database are copied to a second place every Sunday.
type weekly struct {
	*rig
	to       *backup.Vault
	source   backup.Database
	database string
}

func newWeekly(t *testing.T) *weekly {
	t.Helper()
	w := &weekly{rig: newRig(t, func(s *backup.Settings) {
		s.CopyTo, s.CopySchedule, s.CopyKeep = t.TempDir(), "0 4 * * 0", 90*day
	}), source: backup.Database{DSN: databasetest.Empty(t)}}
	cfg, err := mysql.ParseDSN(w.source.DSN)
	if err != nil {
		t.Fatal(err)
	}
	w.database, w.to = cfg.DBName, second(t, w.Vault, "")
	return w
}

// made is a backup of some time ago in one of the places.
func (w *weekly) made(v *backup.Vault, ago time.Duration) string {
	w.Helper()
	id, err := v.FakeOf(w.database, time.Now().Add(-ago))
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// copiedAgo lets the last copy be one of so long ago.
func (w *weekly) copiedAgo(id string, ago time.Duration) {
	w.Helper()
	if err := w.to.SetMark(w.Context(), id, time.Now().Add(-ago)); err != nil {
		w.Fatal(err)
	}
}

// damage flips a bit of a backup in the first place.
func (w *weekly) damage(id string) {
	w.Helper()
	object := filepath.Join(w.settings.Dir, id, "schema.zst.age")
	raw, err := os.ReadFile(object)
	if err == nil {
		err = os.WriteFile(object, flipped(raw), 0o600)
	}
	if err != nil {
		w.Fatal(err)
	}
}

// copies looks whether a copy is due, and holds that this one was made, or none.
func (w *weekly) copies(want string, failure error) backup.CopyRound {
	w.Helper()
	r, err := w.RunCopy(w.Context(), w.source, 0)
	if !errors.Is(err, failure) || failure == nil && err != nil || r.ID != want || r.Done != (want != "") {
		w.Errorf("%+v %v, want %q %v", r, err, want, failure)
	}
	if want != "" && (!r.Next.After(time.Now()) || r.Next.After(time.Now().Add(7*day+time.Hour)) || r.Next.UTC().Weekday() != time.Sunday) {
		w.Errorf("the next one is due at %s", r.Next)
	}
	return r
}

// What is in the second place says whether a copy is due: once for weeks that were missed, and not for each new backup.
func TestRunCopy(t *testing.T) {
	t.Parallel()
	w := newWeekly(t)
	w.copies("", backup.ErrNotFound)
	if _, err := w.Fake(time.Now(), "test"); err != nil { // of another database
		t.Fatal(err)
	}
	w.copies("", backup.ErrNotFound)
	first := w.made(w.Vault, 50*time.Hour)
	if r := w.copies(first, nil); r.Objects != 1 || r.Last.IsZero() {
		t.Errorf("%+v", r)
	}
	second := w.made(w.Vault, 26*time.Hour)
	if r := w.copies("", nil); !r.Next.After(time.Now()) {
		t.Errorf("%+v", r)
	}
	w.copiedAgo(first, 30*day)
	w.copies(second, nil)
	w.copies("", nil)
	w.copiedAgo(second, 8*day)
	if r := w.copies(second, nil); r.Objects != 0 { // there is no newer one
		t.Errorf("%+v", r)
	}
	if at := w.to.Mark(t.Context(), second); time.Since(at) > time.Minute {
		t.Errorf("marked at %s", at)
	}
	w.copies("", nil)
	third := w.made(w.Vault, time.Hour)
	w.copiedAgo(second, -48*time.Hour) // by a wrong clock
	w.copies(third, nil)
	if err := os.RemoveAll(w.settings.CopyTo); err != nil { // somebody else's disk, and empty
		t.Fatal(err)
	}
	w.copies(third, nil)
	stranger := newRig(t, func(s *backup.Settings) { s.Dir = w.settings.CopyTo })
	if err := stranger.SetMark(t.Context(), third, time.Now()); err != nil {
		t.Fatal(err)
	}
	w.copies(third, nil) // a mark that is not signed by us says nothing
}

// A copy that was begun goes on, although there are newer backups by now.
func TestRunCopyGoesOn(t *testing.T) {
	t.Parallel()
	w := newWeekly(t)
	begun := w.made(w.Vault, 30*time.Hour)
	w.to.FailAfter(0, os.ErrDeadlineExceeded)
	if _, err := w.CopyTo(t.Context(), begun, w.to, nil); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	w.to.Heal()
	newer := w.made(w.Vault, 6*time.Hour)
	w.copies(begun, nil)
	w.copiedAgo(begun, 8*day)
	w.copies(newer, nil)
}

// Where the newest backup is damaged, the next older one is copied, and the damage is told; where there is no other one,
// the next good one is.
func TestRunCopyPassesOverDamage(t *testing.T) {
	t.Parallel()
	w := newWeekly(t)
	good, bad := w.made(w.Vault, 30*time.Hour), w.made(w.Vault, 6*time.Hour)
	w.damage(bad)
	w.copies(good, backup.ErrDamaged)
	w.copies("", nil)
	w.copiedAgo(good, 8*day)
	w.copies("", backup.ErrDamaged)
	next := w.made(w.Vault, time.Hour)
	w.copiedAgo(good, 8*day)
	if r, err := w.RunCopy(t.Context(), w.source, 0); !r.Done || r.ID != next || err != nil && !errors.Is(err, backup.ErrDamaged) { // the begun one is tried first
		t.Errorf("%+v %v", r, err)
	}
}

// One process copies at a time.
func TestRunCopyOneAtATime(t *testing.T) {
	t.Parallel()
	w := newWeekly(t)
	id := w.made(w.Vault, time.Hour)
	release, err := backup.LockCopies(t.Context(), w.source)
	if err != nil {
		t.Fatal(err)
	}
	w.copies("", backup.ErrRunning)
	release()
	var group sync.WaitGroup
	var mutex sync.Mutex
	done := 0
	for range 3 {
		group.Go(func() {
			r, err := w.RunCopy(t.Context(), w.source, 0)
			if err != nil && !errors.Is(err, backup.ErrRunning) {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			if r.Done {
				done++
			}
		})
	}
	group.Wait()
	if done != 1 {
		t.Errorf("%d have copied", done)
	}
	if entries, err := w.to.List(t.Context()); err != nil || len(entries) != 1 || entries[0].ID != id || entries[0].State != backup.Whole {
		t.Errorf("%+v %v", entries, err)
	}
}

// Copies are kept for as long as DIOM_BACKUP_COPY_KEEP says, and the newest one for ever.
func TestCopyRetention(t *testing.T) {
	t.Parallel()
	w := newWeekly(t)
	oldest, old, young := w.made(w.to, 200*day), w.made(w.to, 100*day), w.made(w.to, 60*day)
	newest := w.made(w.Vault, time.Hour)
	if r := w.copies(newest, nil); !slices.Equal(slices.Sorted(slices.Values(r.Deleted)), []string{oldest, old}) {
		t.Errorf("deleted %q", r.Deleted)
	}
	if entries, err := w.to.List(t.Context()); err != nil || len(entries) != 2 || entries[1].ID != young {
		t.Errorf("%+v %v", entries, err)
	}

	w = newWeekly(t)
	oldest = w.made(w.to, 300*day)
	newest = w.made(w.Vault, 150*day)
	if r := w.copies(newest, nil); !slices.Equal(r.Deleted, []string{oldest}) {
		t.Errorf("deleted %q", r.Deleted)
	}
	w.to.SetNoLast()
	if deleted, err := w.to.Prune(t.Context(), time.Now()); err != nil || !slices.Equal(deleted, []string{newest}) {
		t.Errorf("without the guard: %q %v", deleted, err)
	}
}
