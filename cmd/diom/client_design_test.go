package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/faas/faastest"
)

// A design is pushed, looked at, published, rolled back and pulled; nobody overwrites what somebody else has saved.
func TestDesignCommands(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := in.loggedIn("admin")
	file := u.file("leave.bpmn", faastest.Leave)
	has(t, u.ok("", "design", "push", file, "--name", "请假", "--comment", "first"), "leave", "draft", "请假")
	one := u.only("design", "list", "--kind", "bpmn")
	has(t, u.ok("", "design", "validate", one))
	has(t, u.ok("", "design", "publish", one), "leave", "VERSION")
	other := strings.Replace(faastest.Leave, `name="备案"`, `name="存档"`, 1)
	changed := u.file("changed.bpmn", other)
	has(t, u.ok("", "design", "push", changed, "--key", "leave"), "published")
	u.fails(client.ExitProblem, "stale", "design", "push", changed, "--key", "leave", "--if-version", "1")
	has(t, u.ok("", "design", "diff", one), "changed", "name")
	has(t, u.ok("", "design", "versions", one), "first", "admin")
	has(t, u.ok("", "design", "shadow-run", one, "--instances", "5"), "REPLAYED")
	into := filepath.Join(t.TempDir(), "out.bpmn")
	u.ok("", "design", "pull", one, "--output", into)
	if got, err := os.ReadFile(into); err != nil || string(got) != other {
		t.Errorf("%v %s", err, got)
	}
	has(t, u.ok("", "design", "rollback", one, "1", "--comment", "as it was"), "leave")
	if got := u.ok("", "design", "pull", one); got != faastest.Leave {
		t.Errorf("%s", got)
	}
	u.fails(client.ExitUsage, "is a number", "design", "rollback", one, "first")
	u.fails(client.ExitUsage, ".bpmn, .dmn or .form", "design", "push", u.file("leave.txt", ""))
	in.loggedIn("zhangwei").fails(client.ExitProblem, "forbidden", "design", "list")
	u.ok("", "design", "delete", one)
	u.fails(client.ExitProblem, "design_not_found", "design", "show", one)
}

// Deployed forms are listed, and their schema is printed as it was written.
func TestFormCommands(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := in.loggedIn("admin")
	const schema = `{"id": "trip", "type": "default", "components": [{"type": "textfield", "key": "city"}]}`
	u.ok("", "deploy", u.file("trip.form", schema))
	one := u.only("form", "list", "--form", "trip", "--latest")
	has(t, u.ok("", "form", "show", one), "trip", "VERSION")
	if got := strings.TrimSpace(u.ok("", "form", "schema", one)); got != strings.ReplaceAll(strings.ReplaceAll(schema, ": ", ":"), ", ", ",") {
		t.Errorf("%s", got)
	}
}

// What leaves the product is managed with secrets from files alone.
func TestHookCommands(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := in.loggedIn("admin")
	secret := u.file("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
	hook := u.file("erp.json", `{"name": "erp", "url": "https://example.org/erp", "types": ["io.diom.workflow.instance.started.v1"]}`)
	u.fails(client.ExitProblem, "bad_webhook", "webhook", "add", hook)
	has(t, u.ok("", "webhook", "add", hook, "--secret-file", secret), "erp", "example.org")
	one := u.only("webhook", "list")
	has(t, u.ok("", "webhook", "update", one, "--enabled=false", "--process", "leave,order"), "no", "order")
	u.fails(client.ExitUsage, "secret-file", "webhook", "rotate", one)
	has(t, u.ok("", "webhook", "rotate", one, "--secret-file", u.file("next", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), "--hours", "1"), "OLD-SECRET-UNTIL")
	has(t, u.ok("", "webhook", "replay", one, "--state", "failed"), "0")
	has(t, u.ok("", "webhook", "show", one), "erp")
	channel := u.file("mail.json", `{"name": "mails", "kind": "webhook", "url": "https://example.org/n", "types": ["task.assigned"]}`)
	has(t, u.ok("", "channel", "add", channel, "--secret-file", secret), "mails")
	other := u.only("channel", "list")
	has(t, u.ok("", "channel", "update", other, "--name", "notes"), "notes")
	u.ok("", "delivery", "list")
	in.loggedIn("zhangwei").fails(client.ExitProblem, "forbidden", "channel", "list")
	u.ok("", "channel", "delete", other)
	u.ok("", "webhook", "delete", one)
	u.fails(client.ExitProblem, "webhook_not_found", "webhook", "show", one)
}

const board = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" xmlns:d="https://diom.io/schema/bpmn/1.0" targetNamespace="t">
<process id="board" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="first"/>
<userTask id="first" c:assignee="wangfang"/><sequenceFlow id="f2" sourceRef="first" targetRef="vote"/>
<userTask id="vote" name="Vote"><extensionElements><d:approval mode="all" signers="lina,zhaolei"/></extensionElements></userTask></process></definitions>`

// Signers decide, and the starter urges, by commands.
func TestApprovalCommands(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.loggedIn("admin").ok("", "deploy", func() string { u := in.loggedIn("admin"); return u.file("board.bpmn", board) }())
	starter, manager, lina, zhaolei := in.loggedIn("zhangwei"), in.loggedIn("wangfang"), in.loggedIn("lina"), in.loggedIn("zhaolei")
	starter.ok("", "start", "board")
	first := manager.only("task", "list")
	starter.ok("", "task", "urge", first, "--comment", "很急")
	manager.ok("", "task", "copy", first, "sunqi", "--comment", "请知悉")
	has(t, manager.ok("", "task", "say", first, "附件已补", "--mention", "zhangwei"), "附件已补", "zhangwei")
	has(t, manager.ok("", "task", "comments", first), "附件已补")
	manager.ok("", "task", "complete", first)
	one := lina.only("task", "list")
	lina.ok("", "task", "add-signers", one, "sunqi", "--mode", "parallel")
	lina.ok("", "task", "remove-signers", one, "sunqi")
	lina.ok("", "task", "approve", one, "--comment", "同意")
	in.intercept(nil)
	lina.ok("", "task", "withdraw", one)
	if calls := in.asked(http.MethodPost, "/api/v1/tasks/"+one+"/withdraw"); len(calls) != 1 || calls[0].key == "" {
		t.Errorf("%+v", calls)
	}
	lina.ok("", "task", "return", lina.only("task", "list"), "previous", "--comment", "请补充")
	manager.ok("", "task", "complete", manager.only("task", "list"))
	lina.ok("", "task", "approve", lina.only("task", "list"))
	zhaolei.fails(client.ExitProblem, "task_not_found", "task", "approve", "019cadc6-9a80-7000-8000-000000000001")
	has(t, zhaolei.ok("", "task", "reject", zhaolei.only("task", "list"), "--comment", "不同意"), "completed")
}
