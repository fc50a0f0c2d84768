// Package databasetest gives a test a real, migrated, empty database and a real, empty Redis of its
// own.
//
// The servers are named by DIOM_TEST_MYSQL_DSN and DIOM_TEST_REDIS_URL; `make test` starts private
// ones and sets both, `make services` prints them for an editor. Databases are made once, pooled
// across packages and processes, and cleaned by DELETE: making one costs seconds, cleaning one
// milliseconds. Only tests import this package.
package databasetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/migrations"
	"diom.io/workflow/shared/database"
)

const (
	mysqlVariable = "DIOM_TEST_MYSQL_DSN"
	redisVariable = "DIOM_TEST_REDIS_URL"

	// databases is how many tests hold a database at once; the others wait.
	databases = 32
	patience  = 2 * time.Minute
	pause     = 50 * time.Millisecond
)

var errBusy = errors.New("every test database is in use")

// Open returns an open database that holds nothing but the rows which the migrations insert. It is
// the test's alone until the test ends.
func Open(t testing.TB) *database.DB {
	t.Helper()
	db, err := database.Open(DSN(t), database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return db
}

// DSN is Open for those who connect by themselves, another process for example: it returns the
// go-sql-driver DSN of the database.
func DSN(t testing.TB) string {
	t.Helper()
	server, err := mysql.ParseDSN(address(t, mysqlVariable))
	if err != nil {
		t.Fatalf("%s: %v", mysqlVariable, err)
	}
	p, err := claim(t.Context(), server)
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		if err := p.release(); err != nil {
			t.Errorf("release the test database: %v", err)
		}
	})
	if err := p.prepare(t.Context(), server); err != nil {
		t.Fatalf("test database %s: %v", p.name, err)
	}
	return p.dsn(server)
}

// address returns the variable that names a server. Without it a test fails; under -short it is
// skipped.
func address(t testing.TB, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	switch {
	case value != "":
	case testing.Short():
		t.Skipf("%s is not set", variable)
	default:
		t.Fatalf("%s is not set: run `make test`, or `make services` and set what it prints; -short leaves such tests out", variable)
	}
	return value
}

// place is one database of the pool. Its lock is the server's GET_LOCK of the same name, held by a
// connection of its own: it ends with the process, however the process ends.
type place struct {
	name string
	pool *sql.DB
	conn *sql.Conn
}

// claim locks the first free place and waits for one while there is none.
func claim(ctx context.Context, server *mysql.Config) (*place, error) {
	cfg := server.Clone()
	cfg.MultiStatements, cfg.InterpolateParams, cfg.DBName = true, true, ""
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	p := &place{pool: sql.OpenDB(connector)}
	if p.conn, err = p.pool.Conn(ctx); err == nil {
		err = p.lock(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, p.release())
	}
	return p, nil
}

func (p *place) lock(ctx context.Context) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pause) {
		for i := 1; i <= databases; i++ {
			var got sql.NullInt64
			p.name = fmt.Sprintf("diom_test_%d", i)
			if err := p.conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, 0)", p.name).Scan(&got); err != nil {
				return err
			}
			if got.Int64 == 1 {
				return nil
			}
		}
	}
	return errBusy
}

func (p *place) release() error {
	var err error
	if p.conn != nil {
		err = p.conn.Close()
	}
	return errors.Join(err, p.pool.Close())
}

func (p *place) dsn(server *mysql.Config) string {
	cfg := server.Clone()
	cfg.DBName = p.name
	return cfg.FormatDSN()
}

// prepare makes the place's database as the migrations leave it.
func (p *place) prepare(ctx context.Context, server *mysql.Config) error {
	want, err := fingerprint(migrations.Files)
	if err != nil {
		return err
	}
	var got string
	err = p.conn.QueryRowContext(ctx, "SELECT value FROM "+p.seed("fingerprint")).Scan(&got)
	if err == nil && got == want {
		return p.clean(ctx)
	}
	return p.create(ctx, server, want)
}

// fingerprint is the SHA-256 of the migrations, by which a place is made anew when they change.
func fingerprint(files fs.FS) (string, error) {
	h := sha256.New()
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// create migrates an empty database. Beside it, in <name>_seed, lie copies of the tables that the
// migrations filled, and the fingerprint, which is written last.
func (p *place) create(ctx context.Context, server *mysql.Config, migrated string) error {
	seed := p.name + "_seed"
	if err := p.exec(ctx, "DROP DATABASE IF EXISTS "+seed+"; DROP DATABASE IF EXISTS "+p.name+
		"; CREATE DATABASE "+p.name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; CREATE DATABASE "+seed); err != nil {
		return err
	}
	db, err := database.Open(p.dsn(server), database.Options{Pool: 2})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Migrate(ctx, migrations.Files, slog.New(slog.DiscardHandler)), db.Close()); err != nil {
		return err
	}
	tables, err := p.tables(ctx, p.name)
	if err != nil {
		return err
	}
	for _, table := range tables {
		var filled bool
		if err := p.conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+p.table(table)+")").Scan(&filled); err != nil {
			return err
		}
		if !filled {
			continue
		}
		if err := p.exec(ctx, "CREATE TABLE "+p.seed(table)+" LIKE "+p.table(table)+
			"; INSERT INTO "+p.seed(table)+" SELECT * FROM "+p.table(table)); err != nil {
			return err
		}
	}
	return p.exec(ctx, "CREATE TABLE "+p.seed("fingerprint")+" (value CHAR(64) PRIMARY KEY); INSERT INTO "+
		p.seed("fingerprint")+" VALUES ('"+migrated+"')")
}
