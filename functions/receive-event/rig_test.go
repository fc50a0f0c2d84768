package receiveevent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

const (
	source = "https://shop.example/orders"
	secret = "a key of more than 16 bytes"

	placed, paid, strange = "com.example.order.placed.v1", "com.example.payment.received.v1", "com.example.order.strange.v1"
	broken, quiet         = "com.example.order.broken.v1", "com.example.order.quiet.v1"
)

// orderModel starts with an order, waits for its payment, and then for a person.
const orderModel = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<message id="m1" name="order placed"/><message id="m2" name="payment received"/>
<process id="order" name="订单" isExecutable="true"><startEvent id="start"><messageEventDefinition messageRef="m1"/></startEvent>
<intermediateCatchEvent id="paid"><messageEventDefinition messageRef="m2"/></intermediateCatchEvent>
<userTask id="ship" name="发货" c:assignee="sunqi"/><endEvent id="end"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="paid"/><sequenceFlow id="f2" sourceRef="paid" targetRef="ship"/><sequenceFlow id="f3" sourceRef="ship" targetRef="end"/></process></definitions>`

// registration is the event source of these tests, as a body.
const registration = `{"source": "` + source + `", "keyId": "k1", "key": "` + secret + `",
"types": ["` + placed + `", "` + paid + `", "` + broken + `", "` + quiet + `"], "mappings": [
{"type": "` + placed + `", "message": "order placed", "businessKey": "${event.businesskey}", "variables": {"orderId": "${data.id}", "amount": "${data.amount}", "from": "${event.source}"}},
{"type": "` + paid + `", "message": "payment received", "correlationKeys": {"orderId": "${data.orderId}"}, "variables": {"paidAt": "${event.time}"}},
{"type": "` + broken + `", "message": "order placed", "businessKey": "${data.key}", "variables": {"ratio": "${1 / data.by}"}}]}`

// bench is the function in a process with the demo people and the event source.
type bench struct {
	*faastest.Demo
	t     *testing.T
	suite faastest.Suite
	n     int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	d := faastest.OpenDemo(t, true)
	b := &bench{Demo: d, t: t, suite: faastest.Suite{App: d.App, Function: Function, Handle: Handle}}
	d.Deploy(orderModel)
	var body workflow.NewEventSource
	if err := json.Unmarshal([]byte(registration), &body); err != nil {
		t.Fatal(err)
	}
	if _, err := d.App.Inbound.CreateEventSource(t.Context(), body, nil); err != nil {
		t.Fatal(err)
	}
	return b
}

// change alters an event after it was made; what signs must come last.
type change func(*event.Event)

func signed(e *event.Event) { cloudevent.Sign(e, "k1", []byte(secret), time.Now()) }

func signedAt(ago time.Duration) change {
	return func(e *event.Event) { cloudevent.Sign(e, "k1", []byte(secret), time.Now().Add(-ago)) }
}

// event makes an event with a number of its own: {n} in the data becomes it.
func (b *bench) event(kind, data string, changes ...change) event.Event {
	b.n++
	e := event.New()
	e.SetID(fmt.Sprintf("e-%d", b.n))
	e.SetSource(source)
	e.SetType(kind)
	e.SetTime(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	if data != "" {
		e.SetDataContentType(event.ApplicationJSON)
		e.DataEncoded = []byte(strings.ReplaceAll(data, "{n}", fmt.Sprint(b.n)))
	}
	for _, c := range changes {
		c(&e)
	}
	return e
}

// structured and batch put events into the call.
func structured(c *faastest.Call, e event.Event) {
	raw, _ := e.MarshalJSON()
	c.Body, c.Header = string(raw), map[string]string{"Content-Type": event.ApplicationCloudEventsJSON}
}

func batch(c *faastest.Call, list ...event.Event) {
	texts := make([]string, 0, len(list))
	for _, e := range list {
		raw, _ := e.MarshalJSON()
		texts = append(texts, string(raw))
	}
	c.Body, c.Header = "["+strings.Join(texts, ",")+"]", map[string]string{"Content-Type": event.ApplicationCloudEventsBatchJSON}
}

// binary puts an event into the headers of the call.
func binary(c *faastest.Call, e event.Event) {
	c.Body, c.Header = string(e.Data()), map[string]string{
		"Ce-Specversion": "1.0", "Ce-Id": e.ID(), "Ce-Source": e.Source(), "Ce-Type": e.Type(), "Ce-Time": e.Time().Format(time.RFC3339Nano),
		"Content-Type": e.DataContentType(),
	}
	for name, value := range e.Extensions() {
		c.Header["Ce-"+name] = fmt.Sprint(value)
	}
}

// empty fails where an answer has a body.
func empty(t *testing.T, a faastest.Answer) {
	t.Helper()
	if len(a.Body) > 0 {
		t.Errorf("the answer has a body: %s", a.Body)
	}
}

// instances returns the instances of the orders, by their business keys.
func (b *bench) instances() map[string]store.Instance {
	b.t.Helper()
	list, err := b.App.Tasklist.Instances(b.t.Context(), b.Call("admin").Principal, nil, page.Request{Limit: page.MaxLimit, Sort: "startedAt"})
	if err != nil {
		b.t.Fatal(err)
	}
	byKey := map[string]store.Instance{}
	for _, i := range list.Items {
		if i.BusinessKey != nil {
			byKey[*i.BusinessKey] = i
		}
	}
	return byKey
}

// variables returns those of an instance.
func (b *bench) variables(id engine.ID) engine.Variables {
	b.t.Helper()
	in, err := b.App.Store.LoadInstance(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return in.Scopes[0].Variables
}

func (b *bench) deadLetters() []store.DeadLetter {
	b.t.Helper()
	list, err := b.App.Inbound.DeadLetters(b.t.Context(), store.DeadLetterFilter{Resubmitted: true}, page.Request{Limit: page.MaxLimit, Sort: "createdAt"})
	if err != nil {
		b.t.Fatal(err)
	}
	return list.Items
}

// post is a call of /events.
func post(name string, status int, code string, prepare func(t *testing.T, c *faastest.Call)) faastest.Call {
	c := faastest.Call{Name: name, Method: http.MethodPost, Path: "/api/v1/events", Status: status, Code: code, Prepare: prepare}
	if status == http.StatusAccepted {
		c.Check = empty
	}
	return c
}
