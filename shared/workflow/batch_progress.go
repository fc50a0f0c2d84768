package workflow

import (
	"context"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// sendProgress tells how far batches are: at least once, every few seconds at most, and when one ends. The
// outbox of a batch is its own row.
func (s *Service) sendProgress(ctx context.Context) (Ticked, bool, error) {
	list, err := s.store.ClaimProgress(ctx, batchesDue, instant(), tickLease)
	if err != nil {
		return Ticked{}, false, err
	}
	sent, err := each(ctx, list, func(ctx context.Context, p store.Progress) error {
		return about("event of batch", p.ID, guarded(ctx, p, s.relay.tellProgress))
	})
	return Ticked{Sent: sent}, len(list) == batchesDue && err == nil, err
}

// tellProgress sends batch.progress. What the sink rejects is not sent again: what comes later says more.
func (r *Relay) tellProgress(ctx context.Context, p store.Progress) error {
	e, err := cloudevent.Progress(r.source, cloudevent.BatchProgress{
		ID: p.ID, Kind: p.Kind, State: string(p.State), Total: p.Total, Done: p.Done, Failed: p.Failed, Actor: p.CreatedBy,
	}, p.Revision, instant())
	if err != nil {
		return err
	}
	failure := r.send(ctx, e)
	if failure != nil && fault.VerdictOf(failure) == fault.Retry {
		return failure
	}
	if err := r.store.Told(ctx, p, instant()); err != nil || fault.VerdictOf(failure) == fault.Acknowledge {
		return err
	}
	return failure
}
