package completetask

import (
	"encoding/json"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
)

func TestCompleteTask(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	wangfang, lina, zhangwei := d.As("wangfang"), d.As("lina"), d.As("zhangwei")
	fresh := func(_ *testing.T, c *faastest.Call) {
		_, task := d.Start(nil)
		c.Path = "/api/v1/tasks/" + task.String() + "/complete"
	}
	offered := func(_ *testing.T, c *faastest.Call) {
		_, task := d.Start(nil)
		c.Path = "/api/v1/tasks/" + d.Complete("wangfang", task).String() + "/complete"
	}
	done := func(_ *testing.T, c *faastest.Call) {
		_, task := d.Start(nil)
		d.Complete("wangfang", task)
		c.Path = "/api/v1/tasks/" + task.String() + "/complete"
	}
	unknown := "/api/v1/tasks/" + engine.ID{1}.String() + "/complete"
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "approve", Method: "POST", Prepare: fresh, Header: wangfang, Body: `{"variables": {"days": 2.50, "更多": [1]}, "outcome": "approved", "comment": "好"}`, Status: 200,
			JSON: `{"task": {"state": "completed", "assignee": "wangfang", "endedBy": "wangfang", "nodeId": "approve"}, "instance": {"state": "active", "version": 2}, "next": [{"nodeId": "file", "assignee": null, "candidateGroups": ["finance"]}]}`},
		{Name: "the last task", Method: "POST", Prepare: offered, Header: lina, Status: 200, JSON: `{"task": {"state": "completed", "endedBy": "lina"}, "instance": {"state": "completed"}, "next": []}`},
		{Name: "another's", Method: "POST", Prepare: fresh, Header: zhangwei, Body: `{}`, Status: 403, Code: "not_your_task"},
		{Name: "not offered", Method: "POST", Prepare: offered, Header: wangfang, Body: `{}`, Status: 403, Code: "not_your_task"},
		{Name: "completed", Method: "POST", Prepare: done, Header: wangfang, Body: `{}`, Status: 409, Code: "task_ended"},
		{Name: "unknown", Method: "POST", Path: unknown, Header: wangfang, Body: `{}`, Status: 404, Code: "task_not_found"},
		{Name: "no id", Method: "POST", Path: "/api/v1/tasks/1/complete", Header: wangfang, Body: `{}`, Status: 404, Code: "not_found"},
		{Name: "no token", Method: "POST", Path: unknown, Status: 401, Code: "token_missing"},
		{Name: "wrong method", Method: "GET", Path: unknown, Header: wangfang, Status: 405},
		{Name: "not JSON", Method: "POST", Path: unknown, Header: wangfang, Body: `{`, Status: 400, Code: "bad_json"},
		{Name: "wrong type", Method: "POST", Path: unknown, Header: wangfang, Body: `{"comment": 1}`, Status: 422, Code: "bad_type"},
		{Name: "variables of the wrong type", Method: "POST", Path: unknown, Header: wangfang, Body: `{"variables": [1]}`, Status: 422, Code: "bad_type"},
		{Name: "unknown field", Method: "POST", Path: unknown, Header: wangfang, Body: `{"assignee": "me"}`, Status: 400, Code: "bad_json"},
		{Name: "a long comment", Method: "POST", Path: unknown, Header: wangfang, Body: `{"comment": "` + strings.Repeat("字", 4001) + `"}`, Status: 422, Code: "text_too_long"},
		{Name: "a huge variable", Method: "POST", Path: unknown, Header: wangfang, Body: `{"variables": {"x": "` + strings.Repeat("x", 257<<10) + `"}}`, Status: 413, Code: "variable_too_large"},
		{Name: "a huge body", Method: "POST", Path: unknown, Header: wangfang, Body: `{"comment": "` + strings.Repeat("x", 1<<20) + `"}`, Status: 413, Code: "body_too_large"},
	})
}

// thrown is a task on whose border an error and an escalation, which does not interrupt, are caught.
const thrown = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<error id="e" errorCode="WRONG"/><escalation id="x" escalationCode="LATE"/>
<process id="thrown" isExecutable="true">
<startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="approve"/>
<userTask id="approve" camunda:assignee="wangfang"/>
<boundaryEvent id="wrong" attachedToRef="approve"><errorEventDefinition errorRef="e"/></boundaryEvent><sequenceFlow id="f2" sourceRef="wrong" targetRef="repair"/>
<boundaryEvent id="late" attachedToRef="approve" cancelActivity="false"><escalationEventDefinition escalationRef="x"/></boundaryEvent><sequenceFlow id="f3" sourceRef="late" targetRef="repair"/>
<userTask id="repair" camunda:assignee="lina"/>
</process></definitions>`

func TestThrow(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(thrown)
	wangfang, lina := d.As("wangfang"), d.As("lina")
	on := func(name string) func(*testing.T, *faastest.Call) {
		return func(t *testing.T, c *faastest.Call) {
			raw, err := d.App.Workflow.StartProcess(t.Context(), d.Call("zhangwei"), "thrown", workflow.StartRequest{})
			var started workflow.Started
			if err == nil {
				err = json.Unmarshal(raw, &started)
			}
			if err != nil {
				t.Fatal(err)
			}
			c.Path = "/api/v1/tasks/" + started.Tasks[0].ID.String() + name
		}
	}
	unknown := "/api/v1/tasks/" + engine.ID{1}.String()
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "an error", Method: "POST", Prepare: on("/error"), Header: wangfang, Body: `{"code": "WRONG", "message": "no", "variables": {"a": 1}}`, Status: 200,
			JSON: `{"task": {"nodeId": "approve"}, "instance": {"state": "active"}, "next": [{"nodeId": "repair", "assignee": "lina"}]}`},
		{Name: "an uncaught error", Method: "POST", Prepare: on("/error"), Header: wangfang, Body: `{"code": "OTHER"}`, Status: 200, JSON: `{"instance": {"state": "completed"}, "next": []}`},
		{Name: "an escalation", Method: "POST", Prepare: on("/escalate"), Header: wangfang, Body: `{"code": "LATE", "variables": {"a": 1}}`, Status: 200,
			JSON: `{"task": {"nodeId": "approve", "state": "open"}, "instance": {"state": "active"}, "next": [{"nodeId": "repair"}]}`},
		{Name: "an uncaught escalation", Method: "POST", Prepare: on("/escalate"), Header: wangfang, Body: `{"code": "OTHER"}`, Status: 409, Code: "escalation_unhandled"},
		{Name: "another's error", Method: "POST", Prepare: on("/error"), Header: lina, Body: `{"code": "WRONG"}`, Status: 403, Code: "not_your_task"},
		{Name: "another's escalation", Method: "POST", Prepare: on("/escalate"), Header: lina, Body: `{"code": "LATE"}`, Status: 403, Code: "not_your_task"},
		{Name: "no code", Method: "POST", Path: unknown + "/error", Header: wangfang, Body: `{"message": "no"}`, Status: 422, Code: "bad_thrown_code", JSON: `{"errors": [{"pointer": "/code"}]}`},
		{Name: "no code of an escalation", Method: "POST", Path: unknown + "/escalate", Header: wangfang, Body: `{}`, Status: 422, Code: "bad_thrown_code"},
		{Name: "a long message", Method: "POST", Path: unknown + "/error", Header: wangfang, Body: `{"code": "X", "message": "` + strings.Repeat("字", 4001) + `"}`, Status: 422, Code: "text_too_long"},
		{Name: "a huge variable", Method: "POST", Path: unknown + "/escalate", Header: wangfang, Body: `{"code": "X", "variables": {"x": "` + strings.Repeat("x", 257<<10) + `"}}`, Status: 413, Code: "variable_too_large"},
		{Name: "unknown", Method: "POST", Path: unknown + "/error", Header: wangfang, Body: `{"code": "X"}`, Status: 404, Code: "task_not_found"},
		{Name: "no token", Method: "POST", Path: unknown + "/escalate", Status: 401, Code: "token_missing"},
	})
}
