// Package telemetry gives a process its log (slog, JSON, one line an event), its metrics
// (Prometheus, a private registry) and its traces (OpenTelemetry). No secret, token or variable value is ever logged, and no user
// or instance id is ever a label.
package telemetry

import (
	"context"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// Telemetry is the log, the metrics and the traces of one process.
type Telemetry struct {
	Log      *slog.Logger
	Level    *slog.LevelVar
	Registry *prometheus.Registry
	Metrics  *Metrics
	spans    *sdk.TracerProvider
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
	return &Telemetry{Log: slog.New(traced{handler}), Level: &v, Registry: registry, Metrics: newMetrics(newMaker(registry)), spans: untraced()}
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
