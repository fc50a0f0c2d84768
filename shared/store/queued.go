package store

import (
	"context"
	"database/sql"
	"time"
)

// Queued is what waits in the database. A time is zero where nothing waits.
type Queued struct {
	Unsent      int
	UnsentSince time.Time // the oldest unsent row
	Parked      int
	TimerDue    time.Time // of the timer that has been due longest
	Incidents   int
	DeadLetters int
	Users       int // who have a session that was given out or renewed within activeFor
	Instances   int
}

const (
	// most bounds the rows that are counted: a backlog of more is long enough to be told.
	most      = 100_000
	activeFor = time.Hour

	unsentSince = `SELECT COUNT(*), MIN(at) FROM (SELECT at FROM workflow_history WHERE unsent = 1 LIMIT ?) u`
	parkedRows  = `SELECT COUNT(*) FROM (SELECT 1 FROM workflow_inbox WHERE state = ? LIMIT ?) p`
	dueTimer    = `SELECT MIN(due_at) FROM (SELECT due_at FROM workflow_timer WHERE suspended = 0 AND locked_until <= ? ORDER BY locked_until LIMIT 1000) d`
	openFaults  = `SELECT COUNT(*) FROM (SELECT 1 FROM workflow_incident WHERE resolved_at IS NULL LIMIT ?) i`
	deadLetters = `SELECT COUNT(*) FROM (SELECT 1 FROM workflow_dead_letter WHERE resubmitted_at IS NULL LIMIT ?) d`
	activeUsers = `SELECT COUNT(DISTINCT user_id) FROM (SELECT user_id FROM sys_session WHERE expires_at >= ? AND created_at >= ? AND revoked_at IS NULL LIMIT ?) s`
	activeCount = `SELECT COUNT(*) FROM (SELECT 1 FROM workflow_instance WHERE state = 1 LIMIT ?) i`
)

// Queued counts what waits, up to 100,000 of each kind.
func (s *Store) Queued(ctx context.Context, now time.Time) (Queued, error) {
	var b Queued
	var since, due sql.NullTime
	for _, q := range []struct {
		text      string
		arguments []any
		into      []any
	}{
		{unsentSince, []any{most}, []any{&b.Unsent, &since}},
		{parkedRows, []any{inboxParked, most}, []any{&b.Parked}},
		{dueTimer, []any{now}, []any{&due}},
		{openFaults, []any{most}, []any{&b.Incidents}},
		{deadLetters, []any{most}, []any{&b.DeadLetters}},
		{activeUsers, []any{now, now.Add(-activeFor), most}, []any{&b.Users}},
		{activeCount, []any{most}, []any{&b.Instances}},
	} {
		if err := s.DB.QueryRow(ctx, q.into, q.text, q.arguments...); err != nil {
			return b, err
		}
	}
	b.UnsentSince, b.TimerDue = since.Time, due.Time
	return b, nil
}
