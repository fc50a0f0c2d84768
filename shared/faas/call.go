package faas

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/telemetry"
)

// call is one request on its way: the answer's writer, and what the log line and the metric say.
type call struct {
	http.ResponseWriter
	start  time.Time
	outer  context.Context // the request's own with our span, without our deadline
	span   trace.Span
	route  string // the pattern that matched, or ""
	user   string
	status int
	err    error
	stack  []byte
}

// WriteHeader notes the status.
func (c *call) WriteHeader(status int) {
	if c.status == 0 && status >= http.StatusOK {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write notes that the answer has begun.
func (c *call) Write(body []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	return c.ResponseWriter.Write(body)
}

// Unwrap lets http.ResponseController flush and set deadlines.
func (c *call) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// deadline bounds the call by the function's limit, or by X-Timeout where that is shorter.
func (c *call) deadline(limit time.Duration, header string) (context.Context, context.CancelFunc) {
	if header != "" {
		if wanted, err := time.ParseDuration(header); err == nil && wanted > 0 && (wanted < limit || limit <= 0) {
			limit = wanted
		}
	}
	if limit <= 0 {
		return context.WithCancel(c.outer)
	}
	return context.WithDeadline(c.outer, c.start.Add(limit))
}

// fail answers with err's problem document and keeps err for the log line.
func (e *endpoint) fail(c *call, r *http.Request, err error) { e.failWith(c, r, err, 0) }

func (e *endpoint) failWith(c *call, r *http.Request, err error, status int) {
	err = deadline(err)
	c.err = errors.Join(c.err, err)
	if c.status == 0 {
		writeProblem(c, r, err, telemetry.Trace(c.outer), status)
	}
}

// finish turns a panic into an answer, logs the call in one line and counts it.
func (e *endpoint) finish(c *call, r *http.Request) {
	if cause := recover(); cause != nil {
		if cause == http.ErrAbortHandler { //nolint:errorlint // the sentinel itself is thrown
			c.span.End()
			panic(cause)
		}
		c.stack = debug.Stack()
		e.fail(c, r, fmt.Errorf("panic: %v", cause))
	}
	if c.status == 0 {
		c.status = http.StatusOK // net/http sends it when a handler writes nothing
	}
	taken := time.Since(c.start)
	route := c.route
	if route == "" {
		route = "none"
	}
	m := e.app.Telemetry.Metrics
	m.Requests.WithLabelValues(e.function.Name, route, strconv.Itoa(c.status)).Observe(taken.Seconds())
	CountRefusal(m, c.err)
	e.log(c, r, route, taken)
	telemetry.Call{Function: e.function.Name, Method: r.Method, Route: route, Status: c.status, Err: c.err}.End(c.span)
}

func (e *endpoint) log(c *call, r *http.Request, route string, taken time.Duration) {
	level := slog.LevelInfo
	switch {
	case c.status == http.StatusServiceUnavailable:
		level = slog.LevelWarn
	case c.status >= http.StatusInternalServerError:
		level = slog.LevelError
	}
	logger := e.app.Telemetry.Log
	if !logger.Enabled(r.Context(), level) {
		return
	}
	attributes := make([]slog.Attr, 0, 10)
	attributes = append(attributes,
		slog.String("fn", e.function.Name), slog.String("method", r.Method), slog.String("route", route),
		slog.Int("status", c.status), slog.Duration("duration", taken))
	if c.user != "" {
		attributes = append(attributes, slog.String("user", c.user))
	}
	if id := r.Header.Get("X-Call-Id"); id != "" {
		attributes = append(attributes, slog.String("callId", id[:min(len(id), 64)]))
	}
	if f := fault.From(c.err); f != nil {
		attributes = append(attributes, slog.String("code", f.Code))
	}
	if c.err != nil && level > slog.LevelInfo {
		attributes = append(attributes, slog.String("error", c.err.Error()))
	}
	if c.stack != nil {
		attributes = append(attributes, slog.String("stack", string(c.stack)))
	}
	logger.LogAttrs(r.Context(), level, "request", attributes...)
}
