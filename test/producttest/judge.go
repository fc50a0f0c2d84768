package producttest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

const tokenLife = time.Hour

// Judge looks at the database behind the product's back.
type Judge struct {
	Store *store.Store
	SQL   *sql.DB
	t     testing.TB
}

// NewJudge opens a database for looking.
func NewJudge(t testing.TB, dsn string) *Judge {
	t.Helper()
	db, err := database.Open(dsn, database.Options{Pool: 4})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), raw.Close()); err != nil {
			t.Errorf("close the judge's database: %v", err)
		}
	})
	return &Judge{Store: store.New(db), SQL: raw, t: t}
}

// open opens a database with a driver that prints nothing: tests break connections on purpose.
func open(dsn string) (*sql.DB, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	cfg.Logger = silent{}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

type silent struct{}

func (silent) Print(...any) {}

// Count returns the number that a query answers.
func (j *Judge) Count(query string, arguments ...any) (n int) {
	j.t.Helper()
	if err := j.SQL.QueryRow(query, arguments...).Scan(&n); err != nil {
		j.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// InstancesOf returns the ids of the instances with a business key.
func (j *Judge) InstancesOf(businessKey string) []engine.ID {
	j.t.Helper()
	rows, err := j.SQL.Query("SELECT id FROM workflow_instance WHERE business_key = ? ORDER BY id", businessKey)
	if err != nil {
		j.t.Fatal(err)
	}
	defer rows.Close()
	var ids []engine.ID
	for rows.Next() {
		var id engine.ID
		if err := rows.Scan(&id); err != nil {
			j.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		j.t.Fatal(err)
	}
	return ids
}

// Recorded returns the answer that was recorded under an Idempotency-Key; status 0 when there is none.
func (j *Judge) Recorded(principal, key string) (status int, body []byte) {
	j.t.Helper()
	err := j.SQL.QueryRow("SELECT status, body FROM workflow_idempotency WHERE principal = ? AND idempotency_key = ?", principal, key).Scan(&status, &body)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		j.t.Fatal(err)
	}
	return status, body
}

// Changes returns how many changes of a kind the history of an instance holds at a node ("" is any).
func (j *Judge) Changes(id engine.ID, kind engine.Kind, node string) (n int) {
	j.t.Helper()
	rows, err := j.Store.History(context.Background(), id, 0, 10_000)
	if err != nil {
		j.t.Fatal(err)
	}
	for _, row := range rows {
		for _, c := range row.Changes {
			if c.Kind == kind && (node == "" || c.Node == node) {
				n++
			}
		}
	}
	return n
}

// Problems returns what is wrong with the stored state of an instance: its history must be gapless,
// fold to the body, agree with the row, and the rows of tasks, jobs, timers, subscriptions and incidents
// must be those of the state. An instance that changes meanwhile is looked at again.
func (j *Judge) Problems(id engine.ID) []string {
	j.t.Helper()
	const version = "SELECT IFNULL(MAX(version), 0) FROM workflow_instance WHERE id = ?"
	for {
		before := j.Count(version, id[:])
		found := j.problems(id)
		if len(found) == 0 || j.Count(version, id[:]) == before {
			return found
		}
	}
}

func (j *Judge) problems(id engine.ID) []string {
	j.t.Helper()
	ctx := context.Background()
	in, err := j.Store.LoadInstance(ctx, id)
	if err != nil {
		return []string{err.Error()}
	}
	rows, err := j.Store.History(ctx, id, 0, 10_000)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	var changes [][]engine.Change
	for i, row := range rows {
		if row.Seq != int64(i+1) {
			found = append(found, fmt.Sprintf("step %d of the history has seq %d", i+1, row.Seq))
		}
		changes = append(changes, row.Changes)
	}
	folded, err := engine.Replay(changes)
	if err != nil {
		return append(found, "the history does not fold: "+err.Error())
	}
	want, got := text(in), text(folded)
	if want != got {
		found = append(found, "the history folds to\n"+got+"\nthe state is\n"+want)
	}
	return append(found, j.projections(in)...)
}

// projections compares the rows of an instance with its state.
func (j *Judge) projections(in *engine.Instance) []string {
	var found []string
	if n := j.Count("SELECT COUNT(*) FROM workflow_instance WHERE id = ? AND version = ?", in.ID[:], in.Version); n != 1 {
		found = append(found, "the row of the instance has another version than its body")
	}
	var tasks, jobs, timers, subscriptions []engine.ID
	for _, t := range in.Tasks {
		tasks = append(tasks, t.ID)
	}
	for _, job := range in.Jobs {
		jobs = append(jobs, job.ID)
	}
	for _, t := range in.Timers {
		timers = append(timers, t.ID)
	}
	for _, s := range in.Subscriptions {
		subscriptions = append(subscriptions, s.ID)
	}
	found = append(found, j.rows(in.ID, "task", "workflow_task WHERE state = 1 AND", tasks)...)
	found = append(found, j.rows(in.ID, "job", "workflow_job WHERE", jobs)...)
	found = append(found, j.rows(in.ID, "timer", "workflow_timer WHERE", timers)...)
	found = append(found, j.rows(in.ID, "subscription", "workflow_subscription WHERE", subscriptions)...)
	if n := j.Count("SELECT COUNT(*) FROM workflow_incident WHERE instance_id = ? AND resolved_at IS NULL", in.ID[:]); n != len(in.Incidents) {
		found = append(found, fmt.Sprintf("%d open incidents in rows, %d in the state", n, len(in.Incidents)))
	}
	return found
}

// rows compares the ids of an instance's open rows of one kind with those of its state.
func (j *Judge) rows(instance engine.ID, what, from string, state []engine.ID) []string {
	j.t.Helper()
	rows, err := j.SQL.Query("SELECT id FROM "+from+" instance_id = ?", instance[:])
	if err != nil {
		return []string{err.Error()}
	}
	defer rows.Close()
	open := map[engine.ID]bool{}
	for rows.Next() {
		var id engine.ID
		if err := rows.Scan(&id); err != nil {
			return []string{err.Error()}
		}
		open[id] = true
	}
	var found []string
	if err := rows.Err(); err != nil {
		return []string{err.Error()}
	}
	for _, id := range state {
		if !open[id] {
			found = append(found, what+" "+id.String()+" of the state has no open row")
		}
		delete(open, id)
	}
	for id := range open {
		found = append(found, what+" "+id.String()+" is open in its row alone")
	}
	return found
}

// Fingerprint changes whenever the content of the product's tables does, but for what a log-in and the
// relay of events and its consumers write.
func (j *Judge) Fingerprint() string {
	j.t.Helper()
	rows, err := j.SQL.Query("SHOW TABLES")
	if err != nil {
		j.t.Fatal(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			j.t.Fatal(err)
		}
		if !slices.Contains([]string{"sys_session", "sys_user", "workflow_history", "workflow_notification", "workflow_definition"}, name) && !strings.HasPrefix(name, "schema_migration") && !strings.HasPrefix(name, "goose") {
			tables = append(tables, name)
		}
	}
	var print strings.Builder
	fmt.Fprintf(&print, "history %d\n", j.Count("SELECT COUNT(*) FROM workflow_history"))
	fmt.Fprintf(&print, "definitions %d\n", j.Count("SELECT IFNULL(SUM(CRC32(CONCAT_WS(',', HEX(id), process_key, version, latest, suspended))), 0) FROM workflow_definition"))
	sums, err := j.SQL.Query("CHECKSUM TABLE " + strings.Join(tables, ", "))
	if err != nil {
		j.t.Fatal(err)
	}
	defer sums.Close()
	for sums.Next() {
		var name string
		var sum sql.NullInt64
		if err := sums.Scan(&name, &sum); err != nil {
			j.t.Fatal(err)
		}
		fmt.Fprintf(&print, "%s %d\n", name, sum.Int64)
	}
	if err := errors.Join(rows.Err(), sums.Err()); err != nil {
		j.t.Fatal(err)
	}
	return print.String()
}

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
