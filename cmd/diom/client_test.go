package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas/faastest"
)

// work has a job, a message and a failing gateway; order begins with a message.
const work = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<message id="m1" name="order placed"/><message id="m2" name="paid"/>
<process id="pay" name="付款" isExecutable="true"><startEvent id="start"/><serviceTask id="book" c:type="external" c:topic="book"/>
<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="m2"/></intermediateCatchEvent><exclusiveGateway id="big" default="f4"/><endEvent id="no"/><endEvent id="end"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="book"/><sequenceFlow id="f2" sourceRef="book" targetRef="wait"/><sequenceFlow id="f3" sourceRef="wait" targetRef="big"/>
<sequenceFlow id="f4" sourceRef="big" targetRef="end"/><sequenceFlow id="f5" sourceRef="big" targetRef="no"><conditionExpression>${amount &gt; 10}</conditionExpression></sequenceFlow></process>
<process id="order" name="订单" isExecutable="true"><startEvent id="begin"><messageEventDefinition messageRef="m1"/></startEvent>
<userTask id="ship" name="发货" c:candidateGroups="warehouse"/><sequenceFlow id="g1" sourceRef="begin" targetRef="ship"/></process></definitions>`

// A person's session: log in, deploy, start, find the task, claim, complete, look back, log out.
func TestSession(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	designer, starter, manager, clerk := in.loggedIn("zhouming"), in.loggedIn("zhangwei"), in.loggedIn("wangfang"), in.loggedIn("lina")
	has(t, starter.ok("", "whoami"), "USERNAME     zhangwei", "张伟", "研发部", "EMPLOYEE")
	out := designer.ok("", "deploy", designer.file("leave.bpmn", faastest.Leave))
	has(t, out, "ID ", "KEY", "leave", "请假", "leave.bpmn")

	out = starter.ok("", "start", "leave", "--business-key", "LEAVE-1", "--var", "days=5", "--var", "reason=回家探亲", "--vars", starter.file("v.json", `{"days": 1, "big": 12345678901234567890}`))
	has(t, out, "PROCESS       leave", "BUSINESS-KEY  LEAVE-1", "first tasks", "审批", "wangfang")
	instance := starter.only("instance", "list", "--business-key", "LEAVE-1")
	has(t, starter.ok("", "instance", "variables", instance), "days     5", "reason   回家探亲", "big      12345678901234567890")

	task := manager.only("task", "list", "--instance", instance)
	has(t, manager.ok("", "task", "list"), task, "审批", "wangfang")
	has(t, manager.ok("", "task", "show", task), "actions", "complete", "yes")
	has(t, manager.ok("", "task", "complete", task, "--var", "approved=true", "--outcome", "approved", "--comment", "同意"), "completed", "next tasks", "备案")
	second := clerk.only("task", "list", "--view", "claimable")
	has(t, clerk.ok("", "task", "claim", second), "lina")
	clerk.ok("", "task", "complete", second)
	has(t, starter.ok("", "instance", "show", instance), "STATE         completed")
	has(t, starter.ok("", "instance", "history", instance), "SEQ", "complete", "wangfang")
	has(t, starter.ok("", "instance", "timeline", instance), "同意", "approved", "wangfang")
	if out := starter.ok("", "task", "list"); strings.Count(out, "\n") != 1 {
		t.Errorf("no task is left: %s", out)
	}
	starter.fails(client.ExitProblem, "not_found", "task", "show", "nothing")
	has(t, starter.ok("", "logout"), "logged out of "+in.url)
	starter.fails(client.ExitUnreachable, "not logged in", "task", "list")
	has(t, manager.ok("", "definition", "xml", manager.only("definition", "list", "--latest", "--process", "leave")), "<userTask id=\"approve\"")
}

// A worker, an operator and another system: jobs, messages, incidents, CloudEvents.
func TestWorkersAndOperators(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(work)
	operator, admin, keeper := in.loggedIn("wuqiang"), in.loggedIn("admin"), in.loggedIn("sunqi")
	operator.env = append(operator.env, "DIOM_WORKER=me")
	instances := []string{}
	for range 2 {
		var started struct{ Instance struct{ ID string } }
		operator.json(&started, "start", "pay")
		instances = append(instances, started.Instance.ID)
	}
	has(t, operator.run("", "task", "list").err, "task list --view claimable")
	has(t, operator.ok("", "job", "list", "--topic", "book"), instances[0], "external")
	fetched := func() string { return operator.only("job", "fetch", "book", "--max", "1", "--lock", "300") }
	job := fetched()
	operator.ok("", "job", "extend", job, "--lock", "600")
	operator.fails(client.ExitProblem, "job_locked_by_another", "job", "complete", job, "--worker", "you")
	operator.ok("", "job", "complete", job, "--var", "receipt=R-1")
	job = fetched()
	operator.ok("", "job", "fail", job, "--message", "down", "--retries", "0")
	has(t, operator.ok("", "incident", "list"), "down", instances[1])
	has(t, operator.ok("", "incident", "retry", operator.only("incident", "list")), "active")
	operator.ok("", "job", "error", fetched(), "--code", "declined")

	has(t, operator.ok("", "message", "paid", "--correlate", `receipt="R-1"`), instances[0])
	failed := operator.only("incident", "list") // the condition misses its variable
	has(t, operator.ok("", "incident", "retry", failed, "--var", "amount=5"), "completed")
	operator.fails(client.ExitProblem, "no_subscription", "message", "paid")
	has(t, operator.ok("", "signal", "market closed", "--var", "reason=holiday"), "market closed")
	operator.ok("", "condition", "--var", "temperature=-3")
	has(t, operator.ok("", "message", "paid", "--ttl", "60"), "it is kept")

	operator.ok("", "start", "pay", "--business-key", "P-9")
	id := operator.only("instance", "list", "--business-key", "P-9", "--state", "active")
	has(t, operator.ok("", "instance", "suspend", id, "--reason", "audit"), "suspended")
	has(t, operator.ok("", "instance", "resume", id), "active")
	has(t, operator.ok("", "instance", "cancel", id), "cancelled")

	events(t, in, admin, keeper)
}

// events registers a source and sends what starts a process, in both modes and twice.
func events(t *testing.T, in *served, admin, keeper *user) {
	t.Helper()
	const key = "a key of more than 16 bytes"
	registration := admin.file("shop.json", `{"source": "https://shop.example/orders", "keyId": "k1",
"mappings": [{"type": "com.example.placed", "message": "order placed", "businessKey": "${event.businesskey}", "variables": {"customer": "${data.name}"}}]}`)
	keyFile := admin.file("key", key+"\n")
	admin.fails(client.ExitUsage, "give --key-file, or DIOM_EVENT_KEY", "source", "add", registration)
	has(t, admin.ok("", "source", "add", registration, "--key-file", keyFile), "https://shop.example/orders")
	has(t, admin.ok("", "source", "show", admin.only("source", "list")), "mappings", "order placed")

	shop := newUserAt(t, in.url) // has no log-in
	send := []string{"event", "send", "com.example.placed", "--source", "https://shop.example/orders", "--key-id", "k1", "--verbose", "--business-key", "订单-1"}
	first := append(send, "--id", "e-1", "--data", `{"name": "李雷"}`, "--key-file", keyFile)
	for range 2 {
		has(t, shop.ok("", first...), "accepted: event e-1")
	}
	shop.env = append(shop.env, "DIOM_EVENT_KEY="+key)
	shop.ok(`{"name": "韩梅梅"}`, append(send, "--mode", "structured", "--data-file", "-")...)
	if out := keeper.ok("", "task", "list", "--view", "claimable"); strings.Count(out, "发货") != 2 {
		t.Errorf("two orders were sent:\n%s", out)
	}
	wrong := shop.fails(client.ExitProblem, "event_signature_invalid", append(send, "--key-file", admin.file("other", "another key of 16 bytes"))...)
	if strings.Contains(wrong.err+wrong.out, "another key") {
		t.Error(wrong.err)
	}
	shop.fails(client.ExitUsage, "is not JSON", append(send, "--data", "{")...)
	has(t, shop.ok("", "event", "schema", "io.diom.workflow.task.created.v1"), `"taskId"`)
	has(t, shop.ok("", "event", "types"), "io.diom.workflow.task.created.v1")
}

// --json prints what the API answers, byte for byte; of a refusal too.
func TestJSONIsTheAnswer(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(faastest.Leave)
	for range 3 {
		in.Start(nil)
	}
	u := in.loggedIn("zhangwei")
	for path, command := range map[string]string{
		"/auth/userinfo":                             "whoami",
		"/api/v1/tasks?view=started":                 "task list --view started",
		"/api/v1/instances?limit=2":                  "instance list --limit 2",
		"/api/v1/definitions?latest=true&key=leave":  "definition list --latest --process leave",
		"/api/v1/processes/leave/start-form":         "definition form leave",
		"/api/v1/notifications?unread=true&limit=50": "notification list --unread --limit 50",
	} {
		if want, got := in.get(path), u.ok("", append(strings.Fields(command), "--json")...); strings.TrimRight(got, "\n") != strings.TrimRight(want, "\n") {
			t.Errorf("diom %s\n%s\nthe API\n%s", command, got, want)
		}
	}
	refused := u.run("", "incident", "list", "--json")
	var problem struct{ Code, TraceID string }
	if err := json.Unmarshal([]byte(refused.err), &problem); err != nil || problem.Code != "forbidden" || problem.TraceID == "" || refused.out != "" || refused.code != client.ExitProblem {
		t.Errorf("%v %+v", err, refused)
	}
	refused = u.run("", "incident", "list")
	has(t, refused.err, "diom: Not allowed (forbidden): Your roles do not allow this.", "\n  trace ")
}

// get is what the API answers zhangwei.
func (in *served) get(path string) string {
	in.t.Helper()
	request, err := http.NewRequestWithContext(in.t.Context(), http.MethodGet, in.url+path, nil)
	if err != nil {
		in.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+in.Token("zhangwei"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		in.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		in.t.Fatal(err)
	}
	return string(body)
}

// A list says when there is more, and --limit and --all go on.
func TestPages(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(faastest.Leave)
	const many = 103
	for range many {
		in.Start(nil)
	}
	u := in.loggedIn("zhangwei")
	for line, c := range map[string]struct {
		rows int
		more string
	}{
		"instance list":                       {20, "20 shown, there are more"},
		"instance list --limit 3":             {3, "3 shown, there are more"},
		"instance list --limit 102":           {102, "102 shown, there are more"},
		"instance list --limit 500":           {many, ""},
		"instance list --all":                 {many, ""},
		"instance list --all --process other": {0, ""},
	} {
		r := u.run("", strings.Fields(line)...)
		if rows := strings.Count(r.out, "\n") - 1; r.code != 0 || rows != c.rows || (c.more == "") != (r.err == "") || !strings.Contains(r.err, c.more) {
			t.Errorf("diom %s: %d, %d rows, %q", line, r.code, rows, r.err)
		}
	}
	if pages := strings.Count(u.ok("", "instance", "list", "--all", "--json"), `"items"`); pages != 2 {
		t.Errorf("%d pages", pages)
	}
	u.fails(client.ExitUsage, "--limit is a number from 1", "instance", "list", "--limit", "0")
	u.fails(client.ExitUsage, "limit", "instance", "list", "--limit", "1", "--all")
}

// What is wrong with a model is told as file:line, of several files and of a directory.
func TestDeployTellsTheLine(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := in.loggedIn("zhouming")
	good := u.file("good.bpmn", faastest.Leave)
	bad := u.file("bad.bpmn", strings.Replace(strings.ReplaceAll(faastest.Leave, `id="leave"`, `id="bad"`), `<userTask id="approve"`, "\n<complexGateway id=\"approve\"", 1))
	r := u.fails(client.ExitProblem, bad+":3: approve", "deploy", good, bad)
	has(t, r.err, "invalid_model", "[", "]", "trace ")
	if got := in.get("/api/v1/definitions"); strings.Contains(got, `"leave"`) {
		t.Errorf("all or nothing: %s", got)
	}
	u.fails(client.ExitProblem, ":1", "deploy", u.file("broken.bpmn", "<a"))
	u.fails(client.ExitUsage, "no such file", "deploy", "nowhere.bpmn")
	u.fails(client.ExitUsage, "there is no .bpmn, .dmn or .form file", "deploy", t.TempDir())
	u.fails(client.ExitUsage, "have the same name", "deploy", good, u.file("good.bpmn", faastest.Leave))
	has(t, u.ok("", "deploy", strings.TrimSuffix(good, "/good.bpmn")), "leave")
}

// An administrator makes a user by the API, and the first one on the database.
func TestUsersByAPIAndByDatabase(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	admin := in.loggedIn("admin")
	has(t, admin.ok("Passw0rd-of-him\n", "user", "create", "hanmeimei", "--role", "EMPLOYEE", "--group", "finance", "--name", "韩梅梅", "--password-stdin"), "hanmeimei", "韩梅梅", "finance")
	one := newUserAt(t, in.url)
	one.ok("Passw0rd-of-him\n", "login", "--password-stdin", "hanmeimei")
	id := admin.only("user", "list", "--prefix", "hanmei")
	has(t, admin.ok("", "user", "update", id, "--enabled=false", "--title", "会计"), "会计", "ENABLED     no")
	one.fails(client.ExitUnreachable, "is over", "whoami")
	admin.env = append(admin.env, "DIOM_PASSWORD="+access.DemoPassword) // one's own, never a new user's
	made := admin.run("", "user", "create", "lilei")
	if has(t, made.err, "the password of lilei is "); strings.Contains(made.err, access.DemoPassword) {
		t.Error("the caller's password became another's")
	}
	admin.ok("", "user", "delete", admin.only("user", "list", "--prefix", "lilei"))
	admin.fails(client.ExitProblem, "/username", "user", "create", "not a name")

	database := newUserAt(t, in.url, "DIOM_MYSQL_DSN="+in.App.Config.MySQLDSN, "DIOM_SECRETS_DIR="+in.App.Config.SecretsDir)
	has(t, database.ok(access.DemoPassword+"\n", "user", "create", "--admin", "--password-stdin", "root"), "created root")
	database.ok(access.DemoPassword+"\n", "login", "--password-stdin", "root")
	has(t, database.ok("", "whoami"), access.SuperAdmin)
	has(t, database.ok("", "role", "list"), "OPERATOR")
	has(t, database.ok("", "group", "list"), "finance")
	has(t, database.ok("", "department", "list"), "财务部")
}
