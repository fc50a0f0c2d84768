package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/telemetry"
)

// The column unsent of workflow_history: NULL when there is nothing to send any more, else one of
// these. A dead row is left alone and holds nothing up until it is resubmitted.
const (
	outboxUnsent = 1
	outboxDead   = 2
)

// Unsent is a history row whose events are to be sent, and what they need of its instance. It is the
// claimer's until LeasedUntil. Attempts counts the failures so far.
type Unsent struct {
	Row
	ProcessKey  string
	BusinessKey string
	Attempts    int
	Trace       string // the W3C traceparent of the step, or "" where none is kept
	LeasedUntil time.Time
	// Unreadable is why Changes cannot be read; nil when they can.
	Unreadable error

	behind int64 // the seq of the unsent row before it, or 0
	stored []byte
}

// Stored returns the changes as they lie in the database, for a row that is Unreadable.
func (u *Unsent) Stored() []byte { return u.stored }

const (
	// claimText finds rows that are free. One that stands behind a row which is leased or backs off is left
	// out, or the rows of one failing instance would fill every claim.
	claimText = `SELECT instance_id, seq FROM workflow_history h WHERE unsent = 1 AND (locked_until IS NULL OR locked_until < ?)
AND NOT EXISTS (SELECT 1 FROM workflow_history e WHERE e.instance_id = h.instance_id AND e.seq < h.seq AND e.unsent = 1 AND e.locked_until >= ?)
LIMIT ? FOR UPDATE SKIP LOCKED`

	claimedText = `SELECT h.instance_id, h.seq, h.command_id, h.command, h.actor, h.at, h.changes, h.attempts, h.trace, IFNULL(i.process_key, ''), IFNULL(i.business_key, ''),
 IFNULL((SELECT MAX(e.seq) FROM workflow_history e WHERE e.instance_id = h.instance_id AND e.seq < h.seq AND e.unsent = 1), 0)
FROM workflow_history h LEFT JOIN workflow_instance i ON i.id = h.instance_id WHERE `

	claimedOrder = ` ORDER BY h.instance_id, h.seq`
)

// ClaimUnsent leases up to limit history rows that hold unsent events, until now+lease, and returns
// them by instance and seq. A row comes only together with every unsent row before it of its instance,
// so that events of one instance leave in the order of seq. Ids commit out of order; the flag, unlike a
// cursor, does not mind.
//
// The claim is a short READ COMMITTED transaction that skips rows which others hold and commits before
// the work: under REPEATABLE READ a queue shorter than the limit would block every insert. The rows
// before a claimed one are looked for in a statement of their own, whose view of the table is younger
// than the claimed row: a step commits after the one before it, so none is missed.
func (s *Store) ClaimUnsent(ctx context.Context, limit int, now time.Time, lease time.Duration) ([]Unsent, error) {
	var claimed []Unsent
	until := now.Add(lease).Truncate(time.Millisecond) // as the column keeps it
	err := s.DB.InReadCommitted(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, claimText, now, now, limit)
		free, err := collect(rows, err, into(func(u *Unsent) []any { return []any{&u.InstanceID, &u.Seq} }))
		if err != nil || len(free) == 0 {
			return err
		}
		text, arguments := these(free)
		rows, err = tx.QueryContext(ctx, claimedText+text+claimedOrder, arguments...)
		found, err := collect(rows, err, s.scanUnsent)
		if claimed = inOrder(found); err != nil || len(claimed) == 0 {
			return err
		}
		text, arguments = update(`locked_until = ?`, claimed)
		_, err = tx.ExecContext(ctx, text, append([]any{until}, arguments...)...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	for i := range claimed {
		claimed[i].LeasedUntil = until
	}
	return claimed, nil
}

// inOrder keeps the rows that stand behind no unsent row of their instance but those kept before them.
func inOrder(rows []Unsent) []Unsent {
	kept := rows[:0]
	for _, row := range rows {
		last := len(kept) - 1
		if row.behind == 0 || last >= 0 && kept[last].InstanceID == row.InstanceID && kept[last].Seq == row.behind {
			kept = append(kept, row)
		}
	}
	return kept
}

// published is a change as its event needs it: what no event carries is skipped, not decoded.
type published struct {
	engine.Change
	Instance  struct{}   `json:"instance"`
	Variables struct{}   `json:"variables"`
	Why       []struct{} `json:"why"`
}

// scanUnsent reads a row of claimedText. Changes that cannot be read are the row's trouble alone.
func (s *Store) scanUnsent(rows *sql.Rows) (Unsent, error) {
	var u Unsent
	var kept []byte
	if err := rows.Scan(&u.InstanceID, &u.Seq, &u.CommandID, &u.Command, &u.Actor, &u.At, &u.stored, &u.Attempts, &kept,
		&u.ProcessKey, &u.BusinessKey, &u.behind); err != nil {
		return u, err
	}
	u.Trace = telemetry.ParentOf(kept)
	changes := make([]published, 0, 8) // most rows have fewer
	if u.Unreadable = s.codec.decode(u.stored, &changes); u.Unreadable == nil {
		u.stored, u.Changes = nil, make([]engine.Change, 0, len(changes))
		for i := range changes {
			u.Changes = append(u.Changes, changes[i].Change)
		}
	}
	return u, nil
}

// Settlement is what became of claimed rows; each is in one of the lists.
type Settlement struct {
	Sent     []Unsent // the sink has taken their events
	Returned []Unsent // not tried: free at once
	Failed   []Failure
}

// Failure is a row that the sink has not taken. Attempts counts this failure, or does not where it says
// nothing of the row. The row is tried again at RetryAt, or never where it ends as a dead letter.
type Failure struct {
	Unsent
	Attempts int
	RetryAt  time.Time
	Letter   *DeadLetter
}

// Settle writes a settlement in one round trip. A row whose lease is over and which another has claimed
// is left to that one, unless it was sent.
func (s *Store) Settle(ctx context.Context, o Settlement) error {
	var b database.Batch
	if len(o.Sent) > 0 {
		text, arguments := update(`unsent = NULL, locked_until = NULL`, o.Sent)
		b.Add(text, arguments...)
	}
	if len(o.Returned) > 0 {
		text, arguments := update(`locked_until = NULL`, o.Returned)
		b.Add(text+` AND locked_until = ?`, append(arguments, o.Returned[0].LeasedUntil)...)
	}
	for _, f := range o.Failed {
		where := []any{f.InstanceID[:], f.Seq, f.LeasedUntil}
		if f.Letter == nil {
			b.Add(backOff, append([]any{f.Attempts, f.RetryAt}, where...)...)
			continue
		}
		b.Add(bury, append(f.Letter.arguments(), where...)...)
		b.Add(die, append([]any{outboxDead, f.Attempts}, where...)...)
	}
	if len(o.Sent)+len(o.Returned)+len(o.Failed) == 0 {
		return nil
	}
	if err := s.DB.Run(ctx, &b); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

const (
	backOff = `UPDATE workflow_history SET attempts = ?, locked_until = ? WHERE instance_id = ? AND seq = ? AND locked_until = ?`
	bury    = insertDeadLetter + `SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? FROM workflow_history WHERE instance_id = ? AND seq = ? AND locked_until = ?`
	die     = `UPDATE workflow_history SET unsent = ?, attempts = ?, locked_until = NULL WHERE instance_id = ? AND seq = ? AND locked_until = ?`
)

// update returns a statement that sets constant assignments on rows, by their primary key.
func update(assignments string, rows []Unsent) (string, []any) {
	text, arguments := these(rows)
	return `UPDATE workflow_history SET ` + assignments + ` WHERE ` + text, arguments
}

// these returns a condition that names rows by their primary key: alternatives, not a row constructor,
// for which MariaDB would scan the whole table.
func these(rows []Unsent) (string, []any) {
	arguments := make([]any, 0, 2*len(rows))
	for i := range rows {
		arguments = append(arguments, rows[i].InstanceID[:], rows[i].Seq)
	}
	return "(" + strings.TrimSuffix(strings.Repeat("instance_id = ? AND seq = ? OR ", len(rows)), " OR ") + ")", arguments
}
