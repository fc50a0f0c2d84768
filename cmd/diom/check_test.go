package main

import (
	"encoding/json"
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/test/producttest"
)

// A sound database passes and stays as it is; a damaged row is told with its instance, and the exit code is 1.
func TestCheck(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(faastest.Leave)
	instance, _ := in.Start(nil)
	dsn := in.App.Config.MySQLDSN
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+dsn)
	judge := producttest.NewJudge(t, dsn)
	before := judge.Fingerprint()
	has(t, u.ok("", "check"), "1 instances, 1 steps, 1 open rows, ", " rules: 0 violations\n", "outbox: ", " steps unsent", "inbox: 0 messages parked")
	if judge.Fingerprint() != before {
		t.Error("a check has changed the database")
	}
	var counts invariant.Counts
	if out := u.json(&counts, "check"); counts.Instances != 1 || counts.Violations != 0 {
		t.Errorf("%s", out)
	}
	if _, err := judge.SQL.ExecContext(t.Context(), "UPDATE workflow_task SET assignee = 'nobody' WHERE instance_id = ?", instance[:]); err != nil {
		t.Fatal(err)
	}
	r := u.fails(client.ExitProblem, "1 violations", "check")
	has(t, r.out, "row_differs: instance "+instance.String()+": the row of task ", "nobody", "wangfang", "1 violations\n")
	r = u.fails(client.ExitProblem, "1 violations", "check", "--json")
	var violation invariant.Violation
	first, last, _ := strings.Cut(r.out, "\n")
	if json.Unmarshal([]byte(first), &violation) != nil || violation.InstanceID != instance || violation.Rule != "row_differs" {
		t.Errorf("%s", r.out)
	}
	if json.Unmarshal([]byte(last), &counts) != nil || counts.Violations != 1 {
		t.Errorf("%s", r.out)
	}
	has(t, u.ok("", "check", "--rebuild"), "rebuilt: instance "+instance.String())
	has(t, u.ok("", "check"), " rules: 0 violations\n")
	empty := newUserAt(t, "", "DIOM_HOME="+t.TempDir())
	empty.fails(client.ExitUsage, "DIOM_MYSQL_DSN is not set", "check")
	empty.env = append(empty.env, "DIOM_MYSQL_DSN=nobody@tcp(127.0.0.1:1)/x")
	empty.fails(client.ExitUnreachable, "database_unavailable", "check")
}
