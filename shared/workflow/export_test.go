package workflow

import (
	"context"
	"time"

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

// AdvanceBatch works on a batch, whoever else does.
func (s *Service) AdvanceBatch(ctx context.Context, b store.Batch) error {
	return s.advanceBatch(ctx, b, instant().Add(batchTime))
}
