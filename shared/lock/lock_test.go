package lock_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/lock"
)

func client(t *testing.T) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(databasetest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	options.PoolSize = 50
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Thirty callers of one held key take turns: nobody is inside with another, each is woken, and all are
// told that they waited. The holder leaves when all of them stand before the lock.
func TestCallersTakeTurns(t *testing.T) {
	t.Parallel()
	c := client(t)
	var inside, most, waits atomic.Int64
	var group sync.WaitGroup
	lockers := []*lock.Locker{lock.New(c), lock.New(c)} // two processes
	leave, _ := lock.New(c).Acquire(t.Context(), "one")
	standing := &blocked{all: make(chan struct{})}
	standing.left.Store(30)
	c.AddHook(standing)
	for n := range 30 {
		group.Go(func() {
			unlock, waited := lockers[n%2].Acquire(t.Context(), "one")
			most.Store(max(most.Load(), inside.Add(1)))
			if waited {
				waits.Add(1)
			}
			time.Sleep(2 * time.Millisecond)
			inside.Add(-1)
			unlock()
		})
	}
	select {
	case <-standing.all:
	case <-time.After(10 * time.Second): // some went on by themselves: the counts below tell
	}
	leave()
	group.Wait()
	lockers[0].Wait()
	lockers[1].Wait()
	if most.Load() != 1 || waits.Load() != 30 {
		t.Errorf("%d inside at once, %d waited", most.Load(), waits.Load())
	}
	if n := c.Exists(context.Background(), "diom:lock:{one}").Val(); n != 0 {
		t.Error("the lock is still held")
	}
}

// blocked tells when a number of callers have found the key held and are about to wait for it.
type blocked struct {
	left atomic.Int64
	all  chan struct{}
}

func (b *blocked) DialHook(next redis.DialHook) redis.DialHook { return next }

func (b *blocked) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (b *blocked) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "blpop" && b.left.Add(-1) == 0 {
			close(b.all)
		}
		return next(ctx, cmd)
	}
}

// A holder that has lost its lease does not release the lock of the next one.
func TestOnlyTheHolderReleases(t *testing.T) {
	t.Parallel()
	c := client(t)
	l := lock.New(c)
	unlock, _ := l.Acquire(t.Context(), "k")
	c.Set(t.Context(), "diom:lock:{k}", "somebody else", 0)
	unlock()
	l.Wait()
	if got := c.Get(t.Context(), "diom:lock:{k}").Val(); got != "somebody else" {
		t.Errorf("the lock of another was released: %q", got)
	}
}

// Without Redis, and after a wait that was too long, the caller goes on.
func TestNobodyIsStopped(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]*lock.Locker{
		"none": nil, "no client": lock.New(nil), "down": lock.New(redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})),
	} {
		unlock, waited := l.Acquire(t.Context(), "k")
		if unlock(); waited {
			t.Errorf("%s: waited for nobody", name)
		}
		l.Wait()
	}
	c := client(t)
	c.Set(t.Context(), "diom:lock:{k}", "a stuck holder", 0)
	if _, waited := lock.New(c).Acquire(t.Context(), "k"); !waited {
		t.Error("the caller did not notice the holder")
	}
}
