package producttest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/store"
)

const tokenLife = 24 * time.Hour

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

// Everything returns what diom check finds in the whole database, and how many instances it has looked at.
func (j *Judge) Everything() (found []string, instances int) {
	j.t.Helper()
	c := invariant.Checker{Store: j.Store, Progress: func(int, int) {}, Found: func(v invariant.Violation) {
		found = append(found, fmt.Sprintf("%s: instance %s: %s", v.Rule, v.InstanceID, v.Detail))
	}}
	counts, err := c.Run(context.Background())
	if err != nil {
		found = append(found, err.Error())
	}
	return found, counts.Instances
}

// Problems returns what is wrong with the stored state of an instance, as package invariant has it.
func (j *Judge) Problems(id engine.ID) []string {
	j.t.Helper()
	violations, err := invariant.Instance(context.Background(), j.Store, id)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, v := range violations {
		found = append(found, v.Rule+": "+v.Detail)
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
		if !slices.Contains([]string{"sys_session", "sys_user", "sys_audit", "sys_audit_seal", "sys_password_history", "sys_api_token", "workflow_history", "workflow_notification", "workflow_definition"}, name) && !strings.HasPrefix(name, "schema_migration") && !strings.HasPrefix(name, "goose") {
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
