//go:build mixed

package faults_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"diom.io/workflow/migrations"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/test/producttest"
)

// git runs git in the module and returns what it prints.
func git(t *testing.T, arguments ...string) []byte {
	t.Helper()
	root, err := producttest.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("git", arguments...)
	cmd.Dir = root
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(arguments, " "), err)
	}
	return output
}

// older returns the commit whose version runs beside this one: OLD, or the oldest on the main line with the
// same migrations.
func older(t *testing.T) string {
	t.Helper()
	if commit := os.Getenv("OLD"); commit != "" {
		return commit
	}
	same := func(commit string) bool {
		return bytes.Equal(sqlOf(git(t, "ls-tree", commit, "migrations/")), sqlOf(git(t, "ls-tree", "HEAD", "migrations/")))
	}
	oldest := ""
	for _, commit := range strings.Fields(string(git(t, "rev-list", "--first-parent", "--max-count=50", "HEAD~1"))) {
		if !same(commit) {
			break
		}
		oldest = commit
	}
	if oldest == "" {
		t.Fatal("no earlier commit has these migrations: name one with OLD=, whose version runs with the newer schema")
	}
	return oldest
}

// sqlOf keeps the migrations of a listing.
func sqlOf(listing []byte) []byte {
	var kept [][]byte
	for _, line := range bytes.Split(listing, []byte("\n")) {
		if bytes.HasSuffix(line, []byte(".sql")) && !bytes.HasSuffix(line, []byte("schema.sql")) {
			kept = append(kept, line)
		}
	}
	return bytes.Join(kept, []byte("\n"))
}

// buildOf builds diom as it was at a commit; OLD_BINARY names one that has been built already.
func buildOf(t *testing.T, commit string) string {
	t.Helper()
	if path := os.Getenv("OLD_BINARY"); path != "" {
		return path
	}
	dir := t.TempDir()
	archive := exec.Command("tar", "-x", "-C", dir)
	archive.Stdin = bytes.NewReader(git(t, "archive", commit))
	if output, err := archive.CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v\n%s", commit, err, output)
	}
	path := filepath.Join(dir, "diom-old")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./cmd/diom")
	build.Dir = dir
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", commit, err, output)
	}
	return path
}

// TestMixed runs an old and the new version on one database at once, and breaks both.
func TestMixed(t *testing.T) {
	commit := older(t)
	c := &chaos{fixture: prepare(t, databasetest.DSN(t), databasetest.Redis(t)), dice: roll(t), calm: make(chan struct{})}
	c.options.Env = nil
	old := c.options
	old.Binary = buildOf(t, commit)
	for range 2 {
		c.processes = append(c.processes, producttest.Serve(t, c.options), producttest.Serve(t, old))
	}
	c.client = producttest.NewClient(c.processes[0].URL, 5*time.Second)
	c.listen()
	count := size(200, 2000)
	c.run(count)
	t.Logf("the older version is %.12s", commit)
	conclude(t, conclusion{command: "mixed", runs: count, seed: c.dice.seed, faults: []injected{{"kills", c.kills, 5}, {"pauses", c.pauses, 5}}})
}

// TestMigrationsOnData brings databases that hold data from each earlier schema to the newest: the data is
// whole, and the work in it goes on.
func TestMigrationsOnData(t *testing.T) {
	redis := databasetest.Redis(t)
	server, dsn := ownMariaDB(t)
	server.Start()
	full := prepareOn(t, dsn, redis)
	full.listen()
	n := size(40, 400)
	for i := range n {
		point := fmt.Sprint("migrated-", i)
		if task := full.start(point); i%2 == 0 {
			full.must(completionOf(task.ID, ""))
		}
		full.begin("pay", "pay-"+point)
		full.must(eventOf(t, chaosEventOf("begin", "begin-"+point, "chaos-"+point)))
	}
	full.drain()
	full.process.Kill()
	newest, versions := last(t), 0
	for version := newest - 1; version >= firstWithEvents; version-- {
		t.Run(fmt.Sprint("from ", version), func(t *testing.T) {
			target := strings.TrimSuffix(dsn, "diom_faults") + fmt.Sprint("diom_from_", version)
			migrateTo(t, full.judge.SQL, target, version)
			f := prepare(t, target, redis) // migrates
			if got, want := f.judge.Count("SELECT COUNT(*) FROM workflow_instance"), full.judge.Count("SELECT COUNT(*) FROM workflow_instance"); got != want {
				t.Errorf("%d instances of %d", got, want)
			}
			f.served()
			for i := 1; i < n; i += 2 {
				f.must(completionOf(f.taskOf(fmt.Sprint("migrated-", i)), ""))
			}
			f.drain()
			found, _ := f.judge.Everything()
			for _, problem := range found {
				t.Error(problem)
			}
			f.process.Kill()
			versions++
		})
	}
	if versions < 8 {
		t.Errorf("%d versions only", versions)
	}
	conclude(t, conclusion{command: "mixed", runs: 3 * n, faults: []injected{{"schemas-migrated", versions, 1}}})
}

// firstWithEvents is the first schema that holds jobs, timers and events.
const firstWithEvents = 6

// last returns the number of the newest migration.
func last(t *testing.T) (n int64) {
	t.Helper()
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		var number int64
		if _, err := fmt.Sscanf(name, "%d_", &number); err == nil {
			n = max(n, number)
		}
	}
	return n
}

// migrateTo makes a database with the schema of a version and copies into it what has a place there.
func migrateTo(t *testing.T, from *sql.DB, dsn string, version int64) {
	t.Helper()
	name := dsn[strings.LastIndexByte(dsn, '/')+1:]
	exec := func(statement string) {
		t.Helper()
		if _, err := from.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	exec("CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
	db, err := sql.Open("mysql", dsn+"?parseTime=true&multiStatements=true")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectMySQL, db, migrations.Files, goose.WithTableName("schema_migration"))
	if err == nil {
		_, err = provider.UpTo(context.Background(), version)
	}
	if err != nil {
		t.Fatal(err)
	}
	for table, columns := range shared(t, from, name) {
		exec("DELETE FROM " + name + "." + table)
		var some bool // an empty table may have had quite other columns
		if err := from.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT 1 FROM "+table+")").Scan(&some); err != nil {
			t.Fatal(err)
		}
		if !some {
			continue
		}
		exec("INSERT INTO " + name + "." + table + " (" + columns + ") SELECT " + columns + " FROM " + table)
	}
}

// shared returns the tables that both databases have, with the columns that both have.
func shared(t *testing.T, db *sql.DB, name string) map[string]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT c.table_name, GROUP_CONCAT(CONCAT('`', c.column_name, '`')) FROM information_schema.columns c JOIN information_schema.columns o "+
		"ON o.table_schema = DATABASE() AND o.table_name = c.table_name AND o.column_name = c.column_name "+
		"WHERE c.table_schema = ? AND c.table_name NOT LIKE 'schema_migration%' AND c.table_name NOT LIKE 'goose%' GROUP BY c.table_name", name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var table, columns string
		if err := rows.Scan(&table, &columns); err != nil {
			t.Fatal(err)
		}
		all[table] = columns
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// served starts the process without deploying anything.
func (f *fixture) served() {
	f.t.Helper()
	f.process = producttest.Serve(f.t, f.options)
	f.client = producttest.NewClient(f.process.URL, callLimit)
}
