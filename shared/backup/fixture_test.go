package backup_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database/databasetest"
)

// rig is a vault in a directory of the test's own.
type rig struct {
	*testing.T
	*backup.Vault
	settings backup.Settings
	secrets  string // the directory of the keys
}

// secretsIn reads the secrets of a directory.
func secretsIn(dir string) func(string) (string, error) {
	return func(name string) (string, error) {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) {
			return "", nil
		}
		return string(raw), err
	}
}

// newRig opens a vault, with a key pair unless change takes it away.
func newRig(t *testing.T, change func(*backup.Settings)) *rig {
	t.Helper()
	r := &rig{T: t, secrets: t.TempDir()}
	if _, err := backup.GenerateKeys(r.secrets); err != nil {
		t.Fatal(err)
	}
	r.settings = backup.Settings{
		Dir: t.TempDir(), Keep: 720 * time.Hour, Schedule: "0 2 * * *", Environment: "test", TimeZone: "UTC", Secret: secretsIn(r.secrets),
	}
	if change != nil {
		change(&r.settings)
	}
	r.Vault = r.open(r.settings)
	return r
}

func (r *rig) open(s backup.Settings) *backup.Vault {
	r.Helper()
	v, err := backup.Open(s)
	if err != nil {
		r.Fatal(err)
	}
	return v
}

func (r *rig) make(dsn string) backup.Manifest {
	r.Helper()
	m, err := r.Make(r.Context(), backup.Database{DSN: dsn}, nil)
	if err != nil {
		r.Fatalf("make: %v", err)
	}
	return m
}

// restore restores a backup into a new database and returns its DSN.
func (r *rig) restore(id string) string {
	r.Helper()
	dsn := databasetest.Empty(r)
	if _, err := r.Restore(r.Context(), id, backup.Database{DSN: dsn}, nil); err != nil {
		r.Fatalf("restore: %v", err)
	}
	return dsn
}

// open returns one connection to a database, on which bytes come as they are stored.
func open(t testing.TB, dsn string) *sql.Conn {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.MultiStatements, cfg.InterpolateParams, cfg.MaxAllowedPacket = false, true, 0
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Close(), db.Close() })
	return conn
}

func run(t testing.TB, c *sql.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := c.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%.200s: %v", s, err)
		}
	}
}

// rows returns what a query returns, a line a row, bytes in Go's quotes.
func rows(t testing.TB, c *sql.Conn, query string) []string {
	t.Helper()
	found, err := ask(t.Context(), c, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return found
}

func ask(ctx context.Context, c *sql.Conn, query string) ([]string, error) {
	result, err := c.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	columns, err := result.Columns()
	if err != nil {
		return nil, err
	}
	var list []string
	for result.Next() {
		values := make([]sql.RawBytes, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := result.Scan(targets...); err != nil {
			return nil, err
		}
		var line strings.Builder
		for i, v := range values {
			if v == nil {
				fmt.Fprintf(&line, "%s=NULL ", columns[i])
			} else {
				fmt.Fprintf(&line, "%s=%q ", columns[i], v)
			}
		}
		list = append(list, line.String())
	}
	return list, result.Err()
}
