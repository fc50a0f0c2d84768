package notification

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Calls that come during a run share the next one, each with its own answer, and never more than are good for one.
func TestCallsShareRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		g := gather(func(_ context.Context, asked []int) ([]int, error) {
			sizes = append(sizes, len(asked))
			time.Sleep(time.Second)
			answers := make([]int, len(asked))
			for i, n := range asked {
				answers[i] = 2 * n
			}
			return answers, nil
		})
		var all sync.WaitGroup
		for n := range 2 + gatheredMost {
			all.Go(func() {
				if got, err := g.do(t.Context(), n); err != nil || got != 2*n {
					t.Errorf("%d: %d, %v", n, got, err)
				}
			})
			if n == 0 {
				synctest.Wait()
			}
		}
		all.Wait()
		if len(sizes) != 3 || sizes[0] != 1 || sizes[1] != gatheredMost || sizes[2] != 1 {
			t.Errorf("runs of %v", sizes)
		}
	})
}

// What fails among others fails alone, also by a panic, which is its caller's then.
func TestACallFailsAlone(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	synctest.Test(t, func(t *testing.T) {
		g := gather(func(_ context.Context, asked []string) ([]string, error) {
			time.Sleep(time.Second)
			for _, text := range asked {
				switch text {
				case "bad":
					return nil, bad
				case "panic":
					panic(text)
				}
			}
			return asked, nil
		})
		var all sync.WaitGroup
		var panicked atomic.Int64
		for i, text := range []string{"first", "good", "bad", "panic", "good"} {
			all.Go(func() {
				defer func() {
					if recover() != nil {
						panicked.Add(1)
					}
				}()
				got, err := g.do(t.Context(), text)
				if text == "bad" && !errors.Is(err, bad) || text != "bad" && (err != nil || got != text) {
					t.Errorf("%d: %q, %v", i, got, err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if panicked.Load() != 1 {
			t.Errorf("%d calls panicked, want 1", panicked.Load())
		}
	})
}

// A call that is given up does not wait, and takes nobody with it.
func TestACallIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gather(func(ctx context.Context, asked []int) ([]int, error) {
			time.Sleep(time.Second)
			return asked, ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := g.do(ctx, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("given up: %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if got, err := g.do(t.Context(), 2); err != nil || got != 2 {
				t.Errorf("%d, %v", got, err)
			}
		})
		synctest.Wait()
		cancel()
		all.Wait()
		time.Sleep(time.Second) // the run of the first goes on to its end
	})
}
