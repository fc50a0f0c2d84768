// Package gather lets calls that come at the same time share one run, so that many cost little more than one: one
// statement, or one commit, for all of them. A call that comes alone waits for nobody.
package gather

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// most is how many calls share one run.
const most = 64

// ErrUnderWay: the call was given up while its run was under way, whose outcome is not known.
var ErrUnderWay = errors.New("given up while it was under way")

// ErrPanicked: a run has panicked. A call that is made again by itself panics where its caller sees it.
var ErrPanicked = errors.New("panicked")

// Gatherer runs calls together. While a run is under way, calls wait for the next one.
type Gatherer[Q, A any] struct {
	run func(context.Context, []Q) ([]A, error)

	mu      sync.Mutex
	waiting []*call[Q, A]
	running bool
}

type call[Q, A any] struct {
	ctx      context.Context //nolint:containedctx // its values are those of a run that it begins
	question Q
	taken    bool
	answer   chan answer[A]
}

type answer[A any] struct {
	value A
	err   error
	alone bool // the call is to be made by itself
}

// New returns a Gatherer of runs, of which one is under way at a time. A run returns an answer to each question, in order.
// The calls of a run that has failed are made again, each by itself, so that none pays for others: doing one twice must be
// no harm.
func New[Q, A any](run func(context.Context, []Q) ([]A, error)) *Gatherer[Q, A] {
	return &Gatherer[Q, A]{run: run}
}

// Join makes a call with others, and returns the answer to its question. It returns the error of ctx where that ended
// before anything was done, and ErrUnderWay where it ended later.
func (g *Gatherer[Q, A]) Join(ctx context.Context, question Q) (A, error) {
	c := &call[Q, A]{ctx: ctx, question: question, answer: make(chan answer[A], 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	if !g.running {
		g.running = true
		go g.work()
	}
	g.mu.Unlock()
	select {
	case a := <-c.answer:
		if !a.alone {
			return a.value, a.err
		}
	case <-ctx.Done():
		return *new(A), g.leave(c)
	}
	answers, err := g.run(ctx, []Q{question})
	if err != nil {
		return *new(A), err
	}
	return answers[0], nil
}

// leave takes a call out of those that wait.
func (g *Gatherer[Q, A]) leave(c *call[Q, A]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.taken {
		return fmt.Errorf("%w: %w", ErrUnderWay, c.ctx.Err())
	}
	g.waiting = slices.DeleteFunc(g.waiting, func(other *call[Q, A]) bool { return other == c })
	return c.ctx.Err()
}

// work makes one run after the other until nobody waits.
func (g *Gatherer[Q, A]) work() {
	for batch := g.take(); len(batch) > 0; batch = g.take() {
		g.together(batch)
	}
}

func (g *Gatherer[Q, A]) take() []*call[Q, A] {
	g.mu.Lock()
	defer g.mu.Unlock()
	batch := slices.Clone(g.waiting[:min(len(g.waiting), most)])
	g.waiting = slices.Delete(g.waiting, 0, len(batch))
	for _, c := range batch {
		c.taken = true
	}
	g.running = len(batch) > 0
	return batch
}

func (g *Gatherer[Q, A]) together(batch []*call[Q, A]) {
	questions := make([]Q, len(batch))
	for i, c := range batch {
		questions[i] = c.question
	}
	answers, err := g.guarded(batch[0].ctx, questions)
	alone := err != nil && (len(batch) > 1 || errors.Is(err, ErrPanicked))
	for i, c := range batch {
		a := answer[A]{err: err, alone: alone}
		if err == nil {
			a.value = answers[i]
		}
		c.answer <- a
	}
}

// guarded makes a run, which goes on when its calls are given up.
func (g *Gatherer[Q, A]) guarded(ctx context.Context, questions []Q) (answers []A, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", ErrPanicked, cause)
		}
	}()
	return g.run(context.WithoutCancel(ctx), questions)
}
