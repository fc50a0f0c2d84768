package tasks

import (
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
)

func TestTasks(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	_, first := d.Start(nil)
	wangfang, lina, zhaolei, zhangwei, wuqiang := d.As("wangfang"), d.As("lina"), d.As("zhaolei"), d.As("zhangwei"), d.As("wuqiang")
	assigned := func(operation string) func(*testing.T, *faastest.Call) {
		return func(_ *testing.T, c *faastest.Call) {
			_, task := d.Start(nil)
			c.Path = "/api/v1/tasks/" + task.String() + operation
		}
	}
	offered := func(operation string) func(*testing.T, *faastest.Call) {
		return func(_ *testing.T, c *faastest.Call) {
			_, task := d.Start(nil)
			c.Path = "/api/v1/tasks/" + d.Complete("wangfang", task).String() + operation
		}
	}
	claimed := func(operation string) func(*testing.T, *faastest.Call) {
		return func(t *testing.T, c *faastest.Call) {
			_, task := d.Start(nil)
			next := d.Complete("wangfang", task)
			if _, err := d.App.Workflow.ClaimTask(t.Context(), d.Call("zhaolei"), next); err != nil {
				t.Fatal(err)
			}
			c.Path = "/api/v1/tasks/" + next.String() + operation
		}
	}
	unknown := "/api/v1/tasks/" + engine.ID{1}.String()
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "inbox", Method: "GET", Path: "/api/v1/tasks?limit=1&sort=createdAt", Header: wangfang, Status: 200, JSON: `{"items": [{"id": "` + first.String() + `", "assignee": "wangfang"}]}`},
		{Name: "empty inbox", Method: "GET", Path: "/api/v1/tasks?view=claimable", Header: wangfang, Status: 200, JSON: `{"items": []}`},
		{Name: "started", Method: "GET", Path: "/api/v1/tasks?view=started&limit=1", Header: zhangwei, Status: 200},
		{Name: "done", Method: "GET", Path: "/api/v1/tasks?view=done", Header: zhangwei, Status: 200, JSON: `{"items": []}`},
		{Name: "all, by an employee", Method: "GET", Path: "/api/v1/tasks?view=all", Header: zhangwei, Status: 400, Code: "bad_filter"},
		{Name: "all, by an operator", Method: "GET", Path: "/api/v1/tasks?view=all&limit=1&sort=-priority", Header: wuqiang, Status: 200},
		{Name: "limit", Method: "GET", Path: "/api/v1/tasks?limit=100000", Header: zhangwei, Status: 400, JSON: `{"errors": [{"pointer": "/limit", "code": "bad_limit"}]}`},
		{Name: "sort", Method: "GET", Path: "/api/v1/tasks?sort=password", Header: zhangwei, Status: 400, JSON: `{"errors": [{"pointer": "/sort"}]}`},
		{Name: "cursor", Method: "GET", Path: "/api/v1/tasks?cursor=abc", Header: zhangwei, Status: 400, JSON: `{"errors": [{"pointer": "/cursor"}]}`},
		{Name: "parameter", Method: "GET", Path: "/api/v1/tasks?assignee=lina", Header: zhangwei, Status: 400},
		{Name: "get", Method: "GET", Prepare: assigned(""), Header: wangfang, Status: 200, JSON: `{"actions": [{"name": "complete", "allowed": true}, {"name": "claim", "allowed": false, "reason": "task_claimed"}, {"name": "unclaim", "allowed": false}, {"name": "transfer", "allowed": true}, {"name": "delegate", "allowed": true}, {"name": "resolve", "allowed": false, "reason": "task_not_delegated"}, {"name": "return", "allowed": false, "reason": "no_approval_policy"}, {"name": "add-signers", "allowed": false}, {"name": "remove-signers", "allowed": false}, {"name": "withdraw", "allowed": false, "reason": "task_not_completed"}, {}, {}]}`},
		{Name: "get as its starter", Method: "GET", Prepare: assigned(""), Header: zhangwei, Status: 200},
		{Name: "get another's", Method: "GET", Prepare: assigned(""), Header: lina, Status: 403, Code: "not_your_task"},
		{Name: "get unknown", Method: "GET", Path: unknown, Header: lina, Status: 404, Code: "task_not_found"},
		{Name: "form", Method: "GET", Prepare: assigned("/form"), Header: wangfang, Status: 200, JSON: `{"formKey": null, "fields": [], "variables": {"starter": "zhangwei"}}`},
		{Name: "claim", Method: "POST", Prepare: offered("/claim"), Header: lina, Status: 200, JSON: `{"task": {"assignee": "lina", "state": "open"}, "next": []}`},
		{Name: "claim what is claimed", Method: "POST", Prepare: claimed("/claim"), Header: lina, Status: 409, Code: "task_claimed"},
		{Name: "claim what is not offered", Method: "POST", Prepare: offered("/claim"), Header: zhangwei, Status: 403, Code: "not_your_task"},
		{Name: "unclaim", Method: "POST", Prepare: claimed("/unclaim"), Header: zhaolei, Status: 200, JSON: `{"task": {"assignee": null}}`},
		{Name: "unclaim an assigned task", Method: "POST", Prepare: assigned("/unclaim"), Header: wangfang, Status: 409, Code: "task_not_offered"},
		{Name: "transfer", Method: "POST", Prepare: assigned("/transfer"), Header: wangfang, Body: `{"userId": "lina", "comment": "please"}`, Status: 200, JSON: `{"task": {"assignee": "lina"}}`},
		{Name: "transfer by an operator", Method: "POST", Prepare: assigned("/transfer"), Header: wuqiang, Body: `{"userId": "lina"}`, Status: 200},
		{Name: "transfer another's", Method: "POST", Prepare: assigned("/transfer"), Header: lina, Body: `{"userId": "lina"}`, Status: 403, Code: "not_your_task"},
		{Name: "transfer to nobody", Method: "POST", Prepare: assigned("/transfer"), Header: wangfang, Body: `{"userId": "nobody"}`, Status: 422, Code: "unknown_user"},
		{Name: "delegate", Method: "POST", Prepare: assigned("/delegate"), Header: wangfang, Body: `{"userId": "lina"}`, Status: 200, JSON: `{"task": {"assignee": "lina", "owner": "wangfang"}}`},
		{Name: "resolve what is not delegated", Method: "POST", Prepare: assigned("/resolve"), Header: wangfang, Status: 409, Code: "task_not_delegated"},
	})
}

// Who heads a department sees the tasks of what its people have started, and does none of them.
func TestDepartmentHead(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(strings.Replace(faastest.Leave, `"wangfang"`, `"lina"`, 1))
	_, task := d.Start(nil)
	one, head, other := "/api/v1/tasks/"+task.String(), d.As("wangfang"), d.As("sunqi")
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "reads", Method: "GET", Path: one, Header: head, Status: 200, JSON: `{"assignee": "lina", "actions": [{"name": "complete", "allowed": false, "reason": "not_your_task"}, {"allowed": false}, {"allowed": false}, {"allowed": false}, {"allowed": false}, {"allowed": false}, {"allowed": false}, {"allowed": false}, {"allowed": false}, {"allowed": false}, {}, {}]}`},
		{Name: "reads the form", Method: "GET", Path: one + "/form", Header: head, Status: 200},
		{Name: "does not hand on", Method: "POST", Path: one + "/transfer", Header: head, Body: `{"userId": "wangfang"}`, Status: 403, Code: "not_your_task"},
		{Name: "of another department", Method: "GET", Path: one, Header: other, Status: 403, Code: "not_your_task"},
		{Name: "of another department, form", Method: "GET", Path: one + "/form", Header: other, Status: 403, Code: "not_your_task"},
	})
}
