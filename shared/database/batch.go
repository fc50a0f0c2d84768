package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	retryAfter      = 2 * time.Second
	rollbackTimeout = 2 * time.Second
)

// Batch is a transaction that goes to the server as one text: one round trip, one commit. The text
// of every statement is a constant of the caller; values travel as arguments only.
//
// A statement that must have changed one row is guarded by the next one, which writes
// IF(ROW_COUNT() = 1, value, NULL) into a NOT NULL column: the server stops there with ErrGuard,
// before COMMIT.
type Batch struct {
	text      strings.Builder
	arguments []any
}

// What most batches hold.
const (
	usualText      = 1 << 10
	usualArguments = 48
)

// Add appends a statement (without a semicolon) and its arguments.
func (b *Batch) Add(text string, arguments ...any) {
	if b.text.Len() == 0 {
		b.text.Grow(usualText)
		b.arguments = make([]any, 0, usualArguments)
		b.text.WriteString("BEGIN;")
	}
	b.text.WriteString(text)
	b.text.WriteByte(';')
	b.arguments = append(b.arguments, arguments...)
}

// Run executes the batch. It returns nil when the server has acknowledged COMMIT; ErrDuplicate,
// ErrGuard, ErrContention or ErrUnavailable when nothing was changed; ErrUnknown when the connection
// broke after the text was sent.
func (db *DB) Run(ctx context.Context, b *Batch) error {
	defer db.measure(ctx)()
	note(ctx)
	text := b.text.String() + "COMMIT"
	for attempt := 0; ; attempt++ {
		err := db.run(ctx, text, b.arguments)
		if errors.Is(err, errReadOnly) {
			db.renew()
			if attempt == 0 {
				continue // by now another server may be the primary
			}
		}
		// A connection found dead before anything was sent is nobody's fault: the pool may hold as many
		// as it had before the server restarted.
		if !errors.Is(err, errNotSent) || attempt > db.batches.Stats().MaxOpenConnections {
			return err
		}
	}
}

var errNotSent = fmt.Errorf("%w: connection was dead", ErrUnavailable)

func (db *DB) run(ctx context.Context, text string, arguments []any) error {
	conn, err := db.batches.Conn(ctx)
	if err != nil {
		return Classify(err)
	}
	defer conn.Close()
	var outcome error
	_ = conn.Raw(func(c any) error {
		outcome = send(ctx, c, text, arguments)
		var server *mysql.MySQLError
		switch {
		case outcome == nil:
			return nil
		case errors.As(outcome, &server) && rollback(c) == nil:
			outcome = classifyNumber(server)
			return nil
		case errors.As(outcome, &server):
			outcome = fmt.Errorf("%w: %w", ErrUnknown, server)
		case errors.Is(outcome, driver.ErrBadConn):
			outcome = errNotSent
		default:
			outcome = fmt.Errorf("%w: %w", ErrUnknown, outcome)
		}
		return driver.ErrBadConn // the pool drops the connection and with it an open transaction
	})
	return outcome
}

func send(ctx context.Context, c any, text string, arguments []any) error {
	named := make([]driver.NamedValue, len(arguments))
	for i, a := range arguments {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
		if err := c.(driver.NamedValueChecker).CheckNamedValue(&named[i]); err != nil {
			return err
		}
	}
	_, err := c.(driver.ExecerContext).ExecContext(ctx, text, named)
	return err
}

// rollback ends the transaction that an error leaves open: 1062 stops the batch but not the
// transaction, and the pool would hand the connection on with it.
func rollback(c any) error {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	_, err := c.(driver.ExecerContext).ExecContext(ctx, "ROLLBACK", nil)
	return err
}
