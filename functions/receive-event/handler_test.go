package receiveevent

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas/faastest"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	send := func(kind, data string, changes ...change) func(*testing.T, *faastest.Call) {
		return func(_ *testing.T, c *faastest.Call) { structured(c, b.event(kind, data, changes...)) }
	}
	const order = `{"id": "o{n}", "amount": 12.50}`
	altered := func(alter change) []change { return []change{signed, alter} }
	once := b.event(placed, order, signed)
	b.suite.Run(t, []faastest.Call{
		post("structured", 202, "", send(placed, order, signed)),
		post("binary", 202, "", func(_ *testing.T, c *faastest.Call) { binary(c, b.event(placed, order, signed)) }),
		post("the same again and again", 202, "", func(_ *testing.T, c *faastest.Call) { structured(c, once) }),
		post("29 days old", 202, "", send(placed, order, signedAt(29*24*time.Hour))),
		post("without a mapping", 202, "", send(quiet, "", signed)),
		post("not yet expected", 202, "", send(paid, `{"orderId": "none{n}"}`, signed)),
		post("unsigned", 401, "event_unsigned", send(placed, order)),
		post("unknown source", 401, "event_signature_invalid", send(placed, order, func(e *event.Event) { e.SetSource("https://shop.example/") }, signed)),
		post("another's key", 401, "event_signature_invalid", send(placed, order, func(e *event.Event) { cloudevent.Sign(e, "k1", []byte("some other key of 16"), time.Now()) })),
		post("another key id", 401, "event_signature_invalid", send(placed, order, func(e *event.Event) { cloudevent.Sign(e, "k2", []byte(secret), time.Now()) })),
		post("signed by us as another source", 401, "event_signature_invalid", send(placed, order, func(e *event.Event) { _ = b.App.Access.SignEvent(e) })),
		post("id altered", 401, "event_signature_invalid", send(placed, order, altered(func(e *event.Event) { e.SetID("x") })...)),
		post("type altered", 401, "event_signature_invalid", send(placed, order, altered(func(e *event.Event) { e.SetType(paid) })...)),
		post("business key altered", 401, "event_signature_invalid", send(placed, order, altered(func(e *event.Event) { e.SetExtension("businesskey", "x") })...)),
		post("data altered", 401, "event_signature_invalid", send(placed, order, altered(func(e *event.Event) { e.DataEncoded = []byte(`{"id": "x"}`) })...)),
		post("stale", 400, "event_stale", send(placed, order, signedAt(31*24*time.Hour))),
		post("ahead of time", 400, "event_stale", send(placed, order, signedAt(-6*time.Minute))),
		post("unknown type", 422, "unknown_event_type", send(strange, order, signed)),
		post("poison", 422, "event_mapping_failed", send(broken, order, signed)),
		post("a business key that is a list", 422, "event_mapping_failed", send(broken, `{"key": [1], "by": 1}`, signed)),
		post("a business key that is too long", 422, "bad_business_key", send(broken, `{"by": 1, "key": "`+strings.Repeat("x", 256)+`"}`, signed)),
		post("a variable that is too large", 422, "variable_too_large", send(placed, `{"id": "`+strings.Repeat("x", 300<<10)+`", "amount": 1}`, signed)),
		post("data that is no JSON", 400, "bad_event", func(_ *testing.T, c *faastest.Call) { binary(c, b.event(placed, `{"id": `, signed)) }),
		post("no id", 400, "bad_event", func(_ *testing.T, c *faastest.Call) {
			structured(c, once)
			c.Body = strings.Replace(c.Body, `"id":`, `"nr":`, 1)
		}),
		post("no CloudEvent", 400, "bad_event", func(_ *testing.T, c *faastest.Call) { c.Body = `{}` }),
		post("no JSON", 400, "bad_event", func(_ *testing.T, c *faastest.Call) { structured(c, once); c.Body = c.Body[:20] }),
		post("oversized", 413, "body_too_large", send(placed, `{"id": "`+strings.Repeat("x", 1<<20)+`"}`, signed)),
		{Name: "wrong method", Method: "GET", Path: "/api/v1/events", Status: 405},
	})
	if n := len(b.deadLetters()); n != 2*5 { // of five poison events, sent in two ways
		t.Errorf("%d dead letters: %+v", n, b.deadLetters())
	}
}

// TestEventsHaveTheirEffect: what comes twice, early or in the wrong order has one effect in the end.
func TestEventsHaveTheirEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := func(text string) change { return func(e *event.Event) { e.SetExtension("businesskey", text) } }
	early := b.event(paid, `{"orderId": "A-1"}`, signed)
	start := b.event(placed, `{"id": "A-1", "amount": 12.50}`, key("订单 1"), signed)
	other := b.event(placed, `{"id": "A-2", "amount": 7}`, key("订单 2"), signed)
	late := b.event(paid, `{"orderId": "A-2"}`, signed)
	var calls []faastest.Call
	for i, e := range []event.Event{early, start, start, early, other, late, start, late} {
		calls = append(calls, post(fmt.Sprint(i), 202, "", func(_ *testing.T, c *faastest.Call) { structured(c, e) }))
	}
	b.suite.Run(t, calls)
	made := b.instances()
	if len(made) != 2 {
		t.Fatalf("instances %+v", made)
	}
	for i, want := range map[string]string{"订单 1": "A-1", "订单 2": "A-2"} {
		v := b.variables(made[i].ID)
		if v["orderId"] != want || v["from"] != source || v["paidAt"] == nil {
			t.Errorf("%s has the variables %v", i, v)
		}
		if at, err := b.App.Store.LoadInstance(t.Context(), made[i].ID); err != nil || len(at.Tasks) != 1 || at.Tasks[0].Node != "ship" {
			t.Errorf("%s waits at %+v, %v", i, at.Tokens, err)
		}
	}
	if n := len(b.deadLetters()); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := func(text string) change { return func(e *event.Event) { e.SetExtension("businesskey", text) } }
	const order = `{"id": "o{n}", "amount": 1}`
	some := []event.Event{
		b.event(placed, order, key("good 1"), signed), b.event(placed, order), b.event(broken, order, signed),
		b.event(placed, order, key("good 2"), signed), b.event(strange, order, signed), b.event(placed, order, signedAt(31*24*time.Hour)),
	}
	b.suite.Run(t, []faastest.Call{
		post("all good", 202, "", func(_ *testing.T, c *faastest.Call) {
			batch(c, b.event(placed, order, signed), b.event(quiet, "", signed), b.event(placed, order, signed))
		}),
		post("empty", 202, "", func(_ *testing.T, c *faastest.Call) { batch(c) }),
		post("no array", 400, "bad_event", func(_ *testing.T, c *faastest.Call) { batch(c); c.Body = `{}` }),
		post("too many", 413, "batch_too_large", func(_ *testing.T, c *faastest.Call) {
			batch(c)
			c.Body = "[" + strings.Repeat("{},", cloudevent.MaxBatch) + "{}]"
		}),
		{
			Name: "some bad", Method: http.MethodPost, Path: "/api/v1/events", Status: 422, Code: "batch_refused",
			Prepare: func(_ *testing.T, c *faastest.Call) {
				batch(c, some...)
				c.Body = strings.TrimSuffix(c.Body, "]") + `, {"specversion": "1.0", "id": "half"}, 7]`
			},
			JSON: fmt.Sprintf(`{"errors": [{"pointer": "/1", "name": %q, "code": "event_unsigned"}, {"pointer": "/2", "name": %q, "code": "event_mapping_failed"},
				{"pointer": "/4", "name": %q, "code": "unknown_event_type"}, {"pointer": "/5", "name": %q, "code": "event_stale"},
				{"pointer": "/6", "name": "half", "code": "bad_event"}, {"pointer": "/7", "code": "bad_event"}]}`, some[1].ID(), some[2].ID(), some[4].ID(), some[5].ID()),
		},
	})
	if made := b.instances(); len(made) != 2 || made["good 1"].ID.IsZero() || made["good 2"].ID.IsZero() {
		t.Errorf("the good ones made %+v", made)
	}
	if letters := b.deadLetters(); len(letters) != 1 || letters[0].EventID != some[2].ID() {
		t.Errorf("dead letters %+v", letters)
	}
}
