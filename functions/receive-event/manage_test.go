package receiveevent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/fault"
)

func with(header map[string]string, name, value string) map[string]string {
	header = maps.Clone(header)
	header[name] = value
	return header
}

func TestEventSources(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin, id := b.As("admin"), ""
	const path = "/api/v1/event-sources"
	keep := func(t *testing.T, a faastest.Answer) {
		t.Helper()
		var made struct{ ID string }
		if err := json.Unmarshal(a.Body, &made); err != nil || strings.Contains(string(a.Body), "another key") || a.Header.Get("Etag") != `"1"` {
			t.Errorf("%v: %s %v", err, a.Body, a.Header)
		}
		id = made.ID
	}
	fresh := func(_ *testing.T, c *faastest.Call) {
		b.n++
		c.Body = strings.ReplaceAll(c.Body, "{n}", fmt.Sprint(b.n))
	}
	use := func(_ *testing.T, c *faastest.Call) { c.Path = strings.ReplaceAll(c.Path, "{made}", id) }
	body := func(mapping string) string {
		return `{"source": "urn:s{n}", "keyId": "k", "key": "another key of 16", "mappings": [{"type": "t", "message": "m"` + mapping + `}]}`
	}
	bad := func(name, body, pointer, code string) faastest.Call {
		return faastest.Call{
			Name: name, Method: "POST", Path: path, Header: admin, Body: body, Status: 422, Code: "bad_event_source",
			JSON: fmt.Sprintf(`{"errors": [{"pointer": %q, "code": %q}]}`, pointer, code),
		}
	}
	b.suite.Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: path, Header: admin, Status: 200, JSON: `{"items": [{"source": "` + source + `", "keyId": "k1", "enabled": true, "version": 1}]}`},
		{Name: "list of an operator", Method: "GET", Path: path, Header: b.As("wuqiang"), Status: 403, Code: "forbidden"},
		{Name: "list of nobody", Method: "GET", Path: path, Status: 401, Code: "token_missing"},
		{Name: "register taken", Method: "POST", Path: path, Header: admin, Body: registration, Status: 409, Code: "event_source_taken"},
		{
			Name: "register", Method: "POST", Path: path, Header: admin, Prepare: fresh, Body: body(`, "variables": {"x": "${data.x + 1}"}`), Status: 201, Check: keep,
			JSON: `{"keyId": "k", "types": ["t"], "enabled": true, "version": 1, "mappings": [{"type": "t", "message": "m", "variables": {"x": "${data.x + 1}"}}]}`,
		},
		{Name: "read", Method: "GET", Path: path + "/{made}", Header: admin, Prepare: use, Status: 200, JSON: `{"types": ["t"]}`, Check: keep},
		{Name: "read unknown", Method: "GET", Path: path + "/" + engine.ID{1}.String(), Header: admin, Status: 404, Code: "event_source_not_found"},
		{Name: "read malformed", Method: "GET", Path: path + "/1", Header: admin, Status: 404, Code: "not_found"},
		{Name: "change stale", Method: "PUT", Path: path + "/{made}", Header: with(admin, "If-Match", `"9"`), Prepare: use, Body: `{}`, Status: 412, Code: "stale"},
		{Name: "change without an ETag", Method: "PUT", Path: path + "/{made}", Header: with(admin, "If-Match", `9`), Prepare: use, Body: `{}`, Status: 400, Code: "bad_if_match"},
		{Name: "change", Method: "PUT", Path: path + "/{made}", Header: admin, Prepare: use, Body: `{"enabled": false, "types": ["t", "u"]}`, Status: 200, JSON: `{"enabled": false, "types": ["t", "u"], "keyId": "k"}`},
		{Name: "change to bad", Method: "PUT", Path: path + "/{made}", Header: admin, Prepare: use, Body: `{"types": ["u"]}`, Status: 422, Code: "bad_event_source", JSON: `{"errors": [{"pointer": "/mappings/0/type"}]}`},
		{Name: "change unknown", Method: "PUT", Path: path + "/" + engine.ID{1}.String(), Header: admin, Body: `{}`, Status: 404},
		{Name: "unknown field", Method: "POST", Path: path, Header: admin, Body: `{"sealedKey": "x"}`, Status: 400, Code: "bad_json"},
		bad("no source", `{"keyId": "k", "key": "another key of 16", "mappings": [{"type": "t", "message": "m"}]}`, "/source", "bad_text"),
		bad("no URI", strings.Replace(body(""), "urn:s{n}", "HTTPS://x", 1), "/source", "bad_source"),
		bad("our own", strings.Replace(body(""), "urn:s{n}", "/diom/test", 1), "/source", "reserved"),
		bad("the inbox's own", strings.Replace(body(""), "urn:s{n}", "/diom", 1), "/source", "reserved"),
		bad("no types", `{"source": "urn:x", "keyId": "k", "key": "another key of 16"}`, "/types", "required"),
		bad("short key", strings.Replace(body(""), "another key of 16", "fifteen bytes..", 1), "/key", "bad_key"),
		bad("bad key id", strings.Replace(body(""), `"k"`, `"a,b"`, 1), "/keyId", "bad_key_id"),
		bad("type twice", `{"source": "urn:x", "keyId": "k", "key": "another key of 16", "types": ["t", "t"]}`, "/types/1", "repeated"),
		bad("no message", strings.Replace(body(""), `"m"`, `""`, 1), "/mappings/0/message", "bad_text"),
		bad("bad expression", body(`, "businessKey": "订 ${data.x +}"`), "/mappings/0/businessKey", "bad_expression"),
		bad("bad key expression", body(`, "correlationKeys": {"a/b": "${"}`), "/mappings/0/correlationKeys/a~1b", "bad_expression"),
		bad("unknown variable", body(`, "variables": {"x": "${order.id}"}`), "/mappings/0/variables/x", "unknown_variable"),
		bad("no name", body(`, "variables": {"": "x"}`), "/mappings/0/variables/", "bad_variable_name"),
		{Name: "the place", Method: "POST", Path: path, Header: admin, Body: body(`, "businessKey": "订 ${data.x +}"`), Status: 422, Check: func(t *testing.T, a faastest.Answer) {
			t.Helper()
			if !strings.Contains(string(a.Body), "at character 13") {
				t.Errorf("no place: %s", a.Body)
			}
		}},
		{Name: "delete of no id", Method: "DELETE", Path: path + "/" + engine.ID{1}.String(), Header: admin, Status: 404},
	})
	if err := b.App.Inbound.DeleteEventSource(t.Context(), mustID(t, id)); err != nil {
		t.Error(err)
	}
}

func mustID(t *testing.T, text string) engine.ID {
	t.Helper()
	id, err := engine.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestSourceChangesTakeEffect: at once, in whatever process; the old key is worth nothing any more.
func TestSourceChangesTakeEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	row, err := b.App.Store.EventSourceOf(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(row.SealedKey), secret) {
		t.Error("the key lies open in the database")
	}
	const data = `{"id": "o{n}", "amount": 1}`
	send := func(by change) error {
		e := b.event(placed, data, by)
		return b.App.Inbound.Receive(t.Context(), received(t, e))
	}
	put := func(body string) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/api/v1/event-sources/"+row.ID.String(), strings.NewReader(body))
		request.Header.Set("Authorization", b.As("admin")["Authorization"])
		w := httptest.NewRecorder()
		faas.Handler(b.App, Function).ServeHTTP(w, request)
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	first := b.event(placed, data, signed)
	if err := b.App.Inbound.Receive(t.Context(), received(t, first)); err != nil {
		t.Error(err)
	}
	put(`{"types": ["` + paid + `"], "mappings": []}`)
	if err := send(signed); !errors.Is(err, cloudevent.ErrUnknownType) {
		t.Errorf("of a type that is not registered any more: %v", err)
	}
	if err := b.App.Inbound.Receive(t.Context(), received(t, first)); err != nil {
		t.Errorf("a repetition of what had its effect before: %v", err)
	}
	put(registration)
	put(`{"keyId": "k2", "key": "a new key of more than 16"}`)
	if err := send(signed); !errors.Is(err, cloudevent.ErrSignature) {
		t.Errorf("by the old key: %v", err)
	}
	renewed := func(e *event.Event) { cloudevent.Sign(e, "k2", []byte("a new key of more than 16"), time.Now()) }
	if err := send(renewed); err != nil {
		t.Errorf("by the new key: %v", err)
	}
	put(`{"enabled": false}`)
	if err := send(renewed); !errors.Is(err, cloudevent.ErrSignature) {
		t.Errorf("of a source that is switched off: %v", err)
	}
}

// received is an event as it comes over the wire.
func received(t *testing.T, e event.Event) *cloudevent.Received {
	t.Helper()
	raw, err := e.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := cloudevent.Read(http.Header{"Content-Type": {event.ApplicationCloudEventsJSON}}, raw)
	if err != nil {
		t.Fatal(err)
	}
	return &list[0]
}

func TestMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	operator := b.As("wuqiang")
	const path = "/api/v1/messages"
	begun := func(_ *testing.T, c *faastest.Call) { // an order that waits for its payment
		b.n++
		e := b.event(placed, fmt.Sprintf(`{"id": "m%d", "amount": 1}`, b.n), signed)
		if err := b.App.Inbound.Receive(t.Context(), received(t, e)); err != nil {
			t.Error(err)
		}
		c.Body = strings.ReplaceAll(c.Body, "{id}", fmt.Sprintf("m%d", b.n-1))
	}
	twice := func(t *testing.T, c *faastest.Call) { begun(t, c); begun(t, c) }
	b.suite.Run(t, []faastest.Call{
		{Name: "start", Method: "POST", Path: path, Header: operator, Body: `{"name": "order placed", "businessKey": "by message", "variables": {"orderId": "x"}}`, Status: 200, JSON: `{"results": [{"started": true}]}`},
		{Name: "nobody waits", Method: "POST", Path: path, Header: operator, Body: `{"name": "nothing"}`, Status: 404, Code: "no_subscription"},
		{Name: "parked", Method: "POST", Path: path, Header: operator, Body: `{"name": "nothing", "ttlSeconds": 60}`, Status: 202, JSON: `{"results": [], "parked": true}`},
		{Name: "parked once", Method: "POST", Path: path, Header: with(operator, "Idempotency-Key", "park"), Body: `{"name": "nothing", "ttlSeconds": 60}`, Status: 202, JSON: `{"results": [], "parked": true}`},
		{Name: "several wait", Method: "POST", Path: path, Header: operator, Prepare: twice, Body: `{"name": "payment received"}`, Status: 409, Code: "ambiguous_correlation"},
		{Name: "too long", Method: "POST", Path: path, Header: operator, Body: `{"name": "nothing", "ttlSeconds": 2592001}`, Status: 422, Code: "bad_ttl"},
		{Name: "no name", Method: "POST", Path: path, Header: operator, Body: `{}`, Status: 422, Code: "bad_message_name"},
		{Name: "bad key", Method: "POST", Path: path, Header: operator, Body: `{"name": "x", "correlationKeys": {"a": [1]}}`, Status: 422, Code: "bad_correlation_key"},
		{Name: "unknown field", Method: "POST", Path: path, Header: operator, Body: `{"messageName": "x"}`, Status: 400, Code: "bad_json"},
		{Name: "of an employee", Method: "POST", Path: path, Header: b.As("zhangwei"), Body: `{"name": "order placed"}`, Status: 403, Code: "forbidden"},
		{Name: "of nobody", Method: "POST", Path: path, Body: `{"name": "order placed"}`, Status: 401, Code: "token_missing"},
	})
}

func TestSignals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	operator := b.As("wuqiang")
	const path = "/api/v1/signals"
	b.suite.Run(t, []faastest.Call{
		{Name: "nobody waits", Method: "POST", Path: path, Header: operator, Body: `{"name": "alarm", "variables": {"level": 1}}`, Status: 202, JSON: `{"name": "alarm"}`},
		{Name: "once", Method: "POST", Path: path, Header: with(operator, "Idempotency-Key", "alarm"), Body: `{"name": "alarm"}`, Status: 202, JSON: `{"name": "alarm"}`},
		{Name: "no name", Method: "POST", Path: path, Header: operator, Body: `{}`, Status: 422, Code: "bad_signal_name"},
		{Name: "unknown field", Method: "POST", Path: path, Header: operator, Body: `{"name": "x", "executionId": "1"}`, Status: 400, Code: "bad_json"},
		{Name: "too large", Method: "POST", Path: path, Header: operator, Body: `{"name": "x", "variables": {"a": "` + strings.Repeat("x", 300<<10) + `"}}`, Status: 413, Code: "variable_too_large"},
		{Name: "of an employee", Method: "POST", Path: path, Header: b.As("zhangwei"), Body: `{"name": "alarm"}`, Status: 403, Code: "forbidden"},
		{Name: "of nobody", Method: "POST", Path: path, Body: `{"name": "alarm"}`, Status: 401, Code: "token_missing"},
	})
}

func TestConditions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	operator := b.As("wuqiang")
	const path = "/api/v1/conditions"
	b.suite.Run(t, []faastest.Call{
		{Name: "none holds", Method: "POST", Path: path, Header: operator, Body: `{"variables": {"level": 1}}`, Status: 200, JSON: `{"instances": []}`},
		{Name: "once", Method: "POST", Path: path, Header: with(operator, "Idempotency-Key", "level"), Body: `{}`, Status: 200, JSON: `{"instances": []}`},
		{Name: "unknown field", Method: "POST", Path: path, Header: operator, Body: `{"name": "x"}`, Status: 400, Code: "bad_json"},
		{Name: "long key", Method: "POST", Path: path, Header: operator, Body: `{"businessKey": "` + strings.Repeat("x", 256) + `"}`, Status: 422, Code: "bad_business_key"},
		{Name: "of an employee", Method: "POST", Path: path, Header: b.As("zhangwei"), Body: `{}`, Status: 403, Code: "forbidden"},
		{Name: "of nobody", Method: "POST", Path: path, Body: `{}`, Status: 401, Code: "token_missing"},
	})
}

// TestDeadLetters: what failed is shown, and taken again when its source has been mended.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.As("admin")
	const path = "/api/v1/dead-letters"
	poison := b.event(broken, `{"key": "p"}`, signed)
	for range 3 { // its sender tries again
		if err := b.App.Inbound.Receive(t.Context(), received(t, poison)); fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
	}
	letters := b.deadLetters()
	if len(letters) != 1 {
		t.Fatalf("%+v", letters)
	}
	one := path + "/" + letters[0].ID.String()
	b.suite.Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: path + "?direction=in&source=" + source, Header: admin, Status: 200, JSON: `{"items": [{"direction": "in", "source": "` + source + `", "eventId": "` + poison.ID() + `", "type": "` + broken + `", "attempts": 1, "resubmittedAt": null}]}`},
		{Name: "list of the other direction", Method: "GET", Path: path + "?direction=out", Header: admin, Status: 200, JSON: `{"items": []}`},
		{Name: "list of no direction", Method: "GET", Path: path + "?direction=up", Header: admin, Status: 400, Code: "bad_filter"},
		{Name: "list of bad resubmitted", Method: "GET", Path: path + "?resubmitted=x", Header: admin, Status: 400, Code: "bad_filter"},
		{Name: "list of an operator", Method: "GET", Path: path, Header: b.As("wuqiang"), Status: 403, Code: "forbidden"},
		{Name: "read", Method: "GET", Path: one, Header: admin, Status: 200, JSON: `{"content": {"id": "` + poison.ID() + `", "data": {"key": "p"}}}`},
		{Name: "read unknown", Method: "GET", Path: path + "/" + engine.ID{1}.String(), Header: admin, Status: 404, Code: "dead_letter_not_found"},
		{Name: "rehearse too early", Method: "GET", Path: one + "/rehearsal", Header: admin, Status: 200, JSON: `{"outcome": "refused", "code": "event_mapping_failed"}`},
		{Name: "rehearse unknown", Method: "GET", Path: path + "/" + engine.ID{1}.String() + "/rehearsal", Header: admin, Status: 404, Code: "dead_letter_not_found"},
		{Name: "rehearse as an operator", Method: "GET", Path: one + "/rehearsal", Header: b.As("wuqiang"), Status: 403},
		{Name: "resubmit too early", Method: "POST", Path: one + "/resubmit", Header: admin, Status: 422, Code: "event_mapping_failed"},
		{Name: "resubmit unknown", Method: "POST", Path: path + "/" + engine.ID{1}.String() + "/resubmit", Header: admin, Status: 404},
	})
	b.mend()
	b.suite.Run(t, []faastest.Call{
		{Name: "rehearse", Method: "GET", Path: one + "/rehearsal", Header: admin, Status: 200, JSON: `{"outcome": "started", "message": "order placed", "businessKey": "p"}`},
		{Name: "nothing has changed", Method: "GET", Path: one, Header: admin, Status: 200, JSON: `{"resubmittedAt": null}`},
	})
	if made := b.instances(); len(made) != 0 {
		t.Errorf("a rehearsal has made %+v", made)
	}
	again := with(admin, "Idempotency-Key", "again")
	b.suite.Run(t, []faastest.Call{
		{Name: "resubmit", Method: "POST", Path: one + "/resubmit", Header: again, Status: 200, JSON: `{"eventId": "` + poison.ID() + `"}`},
		{Name: "rehearse what is over", Method: "GET", Path: one + "/rehearsal", Header: admin, Status: 409, Code: "dead_letter_resubmitted"},
		{Name: "resubmit twice", Method: "POST", Path: one + "/resubmit", Header: admin, Status: 409, Code: "dead_letter_resubmitted"},
		{Name: "list", Method: "GET", Path: path, Header: admin, Status: 200, JSON: `{"items": []}`},
		{Name: "list of all", Method: "GET", Path: path + "?resubmitted=true", Header: admin, Status: 200, JSON: `{"items": [{}]}`},
	})
	if made := b.instances(); len(made) != 1 || made["p"].ID.IsZero() {
		t.Errorf("instances %+v", made)
	}
	if err := b.App.Inbound.Receive(t.Context(), received(t, poison)); err != nil {
		t.Errorf("the event comes once more: %v", err)
	}
}

// mend gives the broken mapping an expression that works.
func (b *bench) mend() {
	b.t.Helper()
	row, err := b.App.Store.EventSourceOf(b.t.Context(), source)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range row.Mappings {
		if row.Mappings[i].Type == broken {
			row.Mappings[i].Variables = nil
		}
	}
	if err := b.App.Store.UpdateEventSource(b.t.Context(), row); err != nil {
		b.t.Fatal(err)
	}
}

// TestOwnEventsAreHandedOn: by our signature alone, and again when a consumer asks for it.
func TestOwnEventsAreHandedOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var taken int
	answers := map[string]error{"busy": fault.New(fault.Busy, "busy", "Busy."), "poison": fault.New(fault.NotFound, "gone", "Gone.")}
	b.App.Consume([]faas.Function{{Name: "consumer", Events: []faas.Event{{Type: cloudevent.TypeTaskCreated, Serve: func(_ context.Context, r *faas.Request) error {
		taken++
		return answers[r.Event.Subject()]
	}}}}})
	own := func(subject string, changes ...change) func(*testing.T, *faastest.Call) {
		return func(t *testing.T, c *faastest.Call) {
			e := b.event(cloudevent.TypeTaskCreated, `{}`, func(e *event.Event) { e.SetSource(b.App.Source()); e.SetSubject(subject) })
			if err := b.App.Access.SignEvent(&e); err != nil {
				t.Fatal(err)
			}
			for _, change := range changes {
				change(&e)
			}
			binary(c, e)
			c.Header["Ce-Subject"] = e.Subject()
		}
	}
	b.suite.Run(t, []faastest.Call{
		post("taken", 202, "", own("tasks/1")),
		post("busy", 429, "busy", own("busy")),
		post("poison", 422, "gone", own("poison")),
		post("nobody's type", 202, "", own("tasks/2", func(e *event.Event) { e.SetType("other"); _ = b.App.Access.SignEvent(e) })),
		post("altered", 401, "event_signature_invalid", own("tasks/1", func(e *event.Event) { e.SetSubject("tasks/2") })),
		post("signed by a source", 401, "event_signature_invalid", own("tasks/1", signed)),
		post("of another installation", 401, "event_signature_invalid", own("tasks/1", func(e *event.Event) { e.SetSource("/diom/other"); _ = b.App.Access.SignEvent(e) })),
	})
	if taken != 2*3 {
		t.Errorf("%d events were handed on", taken)
	}
}
