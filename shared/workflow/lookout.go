package workflow

import (
	"context"
	"sync"
	"time"

	"diom.io/workflow/shared/engine"
)

const (
	lookFirst = 200 * time.Millisecond
	lookLast  = time.Second
)

// lookout paces the workers of this process that wait for jobs, so that many idle ones cost the
// database as much as one: of those who wait for a topic one looks at a time, at growing intervals. A
// step of this process that creates a job lets one look at once; what other processes create, or what
// becomes due, the next look finds. The zero value is ready.
type lookout struct {
	mutex  sync.Mutex
	turns  uint64
	topics map[string]*watch
}

// watch is a topic that somebody waits for.
type watch struct {
	waiters map[*waiter]bool
	next    time.Time // when one may look again
	pause   time.Duration
}

// waiter is a worker that waits; wake holds one signal.
type waiter struct {
	topics []string
	turn   uint64
	wake   chan struct{}
}

// join registers a worker before its first look, so that it misses no signal after it.
func (l *lookout) join(topics []string) *waiter {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.topics == nil {
		l.topics = map[string]*watch{}
	}
	l.turns++
	w := &waiter{topics: topics, turn: l.turns, wake: make(chan struct{}, 1)}
	for _, name := range topics {
		if l.topics[name] == nil {
			l.topics[name] = &watch{waiters: map[*waiter]bool{}, pause: lookFirst, next: time.Now().Add(lookFirst)}
		}
		l.topics[name].waiters[w] = true
	}
	return w
}

// awaited reports whether a worker waits for a topic.
func (l *lookout) awaited(topic string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.topics[topic] != nil
}

// leave ends the wait of a worker. A signal that it has not followed goes to another.
func (l *lookout) leave(w *waiter) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, name := range w.topics {
		delete(l.topics[name].waiters, w)
		if len(l.topics[name].waiters) == 0 {
			delete(l.topics, name)
		}
	}
	select {
	case <-w.wake:
		for _, name := range w.topics {
			l.signal(name)
		}
	default:
	}
}

// ring lets one of those who wait for a topic look at once.
func (l *lookout) ring(topic string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.signal(topic)
}

func (l *lookout) signal(topic string) {
	watch := l.topics[topic]
	if watch == nil {
		return
	}
	watch.next, watch.pause = time.Time{}, lookFirst
	for w := range watch.waiters {
		select {
		case w.wake <- struct{}{}:
			return
		default: // it has a signal already; another one takes this
		}
	}
}

// announce rings for the jobs that a step has made free to be fetched.
func (l *lookout) announce(after *engine.Instance, changes []engine.Change) {
	for i := range changes {
		switch c := &changes[i]; c.Kind {
		case engine.JobCreated:
			l.free(after, c.Job.ID)
		case engine.JobFailed, engine.JobRetried:
			l.free(after, c.JobID)
		case engine.InstanceResumed:
			for _, j := range after.Jobs {
				l.free(after, j.ID)
			}
		}
	}
}

func (l *lookout) free(after *engine.Instance, id engine.ID) {
	if j := after.Job(id); j != nil && j.Kind == engine.ExternalJob && j.Retries > 0 && j.DueAt.IsZero() {
		l.ring(j.Topic)
	}
}

// wait returns the topics that it is the worker's turn to look at, or none when end has come or ctx is
// done.
func (l *lookout) wait(ctx context.Context, w *waiter, end time.Time) []string {
	for {
		now := time.Now()
		if ctx.Err() != nil || !now.Before(end) {
			return nil
		}
		due, next := l.due(w, now)
		if len(due) > 0 {
			return due
		}
		if next.After(end) {
			next = end
		}
		timer := time.NewTimer(next.Sub(now))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-w.wake:
		}
		timer.Stop()
	}
}

// due takes the topics that may be looked at; next is when the first of the others may be.
func (l *lookout) due(w *waiter, now time.Time) (due []string, next time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, name := range w.topics {
		watch := l.topics[name]
		if watch.next.After(now) {
			if next.IsZero() || watch.next.Before(next) {
				next = watch.next
			}
			continue
		}
		due = append(due, name)
		watch.next = now.Add(watch.pause)
		watch.pause = min(watch.pause*3/2, lookLast)
	}
	return due, next
}
