package backup

import (
	"context"
	"testing"
	"time"

	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/faas/faastest"
)

// begin opens an App whose backups go to a directory of the test's own.
func begin(t *testing.T) *faastest.Demo {
	t.Helper()
	d := faastest.OpenDemo(t, true)
	t.Setenv("DIOM_BACKUP_DIR", t.TempDir())
	if _, err := vault.GenerateKeys(d.App.Config.SecretsDir); err != nil {
		t.Fatal(err)
	}
	return d
}

func list(t *testing.T, d *faastest.Demo) []vault.Entry {
	t.Helper()
	v, _, err := open(d.App)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := v.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestBackup(t *testing.T) {
	d := begin(t)
	anew := func(t *testing.T, _ *faastest.Call) { t.Setenv("DIOM_BACKUP_DIR", t.TempDir()) }
	off := func(t *testing.T, _ *faastest.Call) { t.Setenv("DIOM_BACKUP_DIR", "") }
	keyless := func(t *testing.T, _ *faastest.Call) {
		dir := d.App.Config.SecretsDir
		d.App.Config.SecretsDir = t.TempDir()
		t.Cleanup(func() { d.App.Config.SecretsDir = dir })
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "the first", Method: "POST", Path: "/", Prepare: anew, Status: 200, JSON: `{"made": true}`},
		{Name: "due", Method: "POST", Path: "/", Status: 200},
		{Name: "not due again", Method: "POST", Path: "/", Status: 200, JSON: `{"made": false}`},
		{Name: "a scheduler's event", Method: "POST", Path: "/", Body: `{"body": "x"}`, Status: 204,
			Header: map[string]string{"Ce-Id": "1", "Ce-Source": "/ping", "Ce-Type": "dev.knative.sources.ping", "Ce-Specversion": "1.0"}},
		{Name: "off", Method: "POST", Path: "/", Prepare: off, Status: 428, Code: "backup_off"},
		{Name: "no key", Method: "POST", Path: "/", Prepare: func(t *testing.T, c *faastest.Call) { anew(t, c); keyless(t, c) }, Status: 428, Code: "backup_no_key"},
		{Name: "no time", Method: "POST", Path: "/", Prepare: anew, Header: map[string]string{"X-Timeout": "1ms"}, Status: 413, Code: "backup_too_long"},
		{Name: "wrong method", Method: "GET", Path: "/", Status: 405},
		{Name: "another path", Method: "POST", Path: "/x", Status: 404},
	})
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// Where the process is its own clock, a pass makes what is due, although its own time is over before, and
// ends when the process does.
func TestScheduled(t *testing.T) {
	d := begin(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	short, done := context.WithTimeout(ctx, time.Millisecond)
	defer done()
	passed := make(chan error, 1)
	go func() { passed <- Function.Scheduled(short, d.App) }()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		entries := list(t, d)
		if len(entries) == 1 && entries[0].State == vault.Whole {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing is made: %+v", entries)
		}
	}
	if err := <-passed; err != nil {
		t.Error(err)
	}
	metrics, err := d.App.Telemetry.Registry.Gather()
	last := 0.0
	for _, m := range metrics {
		if m.GetName() == "diom_backup_last_success_timestamp" {
			last = m.GetMetric()[0].GetGauge().GetValue()
		}
	}
	if err != nil || last != float64(list(t, d)[0].Manifest.Started.Unix()) {
		t.Errorf("the metric says %f: %v", last, err)
	}
	t.Setenv("DIOM_BACKUP_DIR", "")
	if err := Function.Scheduled(ended(), d.App); err != nil {
		t.Errorf("off: %v", err)
	}
	t.Setenv("DIOM_BACKUP_SCHEDULE", "sometimes")
	if err := Function.Scheduled(ended(), d.App); err == nil {
		t.Error("a schedule that cannot be read is taken")
	}
}
