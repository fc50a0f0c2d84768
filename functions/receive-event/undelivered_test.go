package receiveevent

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/store"
)

const (
	notifyURL  = "http://notify.diom.svc.cluster.local/events"
	advanceURL = "http://advance-token.diom.svc.cluster.local/events"
)

// givenUp is what a broker of Knative adds to an event that it gives up.
func givenUp(destination, status, answer string) change {
	return func(e *event.Event) {
		e.SetExtension("knativeerrordest", destination)
		e.SetExtension("knativeerrorcode", status)
		e.SetExtension("knativeerrordata", base64.StdEncoding.EncodeToString([]byte(answer)))
	}
}

// own makes an event of ours, with the signature that it was sent with at a time.
func (b *bench) own(id string, sent time.Time, changes ...change) event.Event {
	b.t.Helper()
	e := b.event(cloudevent.TypeInstanceStarted, `{"processKey": "订单"}`, func(e *event.Event) { e.SetSource(b.App.Source()); e.SetID(id) })
	if err := b.App.Access.SignEvent(&e); err != nil {
		b.t.Fatal(err)
	}
	if !sent.IsZero() {
		mac := strings.Split(e.Extensions()["diomsignature"].(string), ",")
		key, err := b.App.Config.Secret("diom-internal-key")
		if err != nil {
			b.t.Fatal(err)
		}
		cloudevent.Sign(&e, mac[1], []byte(strings.TrimPrefix(key, mac[1]+":")), sent)
	}
	for _, c := range changes {
		c(&e)
	}
	return e
}

func unsigned(e *event.Event) {
	e.SetExtension("diomsigned", nil)
	e.SetExtension("diomsignature", nil)
}

// report posts an event as a broker does.
func (b *bench) report(e event.Event) int {
	b.t.Helper()
	var c faastest.Call
	binary(&c, e)
	request := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "/dead-letter", strings.NewReader(c.Body))
	for name, value := range c.Header {
		request.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	faas.Handler(b.App, Function).ServeHTTP(w, request)
	if w.Code < 300 && w.Body.Len() > 0 {
		b.t.Errorf("the answer has a body: %s", w.Body)
	}
	return w.Code
}

// step starts an instance and returns the id of an event of its first step.
func (b *bench) step() string {
	b.t.Helper()
	e := b.event(placed, `{"id": "o{n}", "amount": 1}`, func(e *event.Event) { e.SetExtension("businesskey", fmt.Sprint("step ", b.n)) }, signed)
	if err := b.App.Inbound.Receive(b.t.Context(), received(b.t, e)); err != nil {
		b.t.Fatal(err)
	}
	for key, in := range b.instances() {
		if key == e.Extensions()["businesskey"] {
			rows, err := b.App.Store.History(b.t.Context(), in.ID, 0, 1)
			if err != nil || len(rows) == 0 {
				b.t.Fatalf("%d rows, %v", len(rows), err)
			}
			return cloudevent.NewID(in.ID, 1, 1, rows[0].CommandID).String()
		}
	}
	b.t.Fatal("no instance")
	return ""
}

// TestUndelivered: what a broker gives up is kept when it is ours, and only then.
func TestUndelivered(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refused := givenUp(notifyURL, "422", `{"code":"bad_internal_event"}`)
	post := func(name string, status int, code string, prepare func(*faastest.Call)) faastest.Call {
		c := faastest.Call{Name: name, Method: http.MethodPost, Path: "/dead-letter", Status: status, Code: code}
		c.Prepare = func(_ *testing.T, c *faastest.Call) { prepare(c) }
		if status == http.StatusAccepted {
			c.Check = empty
		}
		return c
	}
	fresh := func(changes ...change) func(*faastest.Call) {
		return func(c *faastest.Call) { binary(c, b.own(b.step(), time.Time{}, changes...)) }
	}
	unknown := func(changes ...change) func(*faastest.Call) {
		return func(c *faastest.Call) {
			binary(c, b.own("01890a5d-ac96-774b-bcce-b302099a8057/1/1", time.Time{}, changes...))
		}
	}
	b.suite.Run(t, []faastest.Call{
		post("as a broker sends it", 202, "", fresh(refused)),
		post("structured", 202, "", func(c *faastest.Call) { structured(c, b.own(b.step(), time.Time{}, refused)) }),
		post("without a reason", 202, "", fresh()),
		post("without a signature, of a step that there is", 202, "", fresh(refused, unsigned)),
		post("signed with a key that is gone, of a step that there is", 202, "", fresh(refused, signed)),
		post("signed, of no step: a definition", 202, "", unknown(refused)),
		post("of no step that there is", 401, "event_unsigned", unknown(refused, unsigned)),
		post("of no step that there is, signed by another", 401, "event_signature_invalid", unknown(refused, signed)),
		post("of another type than the step's", 401, "event_unsigned", fresh(refused, unsigned, func(e *event.Event) { e.SetType(cloudevent.TypeInstanceEnded) })),
		post("of a step that has not so many", 401, "event_unsigned", fresh(refused, unsigned, func(e *event.Event) { e.SetID(strings.TrimSuffix(e.ID(), "1") + "999") })),
		post("of a later step", 401, "event_unsigned", fresh(refused, unsigned, func(e *event.Event) { e.SetID(strings.TrimSuffix(e.ID(), "1/1") + "9/1") })),
		post("of another source", 401, "event_unsigned", fresh(refused, unsigned, func(e *event.Event) { e.SetSource(source) })),
		post("of no step at all", 401, "event_unsigned", fresh(refused, unsigned, func(e *event.Event) { e.SetID("1") })),
		post("no event", 400, "bad_event", func(c *faastest.Call) { c.Body = `{}` }),
		post("a batch", 400, "bad_event", func(c *faastest.Call) { batch(c, b.own(b.step(), time.Time{})) }),
	})
	letters := b.deadLetters()
	if len(letters) != 2*5+1 { // the definition is the same one
		t.Fatalf("%d dead letters: %+v", len(letters), letters)
	}
	one, want := letters[len(letters)-1], `The broker could not deliver it to `+notifyURL+`: status 422: {"code":"bad_internal_event"}`
	for _, l := range letters {
		if l.Direction != store.Out || l.Source != b.App.Source() || l.Type != cloudevent.TypeInstanceStarted {
			t.Errorf("%+v", l)
		}
		if l.Reason == want {
			one = l
		}
	}
	content, err := b.App.Inbound.DeadLetter(t.Context(), one.ID)
	if err != nil || one.Reason != want || !strings.Contains(string(content.Content), "订单") {
		t.Errorf("%v %+v", err, content)
	}
}

// TestUndeliveredOnce: a report that comes again, at once or late, changes nothing; an event that fails
// at two consumers is one dead letter; one that fails again after it was resubmitted is another.
func TestUndeliveredOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, sent := b.step(), time.Now().Add(-time.Minute)
	first := b.own(id, sent, givenUp(notifyURL, "500", "x"))
	other := b.own(id, sent, givenUp(advanceURL, "500", "x"))
	resent := b.own(id, sent.Add(30*time.Second), givenUp(notifyURL, "500", "x"))
	expect := func(what string, e event.Event, all int) {
		t.Helper()
		if status := b.report(e); status != http.StatusAccepted {
			t.Errorf("%s: %d", what, status)
		}
		if n := len(b.deadLetters()); n != all {
			t.Errorf("%s: %d dead letters, want %d", what, n, all)
		}
	}
	expect("first", first, 1)
	expect("again", first, 1)
	expect("at another consumer", other, 1)
	if _, err := b.App.Inbound.Resubmit(t.Context(), b.deadLetters()[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	expect("late", first, 1)
	expect("late at the other consumer", other, 1)
	expect("sent again and failed again", resent, 2)
}

// TestUndeliveredIsSentAgain: a resubmitted event goes out by the relay once more, though its row was
// marked as sent when the broker took it.
func TestUndeliveredIsSentAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	taken := make(chan string, 10)
	b.App.Consume([]faas.Function{{Name: "consumer", Events: []faas.Event{{Type: cloudevent.TypeInstanceStarted, Serve: func(_ context.Context, r *faas.Request) error {
		taken <- r.Event.ID()
		return nil
	}}}}})
	id := b.step()
	wait := func(what string) {
		t.Helper()
		select {
		case got := <-taken:
			if got != id {
				t.Errorf("%s: %s, want %s", what, got, id)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: nothing is sent", what)
		}
	}
	wait("at first")
	deadline := time.Now().Add(30 * time.Second)
	for sent := false; !sent && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		rows, err := b.App.Store.ClaimUnsent(t.Context(), 10, time.Now().UTC(), time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		sent = len(rows) == 0
	}
	if status := b.report(b.own(id, time.Time{}, givenUp(notifyURL, "422", ""))); status != http.StatusAccepted {
		t.Fatal(status)
	}
	if _, err := b.App.Inbound.Resubmit(t.Context(), b.deadLetters()[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	wait("resubmitted")
}
