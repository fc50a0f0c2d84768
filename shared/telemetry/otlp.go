package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

const (
	exportTimeout = 10 * time.Second
	exportTries   = 3
	maxRefusal    = 1 << 10
)

// ErrEndpoint: the endpoint of traces is no address of a collector.
var ErrEndpoint = errors.New("must be http:// or https:// with a host, as http://collector:4318")

// errCollector: the collector did not take spans.
var errCollector = errors.New("the collector has refused the spans")

// exporter sends spans as OTLP/HTTP says it for JSON (OTLP 1.7: POST /v1/traces; ids in hexadecimal digits, 64-bit numbers as
// texts). The SDK's own exporter does it in protocol buffers and links gRPC: 8 MiB in each function (docs/adr/0025).
type exporter struct {
	url       string
	client    *http.Client
	telemetry *Telemetry
}

func newExporter(endpoint string, t *Telemetry) (*exporter, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q: %w", endpoint, ErrEndpoint)
	}
	return &exporter{url: u.JoinPath("v1", "traces").String(), client: &http.Client{Timeout: exportTimeout}, telemetry: t}, nil
}

// Shutdown has nothing to do: the SDK exports what is left before.
func (e *exporter) Shutdown(context.Context) error { return nil }

// ExportSpans sends spans; those that the collector does not take in three tries are lost, and counted.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	body, err := json.Marshal(request(spans))
	if err == nil {
		_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, e.post(ctx, body) }, backoff.WithMaxTries(exportTries))
	}
	outcome := "sent"
	if err != nil {
		outcome = "lost"
		e.telemetry.Log.Warn("traces", "spans", len(spans), "error", err.Error())
	}
	e.telemetry.Metrics.Spans.WithLabelValues(outcome).Add(float64(len(spans)))
	return nil // it has been said
}

func (e *exporter) post(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := e.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxRefusal)) // what could be read says more than nothing
	failure := fmt.Errorf("%w: status %d: %s", errCollector, answer.StatusCode, bytes.TrimSpace(said))
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if wait, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && wait > 0 {
			return backoff.RetryAfter(wait)
		}
		return failure
	}
	return backoff.Permanent(failure)
}

// The documents of ExportTraceServiceRequest (opentelemetry-proto, trace/v1).
type (
	otlpRequest struct {
		ResourceSpans []otlpResource `json:"resourceSpans"`
	}
	otlpResource struct {
		Resource struct {
			Attributes []otlpAttribute `json:"attributes"`
		} `json:"resource"`
		ScopeSpans []otlpScope `json:"scopeSpans"`
	}
	otlpScope struct {
		Scope struct {
			Name string `json:"name"`
		} `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpSpan struct {
		TraceID    string          `json:"traceId"`
		SpanID     string          `json:"spanId"`
		TraceState string          `json:"traceState,omitempty"`
		ParentID   string          `json:"parentSpanId,omitempty"`
		Flags      uint32          `json:"flags"`
		Name       string          `json:"name"`
		Kind       int             `json:"kind"`
		Start      uint64          `json:"startTimeUnixNano,string"`
		End        uint64          `json:"endTimeUnixNano,string"`
		Attributes []otlpAttribute `json:"attributes,omitempty"`
		Links      []otlpLink      `json:"links,omitempty"`
		Status     otlpStatus      `json:"status"`
	}
	otlpLink struct {
		TraceID string `json:"traceId"`
		SpanID  string `json:"spanId"`
	}
	otlpStatus struct {
		Code    int    `json:"code,omitempty"`
		Message string `json:"message,omitempty"`
	}
	otlpAttribute struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
	}
)

// request is the document of spans, which all have the one resource of the process.
func request(spans []sdk.ReadOnlySpan) otlpRequest {
	var r otlpResource
	var scope otlpScope
	scope.Scope.Name = instrumentation
	for _, s := range spans {
		r.Resource.Attributes = attributes(s.Resource().Attributes())
		scope.Spans = append(scope.Spans, spanOf(s))
	}
	r.ScopeSpans = []otlpScope{scope}
	return otlpRequest{[]otlpResource{r}}
}

func spanOf(s sdk.ReadOnlySpan) otlpSpan {
	self, parent := s.SpanContext(), s.Parent()
	span := otlpSpan{
		TraceID: self.TraceID().String(), SpanID: self.SpanID().String(), TraceState: self.TraceState().String(),
		Flags: uint32(self.TraceFlags()), Name: s.Name(), Kind: int(s.SpanKind()),
		Start: uint64(s.StartTime().UnixNano()), End: uint64(s.EndTime().UnixNano()), Attributes: attributes(s.Attributes()),
		// The kinds are numbered as the SDK does; of the states it counts error before ok, the protocol the other way round.
		Status: otlpStatus{Code: [...]int{0, 2, 1}[s.Status().Code], Message: s.Status().Description},
	}
	if parent.HasSpanID() {
		span.ParentID = parent.SpanID().String()
	}
	for _, l := range s.Links() {
		span.Links = append(span.Links, otlpLink{l.SpanContext.TraceID().String(), l.SpanContext.SpanID().String()})
	}
	return span
}

func attributes(list []attribute.KeyValue) []otlpAttribute {
	out := make([]otlpAttribute, 0, len(list))
	for _, kv := range list {
		out = append(out, otlpAttribute{string(kv.Key), value(kv.Value)})
	}
	return out
}

func value(v attribute.Value) map[string]any {
	switch v.Type() {
	case attribute.BOOL:
		return map[string]any{"boolValue": v.AsBool()}
	case attribute.INT64:
		return map[string]any{"intValue": strconv.FormatInt(v.AsInt64(), 10)}
	case attribute.FLOAT64:
		return map[string]any{"doubleValue": v.AsFloat64()}
	default: // a list is told as one text
		return map[string]any{"stringValue": v.String()}
	}
}
