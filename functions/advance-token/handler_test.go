package advancetoken

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
)

const models = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="later" isExecutable="true"><startEvent id="s"/><userTask id="work" c:assignee="lina" c:asyncBefore="true"/><sequenceFlow id="f" sourceRef="s" targetRef="work"/></process></definitions>`

const sending = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<message id="m" name="hello"/>
<process id="sender" isExecutable="true"><startEvent id="s"/><sendTask id="send" messageRef="m"/><userTask id="rest" c:assignee="lina"/>
<sequenceFlow id="f" sourceRef="s" targetRef="send"/><sequenceFlow id="g" sourceRef="send" targetRef="rest"/></process></definitions>`

const receiving = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<message id="m" name="hello"/><process id="receiver" isExecutable="true"><startEvent id="s"/><receiveTask id="wait" messageRef="m"/><userTask id="greet" c:assignee="lina"/>
<sequenceFlow id="f" sourceRef="s" targetRef="wait"/><sequenceFlow id="g" sourceRef="wait" targetRef="greet"/></process></definitions>`

func start(t *testing.T, d *faastest.Demo, process, businessKey string) *engine.Instance {
	t.Helper()
	raw, err := d.App.Workflow.StartProcess(t.Context(), d.Call("zhangwei"), process, workflow.StartRequest{BusinessKey: businessKey})
	var started workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &started)
	}
	if err != nil {
		t.Fatal(err)
	}
	return load(t, d, started.Instance.ID)
}

func load(t *testing.T, d *faastest.Demo, id engine.ID) *engine.Instance {
	t.Helper()
	in, err := d.App.Store.LoadInstance(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func suite(d *faastest.Demo) faastest.Suite {
	return faastest.Suite{App: d.App, Function: Function, Handle: Handle, Sign: func(r *http.Request, body []byte) error {
		return d.App.Access.SignInternal(r.Header, r.Method, r.URL.RequestURI(), body)
	}}
}

// A continuation is run once, however often its event comes; one that is gone is acknowledged, and an
// event that names nothing is refused.
func TestContinuation(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(models)
	var in *engine.Instance
	fresh := func(t *testing.T, c *faastest.Call) {
		in = start(t, d, "later", "")
		c.Body = fmt.Sprintf(`{"instanceId": %q, "processKey": "later", "actor": "zhangwei", "jobId": %q, "jobKind": "before"}`, in.ID, in.Jobs[0].ID)
	}
	ran := func(t *testing.T, _ faastest.Answer) {
		if after := load(t, d, in.ID); len(after.Tasks) != 1 || after.Version != 2 {
			t.Errorf("%+v", after)
		}
	}
	duplicate := func(t *testing.T, c *faastest.Call) {
		fresh(t, c)
		if err := d.App.Workflow.Advance(t.Context(), in.ID, in.Jobs[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	cancelled := func(t *testing.T, c *faastest.Call) {
		fresh(t, c)
		if _, err := d.App.Workflow.CancelInstance(t.Context(), d.Call("wuqiang"), in.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	ready, id := cloudevent.TypeTokenReady, engine.ID{1}.String()
	suite(d).Run(t, []faastest.Call{
		{Name: "run", Event: ready, Prepare: fresh, Status: 204, Check: ran},
		{Name: "run already", Event: ready, Prepare: duplicate, Status: 204, Check: ran},
		{Name: "cancelled", Event: ready, Prepare: cancelled, Status: 204},
		{Name: "no such instance", Event: ready, Body: `{"instanceId": "` + id + `", "jobId": "` + id + `"}`, Status: 204},
		{Name: "no job", Event: ready, Body: `{"instanceId": "` + id + `"}`, Status: 422, Code: "bad_internal_event"},
		{Name: "no data", Event: ready, Body: `"x"`, Status: 422, Code: "bad_internal_event"},
		{Name: "another type", Event: "io.diom.workflow.task.created.v1", Body: `{}`, Status: 422, Code: "unknown_event_type"},
	})
	unsigned := suite(d)
	unsigned.Sign = nil
	unsigned.Run(t, []faastest.Call{{Name: "unsigned", Event: ready, Prepare: fresh, Status: 401}})
}

// A message that an instance has sent reaches the one that waits for it, once.
func TestSentMessage(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(sending)
	d.Deploy(receiving)
	var receiver, sender *engine.Instance
	n, id := 0, ""
	// The process that ran the sender ended before it delivered what it had sent.
	lost := func(t *testing.T, c *faastest.Call) {
		n++
		sender = start(t, d, "sender", fmt.Sprint("B", n))
		var b database.Batch
		b.Add("DELETE FROM workflow_inbox")
		if err := d.App.DB.Run(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		receiver, id = start(t, d, "receiver", fmt.Sprint("B", n)), sentID(t, d, sender)
		if len(receiver.Tasks) != 0 {
			t.Fatal("the message was delivered without its event")
		}
		c.Header["Ce-Id"] = id
	}
	again := func(_ *testing.T, c *faastest.Call) { c.Header["Ce-Id"] = id }
	got := func(t *testing.T, _ faastest.Answer) {
		if after := load(t, d, receiver.ID); len(after.Tasks) != 1 || after.Version != 2 {
			t.Errorf("%+v", after)
		}
	}
	event := func(name, id string, status int, code string) faastest.Call {
		return faastest.Call{Name: name, Method: "POST", Path: "/events", Body: `{}`, Status: status, Code: code, Header: map[string]string{
			"Ce-Specversion": "1.0", "Ce-Type": cloudevent.TypeMessageSent, "Ce-Source": "/diom/test", "Ce-Id": id, "Content-Type": "application/json",
		}}
	}
	first := event("delivered", "", 204, "")
	first.Prepare, first.Check = lost, got
	second := event("delivered again", "", 204, "")
	second.Prepare, second.Check = again, got
	strange := event("of a step that was lost", "", 422, "no_message")
	strange.Prepare = func(_ *testing.T, c *faastest.Call) { c.Header["Ce-Id"] = id[:len(id)-8] + "00000000" }
	suite(d).Run(t, []faastest.Call{
		first, second, strange,
		event("no id of ours", "x", 422, "bad_internal_event"),
		event("no such change", engine.ID{1}.String()+"/1/1", 422, "no_message"),
	})
}

// sentID returns the id of the event of the message that the instance has sent.
func sentID(t *testing.T, d *faastest.Demo, in *engine.Instance) string {
	t.Helper()
	rows, err := d.App.Store.History(t.Context(), in.ID, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for n, c := range row.Changes {
			if c.Kind == engine.MessageSent {
				return cloudevent.NewID(in.ID, row.Seq, n+1, row.CommandID).String()
			}
		}
	}
	t.Fatal("no message was sent")
	return ""
}
