package gateway

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/trace"

	"diom.io/workflow/shared/telemetry"
)

// begin begins the span of a request. A traceparent from outside only links to it, unless a proxy of ours sent it: anybody
// could make his request a part of another's trace.
func (e *exchange) begin(r *http.Request, tel *telemetry.Telemetry) *http.Request {
	ctx, options := r.Context(), []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}
	if parent := r.Header.Get("Traceparent"); e.trusted {
		ctx = telemetry.Continue(ctx, parent)
	} else if outer := telemetry.Continue(context.Background(), parent); telemetry.Trace(outer) != "" {
		e.linked = telemetry.Trace(outer)
		options = append(options, trace.WithLinks(trace.LinkFromContext(outer)))
	}
	ctx, e.span = tel.Begin(ctx, r.Method, options...)
	e.trace = telemetry.Trace(ctx)
	e.Header().Set("Traceparent", telemetry.Parent(ctx))
	return r.WithContext(ctx)
}
