package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// Inbound takes the CloudEvents of other systems: it knows the registered sources and makes messages of
// their events. It is safe for concurrent use.
type Inbound struct {
	store    *store.Store
	access   *access.Service
	workflow *Service

	compiled *otter.Cache[sourceVersion, *eventSource]
}

// sourceVersion names what was compiled; a change of the source has another version.
type sourceVersion struct {
	id      engine.ID
	version int64
}

// NewInbound returns an Inbound over the use cases of messages.
func NewInbound(st *store.Store, a *access.Service, w *Service) *Inbound {
	return &Inbound{
		store: st, access: a, workflow: w,
		compiled: otter.Must(&otter.Options[sourceVersion, *eventSource]{MaximumSize: maxCached}),
	}
}

// Receive checks an event of another system and correlates the message that it is mapped to: at once,
// or when somebody waits for it (parked). nil says that the event has its effect, now or from an earlier
// delivery. Each event is a transaction of its own.
//
// Errors: cloudevent.ErrUnsigned, ErrSignature (also for an unknown source), ErrStale, ErrUnknownType;
// what the verdict of fault.VerdictOf says to deliver again; and for a poison event, which is kept among
// the dead letters, ErrMapping, ErrAmbiguous or the limit that its message breaks.
func (in *Inbound) Receive(ctx context.Context, r *cloudevent.Received) error {
	if r.Err != nil {
		return r.Err
	}
	source, err := in.source(ctx, r.Source())
	if err != nil && !errors.Is(err, store.ErrNoEventSource) {
		return err
	}
	err = r.Verify(func(id string) []byte {
		if source == nil || !source.Enabled || source.KeyID != id {
			return nil
		}
		return source.key
	}, time.Now())
	if err != nil {
		return err
	}
	known, err := in.take(ctx, source, r)
	if err == nil || fault.VerdictOf(err) != fault.Reject {
		return err
	}
	// What was refused may be a repetition of what had its effect before its source was changed.
	if delivered, failure := in.store.Delivered(ctx, r.Source(), r.ID()); failure != nil || delivered {
		return failure
	}
	if !known {
		return err
	}
	return in.bury(ctx, r, err)
}

// source returns the registered source of a name, compiled once for each of its versions.
func (in *Inbound) source(ctx context.Context, name string) (*eventSource, error) {
	row, err := in.store.EventSourceOf(ctx, name)
	if err != nil {
		return nil, err
	}
	version := sourceVersion{row.ID, row.Version}
	if s, known := in.compiled.GetIfPresent(version); known {
		return s, nil
	}
	s, err := compileSource(row, nil)
	if err != nil {
		return nil, fmt.Errorf("event source %s: %s", row.ID, err.Error()) // it was right when it was registered
	}
	if s.key, err = in.access.Open(keyPlace(row.ID), row.SealedKey); err != nil {
		return nil, fmt.Errorf("event source %s: %w", row.ID, err)
	}
	in.compiled.Set(version, s)
	return s, nil
}

// take gives an event its effect. known says that its type is one of the source.
func (in *Inbound) take(ctx context.Context, source *eventSource, r *cloudevent.Received) (known bool, err error) {
	if !slices.Contains(source.Types, r.Type()) {
		return false, cloudevent.ErrUnknownType.Withf("The source %s is not registered for events of the type %s.", source.Source, r.Type())
	}
	if failed, is := results[r.Type()]; is && source.mappings[r.Type()] == nil {
		return true, in.takeResult(ctx, source, r, failed)
	}
	m, err := source.message(r, in.workflow.instant(), in.workflow.location)
	if err != nil || m == nil {
		return true, err
	}
	_, err = in.workflow.Correlate(ctx, Call{}, *m, &store.Delivery{Source: source.Source, EventID: r.ID()})
	switch {
	case errors.Is(err, store.ErrDelivered):
		return true, nil
	case err != nil && fault.VerdictOf(err) == fault.Acknowledge: // who waited is busy with something else; it has not been done
		return true, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return true, err
}

// bury keeps a poison event among the dead letters, once, and returns what its sender is told: always
// that the event is at fault.
func (in *Inbound) bury(ctx context.Context, r *cloudevent.Received, cause error) error {
	buried, err := in.store.Buried(ctx, r.Source(), r.ID())
	if err != nil {
		return err
	}
	refused := *fault.From(cause)
	if refused.Kind != fault.Malformed {
		refused.Kind = fault.Invalid
	}
	if buried {
		return &refused
	}
	content, err := r.MarshalJSON() // as it is: encoding/json would refuse data that is none
	if err != nil {
		return err
	}
	err = in.store.Bury(ctx, store.DeadLetter{
		ID: newID(), Direction: store.In, Source: r.Source(), EventID: r.ID(), Type: r.Type(), Reason: cause.Error(), Attempts: 1,
		Content: content, CreatedAt: instant(),
	})
	if err != nil {
		return err
	}
	return &refused
}

// DeadLetters lists dead letters without their content; the list is store.DeadLetterList.
func (in *Inbound) DeadLetters(ctx context.Context, f store.DeadLetterFilter, r page.Request) (page.Page[store.DeadLetter], error) {
	return in.store.DeadLetters(ctx, f, r)
}

// DeadLetterContent is a dead letter with its content: the event as CloudEvents JSON, or the text of what
// is none.
type DeadLetterContent struct {
	store.DeadLetter
	Content json.RawMessage `json:"content"`
}

// DeadLetter returns a dead letter: store.ErrNoDeadLetter when there is none.
func (in *Inbound) DeadLetter(ctx context.Context, id engine.ID) (DeadLetterContent, error) {
	d, err := in.store.DeadLetter(ctx, id)
	c := DeadLetterContent{DeadLetter: d, Content: d.Content}
	if err == nil && !json.Valid(d.Content) {
		c.Content, err = json.Marshal(string(d.Content))
	}
	return c, err
}

// Resubmit takes a dead letter again: one that came in by the present mappings of its source, one that
// was going out by the relay. One that fails again stays, and the error says why. Errors:
// store.ErrNoDeadLetter, store.ErrResubmitted, store.ErrNoEventSource, those of Receive.
func (in *Inbound) Resubmit(ctx context.Context, id engine.ID, i *store.Idempotency) (json.RawMessage, error) {
	d, err := in.store.DeadLetter(ctx, id)
	if err != nil {
		return nil, err
	}
	if d.Direction == store.In && d.ResubmittedAt == nil {
		if err := in.retake(ctx, d); err != nil {
			return nil, err
		}
	}
	var answer store.Recorded
	_, err = in.store.Resubmit(ctx, id, instant(), i, func(d store.DeadLetter) (store.Recorded, error) {
		answer, err = recorded(http.StatusOK, d)
		return answer, err
	})
	if err != nil {
		return nil, err
	}
	in.workflow.relay.Push()
	return answer.Body, nil
}

// retake gives an event its effect whose signature was good when it came.
func (in *Inbound) retake(ctx context.Context, d store.DeadLetter) error {
	list, _, err := cloudevent.Read(http.Header{"Content-Type": {event.ApplicationCloudEventsJSON}}, d.Content)
	if err != nil {
		return err
	}
	source, err := in.source(ctx, list[0].Source())
	if err != nil {
		return err
	}
	_, err = in.take(ctx, source, &list[0])
	return err
}
