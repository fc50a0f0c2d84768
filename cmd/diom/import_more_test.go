package main

import (
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/takeover"
	"diom.io/workflow/test/producttest"
)

// Columns that came late to Camunda 7, or are gone by now, may be missing.
func TestImportWithoutColumns(t *testing.T) {
	t.Parallel()
	source, from := foreignDatabase(t, "camunda7.sql")
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+databasetest.DSN(t), "DIOM_IMPORT_DSN="+from)
	try := func() imported {
		return lastLine(t, u.fails(client.ExitProblem, "left out", "import", "camunda7", "--json", "--dry-run").out)
	}
	all := try()
	for table, columns := range map[string][]string{
		"ACT_RE_DEPLOYMENT": {"SOURCE_"}, "ACT_RE_PROCDEF": {"TENANT_ID_"}, "ACT_RU_JOB": {"CREATE_TIME_", "PRIORITY_"}, "ACT_RU_EXT_TASK": {"PRIORITY_", "ERROR_MSG_"},
		"ACT_RU_EVENT_SUBSCR": {"CREATED_"}, "ACT_HI_VARINST": {"STATE_"}, "ACT_HI_ACTINST": {"SEQUENCE_COUNTER_"}, "ACT_HI_PROCINST": {"STATE_"}, "ACT_ID_USER": {"SALT_"},
	} {
		for _, column := range columns {
			if _, err := source.ExecContext(t.Context(), "ALTER TABLE "+table+" DROP COLUMN "+column); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(all, try()); diff != "" {
		t.Error(diff)
	}
}

// Whoever has a password in Camunda 7 logs in with it, in each form in which it is kept there; others nobody can check.
func TestImportedPasswords(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	source, from := foreignDatabase(t, "camunda7.sql")
	sum512 := func(text string) string {
		sum := sha512.Sum512([]byte(text))
		return "{SHA-512}" + base64.StdEncoding.EncodeToString(sum[:])
	}
	sum1 := func(text string) string {
		sum := sha1.Sum([]byte(text))
		return "{SHA}" + base64.StdEncoding.EncodeToString(sum[:])
	}
	for _, row := range [][]any{
		{"salted", sum512("geheim" + "c2FsdA=="), "c2FsdA=="}, {"unsalted", sum512("geheim"), nil}, {"empty", sum512("geheim"), ""},
		{"old", sum1("geheim"), nil}, {"oldsalted", sum1("geheim" + "c2FsdA=="), "c2FsdA=="},
		{"md5", "{MD5}ZpVR3KpK1xO4mMy0KNRZmw==", nil}, {"plain", "geheim", nil}, {"cut", sum512("geheim")[:40], nil}, {"nothing", nil, nil},
	} {
		if _, err := source.ExecContext(t.Context(), "INSERT INTO ACT_ID_USER (ID_, PWD_, SALT_) VALUES (?, ?, ?)", row...); err != nil {
			t.Fatal(err)
		}
	}
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+in.App.Config.MySQLDSN, "DIOM_IMPORT_DSN="+from)
	lines := told(t, u.fails(client.ExitProblem, "left out", "import", "camunda7", "--json").out)
	for name, password := range map[string]string{"kermit": "frogfrog", "fozzie": "bearbear", "salted": "geheim", "unsalted": "geheim", "empty": "geheim", "old": "geheim", "oldsalted": "geheim"} {
		if notes := lines["user "+name].Notes; notes != nil {
			t.Errorf("%s: %v", name, notes)
		}
		in.mayLogIn(name, password)
	}
	for _, name := range []string{"md5", "plain", "cut", "nothing"} {
		if notes := lines["user "+name].Notes; len(notes) != 1 || !strings.Contains(notes[0], "give a new one") {
			t.Errorf("%s: %v", name, notes)
		}
		for _, password := range []string{"geheim", "!"} {
			if in.login(name, password) != nil {
				t.Errorf("%s logs in", name)
			}
		}
	}
	judge := producttest.NewJudge(t, in.App.Config.MySQLDSN)
	if n := judge.Count("SELECT COUNT(*) FROM sys_user WHERE password LIKE '{SHA%'"); n != 0 {
		t.Errorf("%d old hashes are left of those who have logged in", n)
	}
}

// What a takeover would lose or write twice is found: rows by diom check, whole instances by the next run.
func TestCheckFindsWhatATakeoverLoses(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	_, from := foreignDatabase(t, "camunda7.sql")
	dsn := in.App.Config.MySQLDSN
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+dsn, "DIOM_IMPORT_DSN="+from)
	u.fails(client.ExitProblem, "left out", "import", "camunda7", "--json")
	judge := producttest.NewJudge(t, dsn)
	of := func(key string) (id engine.ID) {
		t.Helper()
		if err := judge.SQL.QueryRowContext(t.Context(), `SELECT i.id FROM workflow_instance i LEFT JOIN workflow_incident n ON n.instance_id = i.id
WHERE i.process_key = ? AND i.state = 1 ORDER BY n.id DESC, i.id LIMIT 1`, key).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	damages := map[string]struct {
		key       string
		statement string // of the instance
	}{
		"task lost":       {"to_boundary", "DELETE FROM workflow_task WHERE instance_id = ?"},
		"task doubled":    {"to_nested", copied(t, judge, "workflow_task")},
		"candidates lost": {"to_user", "DELETE c FROM workflow_task_candidate c JOIN workflow_task t ON t.id = c.task_id WHERE t.instance_id = ?"},
		"timer lost":      {"to_timer", "DELETE FROM workflow_timer WHERE instance_id = ?"},
		"timer doubled":   {"to_cycle", copied(t, judge, "workflow_timer")},
		"message lost":    {"to_message", "DELETE FROM workflow_subscription WHERE instance_id = ?"},
		"signal doubled":  {"to_signal", copied(t, judge, "workflow_subscription")},
		"job lost":        {"to_async", "DELETE FROM workflow_job WHERE instance_id = ?"},
		"history lost":    {"to_io", "DELETE FROM workflow_history WHERE instance_id = ? AND seq = 1"},
		"last step lost":  {"to_fork", "DELETE FROM workflow_history WHERE instance_id = ? ORDER BY seq DESC LIMIT 1"},
		"definition lost": {"to_gateway", "DELETE d FROM workflow_definition d JOIN workflow_instance i ON i.definition_id = d.id WHERE i.id = ?"},
		"called is lost":  {"to_call", "DELETE FROM workflow_instance WHERE parent_id = ?"},
		"incident lost":   {"to_external", "DELETE FROM workflow_incident WHERE instance_id = ?"},
	}
	if _, err := judge.SQL.ExecContext(t.Context(), "UPDATE workflow_history SET at = at - INTERVAL 1 HOUR"); err != nil { // nothing is under way now
		t.Fatal(err)
	}
	has(t, u.ok("", "check"), " rules: 0 violations\n")
	broken := map[string]engine.ID{}
	for name, d := range damages {
		id := of(d.key)
		broken[name] = id
		result, err := judge.SQL.ExecContext(t.Context(), d.statement, id[:])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n, _ := result.RowsAffected(); n == 0 {
			t.Fatalf("%s: nothing is damaged", name)
		}
	}
	found := violationsOf(t, u.fails(client.ExitProblem, "violations", "check", "--json").out)
	for name, id := range broken {
		if !strings.Contains(found, id.String()) {
			t.Errorf("%s: nothing is found\n%s", name, found)
		}
	}
	lost := of("to_catch")
	for _, table := range []string{"workflow_subscription WHERE instance_id", "workflow_history WHERE instance_id", "workflow_instance WHERE id"} {
		if _, err := judge.SQL.ExecContext(t.Context(), "DELETE FROM "+table+" = ?", lost[:]); err != nil {
			t.Fatal(err)
		}
	}
	var half engine.ID // its row alone is lost
	if err := judge.SQL.QueryRowContext(t.Context(), "SELECT instance_id FROM workflow_task WHERE process_key = 'to_called'").Scan(&half); err != nil {
		t.Fatal(err)
	}
	again := u.fails(client.ExitProblem, "left out", "import", "camunda7", "--json").out
	if l := told(t, again)["instance "+lost.String()]; l.Outcome != takeover.Taken || lastLine(t, again).Counts["instance"]["taken"] != 1 {
		t.Errorf("the instance that was lost: %v of %v", l, lastLine(t, again))
	}
	if l := told(t, again)["instance "+half.String()]; l.Outcome != takeover.LeftOut || len(l.Problems) != 1 {
		t.Errorf("the instance whose row was lost: %v", l)
	}
}

// copied is the statement that writes the rows of an instance once more, with other ids.
func copied(t *testing.T, judge *producttest.Judge, table string) string {
	t.Helper()
	var columns string
	if err := judge.SQL.QueryRowContext(t.Context(), `SELECT GROUP_CONCAT(column_name) FROM information_schema.columns
WHERE table_schema = DATABASE() AND table_name = ? AND column_name <> 'id'`, table).Scan(&columns); err != nil {
		t.Fatal(err)
	}
	return "INSERT INTO " + table + " (id, " + columns + ") SELECT REVERSE(id), " + columns + " FROM " + table + " WHERE instance_id = ?"
}

// violationsOf are the violations that a check tells, a line each.
func violationsOf(t *testing.T, out string) string {
	t.Helper()
	var text strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(out), "\n") {
		var v invariant.Violation
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		text.WriteString(v.InstanceID.String() + " " + v.Rule + " " + v.Detail + "\n")
	}
	return text.String()
}
