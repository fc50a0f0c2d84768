package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// latencies are the times of operations, in order, and what else became of operations.
type latencies struct {
	times   []time.Duration
	refused int // 429: told to come back later
	failed  int
	first   error // of those that failed
	took    time.Duration
}

// at is the time below which a share of the operations stayed, in milliseconds.
func (l latencies) at(share float64) float64 {
	if len(l.times) == 0 {
		return 0
	}
	i := min(int(share*float64(len(l.times))), len(l.times)-1)
	return float64(l.times[i].Microseconds()) / 1000
}

func (l latencies) perSecond() float64 { return float64(len(l.times)) / max(l.took.Seconds(), 1e-9) }

// into adds the usual figures to a detail.
func (l latencies) into(detail map[string]float64, name string) {
	detail[name+", a second"] = l.perSecond()
	for _, share := range []float64{0.5, 0.95, 0.99, 0.999} {
		detail[fmt.Sprintf("%s, P%g ms", name, share*100)] = l.at(share)
	}
	detail[name+", refused"], detail[name+", failed"] = float64(l.refused), float64(l.failed)
}

// stopwatch collects the times of many workers.
type stopwatch struct {
	mutex sync.Mutex
	latencies
}

// note takes the outcome of one operation.
func (s *stopwatch) note(d time.Duration, err error) {
	var answered *statusError
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case err == nil:
		s.times = append(s.times, d)
	case errors.As(err, &answered) && answered.status == http.StatusTooManyRequests:
		s.refused++
	default:
		s.failed++
		if s.first == nil {
			s.first = err
		}
	}
}

func (s *stopwatch) end(began time.Time) latencies {
	s.took = time.Since(began)
	slices.Sort(s.times)
	return s.latencies
}

// atRate does an operation at a rate for a while, whether or not the last ones have been answered (an open loop):
// each has its time, and takes as long as from that time to its answer, which includes the wait for one of the workers.
func atRate(ctx context.Context, workers int, perSecond float64, d time.Duration, operation func(worker, i int) error) latencies {
	var watch stopwatch
	var next atomic.Int64
	n, gap := int64(perSecond*d.Seconds()), time.Duration(float64(time.Second)/perSecond)
	began := time.Now()
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for i := next.Add(1) - 1; i < n && ctx.Err() == nil; i = next.Add(1) - 1 {
				due := began.Add(time.Duration(i) * gap)
				time.Sleep(time.Until(due))
				err := operation(worker, int(i))
				watch.note(time.Since(due), err)
			}
		})
	}
	group.Wait()
	return watch.end(began)
}

// atOnce does operations one after the other with each worker for a while (a closed loop).
func atOnce(ctx context.Context, workers int, d time.Duration, operation func(worker int) error) latencies {
	var watch stopwatch
	began := time.Now()
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for begun := time.Now(); begun.Sub(began) < d && ctx.Err() == nil; begun = time.Now() {
				err := operation(worker)
				watch.note(time.Since(begun), err)
			}
		})
	}
	group.Wait()
	return watch.end(began)
}

// statusError is an answer that is none of success.
type statusError struct {
	path   string
	status int
	body   []byte
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s: status %d: %s", e.path, e.status, e.body)
}
