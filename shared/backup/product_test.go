package backup_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"testing"

	"diom.io/workflow/migrations"
	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/telemetry"
	"diom.io/workflow/shared/workflow"
)

// restored opens the product over a restored database, with an empty Redis and the same keys.
func restored(t *testing.T, d *faastest.Demo, dsn string) *faas.App {
	t.Helper()
	cfg := d.App.Config
	cfg.MySQLDSN, cfg.RedisURL = dsn, databasetest.Redis(t)
	app, err := faas.OpenApp(t.Context(), cfg, telemetry.New(io.Discard, "ERROR"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	app.Consume(nil)
	return app
}

// told returns the ids of the events of an instance after a step.
func told(t *testing.T, app *faas.App, instance engine.ID, after int64) (ids []string) {
	t.Helper()
	rows, err := app.Store.History(t.Context(), instance, after, 10)
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		events, err := cloudevent.Events("/diom/test", cloudevent.Step{InstanceID: instance, Seq: r.Seq, CommandID: r.CommandID, At: r.At, Changes: r.Changes})
		if err != nil {
			t.Fatal(err)
		}
		for i := range events {
			ids = append(ids, events[i].ID())
		}
	}
	return ids
}

// An instance that waited when the backup was made goes on in the restored installation, and ends. The events of what it
// does there are no duplicates of those of what was lost.
func TestWaitingInstanceIsFinished(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	instance, task := d.Start(engine.Variables{"reason": "婚假 😀"})
	r := newRig(t, nil)
	made := r.make(d.App.Config.MySQLDSN)
	if made.Schema == 0 {
		t.Error("the version of the schema is unknown")
	}
	d.Complete("wangfang", task) // what happens afterwards is not in the backup
	lost := told(t, d.App, instance, 1)

	app := restored(t, d, r.restore(backup.Latest))
	if err := app.DB.CheckSchema(t.Context(), migrations.Files); err != nil {
		t.Fatal(err)
	}
	for _, by := range []string{"wangfang", "lina"} {
		before, err := app.Store.LoadInstance(t.Context(), instance)
		if err != nil || len(before.Tasks) != 1 {
			t.Fatalf("%+v %v", before, err)
		}
		raw, err := app.Workflow.CompleteTask(t.Context(), d.Call(by), before.Tasks[0].ID, workflow.Completion{})
		if err != nil {
			t.Fatalf("%s: %v", by, err)
		}
		var answer workflow.TaskAnswer
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatal(err)
		}
	}
	after, err := app.Store.LoadInstance(t.Context(), instance)
	if err != nil || after.State != engine.Completed {
		t.Errorf("%+v %v", after, err)
	}
	for _, id := range told(t, app, instance, 1) {
		if slices.Contains(lost, id) {
			t.Errorf("%s tells of what was lost, too", id)
		}
	}
}

// A restore that is cut off leaves a database that the product refuses.
func TestUnfinishedRestoreIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	made := r.make(databasetest.DSN(t))
	target := databasetest.Empty(t)
	// The server refuses whatever goes into the table of the migrations, which is the last of all.
	_, err := r.Restore(t.Context(), made.ID, backup.Database{DSN: target, Dial: refusing("INSERT INTO `schema_migration`").Dial}, nil)
	if err == nil {
		t.Fatal("the restore was not cut off")
	}
	db, err := database.Open(target, database.Options{Pool: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.CheckSchema(t.Context(), migrations.Files); err == nil {
		t.Error("the product takes it")
	}
	if _, err := r.Restore(t.Context(), made.ID, backup.Database{DSN: target}, nil); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("a second restore into it: %v", err)
	}
}

// Objects of a table are loaded beside one another. One that the server ends, as a deadlock is, is loaded again
// from its beginning.
func TestRestoreAfterDeadlock(t *testing.T) {
	t.Parallel()
	r, dsn := newRig(t, nil), databasetest.Empty(t)
	run(t, open(t, dsn), "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t SELECT seq FROM seq_1_to_5000")
	made, err := r.Make(t.Context(), backup.Database{DSN: dsn}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var inserts atomic.Int32
	wire := &wiretest.Wire{Rewrite: func(statement []byte) []byte {
		if bytes.HasPrefix(statement, []byte("INSERT INTO `t`")) && inserts.Add(1) == 3 {
			return []byte("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213")
		}
		return statement
	}}
	target := databasetest.Empty(t)
	if _, err := r.Restore(t.Context(), made.ID, backup.Database{DSN: target, Dial: wire.Dial}, nil); err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := open(t, target).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM t").Scan(&rows); err != nil || rows != 5000 || inserts.Load() != 8 {
		t.Errorf("%d rows by %d statements (%v), want 5000 by 8", rows, inserts.Load(), err)
	}
}

// The memory that a backup, its check and its restore need does not grow with the table. No other test runs
// beside this one.
func TestMemoryIsBounded(t *testing.T) {
	const size, most = 64 << 20, 20 << 20
	r, dsn := newRig(t, nil), databasetest.Empty(t)
	run(t, open(t, dsn), "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v BLOB)", "INSERT INTO t (v) SELECT RANDOM_BYTES(1024) FROM seq_1_to_65600")
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	var at runtime.MemStats
	runtime.ReadMemStats(&at)
	before, peak, calls := at.HeapAlloc, uint64(0), 0
	watch := func() {
		if calls++; calls%1000 == 1 {
			runtime.ReadMemStats(&at)
			peak = max(peak, at.HeapAlloc-min(before, at.HeapAlloc))
		}
	}
	made, err := r.Make(t.Context(), backup.Database{DSN: dsn}, func(int64, int64) { watch() })
	if err != nil {
		t.Fatal(err)
	}
	calls = 0
	if _, err := r.Restore(t.Context(), made.ID, backup.Database{DSN: databasetest.Empty(t)}, func(int64, int64) { calls = 0; watch() }); err != nil {
		t.Fatal(err)
	}
	t.Logf("peak=%d KiB over %d", peak>>10, before>>10)
	if made.Bytes() < size/2 || len(made.Objects) < 3 || peak > most {
		t.Errorf("%d bytes in %d objects took %d of memory", made.Bytes(), len(made.Objects), peak)
	}
}
