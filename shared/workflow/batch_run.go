package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

const (
	batchSource = "/diom/batches" // of the deliveries of a batch, one for each of its instances
	batchPage   = 40              // instances that are worked on before the progress is kept
	batchesDue  = 8               // batches of one round of ticking
	// batchTime is how long one round works on a batch, below tickPatience and the lease.
	batchTime = 5 * time.Second
	// batchAttempts is how often an instance is tried whose failure may pass by itself.
	batchAttempts = 5
)

// runBatches goes on with the batches that nobody works on.
func (s *Service) runBatches(ctx context.Context) (Ticked, bool, error) {
	batches, err := s.store.ClaimBatches(ctx, batchesDue, instant(), tickLease)
	if err != nil {
		return Ticked{}, false, err
	}
	n, err := each(ctx, batches, func(ctx context.Context, b store.Batch) error {
		return about("batch", b.ID, guarded(ctx, b, func(ctx context.Context, b store.Batch) error {
			return s.advanceBatch(ctx, b, instant().Add(batchTime))
		}))
	})
	return Ticked{Batches: n}, len(batches) == batchesDue, err
}

// beginBatch works a while on a batch that was just made, so that a small one is done at once.
func (s *Service) beginBatch(ctx context.Context, b store.Batch) {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	claimed, err := s.store.ClaimBatch(ctx, b.ID, instant(), tickLease)
	if err == nil && claimed { // else a tick has it
		_ = s.advanceBatch(ctx, b, instant().Add(drainTime/2)) // tick goes on and reports
	}
}

// advanceBatch works on a batch, page by page, until nothing is left or the time is up. After each page the
// progress is kept; what is done twice all the same, because the progress was lost, the inbox stops.
func (s *Service) advanceBatch(ctx context.Context, b store.Batch, end time.Time) error {
	var o Operation
	if err := json.Unmarshal(b.Request, &o); err != nil {
		return err
	}
	do, err := s.batchWork(ctx, b, o)
	if err != nil { // such as a target definition that is gone: every instance fails by it
		do = func(context.Context, engine.ID) error { return err }
	}
	for {
		items, err := s.store.PendingItems(ctx, b.ID, batchPage)
		if err != nil {
			return err
		}
		later := work(ctx, items, do)
		until := instant().Add(tickLease)
		if over := instant().After(end) || ctx.Err() != nil; over || later > 0 || len(items) < batchPage {
			until = instant().Add(later)
			return s.settleItems(ctx, b.ID, items, until)
		}
		if err := s.settleItems(ctx, b.ID, items, until); err != nil {
			return err
		}
	}
}

// settleItems keeps the progress, also when the time of the caller is up.
func (s *Service) settleItems(ctx context.Context, batch engine.ID, items []store.BatchItem, until time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return s.store.SettleItems(ctx, batch, items, until)
}

// work does the operation with some instances and notes what has become of each. later is for how long the
// batch should rest because something failed that may pass.
func work(ctx context.Context, items []store.BatchItem, do func(context.Context, engine.ID) error) (later time.Duration) {
	pending := make([]*store.BatchItem, 0, len(items))
	for n := range items {
		pending = append(pending, &items[n])
	}
	_, _ = each(ctx, pending, func(ctx context.Context, i *store.BatchItem) error {
		note(ctx, i, guarded(ctx, i.InstanceID, do))
		return nil
	})
	for _, i := range items {
		if i.State == store.ItemPending && i.Attempts > 0 {
			later = max(later, min(usualPace.unit<<i.Attempts, usualPace.most))
		}
	}
	return later
}

// note keeps what has become of an item. What other commands or a breakdown may have caused is tried again a
// few times; that the time of the caller is up proves nothing.
func note(ctx context.Context, i *store.BatchItem, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	i.Attempts++
	i.Code, i.Message = "", ""
	if err == nil {
		i.State = store.ItemDone
		return
	}
	i.Code, i.Message = fault.Internal.String(), err.Error()
	if known := fault.From(err); known != nil {
		i.Code, i.Message = known.Code, known.Message
		for n, d := range known.Details {
			if n < maxReported && d.Detail != "" {
				i.Message += " " + d.Detail
			}
		}
	}
	passing := []fault.Kind{fault.Internal, fault.Busy, fault.Unavailable}
	if !slices.Contains(passing, fault.KindOf(err)) || i.Attempts >= batchAttempts {
		i.State = store.ItemFailed
	}
}

// batchWork returns what a batch does with one instance, once: the step has the name of the batch and the
// instance in the inbox.
func (s *Service) batchWork(ctx context.Context, b store.Batch, o Operation) (func(context.Context, engine.ID) error, error) {
	call := Call{Principal: access.Principal{Username: b.CreatedBy}}
	var do func(context.Context, engine.ID, *store.Delivery) error
	switch o.Kind {
	case DeleteOperation:
		return func(ctx context.Context, id engine.ID) error {
			err := s.store.DeleteInstance(ctx, id, nil, store.Recorded{})
			if errors.Is(err, store.ErrNoInstance) {
				return nil
			}
			return err
		}, nil
	case RestartOperation:
		do = func(ctx context.Context, id engine.ID, d *store.Delivery) error {
			_, err := s.restart(ctx, call, id, *o.Restart, d)
			return err
		}
	default:
		decide, err := o.decision(ctx, s)
		if err != nil {
			return nil, err
		}
		do = func(ctx context.Context, id engine.ID, d *store.Delivery) error {
			t := s.operating(id, decide)
			t.delivery = d
			_, err := s.Execute(ctx, call, t)
			return err
		}
	}
	return func(ctx context.Context, id engine.ID) error {
		d := &store.Delivery{Source: batchSource, EventID: b.ID.String() + "/" + id.String()}
		err := do(ctx, id, d)
		if err == nil || errors.Is(err, store.ErrDelivered) {
			return nil
		}
		if done, unsure := s.store.Delivered(ctx, d.Source, d.EventID); unsure == nil && done { // what is done may not be doable again
			return nil
		}
		return err
	}, nil
}
