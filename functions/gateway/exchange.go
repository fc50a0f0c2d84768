package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/telemetry"
)

// exchange is one request on its way through the gateway: the answer's writer and what the log says.
type exchange struct {
	http.ResponseWriter
	start     time.Time
	span      trace.Span
	trace     string // the id of the trace
	linked    string // the id of a trace that came from outside, or ""
	address   netip.Addr
	trusted   bool // the peer is a proxy of ours
	entry     *entry
	own       string // the pattern of a page of the gateway's own
	user      string
	status    int
	err       error
	stack     []byte
	forwarded bool // the function has been called
	// limit and left are those of the limit that is nearest.
	limit, left int
	// blameless failures, such as an upload that broke off, say nothing about the function.
	blameless bool
	// well is the function by its own word, whatever it has answered.
	well bool
}

// WriteHeader notes the status. An answer that says nothing of caches is for none: it is personal.
func (e *exchange) WriteHeader(status int) {
	if e.status == 0 && status >= http.StatusOK {
		e.status = status
		h := e.Header()
		e.well = h.Get(faas.WellHeader) != ""
		h.Del(faas.WellHeader)
		if len(h["Cache-Control"]) == 0 {
			h.Set("Cache-Control", "no-store")
		}
	}
	e.ResponseWriter.WriteHeader(status)
}

// Write notes that the answer has begun.
func (e *exchange) Write(body []byte) (int, error) {
	if e.status == 0 {
		e.WriteHeader(http.StatusOK)
	}
	return e.ResponseWriter.Write(body) //nolint:gosec // those who write have escaped it
}

// Unwrap lets http.ResponseController flush and set deadlines.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// ServeHTTP answers as the outermost handler of a process: it begins the trace, and it logs what no
// function will log.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{ResponseWriter: w, start: time.Now()}
	e.address, e.trusted = g.settings.Proxies.caller(r)
	r = e.begin(r, g.app.Telemetry)
	defer g.finish(e, r)
	g.answer(e, r)
}

// serveNested answers within the pipeline of faas, which has begun the trace and logs the request.
func (g *gateway) serveNested(w http.ResponseWriter, r *http.Request) {
	e := &exchange{ResponseWriter: w, start: time.Now()}
	e.address, e.trusted = g.settings.Proxies.caller(r)
	e.trace = telemetry.Trace(r.Context())
	g.answer(e, r)
}

// answer is the order of the gateway's work.
func (g *gateway) answer(e *exchange, r *http.Request) {
	g.app.Access.Settings.Poke()
	clean(e, r)
	g.secure(e, r)
	preflight := g.cors(e.Header(), r)
	if err := g.enter(e, r); err != nil {
		g.fail(e, r, err)
		return
	}
	if preflight {
		e.WriteHeader(http.StatusNoContent)
		return
	}
	handler, pattern := g.routes.Handler(r)
	switch found := handler.(type) {
	case *entry:
		e.entry = found
		if err := g.admit(e, r); err != nil {
			g.fail(e, r, err)
			return
		}
		g.dispatch(e, r)
	case page:
		e.own = pattern
		found(e, r)
	default:
		g.noRoute(e, r)
	}
}

// fail answers with the problem document of err.
func (g *gateway) fail(e *exchange, r *http.Request, err error) {
	e.err = errors.Join(e.err, err)
	code := "internal"
	if f := fault.From(err); f != nil {
		code = f.Code
	}
	g.app.Telemetry.Metrics.Refused.WithLabelValues(code).Inc()
	faas.CountRefusal(g.app.Telemetry.Metrics, err)
	if e.status == 0 {
		faas.WriteProblem(e, r, err, e.trace)
	}
}

// finish turns a panic of the gateway's own into an answer and logs the request.
func (g *gateway) finish(e *exchange, r *http.Request) {
	cause := recover()
	if cause != nil && cause != http.ErrAbortHandler { //nolint:errorlint // the sentinel itself is thrown
		e.stack = debug.Stack()
		g.fail(e, r, fmt.Errorf("panic: %v", cause))
		cause = nil
	}
	g.log(e, r)
	telemetry.Call{Function: Function.Name, Method: r.Method, Route: e.route(), Status: e.status, Err: e.err}.End(e.span)
	if cause != nil {
		panic(cause)
	}
}

// log writes the line of the request. A function in this process has written its own, which says the
// same, unless the request failed on the way or its trace has an outer one to be linked to.
func (g *gateway) log(e *exchange, r *http.Request) {
	if e.forwarded && !g.remote && e.err == nil && e.linked == "" {
		return
	}
	level := slog.LevelInfo
	switch {
	case e.stack != nil:
		level = slog.LevelError
	case e.status >= http.StatusInternalServerError && e.err != nil:
		level = slog.LevelWarn
	}
	logger, ctx := g.app.Telemetry.Log, r.Context()
	if !logger.Enabled(ctx, level) {
		return
	}
	attributes := make([]slog.Attr, 0, 12)
	attributes = append(attributes, slog.String("fn", Function.Name), slog.String("method", r.Method), slog.String("route", e.route()),
		slog.Int("status", e.status), slog.Duration("duration", time.Since(e.start)), slog.String("address", e.address.String()))
	if e.entry != nil {
		attributes = append(attributes, slog.String("function", e.entry.Function))
	}
	for _, a := range []slog.Attr{slog.String("user", e.user), slog.String("linkedTrace", e.linked), slog.String("stack", string(e.stack))} {
		if a.Value.String() != "" {
			attributes = append(attributes, a)
		}
	}
	if f := fault.From(e.err); f != nil {
		attributes = append(attributes, slog.String("code", f.Code))
	}
	if e.err != nil && level > slog.LevelInfo {
		attributes = append(attributes, slog.String("error", e.err.Error()))
	}
	logger.LogAttrs(ctx, level, "request", attributes...)
}

func (e *exchange) route() string {
	if e.entry != nil {
		return e.entry.Pattern
	}
	if _, path, own := strings.Cut(e.own, " "); own {
		return path
	}
	return "none"
}
