package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

// RunningCount is how many instances of a version are in a state that has not ended.
type RunningCount struct {
	DefinitionID   engine.ID    `json:"definitionId"`
	ProcessKey     string       `json:"processKey"`
	ProcessVersion int          `json:"processVersion"`
	State          engine.State `json:"state"`
	Count          int          `json:"count"`
}

// IncidentGroup are the open incidents that have failed in one place for one reason.
type IncidentGroup struct {
	ProcessKey string    `json:"processKey"`
	NodeID     string    `json:"nodeId"`
	Code       string    `json:"code"`
	Message    string    `json:"message"`
	Count      int       `json:"count"`
	Instances  int       `json:"instances"`
	FirstAt    time.Time `json:"firstAt"`
	LastAt     time.Time `json:"lastAt"`
}

// Lag is how much waits that is due, up to 10,000, and since when the oldest of it.
type Lag struct {
	Count  int        `json:"count"`
	Oldest *time.Time `json:"oldest"`
}

// HourCount is how many instances began in an hour, and how many of them have ended.
type HourCount struct {
	Hour    time.Time `json:"hour"`
	Started int       `json:"started"`
	Ended   int       `json:"ended"`
}

// Each reads at most 10,000 rows by an index, so that a look never costs more with time.
const (
	runningCounts = `SELECT definition_id, process_key, process_version, state, COUNT(*) FROM
(SELECT definition_id, process_key, process_version, state FROM workflow_instance FORCE INDEX (state) WHERE state IN (?, ?) LIMIT ?) running
GROUP BY definition_id, process_key, process_version, state ORDER BY process_key, process_version DESC, state`
	incidentGroups = `SELECT process_key, node_id, code, message, COUNT(*), COUNT(DISTINCT instance_id), MIN(raised_at), MAX(raised_at) FROM
(SELECT process_key, node_id, code, message, instance_id, raised_at FROM workflow_incident WHERE resolved_at IS NULL ORDER BY id DESC LIMIT ?) failed
GROUP BY process_key, node_id, code, message ORDER BY COUNT(*) DESC, MAX(raised_at) DESC LIMIT 100`
	lateTimers = `SELECT COUNT(*), MIN(due_at) FROM
(SELECT due_at FROM workflow_timer WHERE suspended = 0 AND locked_until < ? LIMIT ?) late WHERE due_at < ?`
	unsentRows  = `SELECT COUNT(*), MIN(at) FROM (SELECT at FROM workflow_history WHERE unsent = 1 LIMIT ?) unsent`
	hourlyCount = `SELECT started_at, ended_at IS NOT NULL FROM workflow_instance WHERE id >= ? ORDER BY id DESC LIMIT ?`
)

// RunningCounts counts the instances that have not ended by version and state.
func (s *Store) RunningCounts(ctx context.Context) ([]RunningCount, error) {
	rows, err := s.DB.Query(database.ToShow(ctx), runningCounts, stateCode(engine.Active), stateCode(engine.Suspended), maxCount)
	list, err := collect(rows, err, func(rows *sql.Rows) (c RunningCount, err error) {
		var state int
		err = rows.Scan(&c.DefinitionID, &c.ProcessKey, &c.ProcessVersion, &state, &c.Count)
		c.State = instanceStates[state]
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("counts of instances: %w", err)
	}
	return list, nil
}

// IncidentGroups groups the open incidents by where and why, the largest groups first.
func (s *Store) IncidentGroups(ctx context.Context) ([]IncidentGroup, error) {
	rows, err := s.DB.Query(database.ToShow(ctx), incidentGroups, maxCount)
	list, err := collect(rows, err, func(rows *sql.Rows) (g IncidentGroup, err error) {
		err = rows.Scan(&g.ProcessKey, &g.NodeID, &g.Code, &g.Message, &g.Count, &g.Instances, &g.FirstAt, &g.LastAt)
		return g, err
	})
	if err != nil {
		return nil, fmt.Errorf("groups of incidents: %w", err)
	}
	return list, nil
}

// LateTimers counts the timers that were due before a moment and have not fired.
func (s *Store) LateTimers(ctx context.Context, before time.Time) (Lag, error) {
	return s.backlog(ctx, "timers", lateTimers, before, maxCount, before)
}

// Unsent counts the steps whose events have not been sent.
func (s *Store) Unsent(ctx context.Context) (Lag, error) {
	return s.backlog(ctx, "events", unsentRows, maxCount)
}

func (s *Store) backlog(ctx context.Context, of, text string, arguments ...any) (Lag, error) {
	var b Lag
	if err := s.DB.QueryRow(database.ToShow(ctx), []any{&b.Count, &b.Oldest}, text, arguments...); err != nil {
		return b, fmt.Errorf("backlog of %s: %w", of, err)
	}
	return b, nil
}

// HourCounts counts the instances since a moment by the hour in which they began, the newest 10,000.
func (s *Store) HourCounts(ctx context.Context, since time.Time) ([]HourCount, error) {
	least := firstID(since)
	rows, err := s.DB.Query(database.ToShow(ctx), hourlyCount, least[:], maxCount)
	if err != nil {
		return nil, fmt.Errorf("counts by hour: %w", err)
	}
	defer rows.Close()
	hours := map[time.Time]*HourCount{}
	for rows.Next() {
		var at time.Time
		var ended int
		if err := rows.Scan(&at, &ended); err != nil {
			return nil, err
		}
		hour := at.Truncate(time.Hour)
		if hours[hour] == nil {
			hours[hour] = &HourCount{Hour: hour}
		}
		hours[hour].Started++
		hours[hour].Ended += ended
	}
	list := make([]HourCount, 0, len(hours))
	for _, h := range hours {
		list = append(list, *h)
	}
	slices.SortFunc(list, func(a, b HourCount) int { return a.Hour.Compare(b.Hour) })
	return list, rows.Err()
}

// Course is when an instance began and ended, and how it is.
type Course struct {
	ID             engine.ID
	DefinitionID   engine.ID
	ProcessVersion int
	State          engine.State
	StartedAt      time.Time
	EndedAt        *time.Time
}

const (
	coursesText = `SELECT id, definition_id, process_version, state, started_at, ended_at FROM workflow_instance
WHERE process_key = ? AND id >= ? ORDER BY id DESC LIMIT ?`
	historiesOrder = ` ORDER BY instance_id, seq LIMIT ?`
)

// Courses returns the newest instances of a process that began since a moment.
func (s *Store) Courses(ctx context.Context, processKey string, since time.Time, limit int) ([]Course, error) {
	least := firstID(since)
	rows, err := s.DB.Query(database.ToShow(ctx), coursesText, processKey, least[:], limit)
	list, err := collect(rows, err, func(rows *sql.Rows) (c Course, err error) {
		var state int
		err = rows.Scan(&c.ID, &c.DefinitionID, &c.ProcessVersion, &state, &c.StartedAt, &c.EndedAt)
		c.State = instanceStates[state]
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("courses of %s: %w", processKey, err)
	}
	return list, nil
}

// Histories returns the rows of several instances, those of each together and in order, up to limit.
func (s *Store) Histories(ctx context.Context, ids []engine.ID, limit int) ([]Row, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	arguments := make([]any, 0, len(ids)+1)
	for i := range ids {
		arguments = append(arguments, ids[i][:])
	}
	rows, err := s.DB.Query(database.ToShow(ctx), historySelect+` WHERE instance_id IN (`+placeholders(len(ids))+`)`+historiesOrder, append(arguments, limit)...)
	list, err := collect(rows, err, s.scanRow)
	if err != nil {
		return nil, fmt.Errorf("histories: %w", err)
	}
	return list, nil
}
