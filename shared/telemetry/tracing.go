package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"diom.io/workflow/shared/fault"
)

// instrumentation names our tracer.
const instrumentation = "diom.io/workflow"

// flushTime bounds how long the end of a process waits for its last spans.
const flushTime = 3 * time.Second

// untraced gives calls their ids, which log lines and problem documents have, and keeps nothing.
func untraced() *sdk.TracerProvider {
	return sdk.NewTracerProvider(sdk.WithSampler(sdk.NeverSample()), sdk.WithResource(resource.Empty()))
}

// TraceTo sends the spans of this process by OTLP over HTTP to an endpoint, http://collector:4318 for example. Which
// traces, what the service is called and how spans are gathered is as the SDK's environment variables say
// (OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_*): without them all of
// those that were not begun elsewhere without being kept.
func (t *Telemetry) TraceTo(endpoint, environment string) error {
	e, err := newExporter(endpoint, t)
	if err != nil {
		return err
	}
	service, err := resource.New(context.Background(),
		resource.WithAttributes(
			attribute.String("service.name", "diom"), attribute.String("service.version", Version()),
			attribute.String("deployment.environment.name", environment)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	t.spans = sdk.NewTracerProvider(sdk.WithBatcher(e), sdk.WithResource(service))
	return nil
}

// Close sends the last spans.
func (t *Telemetry) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	return t.spans.Shutdown(ctx)
}

// Begin begins a span below that of ctx, or a trace. It is ended by its End.
func (t *Telemetry) Begin(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	return t.spans.Tracer(instrumentation).Start(ctx, name, options...)
}

// roots is the key of a TracerProvider for what nobody has called.
type roots struct{}

// Unprompted returns a context for what a process does by itself, on a schedule: what it does Within is a trace of its own, and
// what it does for nothing, such as asking whether a timer is due, is in none.
func (t *Telemetry) Unprompted(ctx context.Context) context.Context {
	return context.WithValue(ctx, roots{}, t.spans)
}

// Within begins a span below that of ctx, in its trace. Where there is none, nothing is kept, unless it is Unprompted.
func Within(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if provider, ok := ctx.Value(roots{}).(trace.TracerProvider); ok && !trace.SpanContextFromContext(ctx).IsValid() {
		return provider.Tracer(instrumentation).Start(ctx, name, options...)
	}
	return trace.SpanFromContext(ctx).TracerProvider().Tracer(instrumentation).Start(ctx, name, options...)
}

// Past keeps what has been done since begin, below the span of ctx, where the trace is kept.
func Past(ctx context.Context, name string, begin time.Time, attributes ...attribute.KeyValue) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return
	}
	_, span := Within(ctx, name, trace.WithTimestamp(begin), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	span.End()
}

// Call is what the span of an HTTP call says at its end, by the conventions for HTTP servers.
type Call struct {
	Function, Method, Route string
	Status                  int
	Err                     error // what went wrong, or nil
}

// End ends the span of a call.
func (c Call) End(span trace.Span) {
	defer span.End()
	if !span.IsRecording() {
		return
	}
	span.SetName(c.Method + " " + c.Route)
	span.SetAttributes(
		attribute.String("faas.name", c.Function), attribute.String("http.request.method", c.Method),
		attribute.String("http.route", c.Route), attribute.Int("http.response.status_code", c.Status))
	if f := fault.From(c.Err); f != nil {
		span.SetAttributes(attribute.String("error.type", f.Code))
	}
	if c.Status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}

// Kept returns the ids of the trace and of the span of ctx, 24 bytes, or nil where they are not kept.
func Kept(ctx context.Context) []byte {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return nil
	}
	t, s := span.SpanContext().TraceID(), span.SpanContext().SpanID()
	return append(t[:], s[:]...)
}

// Follow links the span of ctx to that of what Kept has returned, unless it is in the same trace: what was done then and what is done
// now belong together, with a wait between them.
func Follow(ctx context.Context, kept []byte) {
	before := trace.SpanContextFromContext(Continue(context.Background(), ParentOf(kept)))
	if span := trace.SpanFromContext(ctx); before.IsValid() && before.TraceID() != span.SpanContext().TraceID() {
		span.AddLink(trace.Link{SpanContext: before})
	}
}

// ParentOf returns the W3C traceparent of what Kept has returned, or "".
func ParentOf(kept []byte) string {
	if len(kept) != 24 {
		return ""
	}
	return fmt.Sprintf("00-%x-%x-01", kept[:16], kept[16:])
}

// Continue returns a context in the trace of a W3C traceparent; ctx itself where there is none, or another text.
func Continue(ctx context.Context, parent string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
}

// Parent returns the W3C traceparent of what is done for ctx, or "".
func Parent(ctx context.Context) string {
	header := http.Header{}
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(header))
	return header.Get("Traceparent")
}

// Trace returns the trace id of ctx, or "".
func Trace(ctx context.Context) string {
	if s := trace.SpanContextFromContext(ctx); s.HasTraceID() {
		return s.TraceID().String()
	}
	return ""
}
