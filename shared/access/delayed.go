package access

import (
	"context"
	"strings"
	"time"

	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

const (
	delayedKey = "diom:login:delayed"
	// mostDelayed bounds how many delayed accounts are kept: those whose failures were the last.
	mostDelayed = 1000
)

// DelayedAccount is an account whose log-ins from one address wait, after wrong passwords.
type DelayedAccount struct {
	Username string `json:"username"`
	Address  string `json:"address"`
	// LastFailureAt is when the last wrong password came.
	LastFailureAt time.Time `json:"lastFailureAt"`
	// RetryAfterSeconds is how long the next attempt still waits; 0: it is looked at, and one more wrong one makes the
	// delay longer.
	RetryAfterSeconds int `json:"retryAfterSeconds"`
}

// DelayedAccounts are the accounts that are delayed, the last first. There are no pages: it is bounded.
type DelayedAccounts struct {
	Items []DelayedAccount `json:"items"`
}

// failed counts a wrong password, and keeps the account where it is one and begins to be delayed. A trail of each
// failure would let anybody fill the database: one row says that a delay has begun.
func (s *Service) failed(ctx context.Context, a attempt, user engine.ID) {
	n := s.throttle.fail(ctx, a)
	if n <= freeFailures || user.IsZero() {
		return
	}
	// Behind the caller's back: the answer for an account that there is must not take longer than for another.
	ctx = context.WithoutCancel(ctx)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		s.tellDelay(ctx, a, user, n)
	}()
}

func (s *Service) tellDelay(ctx context.Context, a attempt, user engine.ID, failures int64) {
	now := s.instant()
	_ = s.cache.Keep(ctx, cache.Recent{Key: delayedKey, Life: failureWindow, Most: mostDelayed}, a.who, now) // without Redis nobody is told, and the delay is there all the same
	if failures > freeFailures+1 {
		return
	}
	username, address, _ := strings.Cut(a.who, "\x00")
	ctx = store.WithActor(ctx, store.Actor{Name: username, Address: address})
	_ = s.store.AddRefusal(ctx, store.Audit{ // the delay is there, whatever becomes of the row
		Action: "login.delay", ObjectType: "user", ObjectID: user.String(), ObjectName: username, Detail: "wrong passwords in a row",
	})
}

// DelayedAccounts lists the accounts that are delayed. Without Redis there are none to be told.
func (s *Service) DelayedAccounts(ctx context.Context) (DelayedAccounts, error) {
	out := DelayedAccounts{Items: []DelayedAccount{}}
	kept, err := s.cache.Kept(ctx, delayedKey, s.instant().Add(-failureWindow))
	if err != nil {
		return out, nil //nolint:nilerr // what is in Redis alone is not there without it
	}
	for _, k := range kept {
		username, address, _ := strings.Cut(k.Member, "\x00")
		if s.throttle.left(ctx, attemptOf(username, address).failures) == 0 {
			continue // the right password came, or another administrator was faster
		}
		left := s.throttle.left(ctx, attemptOf(username, address).blocked)
		out.Items = append(out.Items, DelayedAccount{Username: username, Address: address, LastFailureAt: k.At, RetryAfterSeconds: int((left + time.Second - 1) / time.Second)})
	}
	return out, nil
}

// Unlock lifts the delays of an account, wherever the wrong passwords came from. Errors: store.ErrNoUser,
// ErrNotGranted.
func (s *Service) Unlock(ctx context.Context, p Principal, id engine.ID) error {
	u, err := s.store.UserByID(ctx, id)
	if err != nil {
		return err
	}
	if err := s.mayGrant(ctx, p, u.Roles); err != nil {
		return err
	}
	kept, err := s.cache.Kept(ctx, delayedKey, time.Time{})
	for _, k := range kept {
		if username, address, _ := strings.Cut(k.Member, "\x00"); username == u.Username {
			s.throttle.lift(ctx, attemptOf(username, address))
			_ = s.cache.Drop(ctx, delayedKey, k.Member) // it ends by itself
		}
	}
	_ = err // without Redis there is nothing that could be lifted for all
	return s.store.AddChange(ctx, "user.unlock", id)
}
