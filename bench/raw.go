package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/uuid"
)

// The twin of one start and one completion: what the product says to the database, as SQL by hand,
// without a product. checkTwin holds the two together: every byte that the twin sends for the ids and
// times of an instance of the product must be the product's.
const (
	twinStart = `BEGIN;INSERT INTO workflow_instance (id, definition_id, process_key, process_version, business_key, state, version, starter, started_at, ended_at, body, number, summary, department, started_by, origin_id)
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM workflow_definition WHERE id = ? AND suspended = 0 AND latest = 1;` +
		`INSERT INTO workflow_history (instance_id, seq, command_id, command, actor, at, changes, unsent) VALUES (?, IF(ROW_COUNT() = 1, ?, NULL), ?, ?, ?, ?, ?, ?);` +
		`INSERT INTO workflow_task (id, version, instance_id, process_key, node_id, name, state, assignee, owner, candidates, priority, form_key, due_at, follow_up_at, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);COMMIT`

	twinLoad = `SELECT @@read_only, t.id, t.instance_id, t.process_key, t.node_id, t.name, t.state, t.assignee, t.owner, t.candidates, t.priority,
 t.form_key, t.due_at, t.follow_up_at, t.created_at, t.ended_at, t.ended_by, t.version, i.body FROM workflow_task t JOIN workflow_instance i ON i.id = t.instance_id WHERE t.id = ?`
	twinColumns = 19

	twinComplete = `BEGIN;INSERT INTO workflow_history (instance_id, seq, command_id, command, actor, at, changes, unsent) VALUES (?, ?, ?, ?, ?, ?, ?, ?);` +
		`UPDATE workflow_instance SET state = ?, version = ?, ended_at = ?, body = ? WHERE id = ? AND version = ?;` +
		`UPDATE workflow_task SET version = IF(ROW_COUNT() = 1, ?, NULL), state = ?, assignee = IFNULL(?, assignee), ended_at = ?, ended_by = ? WHERE id = ?;COMMIT`

	stateActive, stateCompleted = 1, 3
	taskOpen, taskCompleted     = 1, 2
)

// twin makes rows as the product would.
type twin struct {
	db         *sql.DB
	wire       *wire // that it talks to the database through, or nil
	definition [16]byte
	// Of the start and of the completion: the body of the instance, the changes of the history row.
	bodies, changes [2]template
}

// openTwin connects to a database; w may be nil.
func openTwin(s *servers, database string, w *wire, connections int) (*twin, error) {
	c := s.config.Clone()
	c.DBName, c.MultiStatements, c.InterpolateParams, c.ParseTime, c.Loc, c.Collation = database, true, true, true, time.UTC, "utf8mb4_bin"
	if w != nil {
		c.Net = w.name
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	t := &twin{db: sql.OpenDB(connector), wire: w}
	t.db.SetMaxOpenConns(connections)
	t.db.SetMaxIdleConns(connections)
	return t, nil
}

// names are the ids and times of one instance.
type names struct {
	instance, start, task, complete [16]byte
	started, ended                  time.Time
}

func newNames() names {
	n := names{instance: newID(), start: newID(), task: newID(), complete: newID(), started: time.Now().UTC().Truncate(time.Millisecond)}
	n.ended = n.started
	return n
}

func newID() [16]byte { return uuid.Must(uuid.NewV7()) }

// texts are the names as they stand in documents, in an order that templates keep.
func (n names) texts() []string {
	at := func(t time.Time) string { return t.Format(time.RFC3339Nano) }
	return []string{
		uuid.UUID(n.instance).String(), uuid.UUID(n.start).String(), uuid.UUID(n.task).String(), uuid.UUID(n.complete).String(),
		at(n.started), at(n.ended),
	}
}

// instance writes one whole instance: a batch, a read, a batch.
func (t *twin) instance(ctx context.Context) error {
	n := newNames()
	if err := t.start(ctx, n); err != nil {
		return err
	}
	n.ended = time.Now().UTC().Truncate(time.Millisecond)
	return t.complete(ctx, n)
}

func (t *twin) start(ctx context.Context, n names) error {
	texts := n.texts()
	_, err := t.db.ExecContext(ctx, twinStart,
		n.instance[:], t.definition[:], processKey, 1, "LV-2026-000117", stateActive, int64(1), starter, n.started, nil, t.bodies[0].fill(texts), nil, nil, nil, nil, nil, t.definition[:],
		n.instance[:], int64(1), n.start[:], "start", starter, n.started, t.changes[0].fill(texts), 1,
		n.task[:], int64(1), n.instance[:], processKey, "approve", "Approve", taskOpen, approver, nil, nil, 50, nil, nil, nil, n.started)
	return err
}

func (t *twin) complete(ctx context.Context, n names) error {
	if err := t.load(ctx, n.task); err != nil {
		return err
	}
	texts := n.texts()
	_, err := t.db.ExecContext(ctx, twinComplete,
		n.instance[:], int64(2), n.complete[:], "complete", approver, n.ended, t.changes[1].fill(texts), 1,
		stateCompleted, int64(2), n.ended, t.bodies[1].fill(texts), n.instance[:], int64(1),
		int64(2), taskCompleted, approver, n.ended, approver, n.task[:])
	return err
}

func (t *twin) load(ctx context.Context, task [16]byte) error {
	rows, err := t.db.QueryContext(ctx, twinLoad, task[:])
	if err != nil {
		return err
	}
	defer rows.Close()
	var values [twinColumns]sql.RawBytes
	into := make([]any, twinColumns)
	for i := range into {
		into[i] = &values[i]
	}
	if !rows.Next() {
		return fmt.Errorf("task %x: no row: %w", task, rows.Err())
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	return rows.Close()
}

// bare is the least that a durable commit can be: one small row.
type bare struct{ db *sql.DB }

const bareTable = `CREATE TABLE bench_commit (id BINARY(16) PRIMARY KEY, at DATETIME(3) NOT NULL) ENGINE = InnoDB`

func (b bare) commit(ctx context.Context) error {
	id := newID()
	_, err := b.db.ExecContext(ctx, `INSERT INTO bench_commit (id, at) VALUES (?, ?)`, driver.Value(id[:]), time.Now().UTC())
	return err
}

// template is a document with holes for names.
type template struct {
	parts []string // one more than holes
	holes []int    // which of the names
}

// learn makes a template of a document in which names stand.
func learn(document string, names []string) template {
	var t template
	for {
		at, which := -1, -1
		for i, name := range names {
			if found := strings.Index(document, name); found >= 0 && (at < 0 || found < at) {
				at, which = found, i
			}
		}
		if which < 0 {
			t.parts = append(t.parts, document)
			return t
		}
		t.parts, t.holes = append(t.parts, document[:at]), append(t.holes, which)
		document = document[at+len(names[which]):]
	}
}

func (t template) fill(names []string) []byte {
	b := make([]byte, 0, 2048)
	for i, hole := range t.holes {
		b = append(append(b, t.parts[i]...), names[hole]...)
	}
	return append(b, t.parts[len(t.holes)]...)
}
