package databasetest

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"diom.io/workflow/migrations"
	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/database"
)

func count(t *testing.T, db *database.DB, table string) int {
	t.Helper()
	var n int
	if err := db.QueryRow(t.Context(), []any{&n}, "SELECT COUNT(*) FROM "+table); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenCleansWhatTheLastTestLeft(t *testing.T) {
	roles := 0
	for round := range 3 {
		// Each round's database is given back before the next one begins.
		t.Run("round", func(t *testing.T) {
			db := Open(t)
			if err := db.CheckSchema(t.Context(), migrations.Files); err != nil {
				t.Fatal(err)
			}
			if n := count(t, db, "sys_department"); n != 0 {
				t.Errorf("%d departments are left", n)
			}
			if roles == 0 {
				roles = count(t, db, "sys_role")
			}
			if n := count(t, db, "sys_role"); n != roles || n == 0 {
				t.Errorf("round %d: %d roles, want %d", round, n, roles)
			}
			var b database.Batch
			b.Add("INSERT INTO sys_department (id, code, name, version, created_at) VALUES (?, 'd', 'd', 1, ?)", make([]byte, 16), time.Now())
			b.Add("DELETE FROM sys_role")
			if err := db.Run(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestDatabasesAreDistinct(t *testing.T) {
	t.Parallel()
	dsns := []string{DSN(t), DSN(t), DSN(t)}
	slices.Sort(dsns)
	if len(slices.Compact(dsns)) != 3 {
		t.Errorf("a database was given twice: %q", dsns)
	}
}

func TestRedisIsEmptyAndDistinct(t *testing.T) {
	t.Parallel()
	first, second := open(t, Redis(t)), open(t, Redis(t))
	if err := first.Set(t.Context(), "k", []byte("v"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Get(t.Context(), "k"); err == nil {
		t.Error("two tests share a Redis database")
	}
	if _, err := first.Get(context.Background(), "k"); err != nil {
		t.Error(err)
	}
}

func open(t *testing.T, url string) *cache.Client {
	t.Helper()
	c, err := cache.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestFingerprintSeesEachChange(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, files := range []fstest.MapFS{
		{"1.sql": {Data: []byte("a")}},
		{"1.sql": {Data: []byte("b")}},
		{"2.sql": {Data: []byte("a")}},
		{"1.sql": {Data: []byte("a")}, "2.sql": {Data: []byte("")}},
	} {
		sum, err := fingerprint(files)
		if err != nil || seen[sum] {
			t.Errorf("%v: %q, %v", files, sum, err)
		}
		seen[sum] = true
	}
}
