package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

const (
	// rejections and failures are how often a row is tried before it ends as a dead letter.
	rejections = 3
	failures   = 12
	// outage bounds the attempts that are counted, for the sake of the back-off alone, while the sink takes
	// nothing.
	outage = 6

	settleTimeout = 5 * time.Second
)

// progress counts the rows of a round.
type progress struct{ claimed, sent, failed int }

// round is one batch of rows under way.
type round struct {
	*Relay
	until    time.Time // the end of the lease
	outcomes chan outcome
	settled  store.Settlement
	answered bool  // the sink took or rejected something
	err      error // the first that matters
}

// outcome is what became of a row: sent where err is nil, not tried where back is set.
type outcome struct {
	row      store.Unsent
	err      error
	rejected bool
	event    *event.Event // that was not taken, if there is one
	back     bool
}

func (r *Relay) round(ctx context.Context) (progress, error) {
	begun := instant()
	rows, err := r.store.ClaimUnsent(ctx, relayBatch, begun, r.pace.lease)
	if err != nil || len(rows) == 0 {
		return progress{}, err
	}
	x := &round{Relay: r, until: begun.Add(r.pace.lease), outcomes: make(chan outcome, len(rows))}
	bounded, cancel := context.WithDeadline(ctx, x.until.Add(-r.pace.margin/5))
	defer cancel()
	lines := byInstance(rows)
	for range min(relayAtOnce, len(lines)) {
		go func() {
			for line := range lines {
				x.line(ctx, bounded, line)
			}
		}()
	}
	t := x.collect(ctx, len(rows))
	if x.answered || t.failed >= relayOutage {
		r.down.Store(!x.answered)
	}
	return t, x.err
}

// byInstance divides rows, which are in order, into those of each instance.
func byInstance(rows []store.Unsent) chan []store.Unsent {
	lines := make(chan []store.Unsent, len(rows))
	begin := 0
	for i := range rows {
		if i+1 == len(rows) || rows[i+1].InstanceID != rows[begin].InstanceID {
			lines <- rows[begin : i+1]
			begin = i + 1
		}
	}
	close(lines)
	return lines
}

// line sends the rows of one instance, one after the other. Behind one that fails the others wait.
// bounded is outer until the end of the lease.
func (x *round) line(outer, bounded context.Context, rows []store.Unsent) {
	for i, row := range rows {
		if outer.Err() != nil || time.Until(x.until) < x.pace.margin {
			x.giveBack(rows[i:])
			return
		}
		o := x.deliver(bounded, row)
		o.back = o.err != nil && outer.Err() != nil // we were stopped, which proves nothing
		x.outcomes <- o
		if o.err != nil {
			x.giveBack(rows[i+1:])
			return
		}
	}
}

func (x *round) giveBack(rows []store.Unsent) {
	for _, row := range rows {
		x.outcomes <- outcome{row: row, back: true}
	}
}

// deliver sends the events of a row.
func (x *round) deliver(ctx context.Context, row store.Unsent) outcome {
	if row.Unreadable != nil {
		return outcome{row: row, err: fmt.Errorf("step %d of %s: %w", row.Seq, row.InstanceID, row.Unreadable), rejected: true}
	}
	events, err := cloudevent.Events(x.source, cloudevent.Step{
		InstanceID: row.InstanceID, Seq: row.Seq, CommandID: row.CommandID, At: row.At, Actor: row.Actor, ProcessKey: row.ProcessKey, BusinessKey: row.BusinessKey, Trace: row.Trace, Changes: row.Changes,
	})
	if err != nil {
		return outcome{row: row, err: err, rejected: true}
	}
	for i := range events {
		if err := x.send(ctx, events[i]); err != nil && fault.VerdictOf(err) != fault.Acknowledge {
			return outcome{row: row, err: err, rejected: fault.VerdictOf(err) == fault.Reject, event: &events[i]}
		}
	}
	return outcome{row: row}
}

// collect takes the outcomes of n rows and settles them: all together, or from time to time what there
// is while a slow event holds up the rest; later rows of the instances wait for it.
func (x *round) collect(ctx context.Context, n int) progress {
	t := progress{claimed: n}
	held := time.NewTicker(x.pace.held)
	defer held.Stop()
	for left := n; left > 0; {
		select {
		case <-held.C:
			x.settle(ctx)
		case o := <-x.outcomes:
			left--
			x.note(ctx, o, &t)
		}
	}
	x.settle(ctx)
	return t
}

func (x *round) note(ctx context.Context, o outcome, t *progress) {
	switch {
	case o.back:
		x.settled.Returned = append(x.settled.Returned, o.row)
	case o.err == nil:
		t.sent++
		x.Metrics.Events.WithLabelValues("sent").Inc()
		x.answered = true
		x.lastTaken.Store(time.Now().UnixMilli())
		x.settled.Sent = append(x.settled.Sent, o.row)
	default:
		t.failed++
		x.answered = x.answered || o.rejected
		failure := x.judge(ctx, o)
		x.Metrics.Events.WithLabelValues(becameOf(failure)).Inc()
		x.settled.Failed = append(x.settled.Failed, failure)
		x.remember(o.err)
	}
}

// becameOf is what the metrics call a failure.
func becameOf(f store.Failure) string {
	if f.Letter != nil {
		return "dead"
	}
	return "failed"
}

func (x *round) remember(err error) {
	if x.err == nil {
		x.err = err
	}
}

// settle writes down what became of the rows so far, also when the relay is to end.
func (x *round) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := x.store.Settle(ctx, x.settled); err != nil {
		x.remember(err) // the leases end, and the rows are sent again
	}
	x.settled = store.Settlement{}
}

// judge says what is to become of a row that was not taken.
func (x *round) judge(ctx context.Context, o outcome) store.Failure {
	f := store.Failure{Unsent: o.row, Attempts: o.row.Attempts + 1}
	limit := failures
	switch {
	case errors.Is(o.err, ErrTooManyHops): // it will be as true later, and operators are to see it soon
		limit = 1
	case o.rejected:
		limit = rejections
	case !x.works():
		f.Attempts = max(o.row.Attempts, min(f.Attempts, outage))
	}
	if f.Attempts >= limit {
		f.Letter = x.letter(o, f.Attempts)
		x.log.ErrorContext(ctx, "dead letter", "event", f.Letter.EventID, "type", f.Letter.Type, "attempts", f.Attempts, "error", o.err.Error())
		return f
	}
	f.RetryAt = instant().Add(min(x.pace.unit<<f.Attempts, x.pace.most))
	return f
}

// works reports whether the sink has lately taken something.
func (x *round) works() bool {
	return time.Since(time.UnixMilli(x.lastTaken.Load())) < x.pace.alive
}

func (x *round) letter(o outcome, attempts int) *store.DeadLetter {
	l := &store.DeadLetter{
		ID: newID(), Direction: store.Out, Source: x.source, EventID: cloudevent.NewID(o.row.InstanceID, o.row.Seq, 1, o.row.CommandID).String(),
		Reason: o.err.Error(), Attempts: attempts, CreatedAt: instant(), Content: o.row.Stored(),
	}
	if o.event != nil {
		l.EventID, l.Type = o.event.ID(), o.event.Type()
		l.Content, _ = json.Marshal(o.event) // it was valid enough to be sent
	}
	return l
}
