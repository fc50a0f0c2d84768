package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

const (
	eventRate      = 500
	deliveryTarget = 250 // ms
)

// consumer is whom the product sends its events to. It remembers how long each has taken from the time of its step, which
// is before the commit.
type consumer struct {
	mutex sync.Mutex
	times []time.Duration
}

func (c *consumer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if at, err := time.Parse(time.RFC3339Nano, r.Header.Get("Ce-Time")); err == nil {
		c.mutex.Lock()
		c.times = append(c.times, now.Sub(at))
		c.mutex.Unlock()
	}
	w.WriteHeader(http.StatusAccepted)
}

// measureDelivery is goal 14: 500 events a second, from the step to the consumer.
func measureDelivery(ctx context.Context, s *servers, o options) ([]Goal, error) {
	var c consumer
	sink := httptest.NewServer(&c)
	defer sink.Close()
	r, err := openRig(ctx, s, o, "delivery", "K_SINK="+sink.URL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.close() }() // the answer is known by then
	each, err := c.each(ctx, r)
	if err != nil {
		return nil, err
	}
	w := look(r.processes)
	say("goal 14: %d events/s for %s, %d of an instance", eventRate, 5*o.time, each)
	done := atRate(ctx, o.connections, float64(eventRate)/float64(each), 5*o.time, func(worker, _ int) error { return r.instance(worker) })
	if done.failed > 0 {
		return nil, done.first
	}
	sent := each * len(done.times)
	if err := c.wait(sent); err != nil {
		return nil, err
	}
	cost, why := w.spent(sent)
	var watch stopwatch
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, d := range c.times {
		watch.note(d, nil)
	}
	l := watch.end(time.Now().Add(-5 * o.time))
	detail := map[string]float64{"events": float64(len(c.times)), "repeated": float64(len(c.times) - sent), "CPU µs an event: product": cost.PerOp["product"]}
	l.into(detail, "delivery")
	g := Goal{ID: 14, Name: "step → consumer at 500 events/s, P99", Value: l.at(0.99), Unit: "ms", Target: "≤ 250", Detail: detail}
	return []Goal{g.judged(g.Value <= deliveryTarget, why)}, nil
}

// each is how many events a whole instance sends.
func (c *consumer) each(ctx context.Context, r *rig) (int, error) {
	const n = 10
	if err := r.drained(ctx); err != nil { // the deployment is told, too
		return 0, err
	}
	c.forget()
	if _, err := closedLoop(ctx, 1, n, func(worker int) error { return r.instance(worker) }); err != nil {
		return 0, err
	}
	err := r.drained(ctx)
	return c.forget() / n, err
}

// drained waits until every event is sent.
func (r *rig) drained(ctx context.Context) error {
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		left, err := r.count(ctx, `SELECT (SELECT COUNT(*) FROM {history} WHERE unsent = 1) + (SELECT COUNT(*) FROM {definition} WHERE unsent = 1)`)
		if err != nil || left == 0 {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("the events of %d steps are unsent", left)
		}
	}
}

// forget returns how many events have come, and forgets them.
func (c *consumer) forget() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	n := len(c.times)
	c.times = nil
	return n
}

// wait waits until the consumer has so many events.
func (c *consumer) wait(n int) error {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		c.mutex.Lock()
		got := len(c.times)
		c.mutex.Unlock()
		if got >= n {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d of %d events have arrived", got, n)
		}
	}
}
