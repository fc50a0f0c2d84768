package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/shared/fault"
)

// What a failed statement means. Every error that leaves this package is one of these, sql.ErrNoRows,
// a context error, or an unclassified (internal) one.
var (
	// ErrDuplicate: a unique key exists already (1062); nothing was changed.
	ErrDuplicate = errors.New("duplicate key")
	// ErrGuard: a guard inside the batch did not hold (1048); nothing was changed.
	ErrGuard = errors.New("guard did not hold")
	// ErrContention: a deadlock, a lock wait time-out or a changed record; nothing was changed, the
	// whole transaction may be run again.
	ErrContention = fault.New(fault.Unavailable, "database_contention", "The database was busy with the same rows. Try again shortly.").Elsewhere().After(retryAfter)
	// ErrUnavailable: the database cannot be reached or does not accept writes; nothing was changed.
	ErrUnavailable = fault.New(fault.Unavailable, "database_unavailable", "The database does not answer. Try again shortly.").After(retryAfter)
	// ErrUnknown: the connection broke while a transaction was under way; it may have committed.
	ErrUnknown = fault.New(fault.Unavailable, "outcome_unknown", "The database connection broke; the request may have taken effect. Repeat it with the same Idempotency-Key.").After(retryAfter)
)

// Classify gives err its meaning; nil and unrelated errors come back as they are.
func Classify(err error) error {
	var my *mysql.MySQLError
	var network *net.OpError
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows), errors.Is(err, ErrUnavailable), errors.Is(err, ErrUnknown):
		return err
	case errors.As(err, &my):
		return classifyNumber(my)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.As(err, &network),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, sql.ErrTxDone): // the time was over, and it has been rolled back
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// classifyNumber maps a server error. Numbers: MariaDB and MySQL error references.
func classifyNumber(my *mysql.MySQLError) error {
	switch my.Number {
	case 1062, 1586: // duplicate entry
		return fmt.Errorf("%w: %w", ErrDuplicate, my)
	case 1048: // column cannot be null: IF(ROW_COUNT() = 1, …, NULL)
		return fmt.Errorf("%w: %w", ErrGuard, my)
	case 1020, 1205, 1213: // record changed, lock wait time-out, deadlock
		return fmt.Errorf("%w: %w", ErrContention, my)
	case 1290, 1836: // read_only
		return fmt.Errorf("%w: %w", errReadOnly, my)
	case 1021, 1040, 1044, 1045, 1049, 1053, 1129, 1130, 1203, 1226, 1317, 1792, 1927, 2006, 2013, 3024, 3100:
		return fmt.Errorf("%w: %w", ErrUnavailable, my)
	}
	return my
}
