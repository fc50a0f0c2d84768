package startprocess

import (
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
)

func TestStartProcess(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	d.Deploy(strings.NewReplacer(`"leave"`, `"closed"`, `isExecutable="true"`, `isExecutable="true" c:candidateStarterGroups="directors"`).Replace(faastest.Leave))
	zhangwei, chenjing, auditor := d.As("zhangwei"), d.As("chenjing"), d.As("zhouming")
	const start = "/api/v1/processes/leave/start"
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "start", Method: "POST", Path: start, Header: zhangwei, Body: `{"businessKey": "B-1", "variables": {"days": 3, "starter": "forged"}}`, Status: 201,
			JSON: `{"instance": {"processKey": "leave", "processVersion": 1, "businessKey": "B-1", "state": "active", "starter": "zhangwei", "version": 1, "endedAt": null}, "tasks": [{"nodeId": "approve", "name": "审批", "state": "open", "assignee": "wangfang", "priority": 50}]}`},
		{Name: "an empty body", Method: "POST", Path: start, Header: zhangwei, Status: 201, JSON: `{"instance": {"businessKey": null}}`},
		{Name: "unknown process", Method: "POST", Path: "/api/v1/processes/nothing/start", Header: zhangwei, Body: `{}`, Status: 404, Code: "definition_not_found"},
		{Name: "unknown definition", Method: "POST", Path: "/api/v1/definitions/" + engine.ID{1}.String() + "/start", Header: zhangwei, Body: `{}`, Status: 404, Code: "definition_not_found"},
		{Name: "not a starter", Method: "POST", Path: "/api/v1/processes/closed/start", Header: zhangwei, Body: `{}`, Status: 403, Code: "not_a_starter"},
		{Name: "a starter by group", Method: "POST", Path: "/api/v1/processes/closed/start", Header: chenjing, Body: `{}`, Status: 201},
		{Name: "a long business key", Method: "POST", Path: start, Header: zhangwei, Body: `{"businessKey": "` + strings.Repeat("x", 256) + `"}`, Status: 422, Code: "bad_business_key"},
		{Name: "a variable without a name", Method: "POST", Path: start, Header: zhangwei, Body: `{"variables": {"": 1}}`, Status: 422, Code: "bad_variable_name"},
		{Name: "too deep", Method: "POST", Path: start, Header: zhangwei, Body: `{"variables": {"x": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`, Status: 400, Code: "bad_json"},
		{Name: "no token", Method: "POST", Path: start, Status: 401, Code: "token_missing"},
		{Name: "suggestions", Method: "GET", Path: "/api/v1/processes/leave/suggestions", Header: chenjing, Status: 200,
			Prepare: func(t *testing.T, _ *faastest.Call) {
				for _, days := range []int64{3, 5, 3} {
					if _, err := d.App.Workflow.StartProcess(t.Context(), d.Call("chenjing"), "leave", workflow.StartRequest{Variables: engine.Variables{"days": days, "list": []any{}}}); err != nil {
						t.Fatal(err)
					}
				}
			}, JSON: `{"items": [{"name": "days", "last": 3, "frequent": [{"value": 3}, {"value": 5}]}]}`},
		{Name: "suggestions of nothing", Method: "GET", Path: "/api/v1/processes/nothing/suggestions", Header: chenjing, Status: 404, Code: "definition_not_found"},
		{Name: "form", Method: "GET", Path: "/api/v1/processes/leave/start-form", Header: auditor, Status: 200, JSON: `{"processKey": "leave", "name": "请假", "fields": []}`},
	})
}
