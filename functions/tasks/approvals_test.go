package tasks

import (
	"strings"
	"testing"

	"diom.io/workflow/shared/faas/faastest"
)

// approving is the model of the demo whose first task one person decides, and may ask others.
var approving = strings.NewReplacer(
	`targetNamespace="t"`, `targetNamespace="t" xmlns:d="https://diom.io/schema/bpmn/1.0"`,
	`c:assignee="wangfang"/>`, `c:assignee="wangfang"><extensionElements><d:approval/></extensionElements></userTask>`,
	`c:candidateGroups="finance"/>`, `c:candidateGroups="finance"><extensionElements><d:approval allow="return"/></extensionElements></userTask>`,
).Replace(faastest.Leave)

func TestApprovals(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(approving)
	wangfang, lina, zhangwei := d.As("wangfang"), d.As("lina"), d.As("zhangwei")
	first := func(operation string) func(*testing.T, *faastest.Call) {
		return func(_ *testing.T, c *faastest.Call) {
			_, task := d.Start(nil)
			c.Path = "/api/v1/tasks/" + task.String() + operation
		}
	}
	second := func(operation string) func(*testing.T, *faastest.Call) {
		return func(_ *testing.T, c *faastest.Call) {
			_, task := d.Start(nil)
			c.Path = "/api/v1/tasks/" + d.Complete("wangfang", task).String() + operation
		}
	}
	decided := func(operation string) func(*testing.T, *faastest.Call) {
		return func(_ *testing.T, c *faastest.Call) {
			_, task := d.Start(nil)
			d.Complete("wangfang", task)
			c.Path = "/api/v1/tasks/" + task.String() + operation
		}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "actions of the first", Method: "GET", Prepare: first(""), Header: wangfang, Status: 200, JSON: `{"actions": [{}, {}, {}, {}, {}, {}, {"name": "return", "allowed": false, "reason": "nowhere_to_return"}, {"name": "add-signers", "allowed": true}, {"name": "remove-signers", "allowed": false, "reason": "last_signer"}, {"name": "withdraw", "allowed": false, "reason": "task_not_completed"}, {}, {}]}`},
		{Name: "actions of another's", Method: "GET", Prepare: first(""), Header: zhangwei, Status: 200, JSON: `{"actions": [{}, {}, {}, {}, {}, {}, {"reason": "not_your_task"}, {"reason": "not_your_task"}, {"reason": "not_your_task"}, {"reason": "not_your_task"}, {}, {}]}`},
		{Name: "actions of the second", Method: "GET", Prepare: second(""), Header: lina, Status: 200, JSON: `{"actions": [{}, {}, {}, {}, {}, {}, {"name": "return", "allowed": true}, {"reason": "operation_not_allowed"}, {"reason": "operation_not_allowed"}, {"allowed": false}, {}, {}]}`},
		{Name: "actions of what one has decided", Method: "GET", Prepare: decided(""), Header: wangfang, Status: 200, JSON: `{"actions": [{}, {}, {}, {}, {}, {}, {"reason": "task_ended"}, {"reason": "task_ended"}, {"reason": "task_ended"}, {"name": "withdraw", "allowed": true}, {}, {}]}`},
		{Name: "return", Method: "POST", Prepare: second("/return"), Header: lina, Body: `{"to": "previous", "comment": "more"}`, Status: 200, JSON: `{"task": {"state": "completed", "endedBy": "lina"}, "next": [{"nodeId": "approve"}]}`},
		{Name: "return to nowhere", Method: "POST", Prepare: first("/return"), Header: wangfang, Body: `{"to": "previous"}`, Status: 409, Code: "nowhere_to_return"},
		{Name: "return without a place", Method: "POST", Prepare: first("/return"), Header: wangfang, Body: `{}`, Status: 422, Code: "bad_return"},
		{Name: "return another's", Method: "POST", Prepare: second("/return"), Header: zhangwei, Body: `{"to": "previous"}`, Status: 403, Code: "not_your_task"},
		{Name: "add signers", Method: "POST", Prepare: first("/add-signers"), Header: wangfang, Body: `{"userIds": ["lina", "zhaolei"], "mode": "before"}`, Status: 200, JSON: `{"task": {"state": "cancelled"}, "next": [{"assignee": "lina"}, {"assignee": "zhaolei"}]}`},
		{Name: "add nobody", Method: "POST", Prepare: first("/add-signers"), Header: wangfang, Body: `{"userIds": ["lina", "nobody"], "mode": "before"}`, Status: 422, Code: "unknown_user"},
		{Name: "add anyhow", Method: "POST", Prepare: first("/add-signers"), Header: wangfang, Body: `{"userIds": ["lina"], "mode": "x"}`, Status: 422, Code: "bad_signer_mode"},
		{Name: "add where it is not allowed", Method: "POST", Prepare: second("/add-signers"), Header: lina, Body: `{"userIds": ["wangfang"], "mode": "after"}`, Status: 409, Code: "operation_not_allowed"},
		{Name: "remove the last", Method: "POST", Prepare: first("/remove-signers"), Header: wangfang, Body: `{"userIds": ["wangfang"]}`, Status: 409, Code: "not_a_signer"},
		{Name: "withdraw", Method: "POST", Prepare: decided("/withdraw"), Header: wangfang, Body: `{"comment": "oops"}`, Status: 200, JSON: `{"next": [{"nodeId": "approve", "assignee": "wangfang"}]}`},
		{Name: "withdraw what is open", Method: "POST", Prepare: first("/withdraw"), Header: wangfang, Status: 409, Code: "task_not_completed"},
		{Name: "withdraw another's", Method: "POST", Prepare: decided("/withdraw"), Header: lina, Status: 403, Code: "not_your_task"},
	})
}
