package test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/test/producttest"
)

// documented is the address that the documents name.
const documented = "http://127.0.0.1:8080"

var (
	secondHeading = regexp.MustCompile(`(?m)^## (.*)$`)
	fence         = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
)

// block is one fenced code block of a document.
type block struct{ language, text string }

func blocks(text string) []block {
	var list []block
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		list = append(list, block{m[1], m[2]})
	}
	return list
}

// section returns the text below a heading of the second level.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("there is no section %q", heading)
	}
	if next := secondHeading.FindStringIndex(rest); next != nil {
		rest = rest[:next[0]]
	}
	return rest
}

func TestMain(m *testing.M) { os.Exit(producttest.Main(m)) }

// TestFirstFiveMinutes runs the commands that the README tells a newcomer to paste, in one shell, on
// the functions in one process.
func TestFirstFiveMinutes(t *testing.T) {
	t.Parallel()
	var script strings.Builder
	for _, b := range blocks(section(t, document(t, "README.md"), "First five minutes")) {
		if b.language == "bash" {
			script.WriteString(b.text)
		}
	}
	if n := strings.Count(script.String(), documented); n != 1 {
		t.Fatalf("the address %s occurs %d times in the commands", documented, n)
	}
	url := product(t)
	out, err := bash(t, strings.Replace(script.String(), documented, url, 1))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`"name":"总监审批：zhangwei 请假 5 天"`, // next, after the manager
		`"state":"completed","starter":"zhangwei"`,
		`"kind":"instance.completed"`,
		`"expression":"${days > 3}"`,
		`"code":"unknown_variable"`, // the incident of the claim without amount
		`"name":"财务审核：zhangwei 报销 1280 元"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the commands did not print %s:\n%s", want, out)
		}
	}
}

// TestCommandLine runs the commands of the README's section on the command line.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	commands := blocks(section(t, document(t, "README.md"), "At the command line"))
	const path = "$PWD/.diom/bin:"
	if len(commands) != 1 || !strings.Contains(commands[0].text, path) {
		t.Fatalf("%d code blocks", len(commands))
	}
	script := strings.Replace(commands[0].text, path, filepath.Dir(producttest.Binary(t))+":", 1)
	out, err := bash(t, "export DIOM_CONFIG_DIR='"+t.TempDir()+"' DIOM_URL="+product(t)+"\n"+script)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"leave.bpmn", "BUSINESS-KEY  LEAVE-2", "经理审批", "人事备案", "GET /auth/userinfo: 200", "logged out of "} {
		if !strings.Contains(out, want) {
			t.Errorf("the commands did not print %q:\n%s", want, out)
		}
	}
}

// TestFirstAdministrator runs the README's commands that prepare an installation, with the servers of
// the test and a diom that has been built.
func TestFirstAdministrator(t *testing.T) {
	t.Parallel()
	deploying := blocks(section(t, document(t, "README.md"), "Deploying it"))
	if len(deploying) != 1 {
		t.Fatalf("there are %d code blocks", len(deploying))
	}
	script := deploying[0].text
	for _, r := range [][2]string{
		{"make build\n", ""},
		{"dist/diom", producttest.Binary(t)},
		{"diom:secret@tcp(mysql:3306)/diom_workflow", databasetest.DSN(t)},
		{"redis://redis:6379/0", databasetest.Redis(t)},
	} {
		if !strings.Contains(script, r[0]) {
			t.Fatalf("the commands do not contain %q:\n%s", r[0], script)
		}
		script = strings.ReplaceAll(script, r[0], r[1])
	}
	out, err := bash(t, "unset DIOM_MYSQL_DSN DIOM_REDIS_URL DIOM_HOME\ncd '"+t.TempDir()+"'\n"+script)
	if err != nil || !strings.Contains(out, "the schema is up to date") || !strings.Contains(out, "created zhangsan with the password ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestFirstFiveMinutesNoticeFailures: a command that fails in the middle fails the script.
func TestFirstFiveMinutesNoticeFailures(t *testing.T) {
	t.Parallel()
	if out, err := bash(t, "X=$(false | sed s/a/b/)\necho no\n"); err == nil {
		t.Errorf("a failing command went unnoticed: %s", out)
	}
}

// bash runs a script at the root of the repository; any command that fails ends it.
func bash(t *testing.T, script string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", "set -euo pipefail\n"+script)
	shell.Dir = ".."
	out, err := shell.CombinedOutput()
	return string(out), err
}

// product serves every function in one process, with the demo company, and returns its URL.
func product(t *testing.T) string {
	t.Helper()
	dsn, redis, secrets := databasetest.DSN(t), databasetest.Redis(t), producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	return producttest.Serve(t, producttest.Options{DSN: dsn, Redis: redis, Secrets: secrets, Env: []string{"DIOM_DEMO=1"}}).URL
}
