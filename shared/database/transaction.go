package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	transactionAttempts = 8
	transactionPause    = 10 * time.Millisecond
)

// InTx runs work in a transaction and commits it; contention runs the whole of it again after a
// pause, up to eight times. A COMMIT whose reply is lost is ErrUnknown. After any error the
// transaction is rolled back (1205 alone would leave it open).
func (db *DB) InTx(ctx context.Context, work func(*sql.Tx) error) error {
	defer db.measure(ctx)()
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval = transactionPause
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := db.inTx(ctx, nil, work)
		if err != nil && !errors.Is(err, ErrContention) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(transactionAttempts))
	if errors.Is(err, ErrContention) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return Classify(err)
}

func (db *DB) inTx(ctx context.Context, options *sql.TxOptions, work func(*sql.Tx) error) error {
	if options == nil || !options.ReadOnly {
		note(ctx)
	}
	tx, err := db.reads.BeginTx(ctx, options)
	if err != nil {
		return Classify(err)
	}
	if err := work(tx); err != nil {
		if options == nil {
			err = refused(ctx, tx, err)
		}
		_ = tx.Rollback() // the first error is the one to report; a dead connection is dropped by the pool
		err = Classify(err)
		if errors.Is(err, errReadOnly) {
			db.renew()
		}
		return err
	}
	if err := Classify(tx.Commit()); err != nil {
		if errors.Is(err, ErrUnavailable) {
			return fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		return err
	}
	return nil
}

// InReadCommitted runs work once in a transaction at READ COMMITTED: claims and marks of queue rows,
// which the next round would do again anyway.
func (db *DB) InReadCommitted(ctx context.Context, work func(*sql.Tx) error) error {
	defer db.measure(ctx)()
	return db.inTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted}, work)
}

// InSnapshot runs work once in a transaction that sees the database as it was at its first statement, and
// that can change nothing.
func (db *DB) InSnapshot(ctx context.Context, work func(*sql.Tx) error) error {
	defer db.measure(ctx)()
	return db.inTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, work)
}
