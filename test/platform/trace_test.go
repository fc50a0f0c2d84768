package platform

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	collect "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracing "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// collector takes spans as a collector of OpenTelemetry does: what is no document of the protocol, by its own
// descriptions, it refuses.
type collector struct {
	*httptest.Server
	mutex sync.Mutex
	spans map[string][]*tracing.Span // by the id of their trace
}

func collectTraces(t *testing.T) *collector {
	t.Helper()
	c := &collector{spans: map[string][]*tracing.Span{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collect.ExportTraceServiceRequest
		if err == nil {
			err = protojson.Unmarshal(inBase64(body), &sent)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v: %s", r.URL.Path, err, body)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mutex.Lock()
		defer c.mutex.Unlock()
		for _, resource := range sent.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				for _, s := range scope.Spans {
					id := hex.EncodeToString(s.TraceId)
					c.spans[id] = append(c.spans[id], s)
				}
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

var ids = regexp.MustCompile(`"(traceId|spanId|parentSpanId)":"([0-9a-f]*)"`)

// inBase64 writes ids as the JSON of protocol buffers has bytes: OTLP has hexadecimal digits there, and there alone.
func inBase64(body []byte) []byte {
	return ids.ReplaceAllFunc(body, func(found []byte) []byte {
		parts := ids.FindSubmatch(found)
		id, _ := hex.DecodeString(string(parts[2])) // of an odd number of digits: too short, and no span's
		return fmt.Appendf(nil, "%q:%q", parts[1], base64.StdEncoding.EncodeToString(id))
	})
}

// of returns the spans of a trace.
func (c *collector) of(trace string) []*tracing.Span {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return slices.Clone(c.spans[trace])
}

// whole waits until a trace has spans of each of the functions, and holds that each span but the first is below another
// one of the same trace.
func (c *collector) whole(t *testing.T, trace string, functions ...string) {
	t.Helper()
	var seen map[string]bool
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		seen = map[string]bool{}
		for _, s := range c.of(trace) {
			seen[attribute(s.Attributes, "faas.name")] = true
		}
		if !slices.ContainsFunc(functions, func(name string) bool { return !seen[name] }) && c.orphans(trace) == 1 {
			return
		}
	}
	for _, s := range c.of(trace) {
		t.Logf("%x below %x: %s %v", s.SpanId, s.ParentSpanId, s.Name, s.Attributes)
	}
	t.Errorf("the trace %s has spans of %v, %d of them below none, want %v and 1", trace, seen, c.orphans(trace), functions)
}

// linked holds that a span of a trace links to another trace.
func (c *collector) linked(t *testing.T, trace, other string) {
	t.Helper()
	for _, s := range c.of(trace) {
		if slices.ContainsFunc(s.Links, func(l *tracing.Span_Link) bool { return hex.EncodeToString(l.TraceId) == other }) {
			return
		}
	}
	t.Errorf("no span of the trace %s links to %s", trace, other)
}

// orphans counts the spans of a trace that are below none of it.
func (c *collector) orphans(trace string) (n int) {
	spans := c.of(trace)
	for _, s := range spans {
		if !slices.ContainsFunc(spans, func(other *tracing.Span) bool { return string(other.SpanId) == string(s.ParentSpanId) }) {
			n++
		}
	}
	return n
}

func attribute(list []*common.KeyValue, key string) string {
	for _, kv := range list {
		if kv.Key == key {
			return kv.Value.GetStringValue()
		}
	}
	return ""
}
