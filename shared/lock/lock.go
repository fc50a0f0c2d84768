// Package lock serialises the commands of one instance by Redis, so that they do not collide at the
// fence. It spares work; it never decides: with Redis gone, or a holder that outlives its lease, the
// fence alone keeps the state right.
package lock

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"diom.io/workflow/shared/telemetry"
)

const (
	lease    = 10 * time.Second
	patience = 2 * time.Second
	timeout  = 250 * time.Millisecond
	pause    = time.Second // after a failure Redis is left alone for so long
)

// acquire takes the lock (KEYS[1]) for the token ARGV[1] or counts the caller among those who wait
// (KEYS[2]) and need a wake-up. It is for those who found the lock taken: the first try is a plain SET,
// which costs Redis half of a script.
var acquire = redis.NewScript(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 0`)

// release gives the lock up if it is still ours, and wakes one of those who wait (KEYS[3]).
var release = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
local waiting = tonumber(redis.call('GET', KEYS[2]) or '0')
if waiting > 0 then
  redis.call('DECR', KEYS[2])
  redis.call('LPUSH', KEYS[3], '1')
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
end
return 1`)

// Locker takes locks. A nil Locker, or one without Redis, takes none and never fails.
type Locker struct {
	redis     redis.UniversalClient
	downUntil atomic.Int64 // unix nanoseconds
	releasing sync.WaitGroup
	// Metrics are those of the process; where it is not set, ones that nobody reads.
	Metrics *telemetry.Metrics
}

// New returns a Locker on client, which may be nil.
func New(client redis.UniversalClient) *Locker {
	return &Locker{redis: client, Metrics: telemetry.Unread()}
}

// Acquire takes the lock of a key, waiting up to two seconds for whoever holds it. It always lets the
// caller go on: after the wait, or without Redis, with the fence alone. waited reports that somebody
// else held the lock meanwhile, so that what was read before is probably stale. The caller calls
// unlock once.
func (l *Locker) Acquire(ctx context.Context, key string) (unlock func(), waited bool) {
	if l == nil || l.redis == nil || time.Now().UnixNano() < l.downUntil.Load() {
		return func() {}, false
	}
	var random [12]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	token := hex.EncodeToString(random[:])
	keys := []string{"diom:lock:{" + key + "}", "diom:lock:{" + key + "}:waiting", "diom:lock:{" + key + "}:wake"}
	begin := time.Now()
	deadline := begin.Add(patience)
	defer func() { l.Metrics.LockWait.Observe(time.Since(begin).Seconds()) }()
	taken, err := l.first(ctx, keys, token)
	for err == nil && !taken && time.Now().Before(deadline) && ctx.Err() == nil {
		if waited { // counted among those who wait
			l.sleep(ctx, keys[2], time.Until(deadline))
		}
		waited = true
		taken, err = l.try(ctx, keys, token)
	}
	switch {
	case err != nil && ctx.Err() != nil: // the caller has gone; that says nothing of Redis
		return func() {}, waited
	case err != nil:
		l.downUntil.Store(time.Now().Add(pause).UnixNano())
		return func() {}, waited
	case !taken:
		return func() {}, true
	}
	held := time.Now()
	return func() {
		l.Metrics.LockHold.Observe(time.Since(held).Seconds())
		l.unlock(ctx, keys, token)
	}, waited
}

func (l *Locker) first(ctx context.Context, keys []string, token string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := l.redis.SetArgs(ctx, keys[0], token, redis.SetArgs{Mode: "NX", TTL: lease}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

func (l *Locker) try(ctx context.Context, keys []string, token string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	n, err := acquire.Run(ctx, l.redis, keys[:2], token, lease.Milliseconds()).Int()
	return n == 1, err
}

// sleep waits for a wake-up. BLPOP's resolution is a second on old servers, so the lock is looked at
// again at the latest when the holder's lease may have run out.
func (l *Locker) sleep(ctx context.Context, wake string, rest time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, rest+timeout)
	defer cancel()
	_ = l.redis.BLPop(ctx, rest, wake).Err() // a time-out and a failure both mean: look again
}

// unlock runs beside the answer: nobody waits for it but the next holder.
func (l *Locker) unlock(ctx context.Context, keys []string, token string) {
	l.releasing.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		n, err := release.Run(ctx, l.redis, keys, token, lease.Milliseconds()).Int() // the lease ends it otherwise
		if err == nil && n == 0 {
			l.Metrics.LockLost.Inc()
		}
	})
}

// Wait returns when every release under way has been sent; a process calls it before it ends.
func (l *Locker) Wait() {
	if l != nil {
		l.releasing.Wait()
	}
}
