package instances

import (
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
)

func TestInstances(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	first, task := d.Start(engine.Variables{"days": int64(3)})
	d.Complete("wangfang", task)
	zhangwei, lina, sunqi, wuqiang := d.As("zhangwei"), d.As("lina"), d.As("sunqi"), d.As("wuqiang")
	one, none := "/api/v1/instances/"+first.String(), "/api/v1/instances/"+engine.ID{1}.String()
	fresh := func(operation string) func(*testing.T, *faastest.Call) {
		return func(_ *testing.T, c *faastest.Call) {
			id, _ := d.Start(nil)
			c.Path = "/api/v1/instances/" + id.String() + operation
		}
	}
	suspended := func(operation string) func(*testing.T, *faastest.Call) {
		return func(t *testing.T, c *faastest.Call) {
			id, _ := d.Start(nil)
			if _, err := d.App.Workflow.SuspendInstance(t.Context(), d.Call("wuqiang"), id, ""); err != nil {
				t.Fatal(err)
			}
			c.Path = "/api/v1/instances/" + id.String() + operation
		}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "list one's own", Method: "GET", Path: "/api/v1/instances?state=active&limit=1&sort=startedAt", Header: zhangwei, Status: 200, JSON: `{"items": [{"id": "` + first.String() + `", "starter": "zhangwei", "state": "active"}]}`},
		{Name: "list others'", Method: "GET", Path: "/api/v1/instances?starter=zhangwei", Header: lina, Status: 403, Code: "not_your_instances"},
		{Name: "an operator lists others'", Method: "GET", Path: "/api/v1/instances?starter=zhangwei&processKey=leave&limit=1", Header: wuqiang, Status: 200},
		{Name: "unknown state", Method: "GET", Path: "/api/v1/instances?state=sleeping", Header: zhangwei, Status: 400, Code: "bad_filter"},
		{Name: "home", Method: "GET", Path: "/api/v1/home", Header: lina, Status: 200, JSON: `{"counts": {"todo": 0, "claimable": 1, "started": 0}, "todo": [], "claimable": [{"nodeId": "file"}], "started": []}`},
		{Name: "get", Method: "GET", Path: one, Header: zhangwei, Status: 200, JSON: `{"state": "active", "version": 2, "tasks": [{"nodeId": "file"}], "incidents": []}`},
		{Name: "get as a candidate", Method: "GET", Path: one, Header: lina, Status: 200},
		{Name: "get another's", Method: "GET", Path: one, Header: sunqi, Status: 403, Code: "not_your_instance"},
		{Name: "get unknown", Method: "GET", Path: none, Header: zhangwei, Status: 404, Code: "instance_not_found"},
		{Name: "variables", Method: "GET", Path: one + "/variables", Header: zhangwei, Status: 200, JSON: `{"days": 3, "starter": "zhangwei"}`},
		{Name: "history", Method: "GET", Path: one + "/history?limit=1", Header: zhangwei, Status: 200, JSON: `{"items": [{"seq": 1, "command": "start", "actor": "zhangwei"}], "nextAfter": 1}`},
		{Name: "more history", Method: "GET", Path: one + "/history?after=1", Header: zhangwei, Status: 200, JSON: `{"items": [{"seq": 2, "command": "complete", "actor": "wangfang"}]}`},
		{Name: "bad history", Method: "GET", Path: one + "/history?after=x", Header: zhangwei, Status: 400, Code: "bad_filter"},
		{Name: "activity", Method: "GET", Path: one + "/activity", Header: zhangwei, Status: 200, JSON: `{"items": [{"nodeId": "start"}, {"nodeId": "approve"}, {"nodeId": "file", "leftAt": null}]}`},
		{Name: "timeline", Method: "GET", Path: one + "/timeline", Header: zhangwei, Status: 200, JSON: `{"items": [{"kind": "instance.started"}, {"kind": "task.created", "taskName": "审批"}, {"kind": "task.completed", "actor": "wangfang"}, {"kind": "task.created"}]}`},
		{Name: "why", Method: "GET", Path: one + "/why", Header: zhangwei, Status: 200, JSON: `{"items": []}`},
		{Name: "cancel", Method: "POST", Prepare: fresh("/cancel"), Header: zhangwei, Body: `{"reason": "changed my mind"}`, Status: 200, JSON: `{"instance": {"state": "cancelled"}, "next": []}`},
		{Name: "cancel another's", Method: "POST", Prepare: fresh("/cancel"), Header: lina, Body: `{}`, Status: 403, Code: "not_your_instance"},
		{Name: "suspend", Method: "POST", Prepare: fresh("/suspend"), Header: wuqiang, Status: 200, JSON: `{"instance": {"state": "suspended"}}`},
		{Name: "suspend as its starter", Method: "POST", Prepare: fresh("/suspend"), Header: zhangwei, Status: 403},
		{Name: "suspend twice", Method: "POST", Prepare: suspended("/suspend"), Header: wuqiang, Status: 409, Code: "instance_suspended"},
		{Name: "resume", Method: "POST", Prepare: suspended("/resume"), Header: wuqiang, Status: 200, JSON: `{"instance": {"state": "active"}}`},
		{Name: "resume what is active", Method: "POST", Prepare: fresh("/resume"), Header: wuqiang, Status: 409, Code: "instance_not_suspended"},
		{Name: "retry without an incident", Method: "POST", Prepare: fresh("/retry"), Header: wuqiang, Status: 404, Code: "incident_not_found"},
		{Name: "no timers", Method: "GET", Path: "/api/v1/timers", Header: wuqiang, Status: 200, JSON: `{"items": []}`},
		{Name: "timers of an employee", Method: "GET", Path: "/api/v1/timers", Header: zhangwei, Status: 403},
		{Name: "timers of no instance", Method: "GET", Path: "/api/v1/timers?instanceId=1", Header: wuqiang, Status: 400, Code: "bad_filter"},
		{Name: "no incidents", Method: "GET", Path: "/api/v1/incidents", Header: wuqiang, Status: 200, JSON: `{"items": []}`},
		{Name: "incidents of an employee", Method: "GET", Path: "/api/v1/incidents", Header: zhangwei, Status: 403},
	})
}

// Who heads a department reads what its people have started, and operates on none of it.
func TestDepartmentHead(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(strings.Replace(faastest.Leave, `"wangfang"`, `"lina"`, 1))
	instance, _ := d.Start(nil)
	one := "/api/v1/instances/" + instance.String()
	head, other := d.As("wangfang"), d.As("sunqi")
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "reads", Method: "GET", Path: one, Header: head, Status: 200, JSON: `{"starter": "zhangwei"}`},
		{Name: "reads its history", Method: "GET", Path: one + "/timeline", Header: head, Status: 200},
		{Name: "lists", Method: "GET", Path: "/api/v1/instances?view=department&count=true", Header: head, Status: 200, JSON: `{"total": 1, "items": [{"id": "` + instance.String() + `"}]}`},
		{Name: "lists of one person", Method: "GET", Path: "/api/v1/instances?view=department&starter=wangfang", Header: head, Status: 200, JSON: `{"items": []}`},
		{Name: "lists his own", Method: "GET", Path: "/api/v1/instances", Header: head, Status: 200, JSON: `{"items": []}`},
		{Name: "does not list all", Method: "GET", Path: "/api/v1/instances?view=all", Header: head, Status: 400, Code: "bad_filter"},
		{Name: "does not cancel", Method: "POST", Path: one + "/cancel", Header: head, Body: `{}`, Status: 403, Code: "not_your_instance"},
		{Name: "of another department", Method: "GET", Path: one, Header: other, Status: 403, Code: "not_your_instance"},
		{Name: "of another department, list", Method: "GET", Path: "/api/v1/instances?view=department", Header: other, Status: 200, JSON: `{"items": []}`},
		{Name: "an operator's own", Method: "GET", Path: "/api/v1/instances?view=mine", Header: d.As("wuqiang"), Status: 200, JSON: `{"items": []}`},
		{Name: "an operator's default", Method: "GET", Path: "/api/v1/instances?limit=1", Header: d.As("wuqiang"), Status: 200, JSON: `{"items": [{"starter": "zhangwei"}]}`},
	})
}

// A data error stops a token at its node, where an operator sees it, mends the data and lets it go on.
func TestIncident(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(strings.Replace(faastest.Leave, `"wangfang"`, `"${manager}"`, 1))
	raise := func(suffix string, byID bool) func(*testing.T, *faastest.Call) {
		return func(t *testing.T, c *faastest.Call) {
			raw, err := d.App.Workflow.StartProcess(t.Context(), d.Call("zhangwei"), "leave", workflow.StartRequest{})
			if err != nil {
				t.Fatal(err)
			}
			id := string(raw[len(`{"instance":{"id":"`):][:36])
			parsed, _ := engine.ParseID(id)
			c.Path = "/api/v1/instances/" + id + suffix
			if detail, err := d.App.Workflow.Instance(t.Context(), d.Call("zhangwei").Principal, parsed); err != nil || len(detail.Incidents) != 1 {
				t.Fatalf("%+v %v", detail, err)
			} else if byID {
				c.Path = "/api/v1/incidents/" + detail.Incidents[0].ID.String() + suffix
			}
		}
	}
	wuqiang := d.As("wuqiang")
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "seen", Method: "GET", Prepare: raise("", false), Header: wuqiang, Status: 200, JSON: `{"state": "active", "tasks": [], "incidents": [{"nodeId": "approve", "code": "unknown_variable"}]}`},
		{Name: "listed", Method: "GET", Path: "/api/v1/incidents?processKey=leave&limit=1", Header: wuqiang, Status: 200, JSON: `{"items": [{"nodeId": "approve", "code": "unknown_variable", "resolvedAt": null}]}`},
		{Name: "mended by instance", Method: "POST", Prepare: raise("/retry", false), Header: wuqiang, Body: `{"variables": {"manager": "wangfang"}}`, Status: 200, JSON: `{"next": [{"assignee": "wangfang"}]}`},
		{Name: "mended by id", Method: "POST", Prepare: raise("/retry", true), Header: wuqiang, Body: `{"variables": {"manager": "wangfang"}}`, Status: 200, JSON: `{"next": [{"assignee": "wangfang"}]}`},
		{Name: "not mended", Method: "POST", Prepare: raise("/retry", true), Header: wuqiang, Status: 200, JSON: `{"next": []}`},
	})
}

func TestTimers(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(strings.Replace(faastest.Leave, `<userTask id="file"`, `<boundaryEvent id="remind" attachedToRef="approve" cancelActivity="false"><timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition></boundaryEvent><userTask id="file"`, 1))
	d.Deploy(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"><process id="nightly" isExecutable="true">
<startEvent id="at"><timerEventDefinition><timeCycle>0 2 * * *</timeCycle></timerEventDefinition></startEvent></process></definitions>`)
	instance, _ := d.Start(nil)
	wuqiang := d.As("wuqiang")
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "of an instance", Method: "GET", Path: "/api/v1/timers?instanceId=" + instance.String(), Header: wuqiang, Status: 200,
			JSON: `{"items": [{"instanceId": "` + instance.String() + `", "processKey": "leave", "nodeId": "remind", "cycle": "R3/PT1H", "fired": 0}]}`},
		{Name: "of a start event", Method: "GET", Path: "/api/v1/timers?processKey=nightly", Header: wuqiang, Status: 200, JSON: `{"items": [{"nodeId": "at", "cycle": "0 2 * * *"}]}`},
		{Name: "all", Method: "GET", Path: "/api/v1/timers?count=true&limit=1", Header: wuqiang, Status: 200, JSON: `{"total": 2}`},
	})
}
