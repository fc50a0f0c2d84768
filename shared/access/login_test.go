package access

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

func TestLoginDoesTheSameWorkForEverybody(t *testing.T) {
	t.Parallel()
	s := company(t)
	disable(t, s, "sunqi")
	for name, c := range map[string]struct {
		username, password string
		hashes             int64
	}{
		"wrong password":     {"lina", "wrong-wrong", 1},
		"unknown user":       {"nobody", "wrong-wrong", 1},
		"disabled user":      {"sunqi", DemoPassword, 1},
		"impossible name":    {"lina ", DemoPassword, 1}, // MySQL would find lina
		"other case":         {"Lina", DemoPassword, 1},
		"too long":           {"lina", strings.Repeat("x", 73), 0},
		"too long, unknown":  {"nobody", strings.Repeat("x", 73), 0},
		"statement":          {"' OR 1=1 -- ", "wrong-wrong", 1},
		"name of a megabyte": {strings.Repeat("n", 1<<20), "wrong-wrong", 1},
	} {
		before := s.hasher.hashes.Load()
		_, err := s.Login(t.Context(), c.username, c.password, "192.0.2."+name)
		wantError(t, err, ErrBadCredentials)
		if f := fault.From(err); f == nil || f.Message != ErrBadCredentials.Message || len(f.Details) > 0 {
			t.Errorf("%s: the answer tells more: %v", name, err)
		}
		if n := s.hasher.hashes.Load() - before; n != c.hashes {
			t.Errorf("%s: %d hashes, want %d", name, n, c.hashes)
		}
	}
	for _, pair := range [][2]string{{"", "x"}, {"x", ""}} {
		_, err := s.Login(t.Context(), pair[0], pair[1], "192.0.2.1")
		wantError(t, err, ErrInvalid)
	}
}

func disable(t *testing.T, s *Service, username string) {
	t.Helper()
	u, err := s.store.UserByName(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	u.Enabled = false
	if err := s.store.UpdateUser(t.Context(), u, store.UserEffect{EndSessions: true}); err != nil {
		t.Fatal(err)
	}
}

// The dummy must be a hash that bcrypt really computes: a malformed one would be refused at once.
func TestDummyHashCostsAsMuch(t *testing.T) {
	t.Parallel()
	for _, cost := range []int{4, 10} {
		h := newHasher(cost)
		if err := bcrypt.CompareHashAndPassword(h.dummy(), []byte("any")); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			t.Errorf("cost %d: %v", cost, err)
		}
		if c, err := bcrypt.Cost(h.dummy()); err != nil || c != cost {
			t.Errorf("cost %d, %v", c, err)
		}
	}
}

func TestOldHashesAreUpgraded(t *testing.T) {
	t.Parallel()
	s := company(t)
	s.hasher = newHasher(5)
	login(t, s, "lina")
	c, err := s.store.Credentials(t.Context(), "lina")
	if err != nil {
		t.Fatal(err)
	}
	if cost, err := bcrypt.Cost([]byte(c.Password)); err != nil || cost != 5 {
		t.Errorf("cost %d, %v", cost, err)
	}
	before := s.hasher.hashes.Load()
	token := login(t, s, "lina").AccessToken
	if n := s.hasher.hashes.Load() - before; n != 1 {
		t.Errorf("%d hashes at the next log-in", n)
	}
	if _, err := s.Authenticate(t.Context(), token); err != nil {
		t.Error(err)
	}
}

func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	h := newHasher(4)
	var running, most, refused atomic.Int64
	release := make(chan struct{})
	var group sync.WaitGroup
	for range cap(h.queue) + 7 {
		group.Go(func() {
			err := h.inSlot(context.Background(), func() error {
				most.Store(max(most.Load(), running.Add(1)))
				<-release
				running.Add(-1)
				return nil
			})
			if errors.Is(err, ErrHashingBusy) && fault.From(err).RetryAfter > 0 {
				refused.Add(1)
			}
		})
	}
	for refused.Load() < 7 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.inSlot(ctx, func() error { return nil }); !errors.Is(err, ErrHashingBusy) {
		t.Error(err)
	}
	close(release)
	group.Wait()
	if most.Load() > int64(cap(h.slots)) || refused.Load() != 7 {
		t.Errorf("%d at once, %d refused", most.Load(), refused.Load())
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	c, err := cache.Open("")
	if err != nil {
		t.Fatal(err)
	}
	now := &clock{at: time.Unix(1_700_000_000, 0)}
	th := &throttle{cache: c, memory: newMemory(1000), now: now.now}
	ctx := t.Context()
	wait := func(a attempt) time.Duration {
		if f := fault.From(th.check(ctx, a)); f != nil {
			return f.RetryAfter
		}
		return 0
	}
	a := attemptOf("lina", "192.0.2.1")
	for n, want := range []time.Duration{0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60} {
		th.fail(ctx, a)
		if got := wait(a); got != want*time.Second {
			t.Errorf("after %d failures: %s, want %d s", n+1, got, want)
		}
		now.add(want * time.Second)
		if got := wait(a); got != 0 {
			t.Errorf("the delay after %d failures does not end: %s", n+1, got)
		}
		if got := wait(attemptOf("lina", "192.0.2.2")); got != 0 {
			t.Errorf("another address is delayed: %s", got)
		}
	}
	now.add(failureWindow)
	if th.fail(ctx, a); wait(a) != 0 {
		t.Error("failures are never forgotten")
	}

	known, fresh := attemptOf("lina", "198.51.100.1"), attemptOf("wangfang", "198.51.100.1")
	th.succeed(ctx, known)
	for i := range sprayAddress {
		th.fail(ctx, attemptOf(strings.Repeat("u", i+1), "198.51.100.1"))
	}
	if wait(fresh) == 0 || wait(known) != 0 {
		t.Errorf("spraying: a new account waits %s, a known one %s", wait(fresh), wait(known))
	}
	now.add(sprayWindow)
	if wait(fresh) != 0 {
		t.Error("the spraying limit does not end")
	}
	for i := range sprayAll {
		th.fail(ctx, attemptOf("u", strings.Repeat("9", i%500+1)))
	}
	if wait(attemptOf("chenjing", "203.0.113.7")) == 0 {
		t.Error("spraying from everywhere has no limit")
	}
}

func TestThrottleIsSharedByReplicas(t *testing.T) {
	t.Parallel()
	s := company(t)
	other := open(t, s.cfg, s.store, "")
	other.cache, other.throttle = s.cache, &throttle{cache: s.cache, memory: newMemory(10), now: time.Now}
	for i := range freeFailures + 1 {
		_, err := []*Service{s, other}[i%2].Login(t.Context(), "lina", "wrong-wrong", "192.0.2.1")
		wantError(t, err, ErrBadCredentials)
	}
	before := other.hasher.hashes.Load()
	_, err := other.Login(t.Context(), "lina", DemoPassword, "192.0.2.1")
	wantError(t, err, ErrLoginDelayed)
	if other.hasher.hashes.Load() != before {
		t.Error("a refused attempt was hashed")
	}
	if _, err := other.Login(t.Context(), "lina", DemoPassword, "192.0.2.2"); err != nil {
		t.Errorf("from another address: %v", err)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	s := company(t)
	c := &clock{at: time.Now()}
	s.now = c.now
	ctx := t.Context()
	first := login(t, s, "lina")
	if len(first.Refresh) != 43 || first.RefreshLife != s.cfg.RefreshTokenLife {
		t.Errorf("%d characters, %s", len(first.Refresh), first.RefreshLife)
	}
	second, err := s.Refresh(ctx, first.Refresh)
	if err != nil || second.Refresh == first.Refresh || second.User.Username != "lina" {
		t.Fatalf("%+v, %v", second, err)
	}
	c.add(refreshGrace / 2) // two tabs
	tab, err := s.Refresh(ctx, first.Refresh)
	if err != nil {
		t.Fatalf("within the grace: %v", err)
	}
	c.add(refreshGrace)
	other := login(t, s, "lina") // another browser
	_, err = s.Refresh(ctx, first.Refresh)
	wantError(t, err, store.ErrSessionReuse)
	for name, token := range map[string]string{"first": first.Refresh, "second": second.Refresh, "tab": tab.Refresh, "none": "", "forged": strings.Repeat("A", 43)} {
		_, err = s.Refresh(ctx, token)
		if !errors.Is(err, store.ErrNoSession) {
			t.Errorf("%s after the reuse: %v", name, err)
		}
	}
	if other, err = s.Refresh(ctx, other.Refresh); err != nil {
		t.Fatalf("the other browser's log-in: %v", err)
	}
	if err := s.Logout(ctx, other.Refresh); err != nil {
		t.Fatal(err)
	}
	_, err = s.Refresh(ctx, other.Refresh)
	wantError(t, err, store.ErrNoSession)
	_, err = s.Authenticate(ctx, other.AccessToken)
	wantError(t, err, ErrTokenRevoked)
	if err := s.Logout(ctx, "unknown"); err != nil {
		t.Error(err)
	}
}

func TestRefreshEnds(t *testing.T) {
	t.Parallel()
	s := company(t)
	c := &clock{at: time.Now()}
	s.now = c.now
	ctx := t.Context()
	l := login(t, s, "lina")
	c.add(s.cfg.RefreshTokenLife)
	_, err := s.Refresh(ctx, l.Refresh)
	wantError(t, err, store.ErrNoSession)

	l = login(t, s, "lina")
	for range 5 { // six days at a time, the thirtieth ends it
		c.add(6*24*time.Hour - time.Minute)
		if l, err = s.Refresh(ctx, l.Refresh); err != nil {
			t.Fatal(err)
		}
	}
	c.add(time.Hour)
	_, err = s.Refresh(ctx, l.Refresh)
	wantError(t, err, store.ErrNoSession)

	l = login(t, s, "lina")
	disable(t, s, "lina")
	_, err = s.Refresh(ctx, l.Refresh)
	wantError(t, err, store.ErrNoSession)
}

func TestRefreshAtOnce(t *testing.T) {
	t.Parallel()
	s := company(t)
	l := login(t, s, "lina")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := s.Refresh(context.Background(), l.Refresh); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	l := login(t, s, "lina")
	p, err := s.Authenticate(ctx, l.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]*fault.Error{"short": ErrInvalid, strings.Repeat("密", 25): ErrInvalid} {
		_, err = s.ChangePassword(ctx, p, DemoPassword, password, "192.0.2.1")
		wantError(t, err, want)
	}
	_, err = s.ChangePassword(ctx, p, "wrong-wrong", "New-password-1", "192.0.2.1")
	wantError(t, err, ErrWrongPassword)
	fresh, err := s.ChangePassword(ctx, p, DemoPassword, "New-password-1", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Authenticate(ctx, l.AccessToken)
	wantError(t, err, ErrTokenRevoked)
	_, err = s.Refresh(ctx, l.Refresh)
	wantError(t, err, store.ErrNoSession)
	if _, err = s.Authenticate(ctx, fresh.AccessToken); err != nil {
		t.Error(err)
	}
	if _, err = s.Refresh(ctx, fresh.Refresh); err != nil {
		t.Error(err)
	}
	_, err = s.Login(ctx, "lina", DemoPassword, "192.0.2.1")
	wantError(t, err, ErrBadCredentials)
}

func TestManyLogInsOfOneUser(t *testing.T) {
	t.Parallel()
	s := company(t)
	c := &clock{at: time.Now()}
	s.now = c.now
	for range 3 {
		login(t, s, "lina") // expired when the others come
	}
	c.add(s.cfg.RefreshTokenLife + time.Hour)
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			if _, err := s.Login(context.Background(), "lina", DemoPassword, "192.0.2.1"); err != nil && !errors.Is(err, ErrHashingBusy) {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
