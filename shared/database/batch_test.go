package database_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/fault"
)

func open(t *testing.T, wire *wiretest.Wire) *database.DB {
	t.Helper()
	db, err := database.Open(databasetest.DSN(t), database.Options{Pool: 1, Dial: wire.Dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

const insertKey = `INSERT INTO workflow_idempotency (principal, idempotency_key, route, hash, status, body, created_at) VALUES (?, ?, '', '', ?, '', NOW())`

func count(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(t.Context(), []any{&n}, `SELECT COUNT(*) FROM workflow_idempotency`); err != nil {
		t.Fatal(err)
	}
	return n
}

// A batch is one round trip and one commit. What stops it is classified, rolled back, and leaves no
// open transaction behind on the only connection of the pool.
func TestBatch(t *testing.T) {
	t.Parallel()
	wire := &wiretest.Wire{}
	db := open(t, wire)
	run := func(keys ...string) error {
		var b database.Batch
		for _, k := range keys {
			b.Add(insertKey, "p", k, 200)
		}
		return db.Run(t.Context(), &b)
	}
	if err := run("warm"); err != nil {
		t.Fatal(err)
	}
	wire.Reset()
	if err := run("a", "b", "c"); err != nil || wire.Counts().RoundTrips != 1 || wire.Counts().Commits != 1 {
		t.Errorf("%v, %+v", err, wire.Counts())
	}
	if err := run("d", "a", "e"); !errors.Is(err, database.ErrDuplicate) {
		t.Errorf("duplicate: %v", err)
	}
	if n := count(t, db); n != 4 {
		t.Errorf("%d rows after a batch that stopped", n)
	}
	if err := run("f"); err != nil {
		t.Fatal(err)
	}
	var guarded database.Batch
	guarded.Add(`UPDATE workflow_idempotency SET status = 1 WHERE principal = 'nobody'`)
	guarded.Add(`INSERT INTO workflow_idempotency (principal, idempotency_key, route, hash, status, body, created_at) VALUES ('p', 'g', '', '', IF(ROW_COUNT() = 1, 1, NULL), '', NOW())`)
	if err := db.Run(t.Context(), &guarded); !errors.Is(err, database.ErrGuard) {
		t.Errorf("guard: %v", err)
	}
	var wrong database.Batch
	wrong.Add(`INSERT INTO no_such_table VALUES (1)`)
	if err := db.Run(t.Context(), &wrong); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("a wrong statement: %v", err)
	}
	if n := count(t, db); n != 5 {
		t.Errorf("%d rows in the end", n)
	}
}

// A reply that is lost is an unknown outcome, never a success and never a failure.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	wire := &wiretest.Wire{Cut: func(text []byte) bool { return bytes.Contains(text, []byte("'cut'")) }}
	db := open(t, wire)
	var b database.Batch
	b.Add(insertKey, "p", "cut", 200)
	if err := db.Run(t.Context(), &b); !errors.Is(err, database.ErrUnknown) {
		t.Errorf("%v", err)
	}
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), insertKey, "p", "whole", 200)
		return err
	})
	if err != nil {
		t.Errorf("the pool did not replace its connection: %v", err)
	}
}

// Contention runs the whole transaction again; another error does not.
func TestInTx(t *testing.T) {
	t.Parallel()
	db := open(t, &wiretest.Wire{})
	runs := 0
	err := db.InTx(t.Context(), func(*sql.Tx) error {
		if runs++; runs < 3 {
			return fmt.Errorf("row 1: %w", database.ErrContention)
		}
		return nil
	})
	if err != nil || runs != 3 {
		t.Errorf("%d runs, %v", runs, err)
	}
	runs = 0
	boom := errors.New("boom")
	if err := db.InTx(t.Context(), func(*sql.Tx) error { runs++; return boom }); !errors.Is(err, boom) || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

// A transaction that the server did not end is nobody else's: its connection is dropped.
func TestTransactionThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"COMMIT", "ROLLBACK"} {
		var refuse atomic.Bool
		db := open(t, &wiretest.Wire{Rewrite: func(text []byte) []byte {
			if string(text) == end && refuse.Load() {
				return []byte("SIGNAL SQLSTATE '45000'")
			}
			return text
		}})
		boom := errors.New("boom")
		work := func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), insertKey, "p", end, 200)
			if err == nil && end == "ROLLBACK" {
				err = boom
			}
			return err
		}
		refuse.Store(true)
		if err := db.InReadCommitted(t.Context(), work); err == nil {
			t.Errorf("%s was not refused", end)
		}
		refuse.Store(false)
		if n := count(t, db); n != 0 {
			t.Errorf("%s: the next reader is in the transaction: %d rows", end, n)
		}
		if err := db.InReadCommitted(t.Context(), func(*sql.Tx) error { return nil }); err != nil {
			t.Errorf("%s: the next transaction: %v", end, err)
		}
	}
}

// A transaction whose time is over has changed nothing, and says so.
func TestTransactionOutOfTime(t *testing.T) {
	t.Parallel()
	db := open(t, &wiretest.Wire{})
	ctx, cancel := context.WithCancel(t.Context())
	err := db.InTx(ctx, func(*sql.Tx) error {
		cancel()
		time.Sleep(50 * time.Millisecond) // it is rolled back meanwhile
		return nil
	})
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestDSN(t *testing.T) {
	t.Parallel()
	if _, err := database.Open("not a dsn", database.Options{}); err == nil {
		t.Error("a wrong DSN was taken")
	}
	db, err := database.Open("nobody@tcp(127.0.0.1:1)/none", database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(t.Context()); !errors.Is(err, database.ErrUnavailable) {
		t.Error(err)
	}
}

// A snapshot does not see what others change meanwhile, and changes nothing itself.
func TestInSnapshot(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	db, err := database.Open(dsn, database.Options{Pool: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.InSnapshot(t.Context(), func(tx *sql.Tx) error {
		seen := func() (n int) {
			if err := tx.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM workflow_idempotency`).Scan(&n); err != nil {
				t.Error(err)
			}
			return n
		}
		if n := seen(); n != 0 {
			t.Errorf("%d rows", n)
		}
		var b database.Batch
		b.Add(insertKey, "p", "k", 200)
		if err := db.Run(t.Context(), &b); err != nil {
			t.Error(err)
		}
		if n := seen(); n != 0 {
			t.Errorf("%d rows of another transaction", n)
		}
		_, err := tx.ExecContext(t.Context(), insertKey, "p", "other", 200)
		return err
	})
	if err == nil || count(t, db) != 1 {
		t.Errorf("%v, %d rows", err, count(t, db))
	}
}
