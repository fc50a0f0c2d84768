package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
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
	conn, tx, err := db.begin(ctx, options)
	if err != nil {
		return Classify(err)
	}
	defer conn.Close()
	if err := work(tx); err != nil {
		if options == nil {
			err = refused(ctx, tx, err)
		}
		if tx.Rollback() != nil { // the first error is the one to report
			drop(conn)
		}
		err = Classify(err)
		if errors.Is(err, errReadOnly) {
			db.renew()
		}
		return err
	}
	if err := Classify(tx.Commit()); err != nil {
		drop(conn)
		if errors.Is(err, ErrUnavailable) {
			return fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		return err
	}
	return nil
}

// begin begins a transaction on a connection of its own. One that is found dead before is nobody's fault: the pool may hold
// as many as it had before the server restarted.
func (db *DB) begin(ctx context.Context, options *sql.TxOptions) (*sql.Conn, *sql.Tx, error) {
	for attempt := 0; ; attempt++ {
		conn, err := db.reads.Conn(ctx)
		if err != nil {
			return nil, nil, err
		}
		tx, err := conn.BeginTx(ctx, options)
		if err == nil {
			return conn, tx, nil
		}
		drop(conn)
		_ = conn.Close() // it is dropped already
		if !errors.Is(err, driver.ErrBadConn) || attempt > db.reads.Stats().MaxOpenConnections {
			return nil, nil, err
		}
	}
}

// drop takes a connection out of its pool. Who comes next would go on in a transaction that has not ended there.
func drop(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // this is the error
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
