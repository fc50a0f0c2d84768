package main

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/producttest"
)

// foreignDatabase is a database of another product, made by scripts of the takeover's test data, and its DSN.
func foreignDatabase(t *testing.T, scripts ...string) (*sql.DB, string) {
	t.Helper()
	dsn := databasetest.Empty(t)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, name := range scripts {
		script, err := os.ReadFile("../../shared/takeover/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for statement := range strings.SplitSeq(string(script), ";\n") {
			if _, err := db.ExecContext(t.Context(), statement); err != nil && strings.TrimSpace(statement) != "" {
				t.Fatalf("%.200s: %v", statement, err)
			}
		}
	}
	return db, dsn
}

// imported is the last line of a report.
type imported struct {
	Counts map[string]map[string]int `json:"counts"`
}

func lastLine(t *testing.T, out string) (x imported) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &x); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return x
}

// A Camunda 7 database is taken over: a dry run writes nothing, a repeat adds nothing, nothing of the source is passed
// over in silence, what was taken is sound and goes on to its end.
func TestImportCamunda7(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"camunda713.sql", "camunda716.sql", "camunda7.sql"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			source, from := foreignDatabase(t, script)
			importCamunda7(t, source, from)
		})
	}
}

func importCamunda7(t *testing.T, source *sql.DB, from string) {
	t.Helper()
	in := openInstallation(t)
	dsn := in.App.Config.MySQLDSN
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+dsn, "DIOM_IMPORT_DSN="+from)
	judge := producttest.NewJudge(t, dsn)
	before := judge.Fingerprint()
	dry := lastLine(t, u.fails(client.ExitProblem, "left out", "import", "camunda7", "--json", "--dry-run").out)
	if judge.Fingerprint() != before {
		t.Error("a dry run has changed the database")
	}
	r := u.fails(client.ExitProblem, "left out", "import", "camunda7", "--json")
	took := lastLine(t, r.out)
	if a, b := dry.Counts["instance"]["taken"], took.Counts["instance"]["taken"]; a != b || b < 20 {
		t.Errorf("the dry run says %v, the run %v", dry.Counts, took.Counts)
	}
	accounted(t, source, took)
	has(t, u.ok("", "check"), " rules: 0 violations\n")
	again := lastLine(t, u.fails(client.ExitProblem, "left out", "import", "camunda7", "--json").out)
	for kind, of := range again.Counts {
		if of["taken"] != 0 || of["already"] != took.Counts[kind]["taken"] {
			t.Errorf("%s: %v after %v", kind, of, took.Counts[kind])
		}
	}
	in.playOn(t, judge)
	has(t, u.ok("", "check"), " rules: 0 violations\n")
	if _, err := source.ExecContext(t.Context(), "DROP TABLE ACT_RU_EXECUTION"); err != nil {
		t.Fatal(err)
	}
	u.fails(client.ExitProblem, "takeover_source_unknown", "import", "camunda7")
	bare := newUserAt(t, "", "DIOM_MYSQL_DSN="+dsn)
	bare.fails(client.ExitUsage, "no source is named", "import", "camunda7")
	bare.fails(client.ExitUnreachable, "database_unavailable", "import", "camunda7", "--from", "nobody@tcp(127.0.0.1:1)/x")
}

// accounted checks that a report speaks of as many things as the source has.
func accounted(t *testing.T, source *sql.DB, report imported) {
	t.Helper()
	for kind, query := range map[string]string{
		"instance": "SELECT COUNT(*) FROM ACT_RU_EXECUTION WHERE PARENT_ID_ IS NULL", "finished instance": "SELECT COUNT(*) FROM ACT_HI_PROCINST WHERE END_TIME_ IS NOT NULL",
		"definition": "SELECT COUNT(*) FROM ACT_RE_PROCDEF", "decision": "SELECT COUNT(*) FROM ACT_RE_DECISION_DEF", "user": "SELECT COUNT(*) FROM ACT_ID_USER",
		"group": "SELECT COUNT(*) FROM ACT_ID_GROUP",
	} {
		want, got := 0, 0
		if err := source.QueryRowContext(t.Context(), query).Scan(&want); err != nil {
			t.Fatal(err)
		}
		for _, n := range report.Counts[kind] {
			got += n
		}
		if got != want {
			t.Errorf("%s: the report speaks of %d, the source has %d", kind, got, want)
		}
	}
}

// playOn does all that the running instances wait for, until none of them is left.
func (in *served) playOn(t *testing.T, judge *producttest.Judge) {
	t.Helper()
	admin := producttest.NewClient(in.url, 10*time.Second).With(in.Token("admin"))
	send := func(method, path string, body any) {
		a, err := admin.Send(method, path, body)
		if err != nil || a.Status >= http.StatusInternalServerError {
			t.Fatalf("%s: %v %d %s", path, err, a.Status, a.Body)
		}
	}
	post := func(path string, body any) { send(http.MethodPost, path, body) }
	each := func(query string, do func(first string, id engine.ID)) {
		rows, err := judge.SQL.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var first string
			var id engine.ID
			if err := rows.Scan(&first, &id); err != nil {
				t.Fatal(err)
			}
			do(first, id)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
	}
	running := func() int { return judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE state IN (1, 2)") }
	for turn := 0; running() > 0 && turn < 12; turn++ {
		each("SELECT '', id FROM workflow_instance WHERE state = 2", func(_ string, id engine.ID) {
			post("/api/v1/instances/"+id.String()+"/resume", map[string]any{})
		})
		each("SELECT '', id FROM workflow_task WHERE state = 1", func(_ string, id engine.ID) {
			post("/engine-rest/task/"+id.String()+"/complete", map[string]any{})
		})
		each("SELECT topic, id FROM workflow_job WHERE kind = 0 OR topic <> ''", func(topic string, id engine.ID) {
			if turn == 0 { // another worker holds one, and one has failed for good
				post("/engine-rest/external-task/"+id.String()+"/unlock", nil)
				send(http.MethodPut, "/engine-rest/external-task/"+id.String()+"/retries", map[string]any{"retries": 1})
			}
			post("/engine-rest/external-task/fetchAndLock", map[string]any{"workerId": "w", "maxTasks": 100, "topics": []any{map[string]any{"topicName": topic, "lockDuration": 60000}}})
			post("/engine-rest/external-task/"+id.String()+"/complete", map[string]any{"workerId": "w"})
		})
		each("SELECT '', id FROM workflow_timer WHERE instance_id IS NOT NULL", func(_ string, id engine.ID) {
			post("/engine-rest/job/"+id.String()+"/execute", map[string]any{})
		})
		each("SELECT message, instance_id FROM workflow_subscription WHERE instance_id IS NOT NULL AND message <> ''", func(message string, id engine.ID) {
			post("/api/v1/instances/"+id.String()+"/correlate", map[string]any{"message": message})
		})
		each("SELECT signal_name, MIN(id) FROM workflow_subscription WHERE signal_name <> '' GROUP BY signal_name", func(name string, _ engine.ID) {
			post("/api/v1/signals", map[string]any{"name": name})
		})
		each("SELECT '', id FROM workflow_instance WHERE state = 1 AND process_key = 'to_condition'", func(_ string, id engine.ID) {
			post("/api/v1/instances/"+id.String()+"/variables", map[string]any{"variables": map[string]any{"ok": true}})
		})
		if _, err := in.App.Workflow.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // calls and signals are carried over
	}
	if n := running(); n > 0 {
		each("SELECT process_key, id FROM workflow_instance WHERE state IN (1, 2)", func(key string, id engine.ID) {
			a, err := admin.Send(http.MethodGet, "/api/v1/instances/"+id.String(), nil)
			t.Errorf("%s does not end: %v %.1500s", key, err, a.Body)
		})
	}
}
