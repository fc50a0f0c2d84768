package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	mixedRate = 1000
	// mixedTurns is the length of goal 8 in turns: 60 s with TIME=3s.
	mixedTurns = 20
)

// mixture is the traffic of goal 8: 10 % start, 20 % complete, 60 % lists and details, 10 % history.
type mixture struct {
	rig   *rig
	mutex sync.Mutex
	open  []started // whose tasks wait
	seen  []string  // instances
	byOp  [4]stopwatch
}

var mixedNames = [4]string{"start", "complete", "lists and details", "history"}

// measureMixed is goal 8: an open loop of 1,000 requests a second over 500 connections.
func measureMixed(ctx context.Context, s *servers, o options) ([]Goal, error) {
	r, err := openRig(ctx, s, o, "mixed")
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.close() }() // the answer is known by then
	if err := r.dial(ctx, manyConns); err != nil {
		return nil, err
	}
	m := &mixture{rig: r}
	long := mixedTurns * o.time
	n := int(long.Seconds() * mixedRate / 5)
	say("goal 8: starting %d instances, then %d requests/s for %s", n, mixedRate, long)
	if m.open, err = r.fill(ctx, processKey, n, func(int) string { return startBody }); err != nil {
		return nil, err
	}
	for _, s := range m.open {
		m.seen = append(m.seen, s.Instance.ID)
	}
	w := look(r.processes)
	all := atRate(ctx, manyConns, mixedRate, long, m.request)
	cost, why := w.spent(len(all.times))
	detail := map[string]float64{}
	all.into(detail, "all")
	for i := range m.byOp {
		m.byOp[i].end(time.Now()).into(detail, mixedNames[i])
		delete(detail, mixedNames[i]+", a second")
	}
	for process, micros := range cost.PerOp {
		detail["CPU µs a request: "+process] = micros
	}
	detail["idle %"] = 100 * cost.Idle
	if all.first != nil {
		say("goal 8: the first failure: %v", all.first)
	}
	p95 := Goal{ID: 8, Name: "mixed load at 1,000 requests/s, P95", Value: all.at(0.95), Unit: "ms", Target: "< 100", Detail: detail}
	p99 := Goal{ID: 8, Name: "mixed load at 1,000 requests/s, P99", Value: all.at(0.99), Unit: "ms", Target: "< 300"}
	bad := Goal{ID: 8, Name: "mixed load, requests that failed or were refused", Value: float64(all.failed + all.refused), Unit: "requests", Target: "= 0"}
	return []Goal{p95.judged(p95.Value < 100, why), p99.judged(p99.Value < 300, why), bad.judged(bad.Value == 0, why)}, nil
}

// request is the ith of the mixture.
func (m *mixture) request(worker, i int) error {
	op := [10]int{0, 1, 1, 2, 2, 2, 2, 2, 2, 3}[i%10]
	begun := time.Now()
	err := [4]func(*caller, int) error{m.start, m.complete, m.look, m.history}[op](m.rig.callers[worker], i)
	m.byOp[op].note(time.Since(begun), err)
	return err
}

func (m *mixture) start(c *caller, _ int) error {
	s, err := c.start(processKey, startBody)
	if err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.open, m.seen = append(m.open, s), append(m.seen, s.Instance.ID)
	return nil
}

func (m *mixture) complete(c *caller, _ int) error {
	m.mutex.Lock()
	if len(m.open) == 0 {
		m.mutex.Unlock()
		return errors.New("no task is left")
	}
	s := m.open[0]
	m.open = m.open[1:]
	m.mutex.Unlock()
	_, err := c.post(completePath(s.Tasks[0].ID), approver, completeBody)
	return err
}

func (m *mixture) one(i int) string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.seen[i*7919%len(m.seen)]
}

func (m *mixture) look(c *caller, i int) error {
	path, username := inboxPath, approver
	switch i / 10 % 3 {
	case 1:
		path, username = "/api/v1/instances?limit=20", operator
	case 2:
		path, username = "/api/v1/instances/"+m.one(i), operator
	}
	_, err := c.get(path, username)
	return err
}

func (m *mixture) history(c *caller, i int) error {
	_, err := c.call(http.MethodGet, fmt.Sprintf("/api/v1/instances/%s/timeline", m.one(i)), operator, "")
	return err
}
