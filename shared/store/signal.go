package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

// Signal is a signal that was thrown and that not everybody has yet who waited for it then. Passed is the
// subscription up to which they have; Attempts counts the failures of those behind it.
type Signal struct {
	ID          engine.ID
	InstanceID  engine.ID // who threw it, and has received it; zero: a call of the API
	Name        string
	BusinessKey string // of the instances that it starts
	Hops        int    // of the instances that it starts
	Variables   engine.Variables
	ThrownAt    time.Time // by the clock of the database
	Passed      engine.ID
	Attempts    int
}

// SignalGrace is how long a new signal is left to whoever threw it.
const SignalGrace = 3 * time.Second

const (
	insertSignal  = `INSERT INTO workflow_signal (hops, id, instance_id, name, business_key, variables, passed, attempts, locked_until) VALUES `
	signalColumns = `SELECT id, instance_id, name, IFNULL(business_key, ''), hops, variables, thrown_at, passed, attempts FROM workflow_signal`
	dueSignals    = `SELECT id FROM workflow_signal WHERE locked_until <= ? ORDER BY locked_until LIMIT ?`

	// A start event of a later version stands for the one that it replaced: its time is that of none.
	receivers = `SELECT ` + subscriptionColumns + ` WHERE s.signal_name = ? AND s.id > ? AND s.suspended = 0 AND s.created_at <= ?
 AND (s.instance_id IS NULL OR s.instance_id <> ?) ORDER BY s.id LIMIT ?`
)

func (s *Store) signalValues(sig Signal, now time.Time) ([]any, error) {
	variables, err := s.codec.encode(sig.Variables)
	return []any{
		sig.Hops, sig.ID[:], nullableID(sig.InstanceID), sig.Name, null(sig.BusinessKey), variables, sig.Passed[:], 0, now.Add(SignalGrace),
	}, err
}

// signals writes the signals that a step has thrown.
func (w *writer) signals(s *Store) error {
	var rows [][]any
	for i := range w.Changes {
		c := &w.Changes[i]
		if c.Kind != engine.SignalThrown {
			continue
		}
		values, err := s.signalValues(Signal{
			ID: c.SignalID, InstanceID: w.After.ID, Name: c.Message, BusinessKey: c.BusinessKey, Hops: w.After.Hops, Variables: c.Variables,
		}, w.At)
		if err != nil {
			return err
		}
		rows = append(rows, values)
	}
	w.insert(insertSignal, rows, "")
	return nil
}

// ThrowSignal writes a signal of the API with the answer to the request. It returns ErrRepeated when the
// Idempotency-Key has been used.
func (s *Store) ThrowSignal(ctx context.Context, sig Signal, now time.Time, i *Idempotency, a Recorded) error {
	values, err := s.signalValues(sig, now)
	if err != nil {
		return err
	}
	var b database.Batch
	if i != nil {
		b.Add(insertIdempotency, i.arguments(a.Status, a.Body, now)...)
	}
	b.Add(insertSignal+`(`+placeholders(len(values))+`)`, values...)
	err = s.DB.Run(ctx, &b)
	if i == nil || !errors.Is(err, database.ErrDuplicate) && !errors.Is(err, database.ErrUnknown) {
		return err
	}
	recorded, lost := s.Recorded(ctx, i)
	switch {
	case lost != nil:
		return lost
	case recorded != nil:
		return ErrRepeated
	}
	return err
}

func (s *Store) scanSignal(rows *sql.Rows) (Signal, error) {
	var sig Signal
	var variables []byte
	err := rows.Scan(&sig.ID, &sig.InstanceID, &sig.Name, &sig.BusinessKey, &sig.Hops, &variables, &sig.ThrownAt, &sig.Passed, &sig.Attempts)
	if err == nil {
		err = s.codec.decode(variables, &sig.Variables)
	}
	return sig, err
}

// Signal returns a signal that is being spread; found is false when everybody has it.
func (s *Store) Signal(ctx context.Context, id engine.ID) (sig Signal, found bool, err error) {
	rows, err := s.DB.Query(ctx, signalColumns+` WHERE id = ?`, id[:])
	list, err := collect(rows, err, s.scanSignal)
	if err != nil || len(list) == 0 {
		return Signal{}, false, err
	}
	return list[0], true, nil
}

// ClaimSignals leases up to limit signals that nobody spreads, until now+lease.
func (s *Store) ClaimSignals(ctx context.Context, limit int, now time.Time, lease time.Duration) ([]Signal, error) {
	rows, err := s.DB.Query(ctx, dueSignals, now, limit+spare)
	found, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
	if err != nil {
		return nil, fmt.Errorf("signals: %w", err)
	}
	return claim[Signal]{
		candidates: found, limit: limit, read: signalColumns + byPrimary, scan: s.scanSignal, id: func(sig Signal) engine.ID { return sig.ID },
		free: ` AND locked_until <= ? FOR UPDATE SKIP LOCKED`, freeArguments: []any{now},
		mark: `UPDATE workflow_signal` + byPrimary + ` SET locked_until = ?`, markArguments: []any{now.Add(lease)},
	}.take(ctx, s)
}

// Receivers returns the next subscriptions to a signal, in the order of their ids: those that were there
// when it was thrown, of the thrower's none, of suspended instances and definitions none.
func (s *Store) Receivers(ctx context.Context, sig Signal, limit int) ([]Subscription, error) {
	rows, err := s.DB.Query(ctx, receivers, sig.Name, sig.Passed[:], sig.ThrownAt, sig.InstanceID[:], limit)
	list, err := collect(rows, err, into((*Subscription).destinations))
	if err != nil {
		return nil, fmt.Errorf("receivers of %q: %w", sig.Name, err)
	}
	return list, nil
}

// MoveSignal keeps how far a signal has come, and leaves it alone until then.
func (s *Store) MoveSignal(ctx context.Context, sig Signal, until time.Time) error {
	var b database.Batch
	b.Add(`UPDATE workflow_signal SET passed = ?, attempts = ?, locked_until = ? WHERE id = ?`, sig.Passed[:], sig.Attempts, until, sig.ID[:])
	return s.DB.Run(ctx, &b)
}

// EndSignal forgets a signal that everybody has.
func (s *Store) EndSignal(ctx context.Context, id engine.ID) error {
	var b database.Batch
	b.Add(`DELETE FROM workflow_signal WHERE id = ?`, id[:])
	return s.DB.Run(ctx, &b)
}
