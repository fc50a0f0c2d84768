// Package limit bounds how often something happens, for one key in all replicas together, and stops
// calling what does not answer.
//
// A Limiter does not ask Redis for each request. It takes a lease of some requests from the shared
// count (GCRA, one script), spends it in the process without a lock, and asks for the next one in
// the background when half is spent. So a request costs a map look-up and a decrement, well below a
// microsecond, and what all replicas admit together exceeds the rate by at most one lease each, two
// hundredths of the burst. A slow rate, such as that of log-ins, has leases of one and is exact: each
// request asks. While Redis is down every process counts for itself, by the rate ÷ replicas.
package limit

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/maypok86/otter/v2"
	"github.com/redis/go-redis/v9"
)

const (
	// keys bounds the memory of a Limiter; those that are seen least are forgotten first.
	keys = 50_000
	// patience is what a question to Redis may take. Its client gives up earlier.
	patience = 500 * time.Millisecond
	// retry is how long a process counts for itself before it asks Redis again.
	retry = time.Second
)

// Decision is what a Limiter says of one request.
type Decision struct {
	Allowed bool
	// Limit is the burst, 0 where nothing is limited; Remaining is about what is left of it.
	Limit, Remaining int
	// RetryAfter is how long to wait when the request is refused.
	RetryAfter time.Duration
	// Reset is about how long it takes until the whole burst is there again.
	Reset time.Duration
}

// Limiter applies one Rate to many keys. It is safe for concurrent use and has nothing to close.
type Limiter struct {
	name     string
	rate     Rate
	lease    int64
	replicas int64
	shared   *redis_rate.Limiter
	buckets  *otter.Cache[string, *bucket]
	down     atomic.Bool
	probe    atomic.Int64 // Unix nanoseconds; while Redis is down, when to ask again
	now      func() time.Time
}

// New returns a Limiter whose keys are shared, under name, by all processes that use the same Redis.
// replicas is how many processes there are, for the time in which each is alone.
func New(client redis.UniversalClient, name string, rate Rate, replicas int) (*Limiter, error) {
	l := &Limiter{name: name, rate: rate, replicas: int64(max(replicas, 1)), shared: redis_rate.NewLimiter(client), now: time.Now}
	if rate.off() {
		return l, nil
	}
	l.lease = lease(rate)
	var err error
	if l.buckets, err = otter.New(&otter.Options[string, *bucket]{MaximumSize: keys}); err != nil {
		return nil, fmt.Errorf("limit %s: %w", name, err)
	}
	return l, nil
}

// Rate returns the rate that the Limiter applies.
func (l *Limiter) Rate() Rate { return l.rate }

// Name returns the name under which the keys are shared.
func (l *Limiter) Name() string { return l.name }

// lease is a tenth of a second's worth of the rate, at most a fiftieth of the burst, at least one.
func lease(rate Rate) int64 {
	tenth := int64(100*time.Millisecond) * int64(rate.Count) / int64(rate.Per)
	return max(1, min(tenth, int64(rate.Burst/50)))
}

// Allow counts one request of key and says whether it may go on. It waits for Redis, for half a
// second at most, only where key has no lease left and its next one is not there yet.
func (l *Limiter) Allow(ctx context.Context, key string) Decision {
	if l.rate.off() {
		return Decision{Allowed: true}
	}
	b := l.bucket(key)
	if !b.take() {
		return l.empty(ctx, b, key)
	}
	if b.tokens.Load() <= l.lease/2 && !l.down.Load() && b.refusedFor(l.now()) <= 0 && b.refilling.CompareAndSwap(false, true) {
		go l.refill(context.WithoutCancel(ctx), b, key)
	}
	return l.allowed(b)
}

func (l *Limiter) bucket(key string) *bucket {
	if b, ok := l.buckets.GetIfPresent(key); ok {
		return b
	}
	fresh := &bucket{}
	fresh.remaining.Store(int64(l.rate.Burst))
	if l.lease > 1 { // a credit: the first request need not wait
		fresh.tokens.Store(l.lease)
		fresh.remaining.Add(-l.lease)
	}
	b, _ := l.buckets.SetIfAbsent(key, fresh)
	return b
}

// empty decides where the lease is spent.
func (l *Limiter) empty(ctx context.Context, b *bucket, key string) Decision {
	now := l.now()
	if wait := b.refusedFor(now); wait > 0 {
		return l.refused(wait)
	}
	if l.down.Load() {
		at := l.probe.Load()
		if now.UnixNano() >= at && l.probe.CompareAndSwap(at, now.Add(retry).UnixNano()) && b.refilling.CompareAndSwap(false, true) {
			go l.refill(context.WithoutCancel(ctx), b, key)
		}
		return l.alone(b, now)
	}
	b.asking.Lock()
	if b.take() { // another request has asked meanwhile
		b.asking.Unlock()
		return l.allowed(b)
	}
	if wait := b.refusedFor(l.now()); wait > 0 {
		b.asking.Unlock()
		return l.refused(wait)
	}
	granted, err := l.ask(ctx, b, key)
	b.asking.Unlock()
	switch {
	case err != nil:
		return l.alone(b, l.now())
	case granted == 0:
		return l.refused(max(b.refusedFor(l.now()), time.Millisecond))
	}
	b.tokens.Add(granted - 1)
	return l.allowed(b)
}

// refill asks for the next lease behind the back of the requests.
func (l *Limiter) refill(ctx context.Context, b *bucket, key string) {
	defer b.refilling.Store(false)
	b.asking.Lock()
	defer b.asking.Unlock()
	if granted, err := l.ask(ctx, b, key); err == nil {
		b.tokens.Add(granted)
	}
}

// ask takes a lease from the shared count; the caller holds b.asking. An error says that Redis did
// not answer.
func (l *Limiter) ask(ctx context.Context, b *bucket, key string) (int64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience) // a caller that goes away says nothing about Redis
	defer cancel()
	limit := redis_rate.Limit{Rate: l.rate.Count, Burst: l.rate.Burst, Period: l.rate.Per}
	answer, err := l.shared.AllowAtMost(ctx, "diom:"+l.name+":"+key, limit, int(l.lease))
	now := l.now()
	if err != nil {
		l.probe.Store(now.Add(retry).UnixNano())
		l.down.Store(true)
		return 0, fmt.Errorf("limit %s: %w", l.name, err)
	}
	l.down.Store(false)
	b.remaining.Store(int64(answer.Remaining))
	if answer.Allowed <= 0 {
		// Half a lease must be there before it is worth asking again.
		wait := max(answer.RetryAfter, time.Duration(l.lease/2)*l.rate.interval())
		b.refusedUntil.Store(now.Add(wait).UnixNano())
		return 0, nil
	}
	return int64(answer.Allowed), nil
}

// alone decides without Redis, by the rate ÷ replicas.
func (l *Limiter) alone(b *bucket, now time.Time) Decision {
	interval := l.rate.interval() * time.Duration(l.replicas)
	tolerance := max(l.rate.interval()*time.Duration(l.rate.Burst), interval)
	wait, room := b.count(now.UnixNano(), int64(interval), int64(tolerance))
	if wait > 0 {
		return l.refused(time.Duration(wait))
	}
	b.remaining.Store(room)
	return l.allowed(b)
}

func (l *Limiter) allowed(b *bucket) Decision {
	remaining := int(min(b.remaining.Load()+b.tokens.Load(), int64(l.rate.Burst)))
	return Decision{Allowed: true, Limit: l.rate.Burst, Remaining: remaining, Reset: l.reset(remaining)}
}

func (l *Limiter) refused(wait time.Duration) Decision {
	return Decision{Limit: l.rate.Burst, RetryAfter: wait, Reset: l.reset(0)}
}

func (l *Limiter) reset(remaining int) time.Duration {
	return l.rate.interval() * time.Duration(max(l.rate.Burst-remaining, 0))
}
