package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas/faastest"
)

// A person changes the password: this log-in goes on, the others end.
func TestPassword(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u, elsewhere := in.loggedIn("zhangwei"), in.loggedIn("zhangwei")
	const next = "Another-good-1"
	present, wanted := u.file("present", access.DemoPassword+"\n"), u.file("wanted", next+"\n")
	has(t, u.ok("", "password", "--present-file", present, "--new-file", wanted), "the password of zhangwei is changed")
	has(t, u.ok("", "whoami"), "zhangwei")
	u.kept(expired)
	has(t, u.ok("", "whoami"), "zhangwei")
	elsewhere.fails(client.ExitUnreachable, "is over", "whoami")
	r := u.fails(client.ExitProblem, "wrong_password", "password", "--present-file", present, "--new-file", wanted)
	if strings.Contains(r.out+r.err, next) {
		t.Errorf("%+v", r)
	}
	u.fails(client.ExitUsage, "is no terminal", "password")
	u.fails(client.ExitUsage, "new-file", "password", "--present-file", present)
}

// The directory by the API: roles, groups and departments, and what waits for a person.
func TestDirectory(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(faastest.Leave)
	in.Start(nil)
	admin := in.loggedIn("admin")
	has(t, admin.ok("", "role", "create", "REVIEWER", "--name", "复核", "--permission", "WORKFLOW_TASK,WORKFLOW_INSTANCE"), "REVIEWER", "复核", "WORKFLOW_INSTANCE")
	has(t, admin.ok("", "group", "create", "checkers", "--name", "复核组"), "checkers")
	var made struct{ ID string }
	admin.json(&made, "department", "create", "legal", "--name", "法务部", "--head", "lina")
	has(t, admin.ok("", "department", "show", made.ID), "法务部", "lina")
	has(t, admin.ok("", "department", "update", made.ID, "--head", "zhaolei"), "zhaolei")
	has(t, admin.ok("", "department", "delete", made.ID), "done")
	admin.fails(client.ExitProblem, "not_found", "department", "show", made.ID)
	admin.fails(client.ExitProblem, "/code", "role", "create", "no code")
	in.loggedIn("zhangwei").fails(client.ExitProblem, "forbidden", "role", "list")
	has(t, in.loggedIn("wangfang").ok("", "home"), "TODO       1", "your tasks", "审批")
}

// Every definition command, and what a definition does not allow.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(faastest.Leave)
	in.Deploy(strings.Replace(faastest.Leave, `name="备案"`, `name="存档"`, 1))
	u := in.loggedIn("zhouming")
	latest := u.only("definition", "list", "--process", "leave", "--latest")
	var list items
	u.json(&list, "definition", "list", "--process", "leave")
	first := list.Items[1].ID
	has(t, u.ok("", "definition", "show", latest), "VERSION     2", "leave", "zhouming")
	has(t, u.ok("", "definition", "diff", first, latest), "changed", "file", "name")
	has(t, u.ok("", "definition", "form", "leave"), "PROCESS     leave")
	has(t, u.ok("", "definition", "start", first, "--business-key", "old"), "VERSION       1")
	has(t, u.ok("", "definition", "suspend", latest), "SUSPENDED  yes")
	u.fails(client.ExitProblem, "definition_suspended", "start", "leave")
	has(t, u.ok("", "definition", "resume", latest), "SUSPENDED  no")
	file := filepath.Join(t.TempDir(), "out.bpmn")
	u.ok("", "definition", "xml", first, "--output", file)
	if got, err := os.ReadFile(file); err != nil || string(got) != faastest.Leave {
		t.Errorf("%v %s", err, got)
	}
	u.fails(client.ExitProblem, "definition_not_found", "start", "nothing")
}

// Tasks go from person to person.
func TestTasksGoRound(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(faastest.Leave)
	_, id := in.Start(nil)
	task := id.String()
	manager, clerk := in.loggedIn("wangfang"), in.loggedIn("lina")
	has(t, manager.ok("", "task", "delegate", task, "lina", "--comment", "请看"), "lina")
	has(t, clerk.ok("", "task", "resolve", task, "--comment", "看了"), "wangfang")
	has(t, manager.ok("", "task", "transfer", task, "lina"), "lina")
	has(t, clerk.ok("", "task", "form", task), "FORM")
	clerk.ok("", "task", "complete", task)
	second := clerk.only("task", "list", "--view", "claimable")
	clerk.ok("", "task", "claim", second)
	has(t, clerk.ok("", "task", "unclaim", second), "finance")
	manager.fails(client.ExitProblem, "not_your_task", "task", "claim", second)
	has(t, in.loggedIn("zhangwei").ok("", "task", "list", "--view", "started"), "备案")
	starter := in.loggedIn("zhangwei")
	instance := starter.only("instance", "list")
	for view, want := range map[string]string{"activity": "approve", "why": "TAKEN", "history": "complete", "timeline": "请看"} {
		has(t, starter.ok("", "instance", view, instance), want)
	}
}

// A route without a command of its own is called as any other; a version that is over is refused.
func TestAnyRoute(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(faastest.Leave)
	u := in.loggedIn("zhangwei")
	if want, got := in.get("/api/v1/instances?limit=5"), u.ok("", "api", "instances?limit=5"); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("%s\n%s", got, want)
	}
	has(t, u.ok("", "api", "/auth/userinfo"), "zhangwei")
	has(t, u.ok(`{"businessKey": "by-api"}`, "api", "processes/leave/start", "--data-file", "-", "--key", "k1"), "by-api")
	has(t, u.ok(`{"businessKey": "by-api"}`, "api", "/api/v1/processes/leave/start", "--data-file", "-", "--key", "k1"), "by-api")
	u.only("instance", "list", "--business-key", "by-api")
	u.fails(client.ExitProblem, "forbidden", "api", "permissions")
	u.fails(client.ExitProblem, "method_not_allowed", "api", "instances", "--method", "delete")
	u.fails(client.ExitUsage, "is not JSON", "api", "instances", "--data-file", u.file("x", "{"))

	admin := in.loggedIn("admin")
	id := admin.only("user", "list", "--prefix", "lina")
	admin.ok("", "user", "update", id, "--title", "出纳", "--if-version", "1")
	admin.fails(client.ExitProblem, "Changed by someone else", "user", "update", id, "--title", "会计", "--if-version", "1")
}
