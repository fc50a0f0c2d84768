package advancetoken

import (
	"fmt"
	"testing"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
)

const calling = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="caller" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="call"/><callActivity id="call" calledElement="called"/></process>
<process id="called" isExecutable="true"><startEvent id="s2"/><sequenceFlow id="f2" sourceRef="s2" targetRef="ask"/><userTask id="ask" c:assignee="lina"/></process></definitions>`

// A call whose instance was not started when it was made is made up by its event, once.
func TestCall(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(calling)
	id := ""
	var caller *engine.Instance
	lost := func(t *testing.T, c *faastest.Call) {
		caller = start(t, d, "caller", "")
		called := caller.Calls[0].ID
		var b database.Batch
		for _, text := range []string{
			"DELETE FROM workflow_inbox WHERE instance_id = ?", "DELETE FROM workflow_history WHERE instance_id = ?", "DELETE FROM workflow_instance WHERE id = ?",
			"DELETE c FROM workflow_task_candidate c JOIN workflow_task t ON t.id = c.task_id WHERE t.instance_id = ?", "DELETE FROM workflow_task WHERE instance_id = ?",
		} {
			b.Add(text, called[:])
		}
		if err := d.App.DB.Run(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		id = fmt.Sprintf("%s/1/%d", caller.ID, changeOf(t, d, caller, engine.CallStarted))
		c.Header["Ce-Id"] = id
	}
	got := func(t *testing.T, _ faastest.Answer) {
		if called := load(t, d, caller.Calls[0].ID); len(called.Tasks) != 1 || called.Version != 1 {
			t.Errorf("%+v", called)
		}
	}
	event := func(name, kind, id string, status int, code string) faastest.Call {
		return faastest.Call{Name: name, Method: "POST", Path: "/events", Body: `{}`, Status: status, Code: code, Header: map[string]string{
			"Ce-Specversion": "1.0", "Ce-Type": kind, "Ce-Source": "/diom/test", "Ce-Id": id, "Content-Type": "application/json",
		}}
	}
	first := event("started", cloudevent.TypeCallStarted, "", 204, "")
	first.Prepare, first.Check = lost, got
	second := event("started again", cloudevent.TypeCallStarted, "", 204, "")
	second.Prepare, second.Check = func(_ *testing.T, c *faastest.Call) { c.Header["Ce-Id"] = id }, got
	suite(d).Run(t, []faastest.Call{
		first, second,
		event("no id of ours", cloudevent.TypeCallReturned, "x", 422, "bad_internal_event"),
		event("no such change", cloudevent.TypeCallCancelled, engine.ID{1}.String()+"/1/1", 422, "no_call"),
	})
}

// changeOf returns which change of the first step of an instance is of a kind.
func changeOf(t *testing.T, d *faastest.Demo, in *engine.Instance, kind engine.Kind) int {
	t.Helper()
	rows, err := d.App.Store.History(t.Context(), in.ID, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for n, c := range rows[0].Changes {
		if c.Kind == kind {
			return n + 1
		}
	}
	t.Fatalf("no %s", kind)
	return 0
}
