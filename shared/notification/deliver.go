package notification

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"diom.io/workflow/shared/courier"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

const (
	deliverBatch  = 32
	deliverAtOnce = 8
	deliverLease  = time.Minute // longer than an attempt with all that is around it
	deliverEvery  = 500 * time.Millisecond

	// maxAttempts is how often a delivery is tried; between two attempts the pause triples from firstPause up to
	// longestPause, about four hours together.
	maxAttempts  = 9
	firstPause   = 10 * time.Second
	longestPause = time.Hour

	maxDigest = 100 // notifications that a digest names
)

// Watch delivers again and again, once at least, until end or until ctx is done. Each failure is reported. Any number
// of processes may do it.
func (s *Service) Watch(ctx context.Context, end time.Time, report func(error)) {
	for {
		n, err := s.Deliver(ctx)
		if err != nil && ctx.Err() == nil {
			report(err)
		}
		if n < deliverBatch || err != nil {
			timer := time.NewTimer(min(deliverEvery, max(time.Until(end), 0)))
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
			timer.Stop()
		}
		if ctx.Err() != nil || !time.Now().Before(end) {
			return
		}
	}
}

// Deliver makes an attempt at some of what is due, and returns at how many. What fails at the receiver is no error: it
// is in the delivery.
func (s *Service) Deliver(ctx context.Context) (int, error) {
	list, err := s.store.ClaimDeliveries(ctx, deliverBatch, instant(), deliverLease)
	if err != nil {
		return 0, err
	}
	failures := make([]error, len(list))
	slots := make(chan struct{}, deliverAtOnce)
	var group sync.WaitGroup
	for i, d := range list {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			failures[i] = s.attempt(ctx, d)
		})
	}
	group.Wait()
	return len(list), errors.Join(failures...)
}

// attempt tries one delivery and writes down what became of it. An error leaves it to the end of its lease.
func (s *Service) attempt(ctx context.Context, d store.ChannelDelivery) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("delivery %s: panic: %v", d.ID, cause)
		}
	}()
	if d.Event != nil {
		return s.tellHook(ctx, d)
	}
	to, m, left, err := s.compose(ctx, d)
	if err != nil {
		return fmt.Errorf("delivery %s: %w", d.ID, err)
	}
	if left.State != "" {
		return s.settle(ctx, d, left)
	}
	r := s.courier.Send(ctx, to, m)
	if ctx.Err() != nil { // broken off, which says nothing
		return nil
	}
	return s.settle(ctx, d, judge(d, r))
}

// settle ends an attempt; the outcome has the state, the answer and when to try again.
func (s *Service) settle(ctx context.Context, d, outcome store.ChannelDelivery) error {
	d.State, d.Status, d.Reason, d.DueAt, d.EndedAt = outcome.State, outcome.Status, outcome.Reason, outcome.DueAt, nil
	d.Unmade = outcome.Unmade
	if d.State != store.DeliveryWaiting {
		now := instant()
		d.DueAt, d.EndedAt = nil, &now
	}
	return s.store.SettleDelivery(ctx, d)
}

// judge says what follows from a receipt.
func judge(d store.ChannelDelivery, r courier.Receipt) store.ChannelDelivery {
	out := store.ChannelDelivery{State: store.DeliverySent, Status: r.Status, Reason: r.Reason}
	switch {
	case r.Delivered:
	case r.Final || d.Attempts >= maxAttempts:
		out.State = store.DeliveryFailed
	default:
		due := instant().Add(max(pause(d.Attempts), r.After))
		out.State, out.DueAt = store.DeliveryWaiting, &due
	}
	if !r.Delivered && r.Answer != "" {
		out.Reason += " " + r.Answer
	}
	return out
}

// pause is that behind the nth attempt, a fifth more or less, so that what failed together is not tried together.
func pause(n int) time.Duration {
	d := firstPause
	for range n - 1 {
		d = min(3*d, longestPause)
	}
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d)) //nolint:gosec // spreads load, and hides nothing
}

func over(state store.DeliveryState, reason string) store.ChannelDelivery {
	return store.ChannelDelivery{State: state, Reason: reason}
}

// compose returns where a delivery goes and what it says, or, where nothing is to be sent, how it ends.
func (s *Service) compose(ctx context.Context, d store.ChannelDelivery) (to courier.Address, m courier.Message, ends store.ChannelDelivery, err error) {
	channel, err := s.store.Channel(ctx, d.ChannelID)
	if errors.Is(err, store.ErrNoChannel) || err == nil && !channel.Enabled {
		return to, m, over(store.DeliveryFailed, "The channel is not there, or not enabled."), nil
	}
	if err != nil {
		return to, m, ends, err
	}
	user, err := s.store.UserByName(ctx, d.Username)
	if errors.Is(err, store.ErrNoUser) || err == nil && !user.Enabled {
		return to, m, over(store.DeliveryFailed, "The person is not there, or not enabled."), nil
	}
	if err != nil {
		return to, m, ends, err
	}
	list, err := s.store.DeliveryContent(ctx, d, maxDigest)
	if err != nil {
		return to, m, ends, err
	}
	if list = unread(d, list); len(list) == 0 {
		return to, m, over(store.DeliverySkipped, "It has been read in the product."), nil
	}
	known, err := s.open(channel)
	if err != nil {
		return to, m, ends, err
	}
	m, err = s.message(ctx, d, user, list)
	if err == nil && channel.Kind == courier.Mail { // a group is not the person
		err = s.decide(ctx, &m, d, list[0].TaskID)
	}
	return courier.Address{Kind: channel.Kind, URL: known.URL, Secret: known.Secret, To: user.Email}, m, ends, err
}

// unread leaves out what has been read meanwhile. Who sends something again wants all of it: then a reason is there
// from before.
func unread(d store.ChannelDelivery, list []store.Notification) (left []store.Notification) {
	for _, n := range list {
		if n.ReadAt == nil || d.Reason != "" || d.Status != 0 {
			left = append(left, n)
		}
	}
	return left
}

// Deliveries lists deliveries, the newest first; the list is store.DeliveryList.
func (s *Service) Deliveries(ctx context.Context, f store.DeliveryFilter, r page.Request) (page.Page[store.ChannelDelivery], error) {
	return s.store.Deliveries(ctx, f, r)
}

// Resend has a delivery that is over made again. Errors: store.ErrNoDelivery, store.ErrDeliveryOpen,
// store.ErrRepeated.
func (s *Service) Resend(ctx context.Context, id engine.ID, i *store.Idempotency) (json.RawMessage, error) {
	var answer store.Recorded
	err := s.store.Resend(ctx, id, instant(), i, func(d store.ChannelDelivery) (store.Recorded, error) {
		var err error
		answer, err = recorded(d)
		return answer, err
	})
	return answer.Body, err
}
