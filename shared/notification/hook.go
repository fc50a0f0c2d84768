package notification

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/courier"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/limit"
	"diom.io/workflow/shared/store"
)

// hook writes down that webhooks are to be told of an event. It may come again: a delivery has an id made of the
// event's and the webhook's.
func (s *Service) hook(ctx context.Context, e event.Event, processKey string) error {
	if s.quiet {
		return nil
	}
	b, err := s.read(ctx)
	if err != nil {
		return err
	}
	var list []store.ChannelDelivery
	now, at := instant(), e.Time().UTC().Truncate(time.Millisecond)
	for _, w := range b.webhooks {
		if !slices.Contains(w.Types, e.Type()) || len(w.ProcessKeys) > 0 && !slices.Contains(w.ProcessKeys, processKey) {
			continue
		}
		raw, err := plain(e).MarshalJSON()
		if err != nil {
			return err
		}
		list = append(list, store.ChannelDelivery{
			ID: derive(e.ID(), w.ID.String(), at), ChannelID: w.ID, Type: e.Type(), State: store.DeliveryWaiting, DueAt: &now, CreatedAt: now, Event: raw,
		})
	}
	if len(list) == 0 {
		return nil
	}
	return s.store.AddDeliveries(ctx, list)
}

// handOn is for an event of which webhooks are told, and nobody else.
func (s *Service) handOn(ctx context.Context, e event.Event) error {
	var about struct {
		ProcessKey string `json:"processKey"`
	}
	if err := e.DataAs(&about); err != nil {
		return ErrEvent
	}
	return s.hook(ctx, e, about.ProcessKey)
}

// plain is an event without the signature that the product's functions show one another: a webhook has its own.
func plain(e event.Event) event.Event {
	e = e.Clone()
	for _, name := range []string{"diomsigned", "diomsignature"} {
		e.SetExtension(name, nil)
	}
	return e
}

// tellHook makes one attempt at a delivery to a webhook, unless its receiver has failed again and again just now:
// then it waits, and has not been tried.
func (s *Service) tellHook(ctx context.Context, d store.ChannelDelivery) error {
	w, err := s.store.Webhook(ctx, d.ChannelID)
	if errors.Is(err, store.ErrNoWebhook) || err == nil && !w.Enabled {
		return s.settle(ctx, d, over(store.DeliveryFailed, "The webhook is not there, or not enabled."))
	}
	if err != nil {
		return err
	}
	done, wait := s.breaker(w.ID).Allow()
	if done == nil {
		due := instant().Add(max(wait, firstPause))
		return s.settle(ctx, d, store.ChannelDelivery{State: store.DeliveryWaiting, DueAt: &due, Unmade: true, Reason: "The receiver has failed again and again: it is left alone for a while."})
	}
	to, err := s.hookAddress(w)
	if err != nil {
		done(limit.Unknown)
		return err
	}
	r := s.courier.Send(ctx, to, courier.Message{ID: d.ID.String(), Event: d.Event})
	if ctx.Err() != nil { // broken off, which says nothing
		done(limit.Unknown)
		return nil //nolint:nilerr // the caller has given up
	}
	switch {
	case r.Delivered || r.Final:
		done(limit.Succeeded)
	default:
		done(limit.Failed)
	}
	return s.settle(ctx, d, judge(d, r))
}

// breaker is that of a webhook's receiver, in this process.
func (s *Service) breaker(id engine.ID) *limit.Breaker {
	b, known := s.breakers.Load(id)
	if !known {
		b, _ = s.breakers.LoadOrStore(id, limit.NewBreaker(id.String(), nil))
	}
	return b.(*limit.Breaker) //nolint:forcetypeassert // the map holds nothing else
}
