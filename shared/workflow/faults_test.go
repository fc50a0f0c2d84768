package workflow_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/workflow"
)

// cutOnce loses the reply to the n-th batch from now.
func cutOnce(wire *wiretest.Wire, armed *atomic.Int64) {
	wire.Cut = func(text []byte) bool {
		return bytes.HasSuffix(text, []byte("COMMIT")) && armed.Add(-1) == 0
	}
}

// The reply to COMMIT is lost: the step has committed, the caller gets its answer, and nothing is
// done twice (I7).
func TestLostCommitReply(t *testing.T) {
	t.Parallel()
	var armed atomic.Int64
	wire := &wiretest.Wire{}
	cutOnce(wire, &armed)
	f := setup(t, wire)
	f.deploy("leave.bpmn")
	for range 50 {
		armed.Store(1)
		started := f.start(nil)
		armed.Store(1)
		raw, err := f.CompleteTask(t.Context(), workflow.Call{Principal: manager}, started.Tasks[0].ID, workflow.Completion{})
		answer := decode[workflow.TaskAnswer](t, raw, err)
		if answer.Instance.Version != 2 || completions(f.rows(started.Instance.ID)) != 1 {
			t.Fatalf("%+v", answer.Instance)
		}
		if found := f.problems(started.Instance.ID); found != nil {
			t.Fatal(found)
		}
	}
	if n := f.countAll("workflow_instance"); n != 50 {
		t.Errorf("%d instances for 50 starts", n)
	}
}

// The server kills the connection in the middle of a batch: the transaction is rolled back by the
// server, the command is made again, nothing is lost or doubled.
func TestConnectionKilledInsideABatch(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	started := f.start(nil)
	blocker, err := sql.Open("mysql", f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer blocker.Close()
	tx, err := blocker.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// The batch writes its history row, then waits here for the row of the instance.
	if _, err := tx.ExecContext(t.Context(), "SELECT 1 FROM workflow_instance WHERE id = ? FOR UPDATE", started.Instance.ID[:]); err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		_, err := f.CompleteTask(t.Context(), workflow.Call{Principal: manager}, started.Tasks[0].ID, workflow.Completion{})
		result <- err
	}()
	kill(t, blocker, "UPDATE workflow_instance")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
	if found := f.problems(started.Instance.ID); found != nil || completions(f.rows(started.Instance.ID)) != 1 {
		t.Errorf("problems %v", found)
	}
}

// kill ends the connection that runs a statement which begins with text, once it does.
func kill(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	var name string
	if err := db.QueryRowContext(t.Context(), "SELECT DATABASE()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var id int
		err := db.QueryRowContext(t.Context(), "SELECT id FROM information_schema.processlist WHERE db = ? AND info LIKE ?", name, text+"%").Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf("KILL CONNECTION %d", id)); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatal("the batch never waited")
}

// Without Redis the fence alone serialises: the work goes on, and still one of sixteen wins.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	f := &fixture{t: t, dsn: databasetest.DSN(t)}
	f.connect(nil, "redis://127.0.0.1:1/0")
	f.deploy("leave.bpmn")
	started := f.start(nil)
	if got := f.race(16, started.Tasks[0].ID); got.won != 1 || got.ended+got.won != 16 {
		t.Errorf("%+v", got)
	}
	if found := f.problems(started.Instance.ID); found != nil || completions(f.rows(started.Instance.ID)) != 1 {
		t.Errorf("problems %v", found)
	}
}

// A deployment between a start's look at its cache and its commit is noticed by the guard in the
// batch: the start uses the new version. A suspended definition starts nothing.
func TestStaleDefinitionCache(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	f.start(nil)
	other := &fixture{t: t, dsn: f.dsn}
	other.connect(nil, "redis://127.0.0.1:1/0")
	second := other.deploy("leave.bpmn").Definitions[0]
	if started := f.start(nil); started.Instance.DefinitionID != second.ID || started.Instance.ProcessVersion != 2 {
		t.Errorf("started %+v", started.Instance)
	}
	if _, err := other.SetDefinitionSuspended(t.Context(), workflow.Call{Principal: operator}, second.ID, true); err != nil {
		t.Fatal(err)
	}
	_, err := f.StartProcess(t.Context(), workflow.Call{Principal: employee}, "leave", workflow.StartRequest{})
	if !errors.Is(err, workflow.ErrSuspendedDefinition) {
		t.Error(err)
	}
}

// A database that does not answer is Unavailable, at once and without an effect.
func TestDatabaseDown(t *testing.T) {
	t.Parallel()
	f := &fixture{t: t, dsn: "nobody@tcp(127.0.0.1:1)/none"}
	f.connect(nil, "redis://127.0.0.1:1/0")
	if _, err := f.StartProcess(t.Context(), workflow.Call{Principal: employee}, "leave", workflow.StartRequest{}); !errors.Is(err, database.ErrUnavailable) {
		t.Error(err)
	}
}

// Events leave once, in the order of the steps, whatever the order of the commits; a sink that
// refuses gets them again.
func TestRelay(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	started := f.start(nil)
	if _, err := f.CompleteTask(t.Context(), workflow.Call{Principal: manager}, started.Tasks[0].ID, workflow.Completion{}); err != nil {
		t.Fatal(err)
	}
	var got []string
	relay := f.collect(&got)
	for range 3 {
		if _, err := relay.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	id := started.Instance.ID.String()
	want := []string{
		id + "/1/1 io.diom.workflow.instance.started.v1", id + "/1/5 io.diom.workflow.task.created.v1",
		id + "/2/1 io.diom.workflow.task.completed.v1", id + "/2/3 io.diom.workflow.task.created.v1",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
