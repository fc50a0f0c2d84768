package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

const (
	tickBatch  = 100
	tickAtOnce = 8
	// maxReported bounds the failures of one batch that are told one by one.
	maxReported = 10
	// tickLease is for how long what one tick has claimed is left alone by the others, and so how late it
	// is when that tick is killed. tickPatience bounds the work on one timer or continuation, below it.
	tickLease    = 15 * time.Second
	tickPatience = 10 * time.Second
	// readyGrace leaves a continuation to its event first.
	readyGrace = 3 * time.Second

	pollEvery  = 500 * time.Millisecond
	lookEvery  = 5 * time.Second
	sweepEvery = time.Minute
	// tickRest is the longest rest of a part whose rounds fail.
	tickRest = 5 * time.Second

	purgeBatch      = 1000
	keepInbox       = 30 * 24 * time.Hour
	keepIdempotency = 24 * time.Hour
)

// Ticked counts what ticking has done: timers fired, continuations run, history rows whose events were
// sent, names whose parked messages were tried, parked messages given up, signals spread to
// the end, batches worked on, and rows purged.
type Ticked struct {
	Fired     int `json:"fired"`
	Continued int `json:"continued"`
	Sent      int `json:"sent"`
	Parked    int `json:"parked"`
	Expired   int `json:"expired"`
	Signals   int `json:"signals"`
	Batches   int `json:"batches"`
	Purged    int `json:"purged"`
	// Archived is how many instances were written to the archive.
	Archived int `json:"archived"`
	// Held is how many instances are older than they are kept and under a legal hold.
	Held int `json:"held"`
}

func (t *Ticked) add(o Ticked) {
	t.Fired += o.Fired
	t.Continued += o.Continued
	t.Sent += o.Sent
	t.Parked += o.Parked
	t.Expired += o.Expired
	t.Signals += o.Signals
	t.Batches += o.Batches
	t.Purged += o.Purged
	t.Archived += o.Archived
	t.Held = max(t.Held, o.Held)
}

// part is one of the things that ticking does. Each goes at its own pace, so that a slow sink does not
// make timers late. round does a bounded amount of work; more says that there is more of it.
type part struct {
	every time.Duration
	round func(context.Context) (done Ticked, more bool, err error)
}

// parts are the rounds that this process makes. While the product only reads, nothing begins: timers, jobs and batches
// wait; what was committed before is sent.
func (s *Service) parts() []part {
	waits := []part{
		{lookEvery, s.deliverAwaited}, {pollEvery, s.spreadSignals}, {pollEvery, s.runBatches}, {sweepEvery, s.expireParked}, {sweepEvery, s.purge}, {sweepEvery, s.purgeInstances},
		{sweepEvery, s.removeObjects}, {lookEvery, s.erase},
	}
	if !s.ByHand {
		waits = append(waits, part{pollEvery, s.fireTimers}, part{pollEvery, s.runContinuations})
	}
	for i, p := range waits {
		waits[i].round = func(ctx context.Context) (Ticked, bool, error) {
			if s.Settings.Now(ctx).Flag(setting.Maintenance) {
				return Ticked{}, false, nil
			}
			return p.round(ctx)
		}
	}
	parts := append(waits, part{sweepEvery, s.findStuck}, part{countEvery, s.countBacklog})
	if s.relay != nil {
		parts = append(parts, part{pollEvery, s.sendUnsent}, part{pollEvery, s.sendDeployed}, part{pollEvery, s.sendProgress})
	}
	return parts
}

// Tick does one round of everything that waits for time to pass or was left behind: timers that are
// due, continuations, parked and expired messages, unsent events, retention. Any number of processes
// may do it at the same time: what one has claimed the others leave alone, and what two do all the
// same has its effect once. What fails is tried again later and hinders nothing else; the error joins
// all failures.
func (s *Service) Tick(ctx context.Context) (Ticked, error) {
	parts := s.parts()
	done, failures := make([]Ticked, len(parts)), make([]error, len(parts))
	var group sync.WaitGroup
	for i, p := range parts {
		group.Go(func() { done[i], _, failures[i] = p.round(ctx) })
	}
	group.Wait()
	var all Ticked
	for _, d := range done {
		all.add(d)
	}
	return all, errors.Join(failures...)
}

// TickUntil goes on ticking, one round at least, until end or until ctx is done, which also stops what is
// under way. Each failure is reported.
func (s *Service) TickUntil(ctx context.Context, end time.Time, report func(error)) Ticked {
	var all Ticked
	var mutex sync.Mutex
	var group sync.WaitGroup
	for _, p := range s.parts() {
		group.Go(func() {
			failed := 0
			for first := true; ctx.Err() == nil && (first || time.Now().Before(end)); first = false {
				done, more, err := p.round(ctx)
				mutex.Lock()
				all.add(done)
				mutex.Unlock()
				switch {
				case err != nil && ctx.Err() == nil:
					failed++
					report(err)
				case err == nil:
					failed = 0
				}
				if !more {
					rest(ctx, min(p.rest(failed), time.Until(end)))
				}
			}
		})
	}
	group.Wait()
	return all
}

// rest is how long to wait after a round: longer each time after rounds that failed.
func (p part) rest(failed int) time.Duration {
	if failed == 0 || p.every >= tickRest {
		return p.every
	}
	return min(p.every<<min(failed, 8), tickRest)
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// fireTimers claims a batch of timers that are due and fires them. One that fails is tried again when
// its lease is over.
func (s *Service) fireTimers(ctx context.Context) (Ticked, bool, error) {
	timers, err := s.store.ClaimTimers(ctx, tickBatch, s.instant(), tickLease)
	if err != nil {
		return Ticked{}, false, err
	}
	more := len(timers) == tickBatch
	timers = slices.DeleteFunc(timers, func(t store.Timer) bool { return s.setbacks.hold(t.ID) })
	fired, err := each(ctx, timers, func(ctx context.Context, t store.Timer) error {
		return s.setbacks.note(ctx, t.ID, about("timer", t.ID, guarded(ctx, t, s.FireTimer)))
	})
	return Ticked{Fired: fired}, more, err
}

// runContinuations claims a batch of continuations and runs those that their events have left.
func (s *Service) runContinuations(ctx context.Context) (Ticked, bool, error) {
	now := instant()
	jobs, err := s.store.ClaimContinuations(ctx, tickBatch, now, tickLease)
	if err != nil {
		return Ticked{}, false, err
	}
	more := len(jobs) == tickBatch
	jobs = slices.DeleteFunc(jobs, func(j store.Job) bool {
		return now.Sub(j.CreatedAt) < readyGrace || s.setbacks.hold(j.ID)
	})
	run, err := each(ctx, jobs, func(ctx context.Context, j store.Job) error {
		err := guarded(ctx, j, func(ctx context.Context, j store.Job) error { return s.Advance(ctx, j.InstanceID, j.ID) })
		return s.setbacks.note(ctx, j.ID, about("continuation", j.ID, err))
	})
	return Ticked{Continued: run}, more, err
}

// deliverAwaited tries the parked messages that somebody waits for now.
func (s *Service) deliverAwaited(ctx context.Context) (Ticked, bool, error) {
	awaited, err := s.store.Awaited(ctx, 10*tickBatch)
	if err != nil {
		return Ticked{}, false, fmt.Errorf("parked messages: %w", err)
	}
	tried, err := each(ctx, awaited, func(ctx context.Context, q store.ParkedQuery) error {
		return about("parked message", q.Message, guarded(ctx, q, s.deliverGroup))
	})
	return Ticked{Parked: tried}, false, err
}

// expireParked gives up parked messages whose time is over: they become dead letters.
func (s *Service) expireParked(ctx context.Context) (Ticked, bool, error) {
	now := instant()
	parked, err := s.store.ExpireParked(ctx, now, tickBatch, func(p store.Parked) (store.DeadLetter, error) { return deadLetter(p, now) })
	return Ticked{Expired: len(parked)}, len(parked) == tickBatch, err
}

// deadLetter returns what is left of a parked message: the CloudEvent that it came with is not kept.
func deadLetter(p store.Parked, now time.Time) (store.DeadLetter, error) {
	content, err := json.Marshal(map[string]any{
		"message": p.Message, "businessKey": p.BusinessKey, "correlationKeys": p.Keys, "variables": p.Variables, "receivedAt": p.ReceivedAt,
	})
	return store.DeadLetter{
		ID: newID(), Direction: store.In, Source: p.Source, EventID: p.EventID, Content: content, CreatedAt: now,
		Reason: fmt.Sprintf("Nobody has waited for the message %q until %s.", p.Message, p.ExpiresAt.Format(time.RFC3339)),
	}, err
}

// sendUnsent sends events that other processes left behind, until there are none.
func (s *Service) sendUnsent(ctx context.Context) (Ticked, bool, error) {
	done := Ticked{}
	for {
		sent, err := s.relay.Round(ctx)
		done.Sent += sent
		if err != nil {
			return done, false, fmt.Errorf("unsent events: %w", err)
		}
		if sent == 0 {
			return done, false, nil
		}
	}
}

// purge removes what is older than its time.
func (s *Service) purge(ctx context.Context) (Ticked, bool, error) {
	now, done, more := instant(), Ticked{}, false
	set := s.Settings.Now(ctx)
	kept := func(key string) time.Time { return now.Add(-set.Duration(key)) }
	var failures []error
	for _, p := range []struct {
		what   string
		before time.Time
		purge  func(context.Context, time.Time, int) (int, error)
	}{
		{"inbox", now.Add(-keepInbox), s.store.PurgeInbox},
		{"idempotency keys", now.Add(-keepIdempotency), s.store.PurgeIdempotency},
		{"sessions", now, s.store.PurgeSessions},
		{"task links", now, s.store.PurgeTaskLinks},
		{"evaluations", kept(setting.EvaluationKeep), s.store.PurgeEvaluations},
		{"deliveries", kept(setting.DeliveryKeep), s.store.PurgeDeliveries},
		{"notifications", kept(setting.NotificationKeep), s.store.PurgeNotifications},
		{"dead letters", kept(setting.DeadLetterKeep), s.store.PurgeDeadLetters},
		{"batches", kept(setting.BatchKeep), s.store.PurgeBatches},
		{"files", kept(setting.FileKeep), s.store.PurgeFiles},
		{"drafts", kept(setting.DraftKeep), s.store.PurgeDrafts},
	} {
		n, err := p.purge(ctx, p.before, purgeBatch)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", p.what, err))
		}
		done.Purged += n
		more = more || n == purgeBatch
	}
	return done, more, errors.Join(failures...)
}

// each does something with every item, some at a time. It returns how many succeeded and the failures.
func each[T any](ctx context.Context, items []T, do func(context.Context, T) error) (int, error) {
	failures := make([]error, len(items))
	slots := make(chan struct{}, tickAtOnce)
	var group sync.WaitGroup
	for i, item := range items {
		slots <- struct{}{}
		group.Go(func() {
			failures[i] = do(ctx, item)
			<-slots
		})
	}
	group.Wait()
	failures = slices.DeleteFunc(failures, func(err error) bool { return err == nil })
	done := len(items) - len(failures)
	if n := len(failures); n > maxReported {
		failures = append(failures[:maxReported:maxReported], fmt.Errorf("and %d more", n-maxReported))
	}
	return done, errors.Join(failures...)
}

// guarded gives one item its bound of time, and makes a panic a failure of this item alone.
func guarded[T any](ctx context.Context, item T, do func(context.Context, T) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, tickPatience)
	defer cancel()
	return do(ctx, item)
}

func about(what string, which any, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %v: %w", what, which, err)
}
