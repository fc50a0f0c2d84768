package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
)

const lockTarget = 0.9

// lockless is a user of Redis who may do everything but touch locks: the product leaves the lock alone then and goes by
// the fence.
const lockless = "diom-bench-lockless"

// measureLock is goal 10: what the lock costs where nobody contends, from two products that take turns.
func measureLock(ctx context.Context, s *servers, o options) ([]Goal, error) {
	redis := s.redis.Redis()
	if err := redis.Do(ctx, "ACL", "SETUSER", lockless, "reset", "on", ">"+lockless, "+@all", "&*",
		"~diom:live*", "~diom:login:*", "~diom:nonce:*", "~diom:standing:*", "~diom:timeout*", "~diom:cache:*").Err(); err != nil {
		return nil, fmt.Errorf("ACL SETUSER: %w", err)
	}
	defer redis.Do(context.WithoutCancel(ctx), "ACL", "DELUSER", lockless)
	address := s.otherRedis(1)
	address.User = url.UserPassword(lockless, lockless)
	locked, err := openRig(ctx, s, o, "locked")
	if err != nil {
		return nil, err
	}
	defer func() { _ = locked.close() }() // the answer is known by then
	free, err := openRig(ctx, s, o, "lockless", "DIOM_REDIS_URL="+address.String())
	if err != nil {
		return nil, err
	}
	defer func() { _ = free.close() }()
	return contend(ctx, o, locked, free)
}

// contend lets both take turns, and holds that one of them takes locks and the other one hardly does.
func contend(ctx context.Context, o options, locked, free *rig) ([]Goal, error) {
	rigs := [2]*rig{locked, free}
	for _, r := range rigs {
		if _, _, err := timedLoop(ctx, o.connections, warmUp, r.instance); err != nil {
			return nil, err
		}
	}
	var ratios, costs []float64
	var why string
	var rates [2]float64
	var cpu [2]spent
	if err := turns(o.rounds, func(k int) error {
		w := look(rigs[k].processes)
		n, took, err := timedLoop(ctx, o.connections, o.time, rigs[k].instance)
		if err != nil {
			return err
		}
		rates[k] = float64(n) / took.Seconds()
		var doubt string
		cpu[k], doubt = w.spent(n)
		why = cmp.Or(why, doubt)
		return nil
	}, func(round int) {
		ratios, costs = append(ratios, rates[0]/rates[1]), append(costs, cpu[0].PerOp["all"]/max(cpu[1].PerOp["all"], 1))
		say("goal 10: round %d of %d: %.0f instances/s with the lock, %.0f without", round, o.rounds, rates[0], rates[1])
	}); err != nil {
		return nil, err
	}
	taken, err := locked.locks()
	if err != nil {
		return nil, err
	}
	left, err := free.locks()
	if err != nil {
		return nil, err
	}
	if taken < 100 || left > taken/10 {
		return nil, errors.New("both products take locks, or neither does: the comparison says nothing")
	}
	g := Goal{ID: 10, Name: "instances/s with the lock ÷ without, nobody contends", Value: median(ratios), Unit: "ratio", Target: "≥ 0.90",
		Detail: map[string]float64{"CPU an instance, with ÷ without": median(costs), "locks taken, with": taken, "locks taken, without": left}}
	return []Goal{g.judged(g.Value >= lockTarget, why)}, nil
}

// locks is how often the product has held a lock.
func (r *rig) locks() (float64, error) { return r.metric("diom_lock_hold_seconds_count") }
