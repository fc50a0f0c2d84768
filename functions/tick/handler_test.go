package tick

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
)

const waiting = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="waiting" isExecutable="true"><startEvent id="start"/><intermediateCatchEvent id="pause"><timerEventDefinition><timeDuration>${pause}</timeDuration></timerEventDefinition></intermediateCatchEvent>
<userTask id="then" c:assignee="lina"/><sequenceFlow id="f1" sourceRef="start" targetRef="pause"/><sequenceFlow id="f2" sourceRef="pause" targetRef="then"/></process></definitions>`

func start(t *testing.T, d *faastest.Demo, pause string) engine.ID {
	t.Helper()
	raw, err := d.App.Workflow.StartProcess(t.Context(), d.Call("zhangwei"), "waiting", workflow.StartRequest{Variables: engine.Variables{"pause": pause}})
	var started workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &started)
	}
	if err != nil {
		t.Fatal(err)
	}
	return started.Instance.ID
}

// brief makes a call end after its first round.
var brief = map[string]string{"X-Timeout": "2s"}

func TestTick(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(waiting)
	var last engine.ID
	due := func(t *testing.T, _ *faastest.Call) { last = start(t, d, "PT0S"); start(t, d, "PT1H") }
	fired := func(t *testing.T, a faastest.Answer) {
		t.Helper()
		if in, err := d.App.Store.LoadInstance(t.Context(), last); err != nil || len(in.Tasks) != 1 || len(a.Body) > 0 {
			t.Errorf("%v: it waits at %+v; the answer is %q", err, in.Tokens, a.Body)
		}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "a timer", Method: "POST", Path: "/", Header: brief, Prepare: due, Status: 200, JSON: `{"fired": 1, "continued": 0}`},
		{Name: "nothing", Method: "POST", Path: "/", Header: brief, Status: 200, JSON: `{"fired": 0, "continued": 0}`},
		{Name: "a scheduler's call", Method: "POST", Path: "/", Header: map[string]string{"X-Timeout": "2s", "X-Topic": "cron-function", "X-Connector": "cron-connector"}, Status: 200, JSON: `{"fired": 0}`},
		{Name: "a scheduler's event", Method: "POST", Path: "/", Prepare: due, Status: 204, Check: fired, Header: map[string]string{
			"X-Timeout": "2s", "Ce-Id": "1", "Ce-Source": "/apis/v1/namespaces/diom/pingsources/tick", "Ce-Type": "dev.knative.sources.ping", "Ce-Specversion": "1.0"}},
		{Name: "a scheduler's structured event", Method: "POST", Path: "/", Prepare: due, Status: 204, Check: fired,
			Header: map[string]string{"X-Timeout": "2s", "Content-Type": "application/cloudevents+json"},
			Body:   `{"specversion": "1.0", "id": "1", "source": "/apis/v1/namespaces/diom/pingsources/tick", "type": "dev.knative.sources.ping"}`},
		{Name: "wrong method", Method: "GET", Path: "/", Status: 405},
		{Name: "another path", Method: "POST", Path: "/x", Status: 404},
	})
}

// One call at a time ticks; it goes on while it has time, and fires what becomes due meanwhile.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(waiting)
	id := start(t, d, "PT1S")
	server := httptest.NewServer(faas.Handler(d.App, Function))
	defer server.Close()
	answers := make(chan int, 2)
	var fired workflow.Ticked
	post := func(into any) {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/", http.NoBody)
		request.Header.Set("X-Timeout", "5500ms")
		response, err := server.Client().Do(request)
		if err != nil {
			t.Error(err)
			answers <- 0
			return
		}
		defer response.Body.Close()
		if into != nil && json.NewDecoder(response.Body).Decode(into) != nil {
			t.Error("no JSON")
		}
		answers <- response.StatusCode
	}
	begun := time.Now()
	go post(&fired)
	time.Sleep(500 * time.Millisecond)
	post(nil)
	if status := <-answers; status != http.StatusTooManyRequests {
		t.Errorf("the second: %d", status)
	}
	if status, taken := <-answers, time.Since(begun); status != http.StatusOK || fired.Fired != 1 || taken < 2*time.Second || taken > 4*time.Second {
		t.Errorf("the first: %d %+v after %s", status, fired, taken)
	}
	in, err := d.App.Store.LoadInstance(t.Context(), id)
	if err != nil || len(in.Tasks) != 1 {
		t.Errorf("%+v %v", in, err)
	}
}

// A scheduled pass ends with its context.
func TestScheduled(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(waiting)
	id := start(t, d, "PT0S")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(700*time.Millisecond, cancel)
	begun := time.Now()
	if err := Function.Scheduled(ctx, d.App); err != nil || time.Since(begun) > 2*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
	if in, err := d.App.Store.LoadInstance(t.Context(), id); err != nil || len(in.Tasks) != 1 {
		t.Errorf("%+v %v", in, err)
	}
}
