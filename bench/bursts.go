package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"diom.io/workflow/shared/access"
)

const (
	burstMessages = 10_000
	burstTasks    = 1000
	burstBatch    = 100_000
	burstLogins   = 500
	burstCallers  = 16
	// burstTarget is what ordinary work may notice.
	burstTarget = 3
)

// burst is a lot of work that comes at once.
type burst struct {
	name string
	// prepare makes ready what run needs.
	prepare func(*rig, context.Context, options) error
	run     func(*rig, context.Context, options) error
}

// measureBursts is goal 16: while much comes at once, ordinary work keeps its tail, and all of it is done.
func measureBursts(ctx context.Context, s *servers, o options) ([]Goal, error) {
	r, err := openRig(ctx, s, o, "bursts")
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.close() }() // the answer is known by then
	var goals []Goal
	for _, b := range bursts() {
		g, err := r.burst(ctx, o, b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.name, err)
		}
		goals = append(goals, g)
	}
	return goals, nil
}

// burst measures completions at a rate before and during a burst.
func (r *rig) burst(ctx context.Context, o options, b burst) (Goal, error) {
	if err := b.prepare(r, ctx, o); err != nil {
		return Goal{}, err
	}
	calm, err := r.completions(ctx, o)
	if err != nil {
		return Goal{}, err
	}
	w := look(r.processes)
	var took time.Duration
	var failure error
	var group sync.WaitGroup
	begun := time.Now()
	group.Go(func() {
		failure = b.run(r, ctx, o)
		took = time.Since(begun)
	})
	stormy, err := r.completions(ctx, o)
	group.Wait()
	if err != nil || failure != nil {
		return Goal{}, errors.Join(err, failure)
	}
	_, why := w.spent(1)
	g := Goal{ID: 16, Name: b.name + ": P99 of a completion ÷ calm", Value: stormy.at(0.99) / calm.at(0.99), Unit: "ratio", Target: fmt.Sprintf("≤ %d", burstTarget),
		Detail: map[string]float64{"seconds until all is done": took.Seconds()}}
	calm.into(g.Detail, "calm")
	stormy.into(g.Detail, "in the burst")
	say("goal 16: %s: done after %.1f s, P99 of completions %.1f ms, calm %.1f ms", b.name, took.Seconds(), stormy.at(0.99), calm.at(0.99))
	return g.judged(g.Value <= burstTarget, why), nil
}

func bursts() []burst {
	return []burst{
		{"messages at once", (*rig).waiting, (*rig).messages},
		{"a multi-instance activity", (*rig).nothing, (*rig).multiInstance},
		{"a batch", (*rig).many, (*rig).batch},
		{"log-ins in a minute", (*rig).nothing, (*rig).logins},
	}
}

func (*rig) nothing(context.Context, options) error { return nil }

// waiting starts the instances that the messages are for.
func (r *rig) waiting(ctx context.Context, o options) error {
	n := o.scaled(burstMessages)
	say("goal 16: starting %d instances", n)
	_, err := r.fill(ctx, "message", n, func(i int) string { return fmt.Sprintf(`{"businessKey":"M-%d"}`, i) })
	return err
}

// messages sends one to each of the instances, as fast as the burst's connections can, and holds that all have ended.
func (r *rig) messages(ctx context.Context, o options) error {
	n := o.scaled(burstMessages)
	callers, err := r.others(ctx)
	if err != nil {
		return err
	}
	if err := each(ctx, len(callers), upTo(n), func(worker, i int) error {
		_, err := callers[worker].post("/api/v1/messages", operator, fmt.Sprintf(`{"name":"bench.paid","businessKey":"M-%d"}`, i))
		return err
	}); err != nil {
		return err
	}
	return r.ended(ctx, "message", n)
}

// multiInstance starts an activity with many instances and completes all of them.
func (r *rig) multiInstance(ctx context.Context, o options) error {
	callers, err := r.others(ctx)
	if err != nil {
		return err
	}
	begun, err := callers[0].start("hot", fmt.Sprintf(`{"variables":{"tasks":%d}}`, o.scaled(burstTasks)))
	if err != nil {
		return err
	}
	if err := each(ctx, len(callers), begun.Tasks, func(worker int, task startedTask) error {
		_, err := callers[worker].post(completePath(task.ID), approver, completeBody)
		return err
	}); err != nil {
		return err
	}
	return r.ended(ctx, "hot", 1)
}

// many starts the instances that the batch is over.
func (r *rig) many(ctx context.Context, o options) error {
	n := o.scaled(burstBatch)
	say("goal 16: starting %d instances", n)
	_, err := r.fill(ctx, "message", n, func(int) string { return `{"businessKey":"batch"}` })
	return err
}

// batch suspends all of them and waits until that is done.
func (r *rig) batch(ctx context.Context, o options) error {
	callers, err := r.others(ctx)
	if err != nil {
		return err
	}
	answer, err := callers[0].post("/api/v1/batches", operator, `{"kind":"suspend","filter":{"processKey":"message","businessKey":"batch"}}`)
	if err != nil {
		return err
	}
	var made struct {
		ID, State           string
		Total, Done, Failed int
	}
	for err := json.Unmarshal(answer, &made); ; err = json.Unmarshal(answer, &made) {
		switch {
		case err != nil:
			return err
		case made.State != "running" && (made.Failed > 0 || made.Done != o.scaled(burstBatch)):
			return fmt.Errorf("the batch is %s: %d of %d done, %d failed", made.State, made.Done, made.Total, made.Failed)
		case made.State != "running":
			return nil
		}
		time.Sleep(200 * time.Millisecond)
		if answer, err = callers[0].get("/api/v1/batches/"+made.ID, operator); err != nil {
			return err
		}
	}
}

// logins logs in at the rate of an office that comes in the morning; everybody has to get in.
func (r *rig) logins(ctx context.Context, o options) error {
	body := fmt.Appendf(nil, `{"username":%q,"password":%q}`, starter, access.DemoPassword)
	n := o.scaled(burstLogins)
	l := atRate(ctx, 32, burstLogins/60.0, time.Duration(float64(n)/burstLogins*float64(time.Minute)), func(int, int) error {
		if !r.login(ctx, body) {
			return errors.New("a log-in was refused")
		}
		return nil
	})
	return l.first
}

// others are connections of the burst's own, closed with the rig's.
func (r *rig) others(ctx context.Context) ([]*caller, error) {
	n := len(r.callers)
	if err := r.dial(ctx, n+burstCallers); err != nil {
		return nil, err
	}
	others := r.callers[n:]
	r.spare, r.callers = append(r.spare, others...), r.callers[:n:n]
	return others, nil
}

// ended holds that so many instances of a process have ended.
func (r *rig) ended(ctx context.Context, process string, n int) error {
	got, err := r.count(ctx, `SELECT COUNT(*) FROM {instance} WHERE process_key = ? AND state = ?`, process, stateCompleted)
	if err == nil && got != n {
		err = fmt.Errorf("%d instances of %s have ended, not %d", got, process, n)
	}
	return err
}
