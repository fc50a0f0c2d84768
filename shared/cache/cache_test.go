package cache_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/database/databasetest"
)

func open(t *testing.T, url string) *cache.Client {
	t.Helper()
	c, err := cache.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCommands(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, databasetest.Redis(t)), t.Context()
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(ctx, "k"); !errors.Is(err, cache.ErrMiss) {
		t.Errorf("a key that is not there: %v", err)
	}
	if err := c.Set(ctx, "k", []byte("a\x00b"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if value, err := c.Get(ctx, "k"); err != nil || string(value) != "a\x00b" {
		t.Errorf("%q, %v", value, err)
	}
	for _, want := range []bool{true, false} {
		if done, err := c.SetNX(ctx, "once", []byte("1"), time.Minute); err != nil || done != want {
			t.Errorf("%v, %v", done, err)
		}
	}
	if left, err := c.Left(ctx, "once"); err != nil || left <= 50*time.Second || left > time.Minute {
		t.Errorf("%s, %v", left, err)
	}
	if left, err := c.Left(ctx, "never"); err != nil || left != 0 {
		t.Errorf("%s, %v", left, err)
	}
	if err := c.Delete(ctx, "k", "once", "never"); err != nil {
		t.Error(err)
	}
	if done, err := c.SetNX(ctx, "once", []byte("1"), 30*time.Millisecond); err != nil || !done {
		t.Errorf("%v, %v", done, err)
	}
	time.Sleep(40 * time.Millisecond)
	if _, err := c.Get(ctx, "once"); !errors.Is(err, cache.ErrMiss) {
		t.Errorf("the key does not end: %v", err)
	}
}

func TestIncrementEndsWithItsWindow(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, databasetest.Redis(t)), t.Context()
	for want := int64(1); want <= 3; want++ {
		if n, err := c.Increment(ctx, "n", time.Minute); err != nil || n != want {
			t.Errorf("%d, %v", n, err)
		}
	}
	if left, err := c.Left(ctx, "n"); err != nil || left <= 0 || left > time.Minute {
		t.Errorf("%s, %v", left, err)
	}
}

func TestErrorReplyIsNotAFailureOfRedis(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, databasetest.Redis(t)), t.Context()
	if err := c.Redis().RPush(ctx, "list", "x").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(ctx, "list"); err == nil || errors.Is(err, cache.ErrDown) {
		t.Errorf("GET of a list: %v", err)
	}
	if err := c.Ping(ctx); err != nil {
		t.Errorf("after an error reply: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Get(gone, "x"); err == nil {
		t.Error("a cancelled caller is served")
	}
	if err := c.Ping(ctx); err != nil {
		t.Errorf("after a caller that went away: %v", err)
	}
}

func TestNoRedis(t *testing.T) {
	t.Parallel()
	c := open(t, "")
	if err := c.Ping(t.Context()); !errors.Is(err, cache.ErrDown) {
		t.Error(err)
	}
	_, err := c.Redis().Pipelined(t.Context(), func(p redis.Pipeliner) error { p.Get(t.Context(), "k"); return nil })
	if !errors.Is(err, cache.ErrDown) {
		t.Error(err)
	}
}

// relay passes connections on to a server, or swallows what comes while silent is set.
type relay struct {
	listener net.Listener
	target   string
	silent   atomic.Bool
	dials    atomic.Int64
}

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	r := &relay{listener: listener, target: target}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.dials.Add(1)
			go r.pass(conn)
		}
	}()
	return r
}

func (r *relay) pass(conn net.Conn) {
	defer conn.Close()
	up, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer up.Close()
	go func() { _, _ = io.Copy(conn, up) }()
	buffer := make([]byte, 4096)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if r.silent.Load() {
			continue
		}
		if _, err := up.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestSilentRedisCostsOneCallerOneTimeoutASecond(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(databasetest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	r := newRelay(t, u.Host)
	u.Host = r.listener.Addr().String()
	c, ctx := open(t, u.String()), t.Context()
	if err := c.Set(ctx, "k", []byte("v"), time.Minute); err != nil {
		t.Fatal(err)
	}
	r.silent.Store(true)
	if _, err := c.Get(ctx, "k"); err == nil {
		t.Fatal("a silent Redis answers")
	}
	var refused atomic.Int64
	start := time.Now()
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			for range 100 {
				if _, err := c.Get(ctx, "k"); errors.Is(err, cache.ErrDown) {
					refused.Add(1)
				}
			}
		})
	}
	group.Wait()
	if taken := time.Since(start); refused.Load() != 5000 || taken > 900*time.Millisecond {
		t.Errorf("%d of 5000 refused in %s", refused.Load(), taken)
	}
	time.Sleep(time.Until(start.Add(1100 * time.Millisecond)))
	var tried atomic.Int64
	for range 20 { // after the second one caller tries, the others go on
		group.Go(func() {
			if _, err := c.Get(ctx, "k"); !errors.Is(err, cache.ErrDown) {
				tried.Add(1)
			}
		})
	}
	group.Wait()
	if tried.Load() != 1 {
		t.Errorf("%d callers tried", tried.Load())
	}
	r.silent.Store(false)
	for start = time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if value, err := c.Get(ctx, "k"); err == nil && string(value) == "v" {
			break
		}
		if time.Since(start) > 3*time.Second {
			t.Fatal("Redis answers again and is not asked")
		}
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"redis://u:p@127.0.0.1:7000/3":                                             "*redis.Client",
		"rediss://127.0.0.1:7000":                                                  "*redis.Client",
		"redis+cluster://127.0.0.1:7000?addr=127.0.0.1:7001":                       "*redis.ClusterClient",
		"rediss+cluster://127.0.0.1:7000":                                          "*redis.ClusterClient",
		"redis+sentinel://127.0.0.1:26379/0?master_name=diom&addr=127.0.0.1:26380": "*redis.Client",
		"redis+sentinel://u:p@127.0.0.1:26379/0?master_name=diom&username=s&db=2":  "*redis.Client",
		"unix:///tmp/nothing.sock?db=1":                                            "*redis.Client",
	} {
		c, err := cache.Open(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := typeName(c.Redis()); got != want {
			t.Errorf("%s gives a %s, want %s", text, got, want)
		}
		_ = c.Close()
	}
	for _, text := range []string{"http://127.0.0.1", "redis+other://x", "redis://x:y:z", "::"} {
		if _, err := cache.Open(text); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func typeName(c redis.UniversalClient) string {
	switch c.(type) {
	case *redis.ClusterClient:
		return "*redis.ClusterClient"
	case *redis.Client:
		return "*redis.Client"
	}
	return "?"
}
