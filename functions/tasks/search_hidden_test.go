package tasks

import (
	"fmt"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
)

// hiding is the leave request with a salary by which it is found, and which who approves does not see.
var hiding = strings.NewReplacer(
	`<process id="leave"`, `<process id="leave" xmlns:d="https://diom.io/schema/bpmn/1.0" d:searchVariables="days salary bonus"`,
	`c:assignee="wangfang"/>`, `c:assignee="wangfang"><extensionElements><d:fields><d:field name="salary" access="hidden"/><d:field name="bonus.amount" access="hidden"/></d:fields></extensionElements></userTask>`,
).Replace(faastest.Leave)

// Who is not shown a variable learns nothing of it by asking for its values: not by one, a range, a beginning, or
// whether it is there, and not by how many tasks there are.
func TestWhatIsHiddenIsNotSearchedBy(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(hiding)
	instance, task := d.Start(engine.Variables{"days": int64(3), "salary": int64(4711), "bonus": map[string]any{"amount": int64(7)}})
	approver, starter, operator := d.As("wangfang"), d.As("zhangwei"), d.As("wuqiang")
	found, none := fmt.Sprintf(`{"items": [{"id": %q}], "total": 1}`, task), `{"items": [], "total": 0}`
	ask := func(name string, who map[string]string, view, condition, want string) faastest.Call {
		return faastest.Call{
			Name: name, Method: "POST", Path: "/api/v1/tasks:search", Header: who, Status: 200, JSON: want,
			Body: fmt.Sprintf(`{"parameters": {"view": %q, "instanceId": %q}, "count": true, "condition": %s}`, view, instance, condition),
		}
	}
	calls := []faastest.Call{
		ask("what he sees", approver, "todo", `{"variable": "days", "value": 3}`, found),
		ask("either", approver, "todo", `{"any": [{"variable": "days", "value": 3}, {"variable": "salary", "value": 1}]}`, found),
	}
	for name, condition := range map[string]string{
		"a value": `{"variable": "salary", "value": 4711}`, "one of": `{"variable": "salary", "operator": "in", "value": [4711, 1]}`,
		"a range": `{"variable": "salary", "operator": "gt", "value": 4000}`, "whether": `{"variable": "salary", "operator": "exists", "value": true}`,
		"a part":      `{"variable": "bonus", "value": {"amount": 7}}`,
		"beside days": `{"all": [{"variable": "days", "value": 3}, {"variable": "salary", "operator": "lt", "value": 5000}]}`,
	} {
		calls = append(calls, ask(name, approver, "todo", condition, none), ask(name+", starter", starter, "started", condition, found), ask(name+", operator", operator, "all", condition, found))
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, calls)
}
