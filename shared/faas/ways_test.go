package faas_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/telemetry"
)

type order struct {
	Item  string `json:"item"`
	Count int    `json:"count"`
}

const (
	ordered   = "io.diom.workflow.order.placed.v1"
	cancelled = "io.diom.workflow.order.cancelled.v1"
)

var errDone = fault.New(fault.Conflict, "order_done", "The order has been placed.")

func place(_ context.Context, r *faas.Request) (any, error) {
	var o order
	if err := r.Decode(&o); err != nil {
		return nil, err
	}
	return map[string]any{"order": o, "customer": r.PathValue("customer"), "note": r.HTTP().URL.Query().Get("note"), "tags": []int{1, 2}}, nil
}

// placed acts on an event: what its data asks for is what happens.
func placed(_ context.Context, r *faas.Request) error {
	var o order
	if err := r.Event.DataAs(&o); err != nil {
		return faas.ErrBadEvent
	}
	switch o.Item {
	case "again":
		return errDone
	case "busy":
		return fault.New(fault.Busy, "instance_busy", "Busy.")
	case "gone":
		return fault.New(fault.NotFound, "no_instance", "Gone.")
	case "panic":
		panic("boom")
	}
	return nil
}

var orders = faas.Function{
	Name: "orders",
	Routes: []faas.Route{
		{Method: "POST", Pattern: "/customers/{customer}/orders", Permission: access.Public, Status: 201, Serve: place},
		{Method: "POST", Pattern: "/internal/orders/{customer}", Permission: access.Internal, Serve: place},
	},
	Events: []faas.Event{{Type: ordered, Serve: placed}},
}

func handleOrders(req handler.Request) (handler.Response, error) { return faas.Serve(orders, req) }

// newApp makes an App without servers: keys of its own, no MySQL, no Redis.
func newApp(t *testing.T) *faas.App {
	t.Helper()
	cfg := config.Config{SecretsDir: t.TempDir(), Environment: "test", ExecTimeout: 5 * time.Second, BcryptCost: 4, HealthInterval: time.Millisecond}
	if err := access.GenerateKeys(cfg.SecretsDir); err != nil {
		t.Fatal(err)
	}
	redis, err := cache.Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	service, err := access.New(cfg, store.New(nil), redis)
	if err != nil {
		t.Fatal(err)
	}
	return &faas.App{Config: cfg, Telemetry: telemetry.New(io.Discard, "INFO"), Cache: redis, Access: service}
}

func TestThreeWays(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	sign := func(r *http.Request, body []byte) error {
		return app.Access.SignInternal(r.Header, r.Method, r.URL.RequestURI(), body)
	}
	suite := faastest.Suite{App: app, Function: orders, Handle: handleOrders, Sign: sign}
	empty := func(t *testing.T, a faastest.Answer) {
		if len(a.Body) > 0 {
			t.Errorf("a 2xx answer to a CloudEvent has a body: %s", a.Body)
		}
	}
	suite.Run(t, []faastest.Call{
		{Name: "place", Method: "POST", Path: "/customers/a%2Fb/orders?note=x%20y", Body: `{"item":"pen","count":2}`, Status: 201,
			JSON: `{"order":{"item":"pen"},"customer":"a/b","note":"x y","tags":[1,2]}`},
		{Name: "signed", Method: "POST", Path: "/internal/orders/c?note=1", Body: `{}`, Status: 200, JSON: `{"note":"1"}`},
		{Name: "unknown field", Method: "POST", Path: "/customers/c/orders", Body: `{"itm":1}`, Status: 400, Code: "bad_json",
			JSON: `{"errors":[{"pointer":"/itm","code":"unknown_field"}]}`},
		{Name: "no route", Method: "GET", Path: "/customers", Status: 404, Code: "no_route"},
		{Name: "wrong method", Method: "GET", Path: "/customers/c/orders", Status: 405, Code: "method_not_allowed"},
		{Name: "event", Event: ordered, Body: `{"item":"pen"}`, Status: 204, Check: empty},
		{Name: "event done before", Event: ordered, Body: `{"item":"again"}`, Status: 204, Check: empty},
		{Name: "event for a busy instance", Event: ordered, Body: `{"item":"busy"}`, Status: 429, Code: "instance_busy"},
		{Name: "poison event", Event: ordered, Body: `{"item":"gone"}`, Status: 422, Code: "no_instance"},
		{Name: "event of another type", Event: cancelled, Body: `{}`, Status: 422, Code: "unknown_event_type"},
		{Name: "event that panics", Event: ordered, Body: `{"item":"panic"}`, Status: 500, Code: "internal"},
		{Name: "no event", Method: "POST", Path: "/events", Body: `{}`, Status: 400, Code: "bad_event"},
		{Name: "event without an id", Method: "POST", Path: "/events", Header: map[string]string{
			"Content-Type": "application/cloudevents+json",
		}, Body: `{"specversion":"1.0","source":"/x","type":"` + ordered + `"}`, Status: 400, Code: "bad_event"},
		{Name: "batch", Method: "POST", Path: "/events", Header: map[string]string{
			"Content-Type": "application/cloudevents-batch+json",
		}, Body: `[]`, Status: 400, Code: "bad_event"},
	})
	suite.Sign = nil
	suite.Run(t, []faastest.Call{
		{Name: "unsigned", Method: "POST", Path: "/internal/orders/c", Body: `{}`, Status: 401, Code: "signature_missing"},
		{Name: "unsigned event", Event: ordered, Body: `{}`, Status: 401, Code: "event_unsigned"},
		{Name: "forged", Method: "POST", Path: "/internal/orders/c", Body: `{}`, Status: 401, Code: "signature_invalid",
			Header: map[string]string{access.SignatureHeader: "v1,local,1,n,00"}},
	})
}
