package test

import (
	"context"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/databasetest"
)

var rewriteSchema = flag.Bool("rewrite-schema", false, "write migrations/schema.sql anew")

const schemaFile = "../migrations/schema.sql"

// TestSchema holds that migrations/schema.sql, where people read the tables as they are now, is what
// the migrations make. `make schema` writes it anew.
func TestSchema(t *testing.T) {
	t.Parallel()
	got := dump(t, databasetest.Open(t))
	if *rewriteSchema {
		if err := os.WriteFile(schemaFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("migrations/schema.sql is not what the migrations make: run make schema\n%s", got)
	}
}

// volatile is what differs from server to server or from run to run.
var volatile = regexp.MustCompile(` AUTO_INCREMENT=\d+`)

func dump(t *testing.T, db *database.DB) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("-- The schema that the migrations make, table by table; do not edit, run `make schema`.\n")
	for _, table := range names(t, db) {
		if strings.HasPrefix(table, "schema_migration") || strings.HasPrefix(table, "goose") {
			continue
		}
		var name, text string
		if err := db.QueryRow(context.Background(), []any{&name, &text}, "SHOW CREATE TABLE `"+table+"`"); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n" + volatile.ReplaceAllString(text, "") + ";\n")
	}
	return b.String()
}

func names(t *testing.T, db *database.DB) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), "SHOW TABLES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
