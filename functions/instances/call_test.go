package instances

import (
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
)

const calling = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="caller" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="call"/><callActivity id="call" calledElement="called"/></process>
<process id="called" isExecutable="true"><startEvent id="s2"/><sequenceFlow id="f2" sourceRef="s2" targetRef="ask"/><userTask id="ask" c:assignee="lina"/></process></definitions>`

// An instance tells who called it and whom it has called, and the list of an instance's calls.
func TestCalledInstances(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(calling)
	if _, err := d.App.Workflow.StartProcess(t.Context(), d.Call("zhangwei"), "caller", workflow.StartRequest{}); err != nil {
		t.Fatal(err)
	}
	var caller, called engine.ID
	err := d.App.DB.QueryRow(t.Context(), []any{&called, &caller}, "SELECT id, parent_id FROM workflow_instance WHERE parent_id IS NOT NULL")
	if err != nil {
		t.Fatal(err)
	}
	zhangwei := d.As("zhangwei")
	shown := `"id": "` + called.String() + `", "parentInstanceId": "` + caller.String() + `", "parentNodeId": "call", "rootInstanceId": "` + caller.String() + `"`
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "called", Method: "GET", Path: "/api/v1/instances/" + called.String(), Header: zhangwei, Status: 200, JSON: `{` + shown + `, "starter": "zhangwei"}`},
		{Name: "caller", Method: "GET", Path: "/api/v1/instances/" + caller.String(), Header: zhangwei, Status: 200, JSON: `{"parentInstanceId": null, "parentNodeId": null, "rootInstanceId": "` + caller.String() + `"}`},
		{Name: "list", Method: "GET", Path: "/api/v1/instances?count=true&parentInstanceId=" + caller.String(), Header: zhangwei, Status: 200, JSON: `{"total": 1, "items": [{` + shown + `}]}`},
		{Name: "list of none", Method: "GET", Path: "/api/v1/instances?parentInstanceId=" + called.String(), Header: zhangwei, Status: 200, JSON: `{"items": []}`},
		{Name: "list of no id", Method: "GET", Path: "/api/v1/instances?parentInstanceId=x", Header: zhangwei, Status: 400, Code: "bad_filter"},
		{Name: "activity", Method: "GET", Path: "/api/v1/instances/" + caller.String() + "/activity", Header: zhangwei, Status: 200, JSON: `{"items": [{"nodeId": "s"}, {"nodeId": "call", "calledInstanceId": "` + called.String() + `"}]}`},
	})
}
