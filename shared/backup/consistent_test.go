package backup_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/database/wiretest"
)

const (
	accounts = 200
	worth    = accounts * 2 * 1000
)

// bank has money on accounts of two tables, and moves it about until stop is called: how much there is
// never changes.
func bank(t *testing.T, dsn string) (stop func()) {
	t.Helper()
	c := open(t, dsn)
	for _, table := range []string{"left_account", "right_account"} {
		run(t, c, "CREATE TABLE "+table+" (id INT PRIMARY KEY, amount INT NOT NULL, padding VARCHAR(4000) NOT NULL)")
		for i := range accounts {
			run(t, c, fmt.Sprintf("INSERT INTO %s VALUES (%d, 1000, REPEAT('x', 4000))", table, i))
		}
	}
	done := make(chan struct{})
	var group sync.WaitGroup
	for range 3 {
		writer := open(t, dsn)
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				amount := rand.IntN(2000) - 1000
				_, err := writer.ExecContext(t.Context(), "START TRANSACTION")
				for _, part := range []string{"UPDATE left_account SET amount = amount - ? WHERE id = ?", "UPDATE right_account SET amount = amount + ? WHERE id = ?"} {
					if err == nil {
						_, err = writer.ExecContext(t.Context(), part, amount, rand.IntN(accounts))
					}
				}
				if end := "COMMIT"; err == nil {
					_, err = writer.ExecContext(t.Context(), end)
				}
				if err != nil && !strings.Contains(err.Error(), "1213") { // a deadlock rolled it back
					t.Errorf("a transfer: %v", err)
					return
				}
			}
		})
	}
	return sync.OnceFunc(func() { close(done); group.Wait() })
}

// copied makes a backup through a wire and returns how much money is in it.
func (r *rig) copied(dsn string, wire *wiretest.Wire) (int, backup.Manifest) {
	r.Helper()
	m, err := r.Make(r.Context(), backup.Database{DSN: dsn, Dial: wire.Dial}, nil)
	if err != nil {
		r.Fatal(err)
	}
	var money int
	c := open(r, r.restore(m.ID))
	if err := c.QueryRowContext(r.Context(), "SELECT (SELECT SUM(amount) FROM left_account) + (SELECT SUM(amount) FROM right_account)").Scan(&money); err != nil {
		r.Fatal(err)
	}
	return money, m
}

// While money moves, a copy holds all of it, with locks and without.
func TestConsistentWhileOthersWrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ forbidden, method string }{
		"global lock":    {"nothing", "global lock"},
		"table locks":    {"FLUSH TABLES", "table locks"},
		"one connection": {"LES ", "one connection"}, // FLUSH TABLES WITH …, LOCK TABLES …
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			var dsn string
			if c.method == "global lock" { // which the account of the tests may not take
				dsn = ownServer(t) + "bank"
				run(t, open(t, strings.TrimSuffix(dsn, "bank")), "CREATE DATABASE bank")
			} else {
				dsn = databasetest.Empty(t)
			}
			stop := bank(t, dsn)
			defer stop()
			for range 3 {
				money, m := r.copied(dsn, refusing(c.forbidden))
				if money != worth {
					t.Errorf("%d of %d are in the copy", money, worth)
				}
				if m.Snapshot.Method != c.method {
					t.Errorf("the snapshot was made by %q", m.Snapshot.Method)
				}
			}
		})
	}
}

// refusing makes a statement that holds some text one that the server refuses.
func refusing(text string) *wiretest.Wire {
	return &wiretest.Wire{Rewrite: func(statement []byte) []byte {
		if bytes.Contains(statement, []byte(text)) && !bytes.HasPrefix(statement, []byte("UNLOCK")) {
			return []byte("REFUSED")
		}
		return statement
	}}
}

// Without the consistent snapshot the copy soon has more money, or less.
func TestWithoutTheSnapshot(t *testing.T) {
	t.Parallel()
	r, dsn := newRig(t, nil), databasetest.Empty(t)
	stop := bank(t, dsn)
	defer stop()
	wire := &wiretest.Wire{Rewrite: func(text []byte) []byte {
		return bytes.Replace(text, []byte(" WITH CONSISTENT SNAPSHOT"), nil, 1)
	}}
	for range 20 {
		if money, _ := r.copied(dsn, wire); money != worth {
			return
		}
	}
	t.Error("all the money is in twenty copies, although they are no snapshots")
}

// A process that hangs while it holds the locks loses them: others wait for seconds, not for ever. Its backup is
// made without them.
func TestHangingLetsGo(t *testing.T) {
	t.Parallel()
	r, dsn := newRig(t, nil), databasetest.Empty(t)
	c := open(t, dsn)
	run(t, c, "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "CREATE TABLE u (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1, 0)", "SET SESSION lock_wait_timeout = 20")
	var once sync.Once
	wire := &wiretest.Wire{Rewrite: func(text []byte) []byte {
		if bytes.Contains(text, []byte("WITH CONSISTENT SNAPSHOT")) {
			once.Do(func() { run(t, c, "UPDATE t SET v = 1") }) // the locks are held, and this goes on when it can write
		}
		return bytes.Replace(text, []byte("wait_timeout = 10"), []byte("wait_timeout = 1"), 1)
	}}
	m, err := r.Make(t.Context(), backup.Database{DSN: dsn, Dial: wire.Dial}, nil)
	if err != nil || m.Snapshot.Method != "one connection" {
		t.Fatalf("%v %+v", err, m.Snapshot)
	}
	if got := rows(t, open(t, r.restore(m.ID)), "SELECT v FROM t"); len(got) != 1 || got[0] != `v="1" ` {
		t.Errorf("%q", got)
	}
}
