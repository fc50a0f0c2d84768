package limit

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// window is what the failures are counted over, in tenths.
	window = 10 * time.Second
	// pause is how long a breaker stays open before it lets a few requests through to see.
	pause = 2 * time.Second
	// probes is how many requests it lets through, all of which must succeed.
	probes = 3
	// A breaker opens after so many failures in a row, or when half of so many requests failed.
	inARow  = 10
	atLeast = 20
)

// Outcome is what became of a call that a Breaker allowed.
type Outcome uint8

// Unknown says nothing about the one that was called, a caller that went away for example.
const (
	Unknown Outcome = iota
	Succeeded
	Failed
)

var (
	errFailed  = errors.New("failed")
	errUnknown = errors.New("unknown")
)

// Breaker stops calls to something that fails: after ten failures in a row, or when half of twenty or
// more calls within ten seconds failed, it is open for two seconds; then three calls decide.
type Breaker struct {
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	until   atomic.Int64 // Unix nanoseconds
}

// NewBreaker returns a closed Breaker; changed, unless it is nil, is called when it opens and when it
// is closed again.
func NewBreaker(name string, changed func(open bool)) *Breaker {
	b := &Breaker{}
	b.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: name, MaxRequests: probes, Interval: window, BucketPeriod: window / 10, Timeout: pause,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= inARow || c.Requests >= atLeast && 2*c.TotalFailures >= c.Requests
		},
		IsExcluded: func(err error) bool { return errors.Is(err, errUnknown) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				b.until.Store(time.Now().Add(pause).UnixNano())
			}
			if changed != nil && to != gobreaker.StateHalfOpen {
				changed(to == gobreaker.StateOpen)
			}
		},
	})
	return b
}

// Open reports whether calls are stopped at the moment.
func (b *Breaker) Open() bool { return b.circuit.State() == gobreaker.StateOpen }

// Allow asks to make a call. When it may be made, done must be called exactly once with its outcome;
// otherwise done is nil and wait says when to try again.
func (b *Breaker) Allow() (done func(Outcome), wait time.Duration) {
	report, err := b.circuit.Allow()
	if err != nil {
		return nil, max(time.Until(time.Unix(0, b.until.Load())), 100*time.Millisecond)
	}
	return func(o Outcome) {
		switch o {
		case Succeeded:
			report(nil)
		case Failed:
			report(errFailed)
		case Unknown:
			report(errUnknown)
		}
	}, 0
}
