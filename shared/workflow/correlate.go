package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// maxReceivers bounds the instances among which a message that names more than a query can look for is
// matched, and those that one which is for all of them reaches.
const maxReceivers = 10_000

// targeted reports whether a message is for what waits already: no start event is asked then.
func (m Message) targeted() bool { return !m.InstanceID.IsZero() || len(m.LocalKeys) > 0 }

// waiting returns the subscriptions that a message matches: two are enough to know that there are several.
func (s *Service) waiting(ctx context.Context, m Message, query store.MessageQuery) ([]store.Subscription, error) {
	limit := 2
	if m.targeted() || m.All {
		limit = maxReceivers
	}
	found, err := s.store.Subscriptions(ctx, query, limit)
	if err != nil || !m.targeted() {
		return found, err
	}
	found = slices.DeleteFunc(found, func(sub store.Subscription) bool { return !m.InstanceID.IsZero() && sub.InstanceID != m.InstanceID })
	if m.Token == 0 && len(m.LocalKeys) == 0 {
		return found, nil
	}
	ids := make([]engine.ID, len(found))
	for i, sub := range found {
		ids[i] = sub.InstanceID
	}
	instances, err := s.store.LoadInstances(ctx, ids)
	return slices.DeleteFunc(found, func(sub store.Subscription) bool {
		in := instances[sub.InstanceID]
		return in == nil || !m.reaches(in, sub.ID)
	}), err
}

// reaches reports whether a message is for the token of a subscription.
func (m Message) reaches(in *engine.Instance, id engine.ID) bool {
	sub := in.Subscription(id)
	if sub == nil || m.Token > 0 && in.Waiter(*sub) != m.Token {
		return false
	}
	if len(m.LocalKeys) == 0 {
		return true
	}
	seen := &engine.Instance{Scopes: []engine.Scope{{Variables: in.Visible(in.Waiter(*sub))}}}
	return Message{CorrelationKeys: m.LocalKeys}.matches(seen)
}

// correlateAll delivers a message to everybody who matches, and starts the process that begins with it.
// Nobody is no failure; one of those who are there that has gone meanwhile is none either.
func (s *Service) correlateAll(ctx context.Context, call Call, m Message, found []store.Subscription, d *store.Delivery) (*Correlation, error) {
	all := &Correlation{Results: []CorrelationResult{}}
	take := func(raw json.RawMessage, err error) error {
		if errors.Is(err, engine.ErrNoSubscription) || errors.Is(err, ErrNoSubscription) || errors.Is(err, store.ErrNoDefinition) {
			return nil
		}
		var one Correlation
		if err == nil {
			err = json.Unmarshal(raw, &one)
		}
		all.Results = append(all.Results, one.Results...)
		return err
	}
	for _, sub := range found {
		if err := take(s.deliver(ctx, call, m, sub, d)); err != nil {
			return all, err
		}
	}
	if m.targeted() {
		return all, nil
	}
	return all, take(s.startByMessage(ctx, call, m, d))
}

// SignalTo delivers a signal, by the name of m, to the token of the instance that m names; token 0 is any. It returns
// engine.ErrNoSubscription.
func (s *Service) SignalTo(ctx context.Context, call Call, m Message) error {
	if err := checkVariables(m.Variables); err != nil {
		return err
	}
	t := s.instanceTrigger(m.InstanceID)
	t.decide = func(sub *subject) (engine.Action, error) {
		for _, open := range sub.instance.Subscriptions {
			if open.Signal && open.Message == m.Name && (m.Token == 0 || sub.instance.Waiter(open) == m.Token) {
				return engine.Correlate{Subscription: open.ID, Variables: m.Variables}, nil
			}
		}
		return nil, engine.ErrNoSubscription
	}
	t.answer = func(*result) any { return nil }
	_, err := s.Execute(ctx, call, t)
	return err
}
