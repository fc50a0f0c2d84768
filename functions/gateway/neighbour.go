package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/limit"
)

// ErrFunctionUnavailable: the function is not there, does not answer, or has not answered a moment ago.
var ErrFunctionUnavailable = fault.New(fault.Unavailable, "function_unavailable", "The part of the product that serves this does not answer. Try again shortly.").After(time.Second)

// ErrFunctionUnanswered: the function may have done what was asked for, and the answer is lost.
var ErrFunctionUnanswered = fault.New(fault.Unavailable, "function_unanswered", "The part of the product that serves this has not answered; the request may have taken effect. Repeat it with the same Idempotency-Key.").After(time.Second)

// neighbour is a function as the gateway sees it.
type neighbour struct {
	name    string
	handler http.Handler // nil where the function is not served
	breaker *limit.Breaker
}

// entry is a route of the table with what is known before a request comes.
type entry struct {
	*Route
	neighbour     *neighbour
	maxBody       int64
	public, login bool
}

// ServeHTTP makes an entry something that a ServeMux keeps; the gateway itself calls dispatch.
func (*entry) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }

func newNeighbour(app *faas.App, name string, handler http.Handler) *neighbour {
	gauge := app.Telemetry.Metrics.BreakerOpen.WithLabelValues(name)
	return &neighbour{name: name, handler: handler, breaker: limit.NewBreaker(name, func(isOpen bool) {
		level, state := slog.LevelInfo, 0.0
		if isOpen {
			level, state = slog.LevelWarn, 1
		}
		gauge.Set(state)
		app.Telemetry.Log.Log(context.Background(), level, "circuit breaker", "function", name, "open", isOpen)
	})}
}

// dispatch calls the function. What it answers goes to the caller as it is.
func (g *gateway) dispatch(e *exchange, r *http.Request) {
	n := e.entry.neighbour
	if n.handler == nil {
		g.fail(e, r, fmt.Errorf("function %s: %w", n.name, ErrFunctionUnavailable))
		return
	}
	done, wait := n.breaker.Allow()
	if done == nil {
		g.fail(e, r, fmt.Errorf("function %s: circuit breaker: %w", n.name, ErrFunctionUnavailable.After(wait)))
		return
	}
	if e.entry.Asks {
		r = r.WithContext(context.WithValue(r.Context(), question{}, true))
	}
	e.forwarded = true
	cause := n.call(e, r)
	done(e.outcome(r, cause))
	if cause == nil {
		if e.err != nil {
			g.fail(e, r, meaning(n.name, r, e.err))
		}
		return
	}
	if e.status == 0 {
		g.fail(e, r, fmt.Errorf("function %s: panic: %v: %w", n.name, cause, ErrFunctionUnavailable))
		return
	}
	panic(http.ErrAbortHandler) // half an answer has gone: the caller must not take it for a whole one
}

// call returns what the function panicked with, or nil.
func (n *neighbour) call(e *exchange, r *http.Request) (cause any) {
	defer func() {
		if cause = recover(); cause != nil && cause != http.ErrAbortHandler { //nolint:errorlint // the sentinel itself is thrown
			e.stack = debug.Stack()
		}
	}()
	n.handler.ServeHTTP(e, r)
	return nil
}

// outcome is what the breaker learns. A caller who went away, who asked for a shorter deadline or who
// did not send his body to the end has not shown that the function is ill: else he could close it for all.
func (e *exchange) outcome(r *http.Request, cause any) limit.Outcome {
	failed := cause != nil || e.err != nil && fault.KindOf(meaning("", r, e.err)) == fault.Unavailable
	switch e.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		failed = true
	}
	switch {
	case !failed, e.well:
		return limit.Succeeded
	case e.blameless, r.Context().Err() != nil, r.Header.Get("X-Timeout") != "":
		return limit.Unknown
	}
	return limit.Failed
}

// meaning classifies why a function could not be asked.
func meaning(name string, r *http.Request, err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return faas.ErrBodyTooLarge.Withf("The body of the request is larger than %d bytes.", large.Limit)
	case fault.From(err) != nil:
		return err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fmt.Errorf("function %s: %w", name, faas.ErrDeadline)
	case !harmless(r) && arrived(err):
		return fmt.Errorf("function %s: %w", name, ErrFunctionUnanswered)
	}
	return fmt.Errorf("function %s: %w", name, ErrFunctionUnavailable)
}
