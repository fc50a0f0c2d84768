package instances

import (
	"fmt"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
)

// operated is an installation with two versions of a process and helpers for calls that each need an
// instance of their own.
type operated struct {
	*faastest.Demo
	first, second engine.ID
}

func openOperated(t *testing.T) operated {
	t.Helper()
	d := operated{Demo: faastest.OpenDemo(t, true)}
	for n, id := range []*engine.ID{&d.first, &d.second} {
		d.Deploy(strings.Replace(faastest.Leave, `name="备案"`, fmt.Sprintf(`name="备案 %d"`, n), 1))
		latest, _, err := d.App.Store.LatestDefinition(t.Context(), "leave")
		if err != nil {
			t.Fatal(err)
		}
		*id = latest.ID
	}
	return d
}

// run returns a preparation that starts an instance of the first version, and perhaps ends it.
func (d operated) run(suffix string, ended bool) func(*testing.T, *faastest.Call) {
	return func(t *testing.T, c *faastest.Call) {
		t.Helper()
		raw, err := d.App.Workflow.StartDefinition(t.Context(), d.Call("zhangwei"), d.first, workflow.StartRequest{Variables: engine.Variables{"days": int64(2)}})
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw[len(`{"instance":{"id":"`):][:36])
		id, err := engine.ParseID(text)
		if err != nil {
			t.Fatal(err)
		}
		if ended {
			if _, err := d.App.Workflow.CancelInstance(t.Context(), d.Call("wuqiang"), id, ""); err != nil {
				t.Fatal(err)
			}
		}
		c.Path = "/api/v1/instances/" + text + suffix
		c.Body = strings.ReplaceAll(c.Body, "INSTANCE", text)
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	d := openOperated(t)
	wuqiang, zhangwei := d.As("wuqiang"), d.As("zhangwei")
	plan := `{"sourceDefinitionId": "` + d.first.String() + `", "targetDefinitionId": "` + d.second.String() + `"`
	at := func(path string) func(*testing.T, *faastest.Call) {
		return func(t *testing.T, c *faastest.Call) {
			d.run("", false)(t, c)
			c.Path = path
		}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "modify", Method: "POST", Prepare: d.run("/modify", false), Header: wuqiang, Status: 200,
			Body: `{"reason": "skipped", "instructions": [{"type": "move", "fromNodeId": "approve", "nodeId": "file", "variables": {"days": 3}}]}`,
			JSON: `{"instance": {"state": "active"}, "next": [{"nodeId": "file"}]}`},
		{Name: "modify badly", Method: "POST", Prepare: d.run("/modify", false), Header: wuqiang, Status: 422, Code: "bad_modification",
			Body: `{"instructions": [{"type": "startBefore", "nodeId": "nowhere"}]}`},
		{Name: "modify as its starter", Method: "POST", Prepare: d.run("/modify", false), Header: zhangwei, Status: 403, Body: `{"instructions": []}`},
		{Name: "migrate", Method: "POST", Prepare: d.run("/migrate", false), Header: wuqiang, Status: 200, Body: plan + `}`,
			JSON: `{"instance": {"definitionId": "` + d.second.String() + `", "processVersion": 2}, "next": []}`},
		{Name: "migrate by a bad plan", Method: "POST", Prepare: d.run("/migrate", false), Header: wuqiang, Status: 422, Code: "bad_migration",
			Body: plan + `, "instructions": [{"sourceNodeId": "approve", "targetNodeId": "end"}]}`},
		{Name: "set variables", Method: "POST", Prepare: d.run("/variables", false), Header: wuqiang, Status: 200, Body: `{"variables": {"days": 9}, "remove": ["starter"]}`, JSON: `{"instance": {"version": 2}}`},
		{Name: "set nothing", Method: "POST", Prepare: d.run("/variables", false), Header: wuqiang, Status: 422, Code: "bad_operation", Body: `{}`},
		{Name: "hand over what nobody waits for", Method: "POST", Prepare: d.run("/correlate", false), Header: wuqiang, Status: 409, Code: "subscription_ended", Body: `{"message": "go on"}`},
		{Name: "restart", Method: "POST", Prepare: d.run("/restart", true), Header: wuqiang, Status: 201, Body: `{"initialVariables": true}`, JSON: `{"instance": {"starter": "wuqiang", "state": "active"}, "tasks": [{"nodeId": "approve"}]}`},
		{Name: "restart elsewhere", Method: "POST", Prepare: d.run("/restart", true), Header: wuqiang, Status: 201, Body: `{"instructions": [{"type": "startBefore", "nodeId": "file"}]}`, JSON: `{"tasks": [{"nodeId": "file"}]}`},
		{Name: "restart what is active", Method: "POST", Prepare: d.run("/restart", false), Header: wuqiang, Status: 409, Code: "instance_not_ended"},
		{Name: "delete what is active", Method: "DELETE", Prepare: d.run("", false), Header: wuqiang, Status: 409, Code: "instance_not_ended"},
		{Name: "generate a plan", Method: "POST", Path: "/api/v1/migrations:generate", Header: wuqiang, Status: 200, Body: plan + `}`, JSON: `{"instructions": [{"sourceNodeId": "start", "targetNodeId": "start"}, {"sourceNodeId": "approve"}, {"sourceNodeId": "file"}, {"sourceNodeId": "end"}]}`},
		{Name: "generate a plan for nothing", Method: "POST", Path: "/api/v1/migrations:generate", Header: wuqiang, Status: 404, Code: "definition_not_found",
			Body: `{"sourceDefinitionId": "` + d.first.String() + `", "targetDefinitionId": "` + engine.ID{9}.String() + `"}`},
		{Name: "validate a plan", Method: "POST", Prepare: at("/api/v1/migrations:validate"), Header: wuqiang, Status: 200,
			Body: plan + `, "instructions": [{"sourceNodeId": "file", "targetNodeId": "file"}], "instanceIds": ["INSTANCE"]}`,
			JSON: `{"valid": false, "instructions": [], "instances": [{"failures": [{"nodeId": "approve"}]}]}`},
		{Name: "make a batch", Method: "POST", Prepare: at("/api/v1/batches"), Header: wuqiang, Status: 201,
			Body: `{"kind": "cancel", "reason": "closed", "instanceIds": ["INSTANCE"]}`, JSON: `{"kind": "cancel", "state": "running", "total": 1}`},
		{Name: "make a batch of nothing", Method: "POST", Path: "/api/v1/batches", Header: wuqiang, Status: 422, Code: "bad_batch", Body: `{"kind": "cancel"}`},
		{Name: "make a batch as an employee", Method: "POST", Path: "/api/v1/batches", Header: zhangwei, Status: 403, Body: `{"kind": "cancel"}`},
		{Name: "list batches", Method: "GET", Path: "/api/v1/batches?state=completed&limit=1", Header: wuqiang, Status: 200},
		{Name: "an unknown batch", Method: "GET", Path: "/api/v1/batches/" + engine.ID{9}.String(), Header: wuqiang, Status: 404, Code: "batch_not_found"},
		{Name: "the items of an unknown batch", Method: "GET", Path: "/api/v1/batches/" + engine.ID{9}.String() + "/items?state=failed", Header: wuqiang, Status: 404, Code: "batch_not_found"},
		{Name: "pause an unknown batch", Method: "POST", Path: "/api/v1/batches/" + engine.ID{9}.String() + "/pause", Header: wuqiang, Status: 404, Code: "batch_not_found"},
	})
}
