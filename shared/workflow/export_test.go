package workflow

import (
	"context"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// SetLease changes for how long a round has its rows, and how long before the end it stops.
func (r *Relay) SetLease(lease, margin time.Duration) { r.pace.lease, r.pace.margin = lease, margin }

// SetBackOff changes the unit of the back-off of a row.
func (r *Relay) SetBackOff(unit time.Duration) { r.pace.unit = unit }

// SetPauses changes the pause after a Push, and the rest when nothing happens.
func (r *Relay) SetPauses(pause, idle time.Duration) { r.pace.pause, r.pace.idle = pause, idle }

// SignalPage is how many receivers of a signal are looked up at once.
const SignalPage = signalPage

// Spread delivers a signal that was read before.
func (s *Service) Spread(ctx context.Context, sig store.Signal) error { return s.spread(ctx, sig) }

// Undrained is a context in which nothing is delivered after a commit but by events.
func Undrained(ctx context.Context) context.Context {
	return context.WithValue(ctx, drainKey{}, drainCalls)
}

// DeliverStale delivers a change of an instance as it was read before.
func (s *Service) DeliverStale(ctx context.Context, in *engine.Instance, c engine.Change) error {
	return s.deliverCall(Undrained(ctx), in, c)
}

// AdvanceBatch works on a batch, whoever else does.
func (s *Service) AdvanceBatch(ctx context.Context, b store.Batch) error {
	return s.advanceBatch(ctx, b, instant().Add(batchTime))
}
