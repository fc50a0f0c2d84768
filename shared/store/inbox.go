package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrDelivered: the CloudEvent has come before; its effect is there, or it is parked, or it has expired.
var ErrDelivered = fault.New(fault.Conflict, "event_delivered", "The event has been delivered before.")

// The states of a row of the inbox as they are stored.
const (
	inboxParked = iota + 1
	inboxDone
	inboxExpired
)

// Delivery is the CloudEvent that causes a step. It is recorded with the step, so that the step is made
// once; Parked says that it came earlier and waits in the inbox. Both names have at most 255
// characters.
type Delivery struct {
	Source  string
	EventID string
	Parked  bool
}

const (
	insertDelivery = `INSERT INTO workflow_inbox (source, event_id, state, instance_id, received_at) VALUES (?, ?, ?, ?, ?)`

	// takeParked ends in an error when the event is not parked any more, and changes no row when it is gone.
	takeParked = `UPDATE workflow_inbox SET state = IF(state = ?, ?, NULL), instance_id = ?, message = NULL, business_key = NULL,
 correlation_keys = NULL, variables = NULL, expires_at = NULL WHERE source = ? AND event_id = ?`
)

// Parked is a message that nobody waits for yet, under the name of the CloudEvent that it came with.
// Until ExpiresAt it is delivered as soon as somebody does.
type Parked struct {
	Source      string
	EventID     string
	Message     string
	BusinessKey string
	Keys        engine.Variables // correlation keys
	Variables   engine.Variables
	ReceivedAt  time.Time
	ExpiresAt   time.Time
}

// Park keeps a message. It returns ErrDelivered when the event has come before, whatever became of it.
func (s *Store) Park(ctx context.Context, p Parked) error {
	keys, err := s.codec.encode(p.Keys)
	if err != nil {
		return err
	}
	variables, err := s.codec.encode(p.Variables)
	if err != nil {
		return err
	}
	var b database.Batch
	b.Add(`INSERT INTO workflow_inbox (source, event_id, state, message, business_key, correlation_keys, variables, received_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.Source, p.EventID, inboxParked, p.Message, null(p.BusinessKey), keys, variables, p.ReceivedAt, p.ExpiresAt)
	if err := s.DB.Run(ctx, &b); !errors.Is(err, database.ErrDuplicate) {
		return err
	}
	return ErrDelivered
}

const inboxState = `SELECT state FROM workflow_inbox WHERE source = ? AND event_id = ?`

// Delivered reports whether a CloudEvent has come before, whatever became of it.
func (s *Store) Delivered(ctx context.Context, source, eventID string) (bool, error) {
	state, err := s.inboxState(ctx, source, eventID)
	return state > 0, err
}

// IsParked reports whether a CloudEvent waits in the inbox.
func (s *Store) IsParked(ctx context.Context, source, eventID string) (bool, error) {
	state, err := s.inboxState(ctx, source, eventID)
	return state == inboxParked, err
}

// inboxState is 0 when the event has not come.
func (s *Store) inboxState(ctx context.Context, source, eventID string) (state int, err error) {
	err = s.DB.QueryRow(ctx, []any{&state}, inboxState, source, eventID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return state, err
}

const (
	parkedColumns = `SELECT source, event_id, message, IFNULL(business_key, ''), correlation_keys, variables, received_at, expires_at FROM workflow_inbox`

	parkedFor    = parkedColumns + ` WHERE state = 1 AND message = ? AND business_key = ? AND expires_at > ? ORDER BY received_at LIMIT ?`
	parkedForAll = parkedColumns + ` WHERE state = 1 AND message = ? AND business_key IS NULL AND expires_at > ? ORDER BY received_at LIMIT ?`

	overdue     = `SELECT source, event_id FROM workflow_inbox WHERE state = 1 AND expires_at <= ? ORDER BY expires_at LIMIT ?`
	lockOverdue = ` AND state = 1 FOR UPDATE SKIP LOCKED`

	// The groups are gathered first, from one to the next along the index (MariaDB does so only when the
	// group begins like the index); for each one subscription is looked for, where EXISTS would read all.
	awaited = `SELECT p.message, IFNULL(p.business_key, '') FROM (SELECT message, business_key FROM workflow_inbox WHERE state = 1 GROUP BY state, message, business_key) p
WHERE p.business_key IS NOT NULL AND (SELECT 1 FROM workflow_subscription s WHERE s.message = p.message AND s.suspended = 0 AND s.business_key = p.business_key LIMIT 1) IS NOT NULL
 OR p.business_key IS NULL AND (SELECT 1 FROM workflow_subscription s WHERE s.message = p.message AND s.suspended = 0 LIMIT 1) IS NOT NULL
 OR (SELECT 1 FROM workflow_subscription s WHERE s.start_message = p.message AND s.suspended = 0 LIMIT 1) IS NOT NULL
ORDER BY p.message, p.business_key LIMIT ?`
)

// ParkedQuery names parked messages: those of a name with exactly this business key, empty for those
// without one.
type ParkedQuery struct {
	Message, BusinessKey string
}

func (s *Store) scanParked(rows *sql.Rows) (Parked, error) {
	var p Parked
	var keys, variables []byte
	err := rows.Scan(&p.Source, &p.EventID, &p.Message, &p.BusinessKey, &keys, &variables, &p.ReceivedAt, &p.ExpiresAt)
	if err == nil {
		err = s.codec.decode(keys, &p.Keys)
	}
	if err == nil {
		err = s.codec.decode(variables, &p.Variables)
	}
	return p, err
}

// ParkedFor returns up to limit parked messages that have not expired, the oldest first.
func (s *Store) ParkedFor(ctx context.Context, q ParkedQuery, limit int) ([]Parked, error) {
	text, arguments := q.statement(time.Now().UTC(), limit)
	rows, err := s.DB.Query(ctx, text, arguments...)
	list, err := collect(rows, err, s.scanParked)
	if err != nil {
		return nil, fmt.Errorf("parked %q: %w", q.Message, err)
	}
	return list, nil
}

func (q ParkedQuery) statement(now time.Time, limit int) (string, []any) {
	if q.BusinessKey == "" {
		return parkedForAll, []any{q.Message, now, limit}
	}
	return parkedFor, []any{q.Message, q.BusinessKey, now, limit}
}

// Awaited returns up to limit names, with business keys, of parked messages that an instance or a start
// event may wait for; correlation keys are not looked at. Suspended ones do not wait.
func (s *Store) Awaited(ctx context.Context, limit int) ([]ParkedQuery, error) {
	rows, err := s.DB.Query(ctx, awaited, limit)
	return collect(rows, err, into(func(q *ParkedQuery) []any { return []any{&q.Message, &q.BusinessKey} }))
}

// ExpireParked gives up to limit parked messages up whose time is over, keeps what letter makes of each as
// a dead letter, and returns them in the order in which it was. Their rows keep what they were until
// they are purged.
func (s *Store) ExpireParked(ctx context.Context, now time.Time, limit int, letter func(Parked) (DeadLetter, error)) ([]Parked, error) {
	list, err := s.expireParked(ctx, now, limit, letter)
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	slices.SortFunc(list, func(a, b Parked) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return list, nil
}

func (s *Store) expireParked(ctx context.Context, now time.Time, limit int, letter func(Parked) (DeadLetter, error)) (list []Parked, err error) {
	rows, err := s.DB.Query(ctx, overdue, now, limit)
	found, err := collect(rows, err, into(func(d *Delivery) []any { return []any{&d.Source, &d.EventID} }))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	text, arguments := deliveries(found)
	err = s.inClaim(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, parkedColumns+byPrimary+text+lockOverdue, arguments...)
		if list, err = collect(rows, err, s.scanParked); err != nil || len(list) == 0 {
			return err
		}
		found = found[:0]
		for _, p := range list {
			found = append(found, Delivery{Source: p.Source, EventID: p.EventID})
			d, err := letter(p)
			if err != nil {
				return err
			}
			if err := addDeadLetter(ctx, tx, d); err != nil {
				return err
			}
		}
		text, arguments := deliveries(found)
		_, err = tx.ExecContext(ctx, expire+text, append([]any{inboxExpired}, arguments...)...)
		return err
	})
	return list, err
}

const expire = `UPDATE workflow_inbox` + byPrimary + ` SET state = ?`

// deliveries returns a condition that names rows by their primary key: alternatives, not a row
// constructor, for which MariaDB would scan the whole table.
func deliveries(list []Delivery) (string, []any) {
	arguments := make([]any, 0, 2*len(list))
	for _, d := range list {
		arguments = append(arguments, d.Source, d.EventID)
	}
	return ` WHERE (` + strings.TrimSuffix(strings.Repeat("source = ? AND event_id = ? OR ", len(list)), " OR ") + `)`, arguments
}
