package workflow

import (
	"context"
	"errors"
	"strconv"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Advance runs an asynchronous continuation. That it has been run already is no error.
func (s *Service) Advance(ctx context.Context, instance, job engine.ID) error {
	t := s.instanceTrigger(instance)
	t.decide = func(*subject) (engine.Action, error) { return engine.Continue{Job: job}, nil }
	t.answer = func(*result) any { return nil }
	_, err := s.Execute(ctx, Call{}, t)
	return gone(err)
}

// gone is nil where what was to be done has been done, or was cancelled, or waits for the instance to
// be resumed.
func gone(err error) error {
	if errors.Is(err, engine.ErrSuspended) || errors.Is(err, store.ErrNoInstance) || fault.KindOf(err) == fault.Conflict {
		return nil
	}
	return err
}

// FireTimer fires a timer that is due: of a waiting instance, or a timer start event. That it has fired
// already is no error.
func (s *Service) FireTimer(ctx context.Context, timer store.Timer) error {
	if timer.InstanceID.IsZero() {
		return s.fireStart(ctx, timer)
	}
	t := s.instanceTrigger(timer.InstanceID)
	t.decide = func(*subject) (engine.Action, error) { return engine.FireTimer{Timer: timer.ID}, nil }
	t.answer = func(*result) any { return nil }
	_, err := s.Execute(ctx, Call{}, t)
	return gone(err)
}

// fireStart starts an instance by a timer start event. The timer's row moves on in the same
// transaction, so that each time starts one instance however many look at the clock.
func (s *Service) fireStart(ctx context.Context, timer store.Timer) error {
	next := &store.StartTimer{ID: timer.ID, Fired: timer.Fired}
	if timer.Cycle != "" {
		at, ok := engine.NextDue(engine.Timer{Cycle: timer.Cycle, Anchor: timer.Anchor, Fired: timer.Fired + 1, DueAt: timer.DueAt}, s.location)
		if ok {
			next.NextDue = at
		}
	}
	_, err := s.begin(ctx, Call{}, beginning{
		node: timer.NodeID, definition: timer.DefinitionID, timer: next,
		answer: func(*result) any { return nil },
	})
	if errors.Is(err, ErrBusy) || errors.Is(err, store.ErrNoDefinition) { // the row has moved on or its definition has
		return nil
	}
	return gone(err)
}

// sentID is what the inbox knows the n-th change of a history row by, a message that was sent.
func sentID(instance engine.ID, seq int64, n int) string {
	return instance.String() + "/" + strconv.FormatInt(seq, 10) + "/" + strconv.Itoa(n)
}

const (
	// drainDepth is how many instances one call may wake one after the other, and drainTime how long it
	// may take; what is left the outbox and tick deliver.
	drainDepth = 8
	drainTime  = 2 * time.Second
)

type drainKey struct{}

// drain delivers to other instances what a committed step sent, and to the step's own instance the
// parked messages that it waits for now, so that the caller sees the whole effect. It is a shortcut:
// the events of the step deliver the same again, and the inbox makes that no second effect.
func (s *Service) drain(ctx context.Context, after *engine.Instance, changes []engine.Change) {
	depth, _ := ctx.Value(drainKey{}).(int)
	s.drainCalls(ctx, depth, after, changes)
	if depth >= drainDepth {
		return
	}
	var names []string
	var sent, thrown []int
	for n := range changes {
		switch c := &changes[n]; {
		case c.Kind == engine.MessageSent:
			sent = append(sent, n)
		case c.Kind == engine.SignalThrown:
			thrown = append(thrown, n)
		case c.Kind == engine.SubscriptionOpened && !c.Subscription.Signal && !c.Subscription.Condition && c.Subscription.Message != "" && after.Subscription(c.Subscription.ID) != nil:
			names = append(names, c.Subscription.Message)
		}
	}
	if len(names)+len(sent)+len(thrown) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, drainKey{}, depth+1), drainTime)
	defer cancel()
	for _, n := range sent {
		_ = s.deliverSent(ctx, after, after.Version, n+1, changes[n]) // its event tries again and reports
	}
	for _, n := range thrown {
		_ = s.spreadThrown(ctx, changes[n].SignalID) // tick goes on and reports
	}
	for _, name := range names {
		_ = s.deliverParkedTo(ctx, after, name) // tick tries again and reports
	}
}
