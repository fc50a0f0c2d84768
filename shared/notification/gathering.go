package notification

import (
	"context"
	"fmt"
	"sync"
)

// gatheredMost is how many calls share one run.
const gatheredMost = 64

// gathering lets the calls that come while a run is under way share the next one: events that come together cost one
// statement, and one commit, together. A call that comes alone waits for nobody.
type gathering[Q, A any] struct {
	run func(ctx context.Context, asked []Q) ([]A, error) // an answer to each, in order

	mu      sync.Mutex
	waiting []*asking[Q, A]
	busy    bool
}

type asking[Q, A any] struct {
	ctx      context.Context //nolint:containedctx // of the call, whose trace and deadline are those of its run
	question Q
	answer   chan answered[A]
}

type answered[A any] struct {
	answer A
	err    error
	shared bool // err is of a run that had others in it
}

func gather[Q, A any](run func(context.Context, []Q) ([]A, error)) *gathering[Q, A] {
	return &gathering[Q, A]{run: run}
}

// do returns the answer to a question. One that fails among others is asked again by itself: it has not to pay for them.
func (g *gathering[Q, A]) do(ctx context.Context, question Q) (A, error) {
	a := &asking[Q, A]{ctx: ctx, question: question, answer: make(chan answered[A], 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, a)
	if !g.busy {
		g.busy = true
		go g.work()
	}
	g.mu.Unlock()
	select {
	case r := <-a.answer:
		if r.err == nil || !r.shared {
			return r.answer, r.err
		}
	case <-ctx.Done():
		return *new(A), ctx.Err()
	}
	answers, err := g.run(ctx, []Q{question})
	if err != nil {
		return *new(A), err
	}
	return answers[0], nil
}

// work makes one run after the other until nobody waits.
func (g *gathering[Q, A]) work() {
	for {
		g.mu.Lock()
		batch := g.waiting[:min(len(g.waiting), gatheredMost)]
		g.waiting = g.waiting[len(batch):]
		g.busy = len(batch) > 0
		g.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		g.together(batch)
	}
}

func (g *gathering[Q, A]) together(batch []*asking[Q, A]) {
	questions := make([]Q, len(batch))
	for i, a := range batch {
		questions[i] = a.question
	}
	answers, shared, err := g.guarded(batch[0].ctx, questions)
	for i, a := range batch {
		if err != nil {
			a.answer <- answered[A]{err: err, shared: shared}
			continue
		}
		a.answer <- answered[A]{answer: answers[i]}
	}
}

// guarded makes a run that goes on when the first of its calls is given up. One that panics is left to each call to try
// by itself, where its function is prepared for that.
func (g *gathering[Q, A]) guarded(ctx context.Context, questions []Q) (answers []A, shared bool, err error) {
	deadline, bounded := ctx.Deadline()
	ctx = context.WithoutCancel(ctx)
	if bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	defer func() {
		if cause := recover(); cause != nil {
			shared, err = true, fmt.Errorf("panic: %v", cause)
		}
	}()
	answers, err = g.run(ctx, questions)
	return answers, len(questions) > 1, err
}
