package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"diom.io/workflow/shared/access"
)

const (
	stormTarget = 2
	stormAtOnce = 50
	calmRate    = 100 // completions a second
)

// measureStorm is goal 15: what people who complete tasks notice of many who log in at once, with passwords hashed as in
// production.
func measureStorm(ctx context.Context, s *servers, o options) ([]Goal, error) {
	r, err := openRig(ctx, s, o, "storm", "DIOM_LIMIT_LOGIN=off")
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.close() }() // the answer is known by then
	detail := map[string]float64{}
	var ratios []float64
	w := look(r.processes)
	logins := 0
	for i := range o.rounds {
		calm, err := r.completions(ctx, o)
		if err != nil {
			return nil, err
		}
		end := r.storm(ctx)
		stormy, err := r.completions(ctx, o)
		n := end()
		if err != nil {
			return nil, err
		}
		logins += n
		calm.into(detail, "calm")
		stormy.into(detail, "in the storm")
		ratios = append(ratios, stormy.at(0.99)/calm.at(0.99))
		say("goal 15: round %d of %d: P99 %.1f ms, with %d log-ins %.1f ms", i+1, o.rounds, calm.at(0.99), n, stormy.at(0.99))
	}
	_, why := w.spent(1)
	detail["log-ins"] = float64(logins)
	if logins == 0 && why == "" {
		why = "nobody could log in"
	}
	g := Goal{ID: 15, Name: "P99 of a completion, log-in storm ÷ calm", Value: median(ratios), Unit: "ratio", Target: "≤ 2", Detail: detail}
	return []Goal{g.judged(g.Value <= stormTarget, why)}, nil
}

// completions completes tasks at a rate, which has to be held.
func (r *rig) completions(ctx context.Context, o options) (latencies, error) {
	n := int(calmRate*o.time.Seconds()) + 1
	list, err := r.fill(ctx, processKey, n, func(int) string { return startBody })
	if err != nil {
		return latencies{}, err
	}
	l := atRate(ctx, len(r.callers), calmRate, o.time, func(worker, i int) error {
		_, err := r.callers[worker].post(completePath(list[i].Tasks[0].ID), approver, completeBody)
		return err
	})
	if l.failed+l.refused > 0 {
		return l, fmt.Errorf("%d completions failed, %d were refused: %w", l.failed, l.refused, l.first)
	}
	return l, nil
}

// storm logs in from many connections until it is ended, which says how many could.
func (r *rig) storm(ctx context.Context) (end func() int) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	var done atomic.Int64
	body := fmt.Appendf(nil, `{"username":%q,"password":%q}`, starter, access.DemoPassword)
	for range stormAtOnce {
		group.Go(func() {
			for ctx.Err() == nil {
				if r.login(ctx, body) {
					done.Add(1)
				} else {
					time.Sleep(100 * time.Millisecond) // told to come later
				}
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	return func() int { cancel(); group.Wait(); return int(done.Load()) }
}

func (r *rig) login(ctx context.Context, body []byte) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.address+"/api/v1/auth/login", bytes.NewReader(body))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, response.Body) // so that the connection is used again
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
