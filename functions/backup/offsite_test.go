package backup

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/faas/faastest"
)

const copiedMetric = "diom_backup_last_copy_timestamp"

// copies are the backups in the second place.
func copies(t *testing.T, d *faastest.Demo) []vault.Entry {
	t.Helper()
	v, _, err := open(d.App)
	if err != nil {
		t.Fatal(err)
	}
	to, err := v.OffSite("")
	if err != nil {
		t.Fatal(err)
	}
	return entries(t, to)
}

// has reports whether the App has a metric.
func has(t *testing.T, d *faastest.Demo, name string) bool {
	t.Helper()
	return family(t, d, name) != nil
}

// A call that makes a backup copies it to the second place, the next one does not; without such a place nothing is said of
// copies. A second place that is none fails the call, and no backup.
func TestCopy(t *testing.T) {
	d := begin(t)
	anew := func(t *testing.T, _ *faastest.Call) {
		t.Setenv("DIOM_BACKUP_DIR", t.TempDir())
		t.Setenv("DIOM_BACKUP_COPY_TO", t.TempDir())
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	none := func(t *testing.T, c *faastest.Call) { anew(t, c); t.Setenv("DIOM_BACKUP_COPY_TO", file) }
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "no second place", Method: "POST", Path: "/", Prepare: func(t *testing.T, _ *faastest.Call) {
			t.Setenv("DIOM_BACKUP_DIR", t.TempDir())
			if has(t, d, copiedMetric) {
				t.Error("where nothing is copied there is a metric of it")
			}
		}, Status: 200, JSON: `{"made": true}`},
	})
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "the first", Method: "POST", Path: "/", Prepare: anew, Status: 200, JSON: `{"made": true, "copy": {"done": true}}`},
		{Name: "no place", Method: "POST", Path: "/", Prepare: none, Status: 500},
	})
	t.Setenv("DIOM_BACKUP_COPY_TO", t.TempDir())
	t.Setenv("DIOM_BACKUP_DIR", t.TempDir())
	v, from, err := open(d.App)
	if err != nil {
		t.Fatal(err)
	}
	m, err := v.Make(t.Context(), from, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, done := range []bool{true, false} {
		var round vault.Round
		if err := copyWithin(t.Context(), d.App, v, &round); err != nil || round.Copy.Done != done || round.Copy.Last.IsZero() {
			t.Errorf("call %d: %+v %v", i, round.Copy, err)
		}
	}
	if list := copies(t, d); len(list) != 1 || list[0].ID != m.ID || list[0].State != vault.Whole {
		t.Errorf("%+v", list)
	}
	if at := gauge(t, d, copiedMetric); at != float64(m.Started.Unix()) {
		t.Errorf("the metric says %f", at)
	}
}

// A call whose time is over leaves the copy to the next one, and that is no failure.
func TestCopyWithoutTime(t *testing.T) {
	d := begin(t)
	t.Setenv("DIOM_BACKUP_COPY_TO", t.TempDir())
	v, from, err := open(d.App)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Make(t.Context(), from, nil); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), spare)
	defer cancel()
	var round vault.Round
	if err := copyWithin(short, d.App, v, &round); err != nil || round.Copy == nil || round.Copy.Done {
		t.Errorf("%+v %v", round.Copy, err)
	}
	if err := copyWithin(t.Context(), d.App, v, &round); err != nil || !round.Copy.Done {
		t.Errorf("%+v %v", round.Copy, err)
	}
}

// Where the process is its own clock, it copies after the backup, and a second place that is away keeps no backup from
// being made.
func TestScheduledCopy(t *testing.T) {
	d := begin(t)
	t.Setenv("DIOM_BACKUP_COPY_TO", t.TempDir())
	pass := func() (ended func()) {
		ctx, cancel := context.WithCancel(t.Context())
		passed := make(chan error, 1)
		go func() { passed <- Function.Scheduled(ctx, d.App) }()
		return func() {
			cancel()
			if err := <-passed; err != nil {
				t.Error(err)
			}
		}
	}
	ended := pass()
	until(t, func() bool { list := copies(t, d); return len(list) == 1 && list[0].State == vault.Whole })
	ended()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DIOM_BACKUP_DIR", t.TempDir())
	t.Setenv("DIOM_BACKUP_COPY_TO", file)
	ended = pass()
	until(t, func() bool { made := list(t, d); return len(made) == 1 && made[0].State == vault.Whole })
	ended()
	v, _, err := open(d.App)
	if err != nil {
		t.Fatal(err)
	}
	if pause := copyUntil(t.Context(), d.App, v, time.Now().Add(time.Hour)); pause != again {
		t.Errorf("after a failure it rests for %s", pause)
	}
	if pause := copyUntil(t.Context(), d.App, v, time.Now().Add(time.Second)); pause > time.Second {
		t.Errorf("before a backup it rests for %s", pause)
	}
}
