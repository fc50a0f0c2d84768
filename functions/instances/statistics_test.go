package instances

import (
	"testing"

	"diom.io/workflow/shared/faas/faastest"
)

func TestStatistics(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	d.Start(nil)
	zhangwei, wuqiang := d.As("zhangwei"), d.As("wuqiang")
	const process = "/api/v1/processes/leave/statistics"
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "overview", Method: "GET", Path: "/api/v1/statistics", Header: wuqiang, Status: 200,
			JSON: `{"running": [{"processKey": "leave", "processVersion": 1, "state": "active", "count": 1}], "incidents": [], "timers": {"count": 0, "oldest": null}}`},
		{Name: "overview of an employee", Method: "GET", Path: "/api/v1/statistics", Header: zhangwei, Status: 403},
		{Name: "process", Method: "GET", Path: process + "?days=7", Header: wuqiang, Status: 200,
			JSON: `{"processKey": "leave", "instances": 1, "sampled": 1, "versions": [{"processVersion": 1, "active": 1}], "nodes": [{"nodeId": "approve", "visits": 1, "running": 1}, {"nodeId": "start", "visits": 1, "running": 0}]}`},
		{Name: "another version", Method: "GET", Path: process + "?definitionId=019a9cf3-5b5e-7000-8000-00000000005b", Header: wuqiang, Status: 200, JSON: `{"instances": 0, "nodes": []}`},
		{Name: "no version", Method: "GET", Path: process + "?definitionId=1", Header: wuqiang, Status: 400, Code: "bad_filter"},
		{Name: "no days", Method: "GET", Path: process + "?days=0", Header: wuqiang, Status: 400, Code: "bad_days"},
		{Name: "no process", Method: "GET", Path: "/api/v1/processes/none/statistics", Header: wuqiang, Status: 404, Code: "definition_not_found"},
		{Name: "process of an employee", Method: "GET", Path: process, Header: zhangwei, Status: 403},
		{Name: "no subscriptions", Method: "GET", Path: "/api/v1/subscriptions?message=none", Header: wuqiang, Status: 200, JSON: `{"items": []}`},
		{Name: "subscriptions of an employee", Method: "GET", Path: "/api/v1/subscriptions", Header: zhangwei, Status: 403},
	})
}
