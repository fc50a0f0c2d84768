package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/page"
)

// Timer is a timer that is not over: of a waiting instance, or of a start event of the latest version
// of a process, whose InstanceID is zero. Cycle is the text of a cycle that goes on, Anchor the time
// from which it is counted, Fired how often it was due before.
type Timer struct {
	ID           engine.ID `json:"id"`
	InstanceID   engine.ID `json:"instanceId,omitzero"`
	DefinitionID engine.ID `json:"definitionId"`
	ProcessKey   string    `json:"processKey"`
	NodeID       string    `json:"nodeId"`
	DueAt        time.Time `json:"dueAt"`
	Cycle        string    `json:"cycle,omitempty"`
	Anchor       time.Time `json:"anchor,omitzero"`
	Fired        int       `json:"fired"`
}

// StartTimer is a start timer that fires with the start that it causes: it must still have been due
// Fired times before, and is due again at NextDue, or over when that is zero.
type StartTimer struct {
	ID      engine.ID
	Fired   int
	NextDue time.Time
}

const (
	insertTimer = `INSERT INTO workflow_timer (fired, id, instance_id, definition_id, process_key, node_id, due_at, cycle, anchor, suspended, locked_until) VALUES `

	moveStartTimer = `UPDATE workflow_timer SET due_at = ?, locked_until = ?, fired = ? WHERE id = ? AND fired = ?`
	endStartTimer  = `DELETE FROM workflow_timer WHERE id = ? AND fired = ?`
)

// maxCycle bounds the cycle in the row of an instance's timer, where it is only shown.
const maxCycle = 1000

func (t *Timer) values(suspended bool) []any {
	return []any{t.Fired, t.ID[:], nullableID(t.InstanceID), t.DefinitionID[:], t.ProcessKey, t.NodeID, t.DueAt, null(t.Cycle), nullTime(t.Anchor), suspended, t.DueAt}
}

// timers writes the rows of timers.
func (w *writer) timers() {
	var rows turnover
	for i := range w.Changes {
		switch c := &w.Changes[i]; c.Kind {
		case engine.TimerCreated:
			rows.create(c.Timer.ID)
		case engine.TimerFired, engine.TimerCancelled:
			rows.end(c.TimerID)
		}
	}
	values := make([][]any, 0, len(rows.created))
	for _, id := range rows.created {
		t := w.After.Timer(id)
		row := Timer{
			ID: t.ID, InstanceID: w.After.ID, DefinitionID: w.After.DefinitionID, ProcessKey: w.After.ProcessKey, NodeID: t.Node,
			DueAt: t.DueAt, Cycle: excerpt.Cut(t.Cycle, maxCycle), Anchor: t.Anchor, Fired: t.Fired,
		}
		values = append(values, row.values(w.suspended()))
	}
	w.insert(insertTimer, values, "")
	for i := range w.Changes {
		if c := &w.Changes[i]; c.Kind == engine.TimerMoved {
			w.change(`UPDATE workflow_timer SET due_at = ?, locked_until = ?`, []engine.ID{c.TimerID}, c.DueAt, c.DueAt)
		}
	}
	w.remove("workflow_timer", rows.ended)
}

const timerColumns = `id, instance_id, definition_id, process_key, node_id, due_at, IFNULL(cycle, ''), anchor, fired FROM workflow_timer`

func scanTimer(rows *sql.Rows) (Timer, error) {
	var t Timer
	var anchor sql.NullTime
	err := rows.Scan(&t.ID, &t.InstanceID, &t.DefinitionID, &t.ProcessKey, &t.NodeID, &t.DueAt, &t.Cycle, &anchor, &t.Fired)
	t.Anchor = anchor.Time
	return t, err
}

const (
	dueTimers = `SELECT id FROM workflow_timer WHERE suspended = 0 AND locked_until <= ? ORDER BY locked_until LIMIT ?`

	readTimers = `SELECT ` + timerColumns + byPrimary
	freeTimers = ` AND suspended = 0 AND locked_until <= ? FOR UPDATE SKIP LOCKED`
	markTimers = `UPDATE workflow_timer` + byPrimary + ` SET locked_until = ?`
)

// ClaimTimers leases up to limit timers that are due, until now+lease: those that have waited longest,
// nothing of a suspended instance or definition, in the order of DueAt. A timer that is not fired within its
// lease is claimed again.
func (s *Store) ClaimTimers(ctx context.Context, limit int, now time.Time, lease time.Duration) ([]Timer, error) {
	rows, err := s.DB.Query(ctx, dueTimers, now, limit+spare)
	found, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
	if err != nil {
		return nil, fmt.Errorf("timers: %w", err)
	}
	claimed, err := claim[Timer]{
		candidates: found, limit: limit, read: readTimers, scan: scanTimer, id: func(t Timer) engine.ID { return t.ID },
		free: freeTimers, freeArguments: []any{now}, mark: markTimers, markArguments: []any{now.Add(lease)},
	}.take(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("timers: %w", err)
	}
	slices.SortFunc(claimed, func(a, b Timer) int { return a.DueAt.Compare(b.DueAt) })
	return claimed, nil
}

// TimerFilter narrows a list of timers; zero fields do not.
type TimerFilter struct {
	InstanceID engine.ID
	ProcessKey string
}

// Timers lists timers by the time of their creation (their id).
func (s *Store) Timers(ctx context.Context, f TimerFilter, r page.Request) (page.Page[Timer], error) {
	return timerList.read(ctx, s, f.query(), r)
}

var timerList = list[Timer]{
	columns: timerColumns, count: "workflow_timer", sort: byID("id"), scan: scanTimer,
	key: func(t Timer) []string { return []string{t.ID.String()} },
}

func (f TimerFilter) query() query {
	q := query{}
	q.equalID("instance_id", f.InstanceID)
	q.equal("process_key", f.ProcessKey)
	return q
}
