package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// retireBatch is how many instances a round archives: each is a request to the storage and more.
const retireBatch = 10

// retention is one round of deleting what is older than it is kept.
type retention struct {
	*Service
	most     int // instances
	done     Ticked
	failures []error
}

// purgeInstances deletes instances that ended longer ago than they are kept, and passes over those that are held. Where there
// is an archive, an instance is deleted once it is there.
func (s *Service) purgeInstances(ctx context.Context) (Ticked, bool, error) {
	keep := s.Settings.Now(ctx).Duration(setting.InstanceKeep)
	if keep == 0 {
		return Ticked{}, false, nil
	}
	before := instant().Add(-keep)
	r := retention{Service: s, most: tickBatch}
	if s.Archive != nil {
		r.most = retireBatch
	}
	err := r.all(ctx, func(behind store.OldInstance) ([]store.OldInstance, error) {
		return s.store.OldInstances(ctx, before, behind, tickBatch)
	})
	if err == nil {
		r.done.Held, err = s.store.OldHeld(ctx, before)
	}
	if n := len(r.failures); n > maxReported {
		r.failures = append(r.failures[:maxReported:maxReported], fmt.Errorf("and %d more", n-maxReported))
	}
	if err = errors.Join(append(r.failures, err)...); err != nil {
		err = fmt.Errorf("instances: %w", err)
	}
	return r.done, r.done.Purged == r.most, err
}

// all goes over pages of instances until enough are deleted. What cannot be archived whole is passed over, and is tried again
// by a later round.
func (r *retention) all(ctx context.Context, page func(store.OldInstance) ([]store.OldInstance, error)) error {
	list, err := page(store.OldInstance{})
	for ; err == nil && len(list) > 0; list, err = page(list[len(list)-1]) {
		for _, old := range list {
			if r.done.Purged == r.most {
				return nil
			}
			if err := r.retire(ctx, old); err != nil {
				return err
			}
		}
	}
	return err
}

// passedOver are what keeps an instance from being deleted in this round, without being a failure.
var passedOver = []error{store.ErrNoInstance, store.ErrNotEnded, store.ErrHeld, store.ErrUnsent, store.ErrChanged}

// retire archives and deletes one instance. An error ends the round: a storage is away, or the database.
func (r *retention) retire(ctx context.Context, old store.OldInstance) error {
	if r.setbacks.hold(old.ID) {
		return nil
	}
	err := r.remove(ctx, old)
	if err == nil {
		r.done.Purged++
	}
	if err == nil || slices.ContainsFunc(passedOver, func(reason error) bool { return errors.Is(err, reason) }) {
		return nil
	}
	if r.Archive != nil {
		r.Metrics.Archived.WithLabelValues("failed").Inc()
	}
	if !errors.Is(err, errNotWhole) && (fault.From(err) == nil || fault.KindOf(err) == fault.Unavailable) {
		return err
	}
	_ = r.setbacks.note(ctx, old.ID, errNotWhole) // returns that
	r.failures = append(r.failures, err)
	return nil
}

func (r *retention) remove(ctx context.Context, old store.OldInstance) error {
	if r.Archive == nil {
		return r.store.DeleteInstance(ctx, old.ID, nil, store.Recorded{})
	}
	sum, err := r.archived(ctx, old)
	if err != nil {
		return fmt.Errorf("archive of %s: %w", old.ID, err)
	}
	r.Metrics.Archived.WithLabelValues("archived").Inc()
	r.done.Archived++
	return r.store.DeleteArchived(ctx, old.ID, sum)
}
