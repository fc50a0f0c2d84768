package instances

import (
	"fmt"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
)

// Administrators alone place, list and lift holds; who deletes what is held is told so.
func TestHolds(t *testing.T) {
	t.Parallel()
	d := openOperated(t)
	admin, wuqiang := d.As("admin"), d.As("wuqiang")
	const path = "/api/v1/holds"
	held := func(t *testing.T, c *faastest.Call) {
		d.run("", true)(t, c)
		var id engine.ID
		if err := id.UnmarshalText([]byte(c.Path[len("/api/v1/instances/"):])); err != nil {
			t.Fatal(err)
		}
		if _, err := d.App.Workflow.PlaceHold(t.Context(), d.Call("admin"), workflow.NewHold{InstanceID: id, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	placed := func(t *testing.T, _ *faastest.Call) {
		if _, err := d.App.Workflow.PlaceHold(t.Context(), d.Call("admin"), workflow.NewHold{Username: "lina", Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "delete what is held", Method: "DELETE", Prepare: held, Header: wuqiang, Status: 409, Code: "instance_held"},
		{Name: "place", Method: "POST", Path: path, Header: admin, Body: `{"businessKey": "PO-1", "reason": " lawsuit "}`, Status: 201, JSON: `{"businessKey": "PO-1", "reason": "lawsuit", "placedBy": "admin", "liftedAt": null}`},
		{Name: "place as an operator", Method: "POST", Path: path, Header: wuqiang, Body: `{"businessKey": "PO-1", "reason": "x"}`, Status: 403, Code: "forbidden"},
		{Name: "place what holds two", Method: "POST", Path: path, Header: admin, Body: `{"businessKey": "PO-1", "processKey": "p", "reason": "x"}`, Status: 422, Code: "bad_hold"},
		{Name: "place without a reason", Method: "POST", Path: path, Header: admin, Body: `{"businessKey": "PO-1"}`, Status: 422},
		{Name: "place on nothing", Method: "POST", Path: path, Header: admin, Body: fmt.Sprintf(`{"instanceId": %q, "reason": "x"}`, engine.ID{9}), Status: 404, Code: "instance_not_found"},
		{Name: "list", Method: "GET", Path: path + "?state=open&username=lina", Prepare: placed, Header: admin, Status: 200},
		{Name: "list as an operator", Method: "GET", Path: path, Header: wuqiang, Status: 403, Code: "forbidden"},
		{Name: "lift nothing", Method: "POST", Path: path + "/" + engine.ID{9}.String() + "/lift", Header: admin, Status: 404, Code: "hold_not_found"},
		{Name: "lift as an operator", Method: "POST", Path: path + "/" + engine.ID{9}.String() + "/lift", Header: wuqiang, Status: 403, Code: "forbidden"},
	})
}
