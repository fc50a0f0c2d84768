package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database/databasetest"
)

// kept is one backup of a random vault.
type kept struct {
	id      string
	age     time.Duration
	whole   bool
	own     bool // of this installation, under its key
	partial bool
}

// Whatever is in a vault, pruning it leaves the newest backup that can be restored, all that are young, and
// all that is not ours; of the rest, nothing.
func TestPruneKeepsWhatCanBeRestored(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	stranger := newRig(t, nil)
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(r.settings.Dir, "vault-")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		settings := r.settings
		settings.Dir = dir
		vault := r.open(settings)
		settings.Secret = stranger.settings.Secret
		other := r.open(settings)
		var list []kept
		for range rapid.IntRange(1, 8).Draw(rt, "backups") {
			list = append(list, fake(rt, vault, other, dir, now))
		}
		if _, err := vault.Prune(t.Context(), now); err != nil {
			rt.Fatal(err)
		}
		left, err := vault.List(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		judge(rt, list, left, settings.Keep)
	})
}

// The only backup is old: it stays, and it is the guard that keeps it.
func TestPruneWithoutTheGuard(t *testing.T) {
	t.Parallel()
	for guarded, left := range map[bool]int{true: 1, false: 0} {
		r := newRig(t, nil)
		if !guarded {
			r.SetNoLast()
		}
		now := time.Now()
		if _, err := r.Fake(now.Add(-2*r.settings.Keep), "test"); err != nil {
			t.Fatal(err)
		}
		if deleted, err := r.Prune(t.Context(), now); err != nil || len(r.ids()) != left || len(deleted) != 1-left {
			t.Errorf("guarded %t: %q %v, left %q", guarded, deleted, err, r.ids())
		}
	}
}

// fake adds a backup of a random age and fate to a vault.
func fake(rt *rapid.T, vault, other *backup.Vault, dir string, now time.Time) kept {
	k := kept{age: time.Duration(rapid.IntRange(0, 1500).Draw(rt, "hours")) * time.Hour, whole: true, own: true}
	maker, environment := vault, "test"
	fate := rapid.SampledFrom([]string{"whole", "whole", "damaged", "missing", "partial", "another key", "another installation"}).Draw(rt, "fate")
	switch fate {
	case "another key":
		maker, k.own = other, false
	case "another installation":
		environment, k.own = "elsewhere", false
	}
	var err error
	if k.id, err = maker.Fake(now.Add(-k.age), environment); err != nil {
		rt.Fatal(err)
	}
	object := filepath.Join(dir, k.id, "schema.zst.age")
	switch fate {
	case "damaged":
		raw, _ := os.ReadFile(object) // it was written
		raw[0] ^= 1
		err = os.WriteFile(object, raw, 0o600)
	case "missing":
		err = os.Remove(object)
	case "partial":
		k.partial = true
		err = os.Remove(filepath.Join(dir, k.id, "manifest"))
	}
	k.whole = fate != "damaged" && fate != "missing" && fate != "partial"
	if err != nil {
		rt.Fatal(err)
	}
	return k
}

func judge(rt *rapid.T, list []kept, left []backup.Entry, keep time.Duration) {
	slices.SortStableFunc(list, func(a, b kept) int { return int(a.age - b.age) })
	newest := slices.IndexFunc(list, func(k kept) bool { return k.own && k.whole })
	for i, k := range list {
		stays := slices.ContainsFunc(left, func(e backup.Entry) bool { return e.ID == k.id })
		sameAge := newest >= 0 && list[newest].age == k.age && k.whole // either may stay
		switch {
		case i == newest && !stays && !slices.ContainsFunc(list, func(o kept) bool { return o.id != k.id && o.age == k.age && o.own && o.whole }):
			rt.Errorf("the newest that can be restored is gone: %+v of %+v", k, list)
		case !k.own && !stays:
			rt.Errorf("not ours: %+v", k)
		case k.partial && stays != (k.age <= 24*time.Hour):
			rt.Errorf("a part: %+v stays: %t", k, stays)
		case k.own && !k.partial && k.age <= keep && !stays:
			rt.Errorf("young: %+v", k)
		case k.own && !k.partial && k.age > keep && i != newest && !sameAge && stays && newest >= 0:
			rt.Errorf("old: %+v stays", k)
		case newest < 0 && k.own && !k.partial && !stays:
			rt.Errorf("deleted although nothing can be restored: %+v", k)
		}
	}
}

// A backup is due by the schedule since the last one, in the time zone, and once for several that were missed.
func TestNext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ schedule, zone, last, want string }{
		{"0 2 * * *", "Asia/Shanghai", "2026-11-27T18:00:01Z", "2026-11-28T18:00:00Z"},
		{"0 2 * * *", "UTC", "2026-11-28T01:59:59Z", "2026-11-28T02:00:00Z"},
		{"0 2 * * *", "UTC", "2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z"},
		{"*/15 * * * *", "UTC", "2026-11-28T01:59:59Z", "2026-11-28T02:00:00Z"},
		{"0 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z"}, // a night without two o'clock has no backup
	} {
		last, err := time.Parse(time.RFC3339, c.last)
		if err != nil {
			t.Fatal(err)
		}
		next, err := backup.Settings{Schedule: c.schedule, TimeZone: c.zone}.Next(last)
		if got := next.UTC().Format(time.RFC3339); err != nil || got != c.want {
			t.Errorf("%+v: %s %v", c, got, err)
		}
	}
	if next, err := (backup.Settings{Schedule: "0 2 * * *"}).Next(time.Time{}); err != nil || !next.IsZero() {
		t.Errorf("the first one: %s %v", next, err)
	}
	for _, wrong := range []backup.Settings{{Schedule: "x"}, {Schedule: "0 2 * * *", TimeZone: "Nowhere/Else"}} {
		if _, err := wrong.Next(time.Now()); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}

// Without a backup, and after a missed hour, one is made; after it none, until it is due again.
func TestRunDue(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	dsn := databasetest.Empty(t)
	run(t, open(t, dsn), "CREATE TABLE t (id INT PRIMARY KEY)")
	from := backup.Database{DSN: dsn}
	round := func() backup.Round {
		t.Helper()
		got, err := r.RunDue(t.Context(), from, 0)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := round()
	if second := round(); !first.Made || second.Made || !second.Next.Equal(first.Next) || !second.Next.After(time.Now()) {
		t.Errorf("%+v, then %+v", first, second)
	}
	// The one there is was made long ago: four weeks of nights were missed, and it is old.
	if err := os.RemoveAll(filepath.Join(r.settings.Dir, first.ID)); err != nil {
		t.Fatal(err)
	}
	old, err := r.Fake(time.Now().Add(-2*r.settings.Keep), "test")
	if err != nil {
		t.Fatal(err)
	}
	caughtUp, after := round(), round()
	if !caughtUp.Made || after.Made || caughtUp.ID == old {
		t.Errorf("%+v, then %+v", caughtUp, after)
	}
	entries, err := r.List(t.Context())
	if err != nil || entries[len(entries)-1].ID != old { // it is of another database, d
		t.Errorf("%+v %v", entries, err)
	}
}

// Two at once are one: the other one is told so.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	dsn := databasetest.Empty(t)
	run(t, open(t, dsn), "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	var inner error
	asked := 0
	_, err := r.Make(t.Context(), backup.Database{DSN: dsn}, func(int64, int64) {
		asked++
		_, inner = r.Make(t.Context(), backup.Database{DSN: dsn}, nil)
	})
	if err != nil || asked != 1 || !errors.Is(inner, backup.ErrRunning) {
		t.Errorf("%v; the other one (%d): %v", err, asked, inner)
	}
	if entries, err := r.List(t.Context()); err != nil || len(entries) != 1 || entries[0].State != backup.Whole {
		t.Errorf("%+v %v", entries, err)
	}
}
