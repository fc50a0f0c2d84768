package faults_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/test/producttest"
)

const (
	eventsSource = "/events"
	eventsKey    = "a key of the events test, 32 byte"
	copies       = 3 // how often each event is sent
)

// verbs are the messages of an instance of events.bpmn, each of which comes as one event.
var verbs = []string{"begin", "first", "second", "third"}

// poison is an event that nobody can make use of: what its sender is told, and whether it is kept as a
// dead letter. A mode is set where only one can carry it.
type poison struct {
	name   string
	status int
	kept   bool
	mode   mode
	spoil  func(e *event.Event)
	body   string // instead of the event
}

var poisons = []poison{
	{name: "wrong-signature", status: http.StatusUnauthorized, spoil: func(e *event.Event) { sign(e, "another key of the events test") }},
	{name: "unsigned", status: http.StatusUnauthorized, spoil: func(e *event.Event) {
		e.SetExtension(cloudevent.SignatureAttribute, nil)
	}},
	{name: "changed-data", status: http.StatusUnauthorized, spoil: func(e *event.Event) { e.DataEncoded = []byte(`{"amount":2}`) }},
	{name: "unknown-type", status: http.StatusUnprocessableEntity, spoil: func(e *event.Event) { e.SetType("events.unknown"); sign(e, eventsKey) }},
	{name: "unmapped", status: http.StatusAccepted, spoil: func(e *event.Event) { e.SetType("events.unmapped"); sign(e, eventsKey) }},
	{name: "wrong-data", status: http.StatusUnprocessableEntity, kept: true, spoil: func(e *event.Event) {
		e.DataEncoded = []byte(`"no object"`)
		sign(e, eventsKey)
	}},
	{name: "data-not-json", status: http.StatusBadRequest, kept: true, mode: inHeaders, spoil: func(e *event.Event) {
		e.DataEncoded = []byte(`{"amount":`)
		sign(e, eventsKey)
	}},
	{name: "not-json", status: http.StatusBadRequest, mode: inBody, body: `{"specversion":"1.0",`},
	{name: "no-event", status: http.StatusBadRequest, mode: inBody, body: `{"specversion":"1.0","id":"no-event"}`},
}

// mode is how an event travels (CloudEvents HTTP binding 1.0.2 §3).
type mode int

const (
	inAny     mode = iota
	inHeaders      // binary
	inBody         // structured
	inBatch
	modes
)

// delivery is one sending of an event.
type delivery struct {
	event  event.Event
	poison *poison // nil is a good event
}

func sign(e *event.Event, key string) { cloudevent.Sign(e, "k", []byte(key), time.Now()) }

func eventsBusinessKey(n int) string { return "events-" + strconv.Itoa(n) }

// goodEvent is the event of a verb for the n-th instance.
func goodEvent(verb string, n int) event.Event {
	e := event.New()
	e.SetID(fmt.Sprintf("%s-%d", verb, n))
	e.SetSource(eventsSource)
	e.SetType("events." + verb)
	e.SetExtension("businesskey", eventsBusinessKey(n))
	e.SetDataContentType(event.ApplicationJSON)
	e.DataEncoded = []byte(`{"amount":1}`)
	sign(&e, eventsKey)
	return e
}

// badEvent is the i-th poison event; it names the n-th instance.
func badEvent(p *poison, i, n int) event.Event {
	e := goodEvent("first", n)
	e.SetID(fmt.Sprintf("%s-%d", p.name, i))
	sign(&e, eventsKey)
	if p.spoil != nil {
		p.spoil(&e)
	}
	return e
}

// send makes one request with events and returns what it was told of each: a status and what was said.
func (v *events) send(how mode, list []delivery) (statuses []int, said string, err error) {
	client := *v.client
	client.URL = v.losing[v.dice.below(len(v.losing))].url
	var a producttest.Answer
	switch how {
	case inHeaders:
		a, err = client.Send(http.MethodPost, "/api/v1/events", list[0].event.Data(), headersOf(&list[0].event)...)
	case inBatch:
		var bodies [][]byte
		for i := range list {
			bodies = append(bodies, list[i].structured())
		}
		body := "[" + string(bytes.Join(bodies, []byte(","))) + "]"
		a, err = client.Send(http.MethodPost, "/api/v1/events", body, "Content-Type", event.ApplicationCloudEventsBatchJSON)
	default:
		a, err = client.Send(http.MethodPost, "/api/v1/events", list[0].structured(), "Content-Type", event.ApplicationCloudEventsJSON)
	}
	if err != nil {
		return nil, "", err
	}
	return statusesOf(how, len(list), a), fmt.Sprintf("%d %.300s", a.Status, a.Body), nil
}

func (d *delivery) structured() []byte {
	if d.poison != nil && d.poison.body != "" {
		return []byte(d.poison.body)
	}
	raw, err := json.Marshal(d.event)
	if err != nil {
		return []byte(err.Error()) // refused, and found by that
	}
	return raw
}

// headersOf writes the attributes of an event as headers; those of the test need no encoding.
func headersOf(e *event.Event) []string {
	list := []string{"Content-Type", e.DataContentType(), "Ce-Specversion", e.SpecVersion(), "Ce-Id", e.ID(), "Ce-Source", e.Source(), "Ce-Type", e.Type()}
	for name, value := range e.Extensions() {
		list = append(list, "Ce-"+name, fmt.Sprint(value))
	}
	return list
}

// statusesOf tells the events of an answer apart: a refused batch names those that are at fault by their
// index, with the codes that each would have been answered with.
func statusesOf(how mode, n int, a producttest.Answer) []int {
	statuses := make([]int, n)
	for i := range statuses {
		statuses[i] = a.Status
	}
	if how != inBatch || a.Status != http.StatusUnprocessableEntity {
		return statuses
	}
	for i := range statuses {
		statuses[i] = http.StatusAccepted
	}
	problem, err := a.Problem()
	for _, detail := range problem.Errors {
		if i, wrong := strconv.Atoi(strings.TrimPrefix(detail.Pointer, "/")); err == nil && wrong == nil && i < n {
			statuses[i] = statusOfCode[detail.Code]
		}
	}
	return statuses
}

var statusOfCode = map[string]int{
	"event_signature_invalid": http.StatusUnauthorized, "event_unsigned": http.StatusUnauthorized, "bad_event": http.StatusBadRequest,
	"unknown_event_type": http.StatusUnprocessableEntity, "event_mapping_failed": http.StatusUnprocessableEntity,
}
