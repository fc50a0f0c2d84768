package gather

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
		g := New(func(_ context.Context, asked []int) ([]int, error) {
			sizes = append(sizes, len(asked))
			time.Sleep(time.Second)
			answers := make([]int, len(asked))
			for i, n := range asked {
				answers[i] = 2 * n
			}
			return answers, nil
		})
		var all sync.WaitGroup
		for n := range 2 + most {
			all.Go(func() {
				if got, err := g.Join(t.Context(), n); err != nil || got != 2*n {
					t.Errorf("%d: %d, %v", n, got, err)
				}
			})
			if n == 0 {
				synctest.Wait()
			}
		}
		all.Wait()
		if len(sizes) != 3 || sizes[0] != 1 || sizes[1] != most || sizes[2] != 1 {
			t.Errorf("runs of %v", sizes)
		}
	})
}

// What fails among others fails alone, also by a panic, which is its caller's then.
func TestACallFailsAlone(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	synctest.Test(t, func(t *testing.T) {
		g := New(func(_ context.Context, asked []string) ([]string, error) {
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
				got, err := g.Join(t.Context(), text)
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

// A call that is given up does not wait, says whether it may have been made, and takes nobody with it.
func TestACallIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		made := map[int]bool{}
		g := New(func(ctx context.Context, asked []int) ([]int, error) {
			time.Sleep(time.Second)
			for _, n := range asked {
				made[n] = true
			}
			return asked, ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		call := func(ctx context.Context, n int, want error) {
			all.Go(func() {
				if _, err := g.Join(ctx, n); !errors.Is(err, want) || errors.Is(err, ErrUnderWay) != errors.Is(want, ErrUnderWay) {
					t.Errorf("%d: %v, want %v", n, err, want)
				}
			})
			synctest.Wait()
		}
		call(ctx, 1, ErrUnderWay)
		call(ctx, 2, context.Canceled)
		call(t.Context(), 3, nil)
		cancel()
		all.Wait()
		if !made[1] || made[2] || !made[3] {
			t.Errorf("made: %v", made)
		}
	})
}

// A call that fails by itself is not made twice; those that fail together are made once more, each by itself.
func TestAFailureIsItsOwn(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		g := New(func(_ context.Context, asked []error) ([]int, error) {
			runs.Add(1)
			time.Sleep(time.Second)
			return make([]int, len(asked)), errors.Join(asked...)
		})
		var all sync.WaitGroup
		for _, err := range []error{refused, nil, refused} { // one alone, then two together
			all.Go(func() {
				if _, got := g.Join(t.Context(), err); !errors.Is(got, err) {
					t.Errorf("%v, want %v", got, err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if runs.Load() != 4 {
			t.Errorf("%d runs, want 4", runs.Load())
		}
	})
}
