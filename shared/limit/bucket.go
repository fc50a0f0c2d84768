package limit

import (
	"sync"
	"sync/atomic"
	"time"
)

// bucket is what a process knows of one key.
type bucket struct {
	tokens       atomic.Int64 // of the lease, not yet spent
	remaining    atomic.Int64 // what was left beside the lease when it was granted
	refusedUntil atomic.Int64 // Unix nanoseconds until which the shared count has nothing to give
	refilling    atomic.Bool  // a refill is under way
	asking       sync.Mutex   // one question to Redis at a time

	mu  sync.Mutex
	tat int64 // GCRA's theoretical arrival time, Unix nanoseconds, of what this process counts alone
}

// take spends one of the lease.
func (b *bucket) take() bool {
	for {
		n := b.tokens.Load()
		if n <= 0 {
			return false
		}
		if b.tokens.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// refusedFor returns how long it makes no sense to ask; 0 or less is now.
func (b *bucket) refusedFor(now time.Time) time.Duration {
	until := b.refusedUntil.Load()
	if until == 0 {
		return 0
	}
	return time.Duration(until - now.UnixNano())
}

// count is GCRA over nanoseconds: one request each interval, and as many at once as intervals fit
// into tolerance. It returns how long to wait, 0 for a request that is allowed, and how many more are.
func (b *bucket) count(now, interval, tolerance int64) (wait, room int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := max(b.tat, now) + interval
	if over := next - tolerance - now; over > 0 {
		return over, 0
	}
	b.tat = next
	return 0, (tolerance - (next - now)) / interval
}
