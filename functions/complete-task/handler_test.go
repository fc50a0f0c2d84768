package completetask

import (
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
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
