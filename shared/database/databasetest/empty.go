package databasetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Empty returns the go-sql-driver DSN of a database without any table, which is the test's own and is
// dropped when the test ends.
func Empty(t testing.TB) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(address(t, mysqlVariable))
	if err != nil {
		t.Fatalf("%s: %v", mysqlVariable, err)
	}
	cfg.DBName = ""
	server, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	name := "diom_empty_" + strings.ToLower(rand.Text())
	if _, err := server.ExecContext(t.Context(), "CREATE DATABASE "+name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"); err != nil {
		t.Fatalf("test database: %v", errors.Join(err, server.Close()))
	}
	t.Cleanup(func() {
		_, err := server.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name)
		if err := errors.Join(err, server.Close()); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	cfg.DBName = name
	return cfg.FormatDSN()
}
