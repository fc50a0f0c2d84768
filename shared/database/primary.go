package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// connectionLife is the age at which a connection is replaced: where a proxy or a name leads to another
	// server now, a process that only reads notices so late.
	connectionLife = 5 * time.Minute
	// briefLife is that age for a while after a server has refused a write because it takes none; renewal is
	// the while, longer than any call, so that connections which are in use meanwhile are replaced, too.
	briefLife = time.Second
	renewal   = 40 * time.Second
)

// errReadOnly: the server takes no writes: it is a replica, or has become one. Nothing was changed.
var errReadOnly = fmt.Errorf("%w: the server takes no writes", ErrUnavailable)

type toWrite struct{}

// ToWrite marks a context: what QueryRow finds with it decides a write. Where the server takes no writes
// its answer is ErrUnavailable then: the server may have been the primary until now and not know what
// another one has acknowledged since, so that "there is none" or "not yours" would be wrong.
func ToWrite(ctx context.Context) context.Context { return context.WithValue(ctx, toWrite{}, true) }

// looks is how often a row is looked for that one connection does not know and another one does.
const looks = 3

// queryRowToWrite is QueryRow of a text that begins with SELECT, with a context marked by ToWrite. That
// there is no such row a server must say that takes writes. Another connection may be asked for that than
// the first one, and find the row: it is new, or the first connection leads to a server that was left.
func (db *DB) queryRowToWrite(ctx context.Context, dest []any, text string, arguments []any) error {
	for range looks {
		var readOnly string
		err := db.queryRow(ctx, append([]any{&readOnly}, dest...), `SELECT @@read_only, `+strings.TrimPrefix(text, "SELECT "), arguments)
		there := true
		if errors.Is(err, sql.ErrNoRows) {
			if e := db.queryRow(ctx, []any{&readOnly, &there}, `SELECT @@read_only, EXISTS(`+text+`)`, arguments); e != nil {
				return e
			}
		}
		switch {
		case readOnly != "" && !writable(readOnly):
			db.renew()
			return errReadOnly
		case err == nil || !there || !errors.Is(err, sql.ErrNoRows):
			return err
		}
	}
	db.renew()
	return errReadOnly
}

// writable reports what a value of @@read_only says: a number, or a word in later versions of MariaDB.
func writable(readOnly string) bool { return readOnly == "0" || strings.EqualFold(readOnly, "OFF") }

// refused returns errReadOnly in place of cause when the server of the transaction takes no writes.
func refused(ctx context.Context, tx *sql.Tx, cause error) error {
	var readOnly string
	if err := tx.QueryRowContext(ctx, `SELECT @@read_only`).Scan(&readOnly); err == nil && !writable(readOnly) {
		return fmt.Errorf("%w: %w", errReadOnly, cause)
	}
	return cause
}

// renew replaces every connection of both pools within a second. The server that refused a write may
// have been the primary until now; what only reads from it would go on with what it knew then. The
// driver's rejectReadOnly is not used because it drops no connection but that of the write.
func (db *DB) renew() {
	db.renewing.Lock()
	defer db.renewing.Unlock()
	if db.renewed != nil {
		db.renewed.Reset(renewal)
		return
	}
	db.live(briefLife)
	db.renewed = time.AfterFunc(renewal, func() {
		db.renewing.Lock()
		defer db.renewing.Unlock()
		db.live(connectionLife)
		db.renewed = nil
	})
}

func (db *DB) live(life time.Duration) {
	db.reads.SetConnMaxLifetime(life)
	db.batches.SetConnMaxLifetime(life)
}
