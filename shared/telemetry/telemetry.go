// Package telemetry gives a process its log (slog, JSON, one line an event) and its metrics
// (Prometheus, a private registry). No secret, token or variable value is ever logged, and no user
// or instance id is ever a label.
package telemetry

import (
	"context"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Telemetry is the log and the metrics of one process.
type Telemetry struct {
	Log      *slog.Logger
	Level    *slog.LevelVar
	Registry *prometheus.Registry
	Metrics  *Metrics
}

// New returns a Telemetry that logs to w at level (DEBUG, INFO, WARN or ERROR; anything else is
// INFO).
func New(w io.Writer, level string) *Telemetry {
	var v slog.LevelVar
	if err := v.UnmarshalText([]byte(level)); err != nil {
		v.Set(slog.LevelInfo)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	handler := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: &v})
	return &Telemetry{Log: slog.New(traced{handler}), Level: &v, Registry: registry, Metrics: newMetrics(newMaker(registry))}
}

type traceKey struct{}

// WithTrace returns a context whose log lines carry the trace id.
func WithTrace(ctx context.Context, traceID string) context.Context {
	return context.WithValue(ctx, traceKey{}, traceID)
}

// Trace returns the trace id of ctx, or "".
func Trace(ctx context.Context) string {
	id, _ := ctx.Value(traceKey{}).(string)
	return id
}

// traced adds the context's trace id to each line.
type traced struct{ slog.Handler }

func (t traced) Handle(ctx context.Context, record slog.Record) error {
	if id := Trace(ctx); id != "" {
		record.AddAttrs(slog.String("traceId", id))
	}
	return t.Handler.Handle(ctx, record)
}

func (t traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{t.Handler.WithAttrs(attrs)} }
func (t traced) WithGroup(name string) slog.Handler       { return traced{t.Handler.WithGroup(name)} }
