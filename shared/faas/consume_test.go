package faas_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
)

// an event as the relay sends it.
func orderEvent(t *testing.T, kind, item string) event.Event {
	t.Helper()
	e := event.New()
	e.SetID(t.Name())
	e.SetSource("/diom/test")
	e.SetType(kind)
	if err := e.SetData(event.ApplicationJSON, order{Item: item}); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestConsumersInTheProcess(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	if err := app.Deliver(t.Context(), orderEvent(t, ordered, "pen"), nil); err != nil {
		t.Errorf("nobody's: %v", err) // and no function is named
	}
	app.Consume([]faas.Function{orders})
	for item, want := range map[string]fault.Verdict{"pen": fault.Acknowledge, "again": fault.Acknowledge, "busy": fault.Retry, "gone": fault.Reject, "panic": fault.Retry} {
		err := app.Deliver(t.Context(), orderEvent(t, ordered, item), nil)
		if (err == nil) != (want == fault.Acknowledge) || err != nil && fault.VerdictOf(err) != want {
			t.Errorf("%s: %v, want verdict %d", item, err, want)
		}
	}
	if err := app.Deliver(t.Context(), orderEvent(t, cancelled, "pen"), nil); err != nil {
		t.Errorf("an event that nobody consumes: %v", err)
	}
}

// TestDeliverByURL: the functions that consume an event get it as their neighbours signed it.
func TestDeliverByURL(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	server := httptest.NewServer(faas.Handler(app, orders))
	t.Cleanup(server.Close)
	app.Config.Functions = "orders=" + server.URL + ",down=http://127.0.0.1:1"
	send := func(item string, functions ...string) error {
		e := orderEvent(t, ordered, item)
		if err := app.Access.SignEvent(&e); err != nil {
			t.Fatal(err)
		}
		return app.Deliver(t.Context(), e, functions)
	}
	if err := send("pen", "orders"); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		err  error
		want fault.Verdict
	}{
		"busy": {send("busy", "orders"), fault.Retry}, "poison": {send("gone", "orders"), fault.Reject},
		"down": {send("pen", "orders", "down"), fault.Retry}, "poison and down": {send("gone", "orders", "down"), fault.Retry}, "not there": {send("pen", "other"), fault.Retry},
		"unsigned": {app.Deliver(t.Context(), orderEvent(t, ordered, "pen"), []string{"orders"}), fault.Retry}, // a key that is being changed
	} {
		if c.err == nil || fault.VerdictOf(c.err) != c.want {
			t.Errorf("%s: %v, want verdict %d", name, c.err, c.want)
		}
	}
}

// TestRelaySendsWhereTheSettingsSay: the consumers of the process and the sink, or else receive-event.
func TestRelaySendsWhereTheSettingsSay(t *testing.T) {
	t.Parallel()
	var path string
	status := http.StatusAccepted
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.Path
		if !strings.HasPrefix(r.Header.Get("Ce-Diomsignature"), "v1,local,") {
			t.Errorf("unsigned: %v", r.Header)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(sink.Close)
	const down = "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		sink, functions string
		consumed        bool // by this process
		item            string
		status          int
		path            string // where it was posted to
		failed          fault.Verdict
	}{
		"broker":                      {sink.URL + "/broker", down + "/{function}", false, "pen", 202, "/broker", fault.Acknowledge},
		"neighbour by template":       {"", sink.URL + "/{function}", false, "pen", 202, "/receive-event/api/v1/events", fault.Acknowledge},
		"neighbour by name":           {"", "receive-event=" + down + "|" + sink.URL + "/r/", false, "pen", 202, "/r/api/v1/events", fault.Acknowledge},
		"nobody":                      {"", "tasks=" + down, false, "pen", 202, "", fault.Retry},
		"process":                     {"", sink.URL + "/{function}", true, "pen", 202, "", fault.Acknowledge},
		"process and broker":          {sink.URL + "/broker", "", true, "pen", 202, "/broker", fault.Acknowledge},
		"busy process and broker":     {sink.URL + "/broker", "", true, "busy", 202, "/broker", fault.Retry},
		"process and dead broker":     {sink.URL + "/broker", "", true, "pen", 503, "/broker", fault.Retry},
		"poison and dead broker":      {sink.URL + "/broker", "", true, "gone", 503, "/broker", fault.Retry},
		"poison":                      {sink.URL + "/broker", "", true, "gone", 202, "/broker", fault.Reject},
		"neighbour who is restarting": {"", sink.URL + "/{function}", false, "pen", 503, "/receive-event/api/v1/events", fault.Retry},
	} {
		app := newApp(t)
		app.Config.Sink, app.Config.Functions = c.sink, c.functions
		if c.consumed {
			app.Consume([]faas.Function{orders})
		}
		path, status = "", c.status
		e := orderEvent(t, ordered, c.item)
		err := faas.Send(app)(t.Context(), e)
		if path != c.path || (err == nil) != (c.failed == fault.Acknowledge) || err != nil && fault.VerdictOf(err) != c.failed {
			t.Errorf("%s: posted to %q: %v", name, path, err)
		}
		if e.Extensions()["diomsignature"] != nil {
			t.Errorf("%s: the caller's event was changed", name)
		}
	}
}

// TestEventsAreSignedInTheirAttributes: brokers forward no header, and deliver more than once.
func TestEventsAreSignedInTheirAttributes(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	handler := faas.Handler(app, orders)
	send := func(e event.Event, header string) int {
		body, err := e.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/events", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", event.ApplicationCloudEventsJSON)
		if header != "" {
			r.Header.Set(access.SignatureHeader, header)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	good := orderEvent(t, ordered, "pen")
	if err := app.Access.SignEvent(&good); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if status := send(good, ""); status != http.StatusNoContent {
			t.Errorf("signed: %d", status)
		}
	}
	if status := send(good, "v1,local,1,n,00"); status != http.StatusUnauthorized {
		t.Errorf("with a wrong header: %d", status)
	}
	for name, c := range map[string]struct {
		change func(*event.Event)
		want   int
	}{
		"unsigned":       {func(e *event.Event) { e.SetExtension("diomsignature", nil) }, 401},
		"another id":     {func(e *event.Event) { e.SetID("x") }, 401},
		"another type":   {func(e *event.Event) { e.SetType(cancelled) }, 401},
		"another source": {func(e *event.Event) { e.SetSource("/diom/other") }, 401},
		"other data":     {func(e *event.Event) { e.DataEncoded = []byte(`{"item":"ink"}`) }, 401},
		"other time":     {func(e *event.Event) { e.SetExtension("diomsigned", time.Now().Add(time.Minute).Format(time.RFC3339)) }, 401},
		"malformed":      {func(e *event.Event) { e.SetExtension("x", "a\nb") }, 400},
	} {
		e := good.Clone()
		c.change(&e)
		if status := send(e, ""); status != c.want {
			t.Errorf("%s: %d, want %d", name, status, c.want)
		}
	}
}
