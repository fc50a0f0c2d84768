package main

import (
	"encoding/json"
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/test/producttest"
)

// A trail that is whole passes; what was planted behind the product's back is told, and the exit code is 1.
func TestAuditVerify(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	ctx, people := t.Context(), in.App.Access
	admin := access.Principal{Username: "admin", Roles: []string{access.SuperAdmin}}
	for _, code := range []string{"AUDITED", "AUDITED_TOO"} {
		if _, err := people.CreateRole(ctx, admin, access.NewRole{Code: code, Name: "x"}, nil); err != nil {
			t.Fatal(err)
		}
		if err := people.SealAudit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	dsn := in.App.Config.MySQLDSN
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+dsn, "DIOM_SECRETS_DIR="+in.App.Config.SecretsDir)
	has(t, u.ok("", "audit", "verify"), "2 seals over 2 rows, 0 rows not sealed yet: 0 findings\nhead 2:")
	var sum verified
	if out := u.json(&sum, "audit", "verify"); sum.Seals != 2 || !strings.HasPrefix(sum.Head, "2:") {
		t.Errorf("%s", out)
	}
	u.ok("", "audit", "verify", "--head", sum.Head)
	u.fails(client.ExitUsage, "--head is number:hash", "audit", "verify", "--head", "2")
	judge := producttest.NewJudge(t, dsn)
	if _, err := judge.SQL.ExecContext(ctx, "UPDATE sys_audit SET actor = 'nobody' WHERE object_name = 'AUDITED'"); err != nil {
		t.Fatal(err)
	}
	r := u.fails(client.ExitProblem, "1 findings", "audit", "verify", "--json")
	var f finding
	first, _, _ := strings.Cut(r.out, "\n")
	if json.Unmarshal([]byte(first), &f) != nil || f.Rule != "audit_row_changed" {
		t.Errorf("%s", r.out)
	}
	for _, text := range []string{"DELETE FROM sys_audit_seal WHERE seal = 2", "DELETE FROM sys_audit WHERE seal = 2"} {
		if _, err := judge.SQL.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	r = u.fails(client.ExitProblem, "2 findings", "audit", "verify", "--head", sum.Head)
	has(t, r.out, "audit_row_changed: ", "audit_head_missing: ")
	newUserAt(t, "", "DIOM_HOME="+t.TempDir()).fails(client.ExitUsage, "DIOM_MYSQL_DSN is not set", "audit", "verify")
}
