package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// step is something that a person does at a time. Steps of one story come in the order of its plan.
type step struct {
	at    time.Time
	who   string // a username; "" for the product itself
	key   string // by which a repetition is known
	story *story
	do    func(context.Context, workflow.Call) (json.RawMessage, error)
}

// story is what happens to one instance, or to something else that belongs together.
type story struct {
	*history
	name  string
	at    time.Time // when the next step is
	id    engine.ID // of the instance, once it is there
	steps []step
}

// story begins a story at a time.
func (h *history) story(at time.Time) *story {
	h.plans++
	return &story{history: h, name: "demo/" + strconv.Itoa(h.plans), at: at}
}

// then plans that somebody does something next.
func (s *story) then(who string, do func(context.Context, workflow.Call) (json.RawMessage, error)) *story {
	s.steps = append(s.steps, step{at: s.at, who: who, key: s.name + "/" + strconv.Itoa(len(s.steps)), story: s, do: do})
	return s
}

// after lets working time pass.
func (s *story) after(d time.Duration) *story {
	s.at = s.later(s.at, d)
	return s
}

// soon lets time pass that nobody works in.
func (s *story) soon(d time.Duration) *story {
	s.at = s.at.Add(d)
	return s
}

// tell adds the steps of a story to the history.
func (h *history) tell(s *story) { h.steps = append(h.steps, s.steps...) }

// past plans a story that is over a while before the end: one that would not be begins weeks earlier.
func (h *history) past(begin time.Time, plan func(*story)) {
	plans := h.plans
	for {
		s := h.story(h.working(begin))
		plan(s)
		if s.at.Before(h.Now.Add(-time.Hour)) {
			h.tell(s)
			return
		}
		begin, h.plans = begin.AddDate(0, 0, -7), plans
	}
}

// first is the key of the first step of all.
func (h *history) first() *store.Idempotency { return h.steps[0].idempotency() }

func (x step) idempotency() *store.Idempotency {
	return &store.Idempotency{Principal: "demo/" + x.who, Key: x.key, Route: "demo"}
}

// each how many steps their events have their effect, and the progress is told.
const (
	drainEvery = 20
	sayEvery   = 200
)

// happen does all steps in the order of their time. Before each of them the timers fire that are due by then.
func (h *history) happen(ctx context.Context) error {
	slices.SortStableFunc(h.steps, func(a, b step) int { return a.at.Compare(b.at) })
	h.Say("the demo: writing the history of %d days", days)
	for i, x := range h.steps {
		if i%sayEvery == sayEvery-1 {
			h.Say("the demo: %d %%", 100*i/len(h.steps))
		}
		if err := h.until(ctx, x.at); err != nil {
			return err
		}
		if err := x.happens(ctx); err != nil {
			return fmt.Errorf("%s by %q at %s: %w", x.key, x.who, x.at.Format(time.RFC3339), err)
		}
		if i%drainEvery == 0 {
			if err := h.drain(ctx); err != nil {
				return err
			}
		}
	}
	if err := h.until(ctx, h.Now); err != nil {
		return err
	}
	return h.drain(ctx)
}

// until lets the timers of the history fire, each when it is due, and sets the clock.
func (h *history) until(ctx context.Context, end time.Time) error {
	for {
		timers, err := h.Store.ClaimTimers(ctx, 100, end.UTC(), -time.Millisecond)
		if err != nil {
			return err
		}
		timers = slices.DeleteFunc(timers, func(t store.Timer) bool { return !h.own[t.InstanceID] })
		if len(timers) == 0 {
			h.now = end
			return nil
		}
		slices.SortFunc(timers, func(a, b store.Timer) int { return a.DueAt.Compare(b.DueAt) })
		for _, t := range timers {
			if h.now = t.DueAt; h.now.Before(end) || h.now.Equal(end) {
				if err := h.workflow.FireTimer(ctx, t); err != nil {
					return fmt.Errorf("timer of %s: %w", t.NodeID, err)
				}
			}
		}
	}
}

// happens does a step once: what is recorded has happened.
func (x step) happens(ctx context.Context) error {
	h := x.story.history
	key := x.idempotency()
	if h.resumed {
		recorded, err := h.Store.Recorded(ctx, key)
		if err != nil {
			return err
		}
		if recorded != nil {
			x.story.learn(recorded.Body)
			return nil
		}
	}
	raw, err := x.do(ctx, workflow.Call{Principal: h.people[x.who], Idempotency: key})
	if errors.Is(err, store.ErrRepeated) {
		recorded, err := h.Store.Recorded(ctx, key)
		if err != nil {
			return err
		}
		x.story.learn(recorded.Body)
		return nil
	}
	if err != nil {
		return err
	}
	x.story.learn(raw)
	return nil
}

// learn remembers the instance that a step has made.
func (s *story) learn(raw json.RawMessage) {
	var answer struct {
		Instance struct{ ID engine.ID }
		Results  []struct{ InstanceID engine.ID }
	}
	if !s.id.IsZero() || len(raw) == 0 || json.Unmarshal(raw, &answer) != nil {
		return
	}
	if s.id = answer.Instance.ID; len(answer.Results) > 0 {
		s.id = answer.Results[0].InstanceID
	}
	s.own[s.id] = true
}
