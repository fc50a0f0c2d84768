package faas

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/telemetry"
)

// eventsPath is where a function takes CloudEvents.
const eventsPath = "/events"

// endpoint is one function in one process.
type endpoint struct {
	app      *App
	function Function
	routes   *http.ServeMux // the routes alone, to find what a path allows
	mux      *http.ServeMux // the routes and a catch-all that answers 404 and 405
	exec     time.Duration
	limit    int64
	inflight atomic.Int64
	// authenticate turns an access token into a principal.
	authenticate func(context.Context, string) (access.Principal, error)
}

// Handler serves one function. It panics, as net/http's ServeMux does, when the function's
// description is wrong (Function.Check): a route without a permission does not start.
//
// The bound on calls at once is max_inflight, or Limits.MaxInflight where that is not set; the
// deadline of a call is Limits.Exec, or exec_timeout where that is 0.
func Handler(app *App, f Function) http.Handler { return newEndpoint(app, f) }

func newEndpoint(app *App, f Function) *endpoint {
	if err := f.Check(); err != nil {
		panic(err)
	}
	e := &endpoint{
		app: app, function: f, routes: http.NewServeMux(), mux: http.NewServeMux(),
		exec: f.Limits.Exec, limit: int64(app.Config.MaxInflight),
		authenticate: app.Access.Authenticate,
	}
	if e.exec == 0 {
		e.exec = app.Config.ExecTimeout
	}
	if e.limit == 0 {
		e.limit = int64(f.Limits.MaxInflight)
	}
	for i := range f.Routes {
		route := &f.Routes[i]
		e.handle(strings.TrimSpace(route.Method+" "+route.Pattern), func(w http.ResponseWriter, r *http.Request) { e.serve(w.(*call), r, route) })
	}
	if len(f.Events) > 0 {
		e.handle("POST "+eventsPath, func(w http.ResponseWriter, r *http.Request) { e.serveEvent(w.(*call), r) })
	}
	if _, pattern := e.routes.Handler(&http.Request{Method: "NONE", URL: &url.URL{Path: "/"}}); pattern != "/" {
		e.mux.HandleFunc("/", e.noRoute)
	}
	return e
}

func (e *endpoint) handle(pattern string, serve http.HandlerFunc) {
	e.routes.HandleFunc(pattern, serve)
	e.mux.HandleFunc(pattern, serve)
}

// ServeHTTP gives the call its trace and its deadline, routes it, and accounts for it.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{ResponseWriter: w, start: time.Now()}
	c.outer, c.span = e.app.Telemetry.Begin(telemetry.Continue(r.Context(), r.Header.Get("Traceparent")), r.Method, trace.WithSpanKind(trace.SpanKindServer))
	w.Header().Set("Traceparent", telemetry.Parent(c.outer))
	ctx, cancel := c.deadline(e.exec, r.Header.Get("X-Timeout"))
	defer cancel()
	r = r.WithContext(ctx)
	defer e.finish(c, r)
	if e.app.Access != nil { // in tests of the pipeline alone
		e.app.Access.Settings.Poke()
	}
	e.mux.ServeHTTP(c, r)
}

// noRoute answers what no route matches: 405 with Allow where another method would do, else 404.
func (e *endpoint) noRoute(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	other := *r
	for _, method := range methods {
		other.Method = method
		if _, pattern := e.routes.Handler(&other); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		e.fail(w.(*call), r, errMethod{strings.Join(allowed, ", ")})
		return
	}
	e.fail(w.(*call), r, ErrNoRoute)
}
