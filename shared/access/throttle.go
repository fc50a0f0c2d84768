package access

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/fault"
)

// ErrLoginDelayed: too many wrong passwords; RetryAfter says when the next one is looked at.
var ErrLoginDelayed = fault.New(fault.Busy, "login_delayed", "Too many wrong passwords. Wait before the next attempt.")

// The delays. Nothing is locked for good: who fails on purpose could lock out anybody.
const (
	freeFailures  = 3
	firstDelay    = time.Second
	longestDelay  = time.Minute
	failureWindow = 15 * time.Minute
	sprayWindow   = time.Minute
	sprayAddress  = 60  // failures a minute from one address
	sprayAll      = 600 // failures a minute in all
	knownLife     = 30 * 24 * time.Hour
)

// throttle slows down who guesses passwords: a delay that doubles for an account and address, and a
// limit of failures for an address and for all. The spraying limits spare an account that has logged
// in from the same address before, so that an attack does not shut everybody out. Counters are in
// Redis; while it is down, in the process.
type throttle struct {
	cache  *cache.Client
	memory *memory
	now    func() time.Time
}

// attempt names the counters of one attempt to log in.
type attempt struct {
	failures, blocked, known, address string
	who                               string // username and address, for those who look after accounts
}

const allFailures = "diom:login:all"

// attemptOf hashes what the caller typed: keys have one length and hold no names. Small and capital letters are one
// name: a directory takes them for one, and each spelling would have failures of its own.
func attemptOf(username, address string) attempt {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.ToUpper(username)) + "\x00" + address))
	pair := base64.RawURLEncoding.EncodeToString(sum[:18])
	sum = sha256.Sum256([]byte(address))
	return attempt{
		failures: "diom:login:failures:" + pair, blocked: "diom:login:blocked:" + pair, known: "diom:login:known:" + pair,
		address: "diom:login:address:" + base64.RawURLEncoding.EncodeToString(sum[:18]), who: username + "\x00" + address,
	}
}

// check returns ErrLoginDelayed with the time to wait, or nil.
func (t *throttle) check(ctx context.Context, a attempt) error {
	if left := t.left(ctx, a.blocked); left > 0 {
		return ErrLoginDelayed.After(left)
	}
	left := max(t.left(ctx, full(a.address)), t.left(ctx, full(allFailures)))
	if left > 0 && t.left(ctx, a.known) == 0 {
		return ErrLoginDelayed.After(left)
	}
	return nil
}

// full names the mark that a counter has reached its limit.
func full(counter string) string { return counter + ":full" }

// fail counts a wrong password and returns how many there were in a row.
func (t *throttle) fail(ctx context.Context, a attempt) int64 {
	n := t.increment(ctx, a.failures, failureWindow)
	if n > freeFailures {
		t.block(ctx, a.blocked, delay(n))
	}
	if t.increment(ctx, a.address, sprayWindow) >= sprayAddress {
		t.block(ctx, full(a.address), sprayWindow)
	}
	if t.increment(ctx, allFailures, sprayWindow) >= sprayAll {
		t.block(ctx, full(allFailures), sprayWindow)
	}
	return n
}

// delay is what follows the n-th failure.
func delay(n int64) time.Duration {
	return min(firstDelay<<min(n-freeFailures-1, 10), longestDelay)
}

// succeed forgets the failures and remembers the pair.
func (t *throttle) succeed(ctx context.Context, a attempt) {
	t.lift(ctx, a)
	t.memory.mark(a.known, knownLife, t.now())
	_ = t.cache.Set(ctx, a.known, []byte{'1'}, knownLife) // the process remembers too
}

// lift forgets the failures.
func (t *throttle) lift(ctx context.Context, a attempt) {
	t.memory.forget(a.failures, a.blocked)
	_ = t.cache.Delete(ctx, a.failures, a.blocked) // without Redis the process's count is what counts
}

func (t *throttle) left(ctx context.Context, key string) time.Duration {
	left, err := t.cache.Left(ctx, key)
	if err != nil {
		return t.memory.left(key, t.now())
	}
	return left
}

func (t *throttle) increment(ctx context.Context, key string, window time.Duration) int64 {
	here := t.memory.increment(key, window, t.now())
	n, err := t.cache.Increment(ctx, key, window)
	if err != nil {
		return here
	}
	return n
}

func (t *throttle) block(ctx context.Context, key string, life time.Duration) {
	t.memory.mark(key, life, t.now())
	_ = t.cache.Set(ctx, key, []byte{'1'}, life) // else the process's mark counts
}
