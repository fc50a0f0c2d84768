package gateway

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/limit"
)

// A limit of routes counts each route by itself; one of searches counts searches and exports alone. What is left is
// told in the fields of the draft.
func TestLimitsOfRoutes(t *testing.T) {
	t.Parallel()
	app, _ := open(t, true, nil)
	var calls atomic.Int64
	functions := sample(&calls)
	functions = append(functions, faas.Function{Name: "gamma", Routes: []faas.Route{
		{Method: "POST", Pattern: "/api/v1/things:search", Permission: access.Authenticated, Serve: functions[0].Routes[0].Serve},
	}})
	few := limit.Rate{Count: 1, Per: time.Hour, Burst: 3}
	mine := token(t, app, "zhangwei")
	s := generous()
	s.LimitRoute = few
	server := local(t, app, functions, s)
	a := send(t, server, "GET /api/v1/things/7", "", mine)
	if got := a.header.Get("RateLimit"); !strings.HasPrefix(got, `"route";r=2;t=`) || a.header.Get("RateLimit-Policy") != `"route";q=3;w=10800` {
		t.Errorf("%q %q", got, a.header.Get("RateLimit-Policy"))
	}
	if got := passed(t, server, "/api/v1/things/8", mine); got != 2 {
		t.Errorf("%d of the route, want 2", got)
	}
	if a := send(t, server, "POST /api/v1/things/8/claim", "{}", mine); a.status != 200 {
		t.Errorf("another route: %d", a.status)
	}
	s = generous()
	s.LimitSearch = few
	server = local(t, app, functions, s)
	refused := 0
	for range 5 {
		if send(t, server, "POST /api/v1/things:search", "{}", mine).status == 429 {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d searches are refused, want 2", refused)
	}
	if got := passed(t, server, "/api/v1/things/8", mine); got != 10 {
		t.Errorf("%d are no searches, want 10", got)
	}
}

// The gateway tells who has logged in of every function.
func TestFunctions(t *testing.T) {
	t.Parallel()
	app, _ := open(t, true, nil)
	var calls atomic.Int64
	mine := token(t, app, "zhangwei")
	for name, serve := range map[string]func(testing.TB, *faas.App, []faas.Function, settings) *httptest.Server{"one process": local, "by URL": apart} {
		server := serve(t, app, sample(&calls), generous())
		if a := send(t, server, "GET /api/v1/functions", ""); a.status != 401 {
			t.Errorf("%s: nobody: %d", name, a.status)
		}
		a := send(t, server, "GET /api/v1/functions", "", mine)
		var list functionList
		if err := json.Unmarshal(a.body, &list); err != nil || len(list.Items) != 2 || list.Items[0].Name != "alpha" || len(list.Items[0].Routes) != 4 || list.Items[0].BreakerOpen {
			t.Errorf("%s: %v: %s", name, err, a.body)
		}
	}
}

func TestEventsAreDescribed(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	var calls atomic.Int64
	server := local(t, app, sample(&calls), generous())
	a := send(t, server, "GET /asyncapi.yaml", "")
	if a.status != 200 || !strings.Contains(string(a.body), "asyncapi: 3.0.0") || a.header.Get("Content-Type") != yamlType {
		t.Errorf("%d %v %.100s", a.status, a.header, a.body)
	}
	if a := send(t, server, "GET /asyncapi.yaml", "", "If-None-Match: "+a.header.Get("ETag")); a.status != 304 {
		t.Errorf("%d", a.status)
	}
}
