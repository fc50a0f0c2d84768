package tasks

import (
	"encoding/json"
	"strings"
	"testing"

	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
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

// booking is a process in which something is booked, and can be undone, before it is decided.
const booking = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" xmlns:d="https://diom.io/schema/bpmn/1.0" targetNamespace="t">
<process id="leave" isExecutable="true"><startEvent id="start" c:initiator="starter"/><sequenceFlow id="f1" sourceRef="start" targetRef="apply"/>
<userTask id="apply" c:assignee="${starter}"/><sequenceFlow id="f2" sourceRef="apply" targetRef="book"/><manualTask id="book"/><sequenceFlow id="f3" sourceRef="book" targetRef="decide"/>
<userTask id="decide" c:assignee="lina"><extensionElements><d:approval/></extensionElements></userTask>
<boundaryEvent id="undo" attachedToRef="book"><compensateEventDefinition/></boundaryEvent><association id="to" sourceRef="undo" targetRef="unbook"/>
<userTask id="unbook" c:assignee="sunqi" isForCompensation="true"/></process></definitions>`

// A return that compensates opens the handler first, and the task that it goes to when that is done.
func TestReturnCompensates(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(booking)
	decided := func(_ *testing.T, c *faastest.Call) {
		_, apply := d.Start(nil)
		c.Path = "/api/v1/tasks/" + d.Complete("zhangwei", apply).String() + "/return"
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "without", Method: "POST", Prepare: decided, Header: d.As("lina"), Body: `{"to": "starter"}`, Status: 200, JSON: `{"next": [{"nodeId": "apply"}]}`},
		{Name: "with", Method: "POST", Prepare: decided, Header: d.As("lina"), Body: `{"to": "starter", "compensate": true}`, Status: 200, JSON: `{"next": [{"nodeId": "unbook", "assignee": "sunqi"}]}`},
		{Name: "no word", Method: "POST", Prepare: decided, Header: d.As("lina"), Body: `{"to": "starter", "compensate": "yes"}`, Status: 422, Code: "bad_type"},
	})
	_, apply := d.Start(nil)
	raw, err := d.App.Workflow.ReturnTask(t.Context(), d.Call("lina"), d.Complete("zhangwei", apply), workflow.TaskReturn{To: "starter", Compensate: true})
	var answer workflow.TaskAnswer
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	if err != nil || len(answer.Next) != 1 {
		t.Fatalf("%v %+v", err, answer.Next)
	}
	again, err := d.App.Store.Task(t.Context(), d.Complete("sunqi", answer.Next[0].ID))
	if err != nil || again.NodeID != "apply" || again.Assignee == nil || *again.Assignee != "zhangwei" {
		t.Errorf("%+v, %v", again, err)
	}
}
