package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	timerMinute = time.Minute
	timerCount  = 10000
	// latenessTarget is the poll (500 ms) and 250 ms.
	latenessTarget = 750
	drainTarget    = 5000
)

// measureTimers is goal 12: many timers due within one minute, and as many at one moment.
func measureTimers(ctx context.Context, s *servers, o options) ([]Goal, error) {
	r, err := openRig(ctx, s, o, "timers")
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.close() }() // the answer is known by then
	n := o.scaled(timerCount)
	span := time.Duration(float64(timerMinute) * float64(n) / timerCount) // the same density in a smaller run
	say("goal 12: %d timers within %s", n, span.Round(time.Second))
	begin := time.Now().Add(time.Duration(n)*time.Millisecond + 2*time.Second) // the starts take about half of that
	w := look(r.processes)
	late, err := r.timers(ctx, "spread", n, func(i int) time.Time { return begin.Add(span * time.Duration(i) / time.Duration(n)) })
	if err != nil {
		return nil, err
	}
	_, why := w.spent(n)
	burst := time.Now().Add(time.Duration(n)*time.Millisecond + 2*time.Second)
	at, err := r.timers(ctx, "burst", n, func(int) time.Time { return burst })
	if err != nil {
		return nil, err
	}
	drained := float64(n) / max((at[len(at)-1]-at[0]).Seconds(), 1e-3)
	detail := map[string]float64{"timers": float64(n), "fired early": float64(slices.IndexFunc(late, func(d time.Duration) bool { return d >= 0 }))}
	for _, share := range []float64{0.5, 0.95, 0.99, 1} {
		l := latencies{times: late}
		detail[fmt.Sprintf("lateness P%g ms", share*100)] = l.at(share)
	}
	tail := Goal{ID: 12, Name: "timers of a minute: P99 of the lateness", Value: latencies{times: late}.at(0.99), Unit: "ms", Target: "≤ 750", Detail: detail}
	drain := Goal{ID: 12, Name: "timers due at one moment: fired and committed", Value: drained, Unit: "a second", Target: "≥ 5000"}
	return []Goal{tail.judged(tail.Value <= latenessTarget, why), drain.judged(drain.Value >= drainTarget, why)}, nil
}

// timers starts n instances that wait until moments, waits for all, and returns how late each ended, in order. The time of
// a step is that at which its command began, before its commit.
func (r *rig) timers(ctx context.Context, kind string, n int, due func(i int) time.Time) ([]time.Duration, error) {
	if _, err := r.fill(ctx, "timer", n, func(i int) string {
		return fmt.Sprintf(`{"businessKey":"%s-%d","variables":{"due":%q}}`, kind, due(i).UnixMilli(), due(i).UTC().Format("2006-01-02T15:04:05.000Z"))
	}); err != nil {
		return nil, err
	}
	if time.Now().After(due(0)) {
		say("goal 12: the starts took too long: the first timers were due before the last instance was there")
	}
	time.Sleep(time.Until(due(n - 1)))
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		left, err := r.count(ctx, `SELECT COUNT(*) FROM {timer}`)
		if err != nil || time.Now().After(end) {
			return nil, fmt.Errorf("%d timers are left: %w", left, err)
		}
		if left == 0 {
			break
		}
	}
	return r.lateness(ctx, kind, n)
}

func (r *rig) lateness(ctx context.Context, kind string, n int) ([]time.Duration, error) {
	//nolint:gosec // the database's name is ours
	rows, err := r.servers.admin.QueryContext(ctx, `SELECT i.business_key, h.at FROM `+r.database+`.workflow_instance i JOIN `+r.database+`.workflow_history h
ON h.instance_id = i.id AND h.seq = 2 WHERE i.business_key LIKE ? AND i.state = ?`, kind+"-%", stateCompleted)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	late := make([]time.Duration, 0, n)
	for rows.Next() {
		var key string
		var at time.Time
		if err := rows.Scan(&key, &at); err != nil {
			return nil, err
		}
		due, err := strconv.ParseInt(key[len(kind)+1:], 10, 64)
		if err != nil {
			return nil, err
		}
		late = append(late, at.Sub(time.UnixMilli(due)))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(late) != n {
		return nil, fmt.Errorf("%d instances have ended, not %d", len(late), n)
	}
	slices.Sort(late)
	return late, nil
}
