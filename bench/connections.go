package main

import (
	"context"
	"fmt"
)

const (
	collapseTarget = 0.9
	manyConns      = 500
)

// measureConnections is goal 7: the rate does not fall from 16 to 64 connections, and with 500 each is still answered in
// time or told to come back.
func measureConnections(ctx context.Context, s *servers, o options) ([]Goal, error) {
	r, err := openRig(ctx, s, o, "connections")
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.close() }() // the answer is known by then
	if err := r.dial(ctx, manyConns); err != nil {
		return nil, err
	}
	if _, _, err := timedLoop(ctx, o.connections, warmUp, r.instance); err != nil {
		return nil, err
	}
	w := look(r.processes)
	detail, ratios, operations := map[string]float64{}, []float64{}, 0
	var got [2]latencies
	if err := turns(o.rounds, func(k int) error {
		got[k] = atOnce(ctx, []int{16, 64}[k], o.time, r.instance)
		operations += len(got[k].times)
		return got[k].first
	}, func(round int) {
		ratios = append(ratios, got[1].perSecond()/got[0].perSecond())
		got[0].into(detail, "16 connections")
		got[1].into(detail, "64 connections")
		say("goal 7: round %d of %d: %.0f instances/s with 16 connections, %.0f with 64", round, o.rounds, got[0].perSecond(), got[1].perSecond())
	}); err != nil {
		return nil, err
	}
	many := r.requests(ctx, o)
	many.into(detail, "500 connections, requests")
	say("goal 7: 500 connections: %.0f requests/s, P99 %.0f ms, %d refused, %d failed", many.perSecond(), many.at(0.99), many.refused, many.failed)
	_, why := w.spent(operations + len(many.times)/2)
	if many.first != nil {
		detail["500 connections, requests, failed"] = float64(many.failed)
		say("goal 7: the first failure: %v", many.first)
	}
	seven := Goal{ID: 7, Name: "instances/s, 64 connections ÷ 16", Value: median(ratios), Unit: "ratio", Target: fmt.Sprintf("≥ %.1f", collapseTarget), Detail: detail}
	p95 := Goal{ID: 7, Name: "500 connections, P95", Value: many.at(0.95), Unit: "ms", Target: "< 500"}
	p99 := Goal{ID: 7, Name: "500 connections, P99", Value: many.at(0.99), Unit: "ms", Target: "< 1000"}
	failed := Goal{ID: 7, Name: "500 connections, failures but 429", Value: float64(many.failed), Unit: "requests", Target: "= 0"}
	return []Goal{
		seven.judged(seven.Value >= collapseTarget, why), p95.judged(p95.Value < 500, why), p99.judged(p99.Value < 1000, why),
		failed.judged(many.failed == 0, ""),
	}, nil
}

func (r *rig) instance(worker int) error { return r.callers[worker].instance() }

// requests lets each of the many connections start an instance and complete its task in turn; each request is timed.
func (r *rig) requests(ctx context.Context, o options) latencies {
	open := make([]string, manyConns)
	return atOnce(ctx, manyConns, 2*o.time, func(worker int) error {
		if task := open[worker]; task != "" {
			open[worker] = ""
			_, err := r.callers[worker].post(completePath(task), approver, completeBody)
			return err
		}
		s, err := r.callers[worker].start(processKey, startBody)
		if err == nil && len(s.Tasks) == 1 {
			open[worker] = s.Tasks[0].ID
		}
		return err
	})
}
