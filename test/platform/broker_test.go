package platform

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	eventingv1 "knative.dev/eventing/pkg/apis/eventing/v1"
	"knative.dev/eventing/pkg/eventingtls"
	"knative.dev/eventing/pkg/kncloudevents"
	"knative.dev/pkg/apis"
	duckv1 "knative.dev/pkg/apis/duck/v1"

	advancetoken "diom.io/workflow/functions/advance-token"
	"diom.io/workflow/functions/notify"
	receiveevent "diom.io/workflow/functions/receive-event"
	"diom.io/workflow/functions/tick"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/telemetry"
)

// broker does with an event what a Broker of Knative does: for each committed Trigger whose filter
// matches, Eventing's own dispatcher sends it, repeats it and gives it up.
type broker struct {
	*httptest.Server
	t        *testing.T
	app      *faas.App
	triggers []eventingv1.Trigger
	send     *kncloudevents.Dispatcher
	urls     map[string]string // of the functions
	times    int               // how often each event is delivered
	under    sync.WaitGroup

	mu    sync.Mutex
	calls map[string][]int // the statuses of each function, by its name and path
	fail  map[string][]int // what a function answers next, instead of being called
	lost  []error          // of events that not even the dead letter sink took
}

// openBroker starts the functions that take events, each behind a server of its own, and a process that
// sends its events to the broker.
func openBroker(t *testing.T) *broker {
	t.Helper()
	b := &broker{t: t, urls: map[string]string{}, times: 1, calls: map[string][]int{}, fail: map[string][]int{}}
	b.send = kncloudevents.NewDispatcher(eventingtls.NewDefaultClientConfig(), nil)
	for _, document := range documents(build(t, "knative/base")) {
		if strings.Contains(document, "\nkind: Trigger\n") {
			var trigger eventingv1.Trigger
			if err := decode([]byte(document), &trigger); err != nil {
				t.Fatal(err)
			}
			b.triggers = append(b.triggers, trigger)
		}
	}
	b.Server = httptest.NewServer(http.HandlerFunc(b.take))
	cfg := config.Config{
		Environment: "production", MySQLDSN: databasetest.DSN(t), RedisURL: databasetest.Redis(t), SecretsDir: t.TempDir(), TimeZone: "UTC", Sink: b.URL,
		EventMode: "binary", AccessTokenLife: time.Hour, RefreshTokenLife: time.Hour, BcryptCost: 4,
	}
	if err := access.GenerateKeys(cfg.SecretsDir); err != nil {
		t.Fatal(err)
	}
	app, err := faas.OpenApp(t.Context(), cfg, telemetry.New(io.Discard, "ERROR"))
	if err != nil {
		t.Fatal(err)
	}
	b.app = app
	for _, f := range []faas.Function{advancetoken.Function, notify.Function, receiveevent.Function, tick.Function} {
		server := httptest.NewServer(b.watched(f.Name, faas.Handler(app, f)))
		t.Cleanup(server.Close)
		b.urls[f.Name] = server.URL
	}
	t.Cleanup(func() {
		b.under.Wait()
		_ = app.Close()
		b.Close()
	})
	if err := app.Access.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// watched notes what a function answers, and fails for it where the test wants that. An answer of success
// with a body would be a failed delivery.
func (b *broker) watched(name string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := name + r.URL.Path
		b.mu.Lock()
		if next := b.fail[key]; len(next) > 0 {
			b.fail[key] = next[1:]
			b.calls[key] = append(b.calls[key], next[0])
			b.mu.Unlock()
			w.WriteHeader(next[0])
			return
		}
		b.mu.Unlock()
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if answer.Code/100 == 2 && answer.Body.Len() > 0 { // Knative's filter makes it 502
			b.t.Errorf("%s answers an event with a body: %s", key, answer.Body)
		}
		b.mu.Lock()
		b.calls[key] = append(b.calls[key], answer.Code)
		b.mu.Unlock()
		for header, values := range answer.Header() {
			w.Header()[header] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// statuses are what a function has answered at a path.
func (b *broker) statuses(name, path string) []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]int{}, b.calls[name+path]...)
}

// take accepts an event as a Broker's ingress does, before anybody has it.
func (b *broker) take(w http.ResponseWriter, r *http.Request) {
	e, err := binding.ToEvent(r.Context(), cehttp.NewMessageFromHttpRequest(r))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.dispatch(*e)
	w.WriteHeader(http.StatusAccepted)
}

// dispatch lets every matching Trigger have the event, as often as the test wants.
func (b *broker) dispatch(e event.Event) {
	for _, trigger := range b.triggers {
		if trigger.Spec.Filter.Attributes["type"] != e.Type() {
			continue
		}
		for range b.times {
			b.under.Go(func() { b.deliver(trigger, e) })
		}
	}
}

func (b *broker) deliver(trigger eventingv1.Trigger, e event.Event) {
	retry, err := kncloudevents.RetryConfigFromDeliverySpec(*trigger.Spec.Delivery)
	if err != nil {
		b.t.Error(err)
		return
	}
	dead := b.address(*trigger.Spec.Delivery.DeadLetterSink)
	_, err = b.send.SendEvent(b.t.Context(), e, *b.address(trigger.Spec.Subscriber), kncloudevents.WithRetryConfig(&retry), kncloudevents.WithDeadLetterSink(dead))
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.lost = append(b.lost, err)
	}
}

// address is what Knative resolves a destination to: the URL of the Service, with the path.
func (b *broker) address(d duckv1.Destination) *duckv1.Addressable {
	text := b.urls[d.Ref.Name]
	if d.URI != nil {
		text += d.URI.Path
	}
	u, err := apis.ParseURL(text)
	if err != nil || b.urls[d.Ref.Name] == "" {
		b.t.Errorf("%s: %v", d.Ref.Name, err)
	}
	return &duckv1.Addressable{URL: u}
}
