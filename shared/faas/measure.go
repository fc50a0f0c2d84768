package faas

import (
	"context"
	"time"

	"github.com/prometheus/procfs"
	"go.opentelemetry.io/otel/attribute"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/telemetry"
)

// observe counts each statement, and logs the slow ones by their names: never by their texts or values.
func observe(tel *telemetry.Telemetry) func(context.Context, string, time.Duration) {
	return func(ctx context.Context, name string, taken time.Duration) {
		telemetry.Past(ctx, name, time.Now().Add(-taken), attribute.String("db.system.name", "mysql"), attribute.String("db.operation.name", name))
		if tel.Metrics.Statement(name, taken) {
			tel.Log.WarnContext(ctx, "slow statement", "statement", name, "duration", taken)
		}
	}
}

// observeReplica tells how far behind the replica is, and logs when it begins to be used and when it is not any more.
func observeReplica(tel *telemetry.Telemetry) func(time.Duration, error) {
	last := "not yet"
	return func(lag time.Duration, reason error) {
		used, text := 1.0, ""
		if reason != nil {
			used, text = 0, reason.Error()
		}
		tel.Metrics.Replica.Lag.Set(lag.Seconds())
		tel.Metrics.Replica.Used.Set(used)
		if text == last {
			return
		}
		if last = text; reason != nil {
			tel.Log.Warn("the replica is not used", "reason", text, "lag", lag)
			return
		}
		tel.Log.Info("the replica is used", "lag", lag)
	}
}

// CountRefusal counts an answer that says that the caller is not known, or may not do it.
func CountRefusal(m *telemetry.Metrics, err error) {
	if f := fault.From(err); f != nil {
		switch f.Kind {
		case fault.Unauthorized:
			m.Failures.WithLabelValues(f.Code).Inc()
		case fault.Forbidden:
			m.Denied.WithLabelValues(f.Code).Inc()
		}
	}
}

// countStart tells how long the process took until it listens; where the system does not say when it was
// started, nothing is told.
func countStart(m *telemetry.Metrics) {
	self, err := procfs.Self()
	if err != nil {
		return
	}
	stat, err := self.Stat()
	if err != nil {
		return
	}
	if began, err := stat.StartTime(); err == nil {
		m.ColdStart.Set(float64(time.Now().UnixNano())/1e9 - began)
	}
}
