package limit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"diom.io/workflow/shared/database/databasetest"
)

func TestRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Rate{
		"20/m":      {20, time.Minute, 20},
		" 20/m:60 ": {20, time.Minute, 60},
		"5000/s:9":  {5000, time.Second, 9},
		"1/h":       {1, time.Hour, 1},
		"off":       {},
	} {
		var got Rate
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "20", "20/d", "0/s", "-1/s", "1/s:0", "x/s", "1/s:", "2000000000/s", "1/s:2:3"} {
		var got Rate
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: no error, %v", text, got)
		}
	}
}

func TestLease(t *testing.T) {
	t.Parallel()
	got := map[string]int64{}
	for _, text := range []string{"20/m:600", "5000/s:10000", "100/s:10000", "5000/s:10", "1/h"} {
		var r Rate
		if err := r.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		got[text] = lease(r)
	}
	if d := cmp.Diff(map[string]int64{"20/m:600": 1, "5000/s:10000": 200, "100/s:10000": 10, "5000/s:10": 1, "1/h": 1}, got); d != "" {
		t.Error(d)
	}
}

// line is a client whose Redis can be cut off.
type line struct{ cut atomic.Bool }

var errCut = errors.New("cut")

func (l *line) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *line) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if l.cut.Load() {
			cmd.SetErr(errCut)
			return errCut
		}
		return next(ctx, cmd)
	}
}

func (l *line) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// dial returns a client of the Redis at url; an empty url is one that is cut off.
func dial(t testing.TB, url string) (*redis.Client, *line) {
	t.Helper()
	l := &line{}
	if url == "" {
		url = "redis://127.0.0.1:1"
		l.cut.Store(true)
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(o)
	client.AddHook(l)
	t.Cleanup(func() { _ = client.Close() })
	return client, l
}

func limiter(t testing.TB, client redis.UniversalClient, rate Rate, replicas int) *Limiter {
	t.Helper()
	l, err := New(client, "test", rate, replicas)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// admitted is how many of n requests of key go through.
func admitted(l *Limiter, key string, n int) (count int) {
	for range n {
		if l.Allow(context.Background(), key).Allowed {
			count++
		}
	}
	return count
}

func TestOff(t *testing.T) {
	t.Parallel()
	client, _ := dial(t, "")
	if got := admitted(limiter(t, client, Rate{}, 1), "a", 1000); got != 1000 {
		t.Errorf("%d of 1000", got)
	}
}

// A slow rate is exact: two processes admit no more than one would.
func TestExact(t *testing.T) {
	t.Parallel()
	url := databasetest.Redis(t)
	client, _ := dial(t, url)
	other, _ := dial(t, url)
	one, two := limiter(t, client, Rate{1, time.Hour, 5}, 1), limiter(t, other, Rate{1, time.Hour, 5}, 1)
	got := 0
	for range 5 {
		got += admitted(one, "a", 1) + admitted(two, "a", 1)
	}
	if got != 5 {
		t.Errorf("%d of 10, want 5", got)
	}
	if got := admitted(two, "b", 1); got != 1 {
		t.Error("another key is limited")
	}
	d := one.Allow(t.Context(), "a")
	if d.Allowed || d.Limit != 5 || d.Remaining != 0 || d.RetryAfter <= 0 || d.RetryAfter > time.Hour || d.Reset != 5*time.Hour {
		t.Errorf("%+v", d)
	}
}

// With leases, all processes together admit the rate and at most one lease each beyond it.
func TestLeases(t *testing.T) {
	t.Parallel()
	url := databasetest.Redis(t)
	const processes, ofLease, burst = 3, 10, 500
	var all sync.WaitGroup
	var got atomic.Int64
	for range processes {
		client, _ := dial(t, url)
		l := limiter(t, client, Rate{1, time.Hour, burst}, processes)
		l.lease = ofLease
		for range 4 {
			all.Go(func() { got.Add(int64(admitted(l, "a", burst))) })
		}
	}
	all.Wait()
	if n := got.Load(); n < burst || n > burst+processes*ofLease {
		t.Errorf("%d admitted, want %d to %d", n, burst, burst+processes*ofLease)
	}
}

// clock is a time that the test moves.
type clock struct{ nanoseconds atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1_000_000, c.nanoseconds.Load()) }
func (c *clock) advance(d time.Duration) { c.nanoseconds.Add(int64(d)) }

// Without Redis a process applies its share by itself.
func TestAlone(t *testing.T) {
	t.Parallel()
	client, _ := dial(t, "")
	l := limiter(t, client, Rate{60, time.Minute, 40}, 4)
	var c clock
	l.now = c.now
	if got := admitted(l, "a", 100); got != 10 {
		t.Errorf("%d at once, want the share of the burst, 10", got)
	}
	if d := l.Allow(t.Context(), "a"); d.Allowed || d.RetryAfter != 4*time.Second {
		t.Errorf("%+v", d)
	}
	c.advance(8 * time.Second)
	if got := admitted(l, "a", 100); got != 2 {
		t.Errorf("%d after eight seconds, want the share of the rate, 2", got)
	}
	if got := admitted(l, "b", 100); got != 10 {
		t.Errorf("%d of another key", got)
	}
}

// Redis goes away and comes back: the process counts for itself in between, and asks again by itself.
func TestRedisComesBack(t *testing.T) {
	t.Parallel()
	client, line := dial(t, databasetest.Redis(t))
	l := limiter(t, client, Rate{1, time.Hour, 6}, 2)
	if got := admitted(l, "a", 4); got != 4 {
		t.Fatalf("%d of 4", got)
	}
	line.cut.Store(true)
	if got := admitted(l, "a", 10); got != 3 || !l.down.Load() {
		t.Errorf("%d alone, want half of the burst", got)
	}
	line.cut.Store(false)
	l.probe.Store(1) // the second is over
	for l.Allow(t.Context(), "a"); l.down.Load(); time.Sleep(time.Millisecond) {
		l.Allow(t.Context(), "b")
	}
	if got := admitted(l, "a", 10); got < 1 || got > 2 { // the refill is spent on a or on b
		t.Errorf("%d of the 2 that are left in Redis", got)
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var changes []bool
		b := NewBreaker("x", func(open bool) { changes = append(changes, open) })
		call := func(o Outcome) bool {
			done, _ := b.Allow()
			if done != nil {
				done(o)
			}
			return done != nil
		}
		for range 50 {
			call(Unknown)
		}
		for range inARow - 1 {
			call(Failed)
		}
		call(Succeeded)
		if !call(Failed) || !call(Succeeded) {
			t.Fatal("open too early")
		}
		for range inARow {
			call(Failed)
		}
		done, wait := b.Allow()
		if done != nil || wait <= 0 || wait > pause {
			t.Fatalf("not open after failures in a row: wait %s", wait)
		}
		time.Sleep(pause + time.Millisecond)
		if call(Failed); call(Succeeded) {
			t.Fatal("a failed probe must open it again")
		}
		time.Sleep(pause + time.Millisecond)
		for range probes {
			if !call(Succeeded) {
				t.Fatal("a probe is refused")
			}
		}
		if !call(Succeeded) || !cmp.Equal(changes, []bool{true, true, false}) {
			t.Errorf("not closed: %v", changes)
		}
	})
}

// Half of the calls fail, never ten in a row.
func TestBreakerRatio(t *testing.T) {
	t.Parallel()
	b := NewBreaker("x", nil)
	n := 0
	for ; n < 100; n++ {
		done, _ := b.Allow()
		if done == nil {
			break
		}
		done([]Outcome{Succeeded, Failed}[n%2])
	}
	if n != atLeast {
		t.Errorf("open after %d calls, want %d", n, atLeast)
	}
}

func BenchmarkAllow(b *testing.B) {
	client, _ := dial(b, databasetest.Redis(b))
	l := limiter(b, client, Rate{100_000_000, time.Second, 500_000_000}, 1)
	b.ReportAllocs()
	for b.Loop() {
		if !l.Allow(context.Background(), "zhangwei").Allowed {
			b.Fatal("refused")
		}
	}
}

func BenchmarkAllowAlone(b *testing.B) {
	client, _ := dial(b, "")
	l := limiter(b, client, Rate{100_000_000, time.Second, 500_000_000}, 1)
	for b.Loop() {
		l.Allow(context.Background(), "zhangwei")
	}
}
