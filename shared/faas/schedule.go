package faas

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// clockPause is the least time between two passes: one that ends at once must not spin.
	clockPause = time.Second
	// passGrace is how much longer than the calls a pass may take to end.
	passGrace = 5 * time.Second
)

// errPass: a scheduled pass went on after the process was told to end.
var errPass = errors.New("drain: a scheduled pass did not end in time")

// clock runs the scheduled functions of a process that is its own clock: the whole product in one
// process, and a function of its own where DIOM_SCHEDULE says so, since no platform calls it there.
type clock struct {
	cancel context.CancelFunc
	passes sync.WaitGroup
}

func startClock(ctx context.Context, s Server) *clock {
	ctx, cancel := context.WithCancel(ctx)
	c := &clock{cancel: cancel}
	if len(s.Functions) < 2 && !s.App.Config.SelfSchedule {
		return c
	}
	for _, f := range s.Functions {
		if f.Scheduled != nil {
			c.passes.Go(func() { repeat(ctx, s.App, f) })
		}
	}
	return c
}

// stop ends the loops and waits for the passes under way, at most for patience.
func (c *clock) stop(patience time.Duration) error {
	c.cancel()
	done := make(chan struct{})
	go func() { c.passes.Wait(); close(done) }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return errPass
	}
}

// repeat runs one pass after the other until ctx ends.
func repeat(ctx context.Context, app *App, f Function) {
	for ctx.Err() == nil {
		pause := time.NewTimer(clockPause)
		if err := pass(ctx, app, f); err != nil && ctx.Err() == nil {
			app.Telemetry.Log.ErrorContext(ctx, "scheduled", "fn", f.Name, "error", err.Error())
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
		pause.Stop()
	}
}

// pass runs one pass; a panic is its error.
func pass(ctx context.Context, app *App, f Function) (err error) {
	if f.Limits.Exec > 0 {
		bounded, cancel := context.WithTimeout(ctx, f.Limits.Exec)
		defer cancel()
		ctx = bounded
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return f.Scheduled(app.Telemetry.Unprompted(ctx), app)
}
