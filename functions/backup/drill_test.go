package backup

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	dto "github.com/prometheus/client_model/go"

	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/page"
)

// gauge reads a metric of the App.
func gauge(t *testing.T, d *faastest.Demo, name string) float64 {
	t.Helper()
	f := family(t, d, name)
	if f == nil {
		t.Fatalf("there is no metric %s", name)
	}
	return f.GetMetric()[0].GetGauge().GetValue()
}

// family returns the series of a metric, or nil where the App has none.
func family(t *testing.T, d *faastest.Demo, name string) *dto.MetricFamily {
	t.Helper()
	metrics, err := d.App.Telemetry.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		if m.GetName() == name {
			return m
		}
	}
	return nil
}

func newest(t *testing.T, v *vault.Vault) vault.Copy {
	t.Helper()
	p, err := v.Catalogue(t.Context(), page.Request{Limit: 1, Sort: "begun", Descending: true})
	if err != nil || len(p.Items) != 1 {
		t.Fatalf("%+v %v", p, err)
	}
	return p.Items[0]
}

// A backup that is made is restored elsewhere and tried: its instance goes on to its end there and not here. A damaged
// one does not pass, nor does one in which something does not hold; the metrics say so.
func TestDrill(t *testing.T) {
	d := begin(t)
	d.Deploy(faastest.Leave)
	instance, _ := d.Start(engine.Variables{"reason": "婚假"})
	scratch := databasetest.Empty(t)
	t.Setenv("DIOM_BACKUP_DRILL_DSN", scratch)
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "the first", Method: "POST", Path: "/", Prepare: func(t *testing.T, _ *faastest.Call) { t.Setenv("DIOM_BACKUP_DIR", t.TempDir()) }, Status: 200, JSON: `{"made": true}`},
	})
	v, from, err := open(d.App)
	if err != nil {
		t.Fatal(err)
	}
	m, err := v.Make(t.Context(), from, nil)
	if err != nil {
		t.Fatal(err)
	}
	drill(t.Context(), d.App, v, m.ID)
	c := newest(t, v)
	if c.Verified != vault.Passed || c.Checks[0].Depth != vault.Drilled || c.Checks[0].Drill.Tables != len(m.Tables) || c.Checks[0].Drill.Instances != 1 ||
		c.Checks[0].Drill.Instance != instance.String() || !c.Checks[0].Drill.Ended {
		t.Fatalf("%+v %+v", c, c.Checks)
	}
	if in, err := d.App.Store.LoadInstance(t.Context(), instance); err != nil || in.State.Ended() {
		t.Errorf("the drill has changed the source: %+v %v", in, err)
	}
	verified := gauge(t, d, "diom_backup_last_verified_timestamp")
	if verified != float64(c.Begun.Unix()) || gauge(t, d, "diom_backup_drill_failed") != 0 {
		t.Errorf("the metrics say %f", verified)
	}

	lost := func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), "DELETE FROM workflow_task"); return err }
	if err := d.App.DB.InTx(t.Context(), lost); err != nil { // a task of the state has no row any more
		t.Fatal(err)
	}
	bad, err := v.Make(t.Context(), from, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Drill(t.Context(), bad.ID, vault.Database{DSN: scratch}, Rehearse); !errors.Is(err, ErrViolated) {
		t.Errorf("violations: %v", err)
	}
	object := filepath.Join(v.Settings().Dir, bad.ID, bad.Objects[1].Name)
	raw, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(object, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	drill(t.Context(), d.App, v, bad.ID)
	if c := newest(t, v); c.Verified != vault.Failed || len(c.Checks) != 2 || c.Checks[0].Problem != "backup_damaged" || c.Checks[1].Problem != "backup_violations" || c.Checks[1].Drill.Violations == 0 {
		t.Errorf("%+v", c)
	}
	if gauge(t, d, "diom_backup_last_verified_timestamp") != verified || gauge(t, d, "diom_backup_drill_failed") != 1 {
		t.Error("the metrics do not say that the drill failed")
	}
	leftNothing(t, scratch)
}

// leftNothing holds that no database of a drill is left on a server.
func leftNothing(t *testing.T, dsn string) {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	until(t, func() bool { // another test may be at it
		left := -1
		err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'diom\_drill\_%'`).Scan(&left)
		return err == nil && left == 0
	})
}
