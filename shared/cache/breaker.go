package cache

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const pause = time.Second

// breaker is a go-redis hook: it refuses commands for a second after one was not answered, then lets
// a single one through to see.
type breaker struct {
	disabled bool
	until    atomic.Int64 // Unix nanoseconds; 0 while Redis answers
}

// probe marks the context of the one command that tries: a new connection is greeted by commands of
// its own, which pass the hook too.
type probe struct{}

// allow reports whether a command may be sent, and in which context. Of the callers that arrive
// after the pause one wins the swap and tries; the others go on without Redis.
func (b *breaker) allow(ctx context.Context) (context.Context, bool) {
	if b.disabled {
		return ctx, false
	}
	until := b.until.Load()
	if until == 0 || ctx.Value(probe{}) != nil {
		return ctx, true
	}
	now := time.Now().UnixNano()
	if now < until || !b.until.CompareAndSwap(until, now+int64(pause)) {
		return ctx, false
	}
	return context.WithValue(ctx, probe{}, true), true
}

// open reports whether commands are refused at the moment, or one tries.
func (b *breaker) open() bool { return b.until.Load() != 0 }

// see takes note of what became of a command. A reply, also an error reply, is an answer; a caller
// that went away says nothing about Redis.
func (b *breaker) see(ctx context.Context, err error) {
	var reply redis.Error
	switch {
	case err == nil, errors.As(err, &reply):
		if b.until.Load() != 0 {
			b.until.Store(0)
		}
	case errors.Is(err, ErrDown): // a connection's greeting was refused
	case ctx.Err() != nil && !isTimeout(err):
	default:
		b.until.Store(time.Now().UnixNano() + int64(pause))
	}
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout() && !errors.Is(err, context.DeadlineExceeded)
}

// DialHook leaves dialling as it is.
func (b *breaker) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook guards a command.
func (b *breaker) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ctx, ok := b.allow(ctx)
		if !ok {
			cmd.SetErr(ErrDown)
			return ErrDown
		}
		err := next(ctx, cmd)
		b.see(ctx, err)
		return err
	}
}

// ProcessPipelineHook guards a pipeline.
func (b *breaker) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		ctx, ok := b.allow(ctx)
		if !ok {
			for _, cmd := range cmds {
				cmd.SetErr(ErrDown)
			}
			return ErrDown
		}
		err := next(ctx, cmds)
		b.see(ctx, err)
		return err
	}
}
