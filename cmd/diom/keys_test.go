package main

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/test/producttest"
)

// Every sealed column is sealed anew with the first key; what no key opens stays, is told, and the exit code is 1.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	people, cfg := in.App.Access, in.App.Config
	judge := producttest.NewJudge(t, cfg.MySQLDSN)
	exec := func(text string, arguments ...any) {
		t.Helper()
		if _, err := judge.SQL.ExecContext(t.Context(), text, arguments...); err != nil {
			t.Fatal(err)
		}
	}
	inserts := map[string]string{
		"workflow_channel":       "INSERT INTO workflow_channel (name, kind, host, types, enabled, updated_at, version, created_at, sealed, id) VALUES (HEX(?1), 'mail', '', '[]', 1, NOW(3), 1, NOW(3), ?2, ?1)",
		"workflow_event_source":  "INSERT INTO workflow_event_source (source, key_id, types, mappings, enabled, updated_at, version, created_at, sealed_key, id) VALUES (HEX(?1), 'k', '[]', '[]', 1, NOW(3), 1, NOW(3), ?2, ?1)",
		"workflow_topic_binding": "INSERT INTO workflow_topic_binding (topic, kind, target, method, headers, timeout_seconds, result_seconds, retries, key_id, enabled, updated_at, version, created_at, sealed_key, id) VALUES (HEX(?1), 'url', 'x', 'POST', '[]', 1, 1, 1, 'k', 1, NOW(3), 1, NOW(3), ?2, ?1)",
		"workflow_webhook":       "INSERT INTO workflow_webhook (name, host, types, process_keys, enabled, updated_at, version, created_at, sealed, id) VALUES (HEX(?1), '', '[]', '[]', 1, NOW(3), 1, NOW(3), ?2, ?1)",
	}
	const values = 103 // more than a batch
	for _, c := range store.SealedColumns() {
		for n := range values {
			id := engine.ID{1, byte(n)}
			sealed, err := people.Seal(access.Place{Table: c.Table, ID: id, Field: c.Field}, []byte("secret of "+c.Table))
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(strings.ReplaceAll(inserts[c.Table], "?1", "X'"+hex.EncodeToString(id[:])+"'"), "?2", "?")
			exec(text, sealed)
		}
	}
	exec("UPDATE workflow_channel SET sealed = 'damaged' WHERE id = ?", (&engine.ID{1, 7})[:])
	path := filepath.Join(cfg.SecretsDir, access.SecretData)
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+cfg.MySQLDSN, "DIOM_SECRETS_DIR="+cfg.SecretsDir)
	fresh := "fresh:" + strings.Repeat("5", 64) + "\n"
	if err := os.WriteFile(path, append([]byte(fresh), old...), 0o600); err != nil {
		t.Fatal(err)
	}
	r := u.fails(client.ExitProblem, "1 values cannot be opened", "keys", "rotate")
	has(t, r.out, "workflow_channel: 103 values, 102 sealed anew, 1 failed", "workflow_event_source: 103 values, 103 sealed anew, 0 failed", "workflow_topic_binding: 103 values, 103 sealed anew, 0 failed")
	exec("DELETE FROM workflow_channel WHERE sealed = 'damaged'")
	if err := os.WriteFile(path, []byte(fresh), 0o600); err != nil { // the old key is gone
		t.Fatal(err)
	}
	has(t, u.ok("", "keys", "rotate"), "workflow_channel: 102 values, 0 sealed anew, 0 failed")
	column := store.SealedColumns()[0]
	now, err := in.App.Store.SealedValues(t.Context(), column, engine.ID{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	stale := []store.SealedValue{{ID: now[0].ID, Sealed: []byte("what was there before")}}
	if n, err := in.App.Store.ReplaceSealed(t.Context(), column, stale, stale); n != 0 || err != nil { // somebody has changed it meanwhile
		t.Errorf("a later change is overwritten: %d %v", n, err)
	}
	for _, c := range store.SealedColumns() {
		if n := judge.Count("SELECT COUNT(*) FROM " + c.Table + " WHERE SUBSTRING(" + c.Field + ", 3, 5) = 'fresh' AND version = 2"); n < values-1 {
			t.Errorf("%s: %d values have the new key", c.Table, n)
		}
		found, err := in.App.Store.SealedValues(t.Context(), c, engine.ID{}, 1)
		if err != nil || len(found) != 1 || bytes.Contains(found[0].Sealed, []byte("secret of")) {
			t.Errorf("%s: %v %v", c.Table, found, err)
		}
	}
}

// A column with sealed values that store.SealedColumns does not name would keep the old key.
func TestEverySealedColumnIsRotated(t *testing.T) {
	t.Parallel()
	root, err := producttest.Root()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile(filepath.Join(root, "migrations", "schema.sql"))
	if err != nil {
		t.Fatal(err)
	}
	table, found := "", 0
	for line := range strings.Lines(string(schema)) {
		if strings.HasPrefix(line, "CREATE TABLE") {
			table = strings.Split(line, "`")[1]
		}
		if !strings.Contains(line, "sealed") || !strings.Contains(line, " blob ") && !strings.Contains(line, "varbinary") {
			continue
		}
		found++
		field, named := strings.Split(line, "`")[1], false
		for _, c := range store.SealedColumns() {
			named = named || c == store.SealedColumn{Table: table, Field: field}
		}
		if !named {
			t.Errorf("%s.%s is sealed and not in store.SealedColumns", table, field)
		}
	}
	if found != len(store.SealedColumns()) {
		t.Errorf("%d sealed columns in the schema", found)
	}
}
