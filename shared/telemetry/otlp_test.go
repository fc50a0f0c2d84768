package telemetry_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"diom.io/workflow/shared/telemetry"
)

// collector answers with statuses, one after the other, the last of them for ever, and keeps the bodies.
type collector struct {
	*httptest.Server
	statuses []int
	mutex    sync.Mutex
	bodies   []string
}

func collect(t *testing.T, statuses ...int) *collector {
	t.Helper()
	c := &collector{statuses: statuses}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mutex.Lock()
		defer c.mutex.Unlock()
		if r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s", r.URL.Path, r.Header)
		}
		status := c.statuses[min(len(c.bodies), len(c.statuses)-1)]
		c.bodies = append(c.bodies, string(body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{}`)
	}))
	t.Cleanup(c.Close)
	return c
}

// Spans are sent as OTLP says it for JSON, with what they are part of, and what was begun elsewhere is gone on with.
func TestTraceTo(t *testing.T) {
	t.Parallel()
	c := collect(t, http.StatusOK)
	tel := telemetry.New(io.Discard, "INFO")
	if err := tel.TraceTo(c.URL, "production"); err != nil {
		t.Fatal(err)
	}
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx, span := tel.Begin(telemetry.Continue(t.Context(), parent), "complete", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("s", "文"), attribute.Int("i", 7), attribute.Bool("b", true), attribute.Float64("f", 0.5)))
	_, below := tel.Begin(ctx, "below", trace.WithLinks(trace.LinkFromContext(ctx)))
	below.SetStatus(codes.Error, "no")
	below.End()
	span.End()
	if err := tel.Close(); err != nil || len(c.bodies) != 1 {
		t.Fatalf("%v %v", err, c.bodies)
	}
	var sent struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []any }
			ScopeSpans []struct{ Spans []map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(c.bodies[0]), &sent); err != nil {
		t.Fatal(err)
	}
	spans := sent.ResourceSpans[0].ScopeSpans[0].Spans
	inner, outer := spans[0], spans[1]
	if outer["traceId"] != parent[3:35] || outer["parentSpanId"] != parent[36:52] || outer["kind"] != 2.0 || inner["parentSpanId"] != outer["spanId"] || inner["kind"] != 1.0 {
		t.Errorf("%v\n%v", outer, inner)
	}
	for _, part := range []string{
		`{"key":"s","value":{"stringValue":"文"}}`, `{"key":"i","value":{"intValue":"7"}}`, `{"key":"b","value":{"boolValue":true}}`, `{"key":"f","value":{"doubleValue":0.5}}`,
		`"status":{"code":2,"message":"no"}`, `{"key":"deployment.environment.name","value":{"stringValue":"production"}}`,
		`{"key":"service.name","value":{"stringValue":"diom"}}`, `"links":[{"traceId":"` + parent[3:35],
	} {
		if !strings.Contains(c.bodies[0], part) {
			t.Errorf("%s is not in %s", part, c.bodies[0])
		}
	}
	if n := testutil.ToFloat64(tel.Metrics.Spans.WithLabelValues("sent")); n != 2 {
		t.Errorf("%v sent", n)
	}
}

// A collector that is busy is asked again; what it refuses is counted, said, and no failure of the process.
func TestCollectorRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		statuses []int
		asked    int
		outcome  string
	}{
		"busy once": {[]int{503, 200}, 2, "sent"}, "always busy": {[]int{429}, 3, "lost"}, "refused": {[]int{400}, 1, "lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, log := collect(t, tc.statuses...), &strings.Builder{}
			tel := telemetry.New(log, "INFO")
			if err := tel.TraceTo(c.URL, "test"); err != nil {
				t.Fatal(err)
			}
			_, span := tel.Begin(t.Context(), "x")
			span.End()
			if err := tel.Close(); err != nil {
				t.Error(err)
			}
			if n := testutil.ToFloat64(tel.Metrics.Spans.WithLabelValues(tc.outcome)); n != 1 || len(c.bodies) != tc.asked || (log.Len() > 0) != (tc.outcome == "lost") {
				t.Errorf("%v %s after %d requests, log %q", n, tc.outcome, len(c.bodies), log)
			}
		})
	}
}

// Without an endpoint calls have ids and nothing is kept; an endpoint that is none is refused.
func TestUntraced(t *testing.T) {
	t.Parallel()
	tel := telemetry.New(io.Discard, "INFO")
	ctx, span := tel.Begin(t.Context(), "x")
	if span.IsRecording() || len(telemetry.Trace(ctx)) != 32 || !strings.HasSuffix(telemetry.Parent(ctx), "-00") || telemetry.Parent(context.Background()) != "" {
		t.Errorf("%v %q", span.IsRecording(), telemetry.Parent(ctx))
	}
	for _, wrong := range []string{"collector:4318", "ftp://x", "http://", "::"} {
		if err := tel.TraceTo(wrong, "test"); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

// What nobody has called is a trace of its own, and what is done for nothing is in none; a call whose trace is not kept begins none.
func TestUnprompted(t *testing.T) {
	t.Parallel()
	c := collect(t, http.StatusOK)
	tel := telemetry.New(io.Discard, "INFO")
	if err := tel.TraceTo(c.URL, "test"); err != nil {
		t.Fatal(err)
	}
	ctx := tel.Unprompted(t.Context())
	telemetry.Past(ctx, "for nothing", time.Now())
	for _, ctx := range []context.Context{ctx, telemetry.Continue(ctx, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")} {
		inside, span := telemetry.Within(ctx, "command")
		telemetry.Past(inside, "statement", time.Now())
		span.End()
	}
	if err := tel.Close(); err != nil {
		t.Fatal(err)
	}
	if n := testutil.ToFloat64(tel.Metrics.Spans.WithLabelValues("sent")); n != 2 {
		t.Errorf("%v spans in %v", n, c.bodies)
	}
}
