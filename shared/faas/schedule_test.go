package faas

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/telemetry"
)

// ticking is a function whose passes count up.
func ticking(passes *atomic.Int32, work func(context.Context) error) Function {
	return Function{Name: "ticking", Schedule: "* * * * *", Scheduled: func(ctx context.Context, _ *App) error {
		passes.Add(1)
		return work(ctx)
	}}
}

func TestClockRepeats(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		work func(context.Context) error
		self bool
		with []Function // other functions of the process
		want int32      // passes in ten and a half seconds
	}{
		"at once":            {func(context.Context) error { return nil }, true, nil, 11},
		"fails":              {func(context.Context) error { return errors.New("no") }, true, nil, 11},
		"panics":             {func(context.Context) error { panic("no") }, true, nil, 11},
		"takes three":        {func(context.Context) error { time.Sleep(3 * time.Second); return nil }, true, nil, 4},
		"with others":        {func(context.Context) error { return nil }, false, []Function{things()}, 11},
		"a platform's clock": {func(context.Context) error { return nil }, false, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, things(), func(cfg *config.Config) { cfg.SelfSchedule = c.self })
			synctest.Test(t, func(t *testing.T) {
				var passes atomic.Int32
				clock := startClock(t.Context(), Server{App: r.app, Functions: append(c.with, ticking(&passes, c.work))})
				time.Sleep(10500 * time.Millisecond)
				if err := clock.stop(5 * time.Second); err != nil {
					t.Error(err)
				}
				if got := passes.Load(); got != c.want {
					t.Errorf("%d passes, want %d", got, c.want)
				}
			})
			if failed := strings.Contains(r.log.String(), `"fn":"ticking"`); failed != (name == "fails" || name == "panics") {
				t.Errorf("log: %s", r.log)
			}
		})
	}
}

func TestClockDrains(t *testing.T) {
	t.Parallel()
	r := newRig(t, things(), func(cfg *config.Config) { cfg.SelfSchedule = true })
	synctest.Test(t, func(t *testing.T) {
		var passes, ended atomic.Int32
		late := ticking(&passes, func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(2 * time.Second) // what was under way
			ended.Add(1)
			return nil
		})
		late.Limits.Exec = time.Hour
		clock := startClock(t.Context(), Server{App: r.app, Functions: []Function{late}})
		time.Sleep(time.Second)
		begin := time.Now()
		if err := clock.stop(5 * time.Second); err != nil || ended.Load() != 1 || time.Since(begin) != 2*time.Second {
			t.Errorf("%v, %d ended after %s", err, ended.Load(), time.Since(begin))
		}
		clock = startClock(t.Context(), Server{App: r.app, Functions: []Function{late}})
		time.Sleep(time.Second)
		if err := clock.stop(time.Second); !errors.Is(err, errPass) {
			t.Errorf("a pass that goes on: %v", err)
		}
		time.Sleep(2 * time.Second)
	})
}

// A pass that takes longer than its limit is ended.
func TestPassHasADeadline(t *testing.T) {
	t.Parallel()
	r := newRig(t, things(), nil)
	synctest.Test(t, func(t *testing.T) {
		var passes atomic.Int32
		f := ticking(&passes, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		f.Limits.Exec = 58 * time.Second
		begin := time.Now()
		if err := pass(t.Context(), r.app, f); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 58*time.Second {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
	})
}

// What a pass does is traced as what nobody has called.
func TestPassIsTraced(t *testing.T) {
	t.Parallel()
	r := newRig(t, things(), nil)
	if err := r.app.Telemetry.TraceTo("http://127.0.0.1:1", "test"); err != nil {
		t.Fatal(err)
	}
	var recorded bool
	f := ticking(&atomic.Int32{}, func(ctx context.Context) error {
		ctx, span := telemetry.Within(ctx, "command")
		recorded = span.IsRecording() && telemetry.Kept(ctx) != nil
		return nil
	})
	if err := pass(t.Context(), r.app, f); err != nil || !recorded {
		t.Errorf("%v, recorded %v", err, recorded)
	}
}
