package platform

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/event"
	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// stepped goes on by an event of the product's own, and then has something to tell wangfang.
const stepped = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="stepped" isExecutable="true"><startEvent id="start"/><userTask id="approve" name="审批" c:assignee="wangfang" c:asyncBefore="true"/><endEvent id="end"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="approve"/><sequenceFlow id="f2" sourceRef="approve" targetRef="end"/></process></definitions>`

func (b *broker) as(username string) workflow.Call {
	b.t.Helper()
	l, err := b.app.Access.Login(b.t.Context(), username, access.DemoPassword, "192.0.2.1")
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := b.app.Access.Authenticate(b.t.Context(), l.AccessToken)
	if err != nil {
		b.t.Fatal(err)
	}
	return workflow.Call{Principal: p}
}

// begin deploys and starts the process, and returns the instance.
func (b *broker) begin() engine.ID {
	b.t.Helper()
	request := workflow.DeploymentRequest{Resources: []store.Resource{{Name: "m.bpmn", Kind: "bpmn", Content: []byte(stepped)}}}
	if _, err := b.app.Workflow.Deploy(b.t.Context(), b.as("zhouming"), request); err != nil {
		b.t.Fatal(err)
	}
	raw, err := b.app.Workflow.StartProcess(b.t.Context(), b.as("zhangwei"), "stepped", workflow.StartRequest{})
	var started workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &started)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return started.Instance.ID
}

// until waits for something to be so.
func (b *broker) until(what string, so func() bool) {
	b.t.Helper()
	for end := time.Now().Add(60 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("never %s; the functions answered %v", what, b.calls)
		}
	}
}

func (b *broker) notifications(username string) int {
	b.t.Helper()
	list, err := b.app.Notifications.List(b.t.Context(), username, nil, page.Request{Limit: page.MaxLimit, Descending: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return len(list.Items)
}

func (b *broker) letters() []store.DeadLetter {
	b.t.Helper()
	list, err := b.app.Inbound.DeadLetters(b.t.Context(), store.DeadLetterFilter{}, page.Request{Limit: page.MaxLimit, Descending: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return list.Items
}

// TestDeliveriesByKnative: events go through Eventing's dispatcher and the committed Triggers, twice
// each, and after failures again; every one has its effect once.
func TestDeliveriesByKnative(t *testing.T) {
	t.Parallel()
	b := openBroker(t)
	b.times = 2
	b.fail["advance-token/events"] = []int{503, 429}
	b.fail["notify/events"] = []int{500}
	id := b.begin()
	b.until("a task", func() bool {
		in, err := b.app.Store.LoadInstance(t.Context(), id)
		return err == nil && len(in.Tasks) == 1
	})
	b.until("a notification", func() bool { return b.notifications("wangfang") == 1 })
	b.under.Wait()
	for path, want := range map[string]struct {
		failures []int
		taken    int // the token; the start of the instance and the task
	}{"advance-token": {[]int{503, 429}, 2}, "notify": {[]int{500}, 4}} {
		got := b.statuses(path, "/events")
		for _, status := range want.failures {
			if !slices.Contains(got, status) {
				t.Errorf("%s: %v", path, got)
			}
		}
		if n := len(slices.DeleteFunc(slices.Clone(got), func(status int) bool { return status != 204 })); n != want.taken {
			t.Errorf("%s took %d deliveries, want %d: %v", path, n, want.taken, got)
		}
	}
	if n := b.notifications("wangfang"); n != 1 || len(b.letters()) != 0 || len(b.lost) != 0 {
		t.Errorf("%d notifications, dead letters %+v, lost %v", n, b.letters(), b.lost)
	}
}

// TestDeadLettersByKnative: what a function refuses goes to receive-event at once, what it does not take
// after the repetitions; each is a dead letter, once, with the reason.
func TestDeadLettersByKnative(t *testing.T) {
	t.Parallel()
	b := openBroker(t)
	b.times = 2
	for i := range b.triggers { // the committed ones repeat for minutes
		two := int32(2)
		b.triggers[i].Spec.Delivery.Retry = &two
	}
	id := b.begin()
	b.until("a notification", func() bool { return b.notifications("wangfang") == 1 })
	b.under.Wait()
	own := func(kind, id string) event.Event {
		e := event.New()
		e.SetID(id)
		e.SetSource(b.app.Source())
		e.SetType(kind)
		e.SetTime(time.Now())
		if err := b.app.Access.SignEvent(&e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	b.fail["notify/events"] = slices.Repeat([]int{503}, 6)
	b.fail["receive-event/dead-letter"] = []int{503}
	b.dispatch(own(cloudevent.TypeTokenReady, "bad"))                 // not one of the product's own: refused
	b.dispatch(own(cloudevent.TypeInstanceEnded, id.String()+"/1/1")) // nobody takes it in time
	b.under.Wait()
	if len(b.lost) > 0 {
		t.Errorf("lost: %v", b.lost)
	}
	stranger := own(cloudevent.TypeTaskCancelled, "1")
	stranger.SetExtension(cloudevent.SignatureAttribute, "v1,k,00")
	b.dispatch(stranger)
	b.under.Wait()
	if len(b.lost) != 2 {
		t.Errorf("what is not ours was kept: %v", b.lost)
	}
	got := map[string]string{}
	for _, l := range b.letters() {
		got[l.EventID] = l.Reason
	}
	if len(got) != 2 || len(b.letters()) != 2 {
		t.Fatalf("%+v", b.letters())
	}
	for id, want := range map[string]string{"bad": "/events: status 422: {", id.String() + "/1/1": "/events: status 503"} {
		if !strings.Contains(got[id], want) {
			t.Errorf("%s: %q, want %q", id, got[id], want)
		}
	}
	if statuses := b.statuses("advance-token", "/events"); len(slices.DeleteFunc(statuses, func(s int) bool { return s != 422 })) != 2 {
		t.Errorf("what is refused was repeated: %v", b.statuses("advance-token", "/events"))
	}
	reports := b.statuses("receive-event", "/dead-letter")
	slices.Sort(reports)
	if !slices.Equal(reports, []int{202, 202, 202, 202, 401, 401, 503}) {
		t.Errorf("the reports were answered %v", reports)
	}
}

// TestPingTicks: what a PingSource sends, with the client that it uses, is an answer to it that counts.
func TestPingTicks(t *testing.T) {
	t.Parallel()
	b := openBroker(t)
	protocol, err := cloudevents.NewHTTP(cloudevents.WithTarget(b.urls["tick"]), cloudevents.WithHeader("X-Timeout", "4s"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := cloudevents.NewClient(protocol)
	if err != nil {
		t.Fatal(err)
	}
	e := cloudevents.NewEvent()
	e.SetID("1")
	e.SetType(sourcesv1.PingSourceEventType)
	e.SetSource(sourcesv1.PingSourceSource("diom", "tick"))
	if result := client.Send(t.Context(), e); !cloudevents.IsACK(result) {
		t.Errorf("%v", result)
	}
	if got := fmt.Sprint(b.statuses("tick", "/")); got != "[204]" {
		t.Errorf("tick answered %s", got)
	}
}
