package workflow

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/telemetry"
)

const (
	relayBatch  = 200
	relayAtOnce = 32 // instances that one round sends at the same time
	relayRounds = 3  // rounds at the same time, where slow events hold up the first
	relayOutage = 8  // rows that fail in a round in which nothing is taken: the sink is down
)

// pace is how fast a relay goes. Tests alone have another than usualPace.
type pace struct {
	idle   time.Duration // between two looks at what others left
	pause  time.Duration // lets a burst of commits share one claim and one settlement
	urgent time.Duration // the same where somebody waits for the event
	held   time.Duration // for how long a slow event may hold up what the others of its round left to do
	probe  time.Duration // between two rounds while the sink takes nothing
	lease  time.Duration // for how long the rows of a round are left alone by other relays
	margin time.Duration // at the end of the lease, in which nothing new is sent
	alive  time.Duration // for how long an event that was taken proves that the sink works
	unit   time.Duration // of the back-off of a row: 2, 4, 8 … units, at most longest
	most   time.Duration
}

var usualPace = pace{
	idle: 2 * time.Second, pause: 50 * time.Millisecond, urgent: 5 * time.Millisecond, held: 100 * time.Millisecond, probe: time.Second,
	lease: 30 * time.Second, margin: 5 * time.Second, alive: time.Minute, unit: time.Second, most: 5 * time.Minute,
}

// Relay sends the events of committed steps: after a commit of this process (Push), and from time to
// time what others left. Any number of relays may run: a row is leased, and the events of an instance
// leave in the order of their sequence. Delivery is at least once.
//
// Instances are independent: a slow event, or one that fails, holds up the later ones of its own
// instance only. A row that fails is tried again after a pause that doubles, up to five minutes. It ends
// as a dead letter, and its instance goes on without it, when the sink has rejected it three times, or
// has failed to take it twelve times while it took others. A sink that takes nothing at all proves
// nothing about a row, so that an outage of any length loses and buries nothing.
type Relay struct {
	store  *store.Store
	send   cloudevent.Sender
	source string
	log    *slog.Logger
	pace   pace
	// Metrics are those of the process; where it is not set, ones that nobody reads.
	Metrics *telemetry.Metrics

	wake chan struct{}
	now  chan struct{}
	once sync.Once
	done sync.WaitGroup
	ctx  context.Context //nolint:containedctx // ends the goroutine that Start begins
	stop context.CancelFunc

	lastTaken atomic.Int64 // when the sink last took an event, in Unix milliseconds
	down      atomic.Bool  // it took nothing of the last round that had much to send
}

// NewRelay returns a Relay that names source in its events. It works from the first Push or Start.
func NewRelay(st *store.Store, send cloudevent.Sender, source string, log *slog.Logger) *Relay {
	ctx, stop := context.WithCancel(context.Background())
	return &Relay{
		store: st, send: send, source: source, log: log, pace: usualPace, Metrics: telemetry.Unread(),
		wake: make(chan struct{}, 1), now: make(chan struct{}, 1), ctx: ctx, stop: stop,
	}
}

// Push tells the relay that a step was committed. It never blocks; on a nil Relay it does nothing.
func (r *Relay) Push() {
	if r != nil {
		r.Start()
		signal(r.wake)
	}
}

// PushNow is Push for a step that goes on with its event, a continuation or a message: it does not wait
// for others to share the way.
func (r *Relay) PushNow() {
	if r != nil {
		r.Start()
		signal(r.now)
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Start lets the relay work until Stop; a second call does nothing.
func (r *Relay) Start() { r.once.Do(func() { r.done.Go(r.run) }) }

// Stop ends the relay. What it is sending is broken off and sent again by another.
func (r *Relay) Stop() {
	if r != nil {
		r.stop()
		r.done.Wait()
	}
}

// run makes one round after the other. While a slow event holds up a round, the next one begins.
func (r *Relay) run() {
	slots := make(chan struct{}, relayRounds)
	for r.ctx.Err() == nil {
		slots <- struct{}{}
		more := make(chan bool, 1)
		r.done.Go(func() {
			defer func() { <-slots }()
			t, err := r.round(r.ctx)
			if err != nil && r.ctx.Err() == nil {
				r.log.WarnContext(r.ctx, "relay", "error", err.Error(), "sent", t.sent, "failed", t.failed)
			}
			more <- t.claimed == relayBatch
		})
		select {
		case again := <-more:
			if !again || r.down.Load() {
				r.rest()
			}
		case <-time.After(r.pace.held):
		}
	}
}

// rest waits until there may be something to do.
func (r *Relay) rest() {
	if r.down.Load() {
		r.wait(r.pace.probe, nil, nil)
		return
	}
	switch r.wait(r.pace.idle, r.wake, r.now) {
	case r.wake:
		if r.wait(r.pace.pause, nil, r.now) == r.now {
			r.wait(r.pace.urgent, nil, nil)
		}
	case r.now:
		r.wait(r.pace.urgent, nil, nil)
	}
}

// wait waits for one of two signals and returns its channel, or nil when d is over or the relay is to
// end.
func (r *Relay) wait(d time.Duration, one, other chan struct{}) chan struct{} {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.ctx.Done():
	case <-timer.C:
	case <-one:
		return one
	case <-other:
		return other
	}
	return nil
}

// Round claims one batch of unsent rows, sends their events and says what became of them. It returns
// how many rows were sent; the error is that of the first one that was not.
func (r *Relay) Round(ctx context.Context) (int, error) {
	t, err := r.round(ctx)
	return t.sent, err
}
