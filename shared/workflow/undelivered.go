package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/store"
)

// reportSource is the source, in the inbox, of what brokers report.
const reportSource = ownSources + "dead-letters"

// Undelivered keeps an event of ours, with the source ours, that a broker took and gave up: a consumer
// refused it or did not take it in time. nil says that it lies among the dead letters; resubmitted, it
// is sent again.
//
// The broker does not sign. That the event is ours says its own signature, which is still there, or,
// where the keys have been changed since, that it is named like one of a step that has been made: so
// nobody can have more kept than was sent. Errors: cloudevent.ErrMalformed, ErrUnsigned, ErrSignature,
// ErrStale.
func (in *Inbound) Undelivered(ctx context.Context, ours string, r *cloudevent.Received) error {
	if err := in.access.VerifyEvent(r); err != nil {
		known, failure := in.named(ctx, ours, r)
		if failure != nil {
			return failure
		}
		if !known {
			return err
		}
	}
	content, err := r.MarshalJSON() // as it is: encoding/json would refuse data that is none
	if err != nil {
		return err
	}
	f := r.Failure()
	report := sha256.Sum256([]byte(strings.Join([]string{r.Source(), r.ID(), r.Signed(), f.Destination}, "\n")))
	return in.store.KeepUndelivered(ctx, store.Delivery{Source: reportSource, EventID: hex.EncodeToString(report[:])}, store.DeadLetter{
		ID: newID(), Direction: store.Out, Source: r.Source(), EventID: r.ID(), Type: r.Type(), Reason: reason(f), Attempts: 1,
		Content: content, CreatedAt: instant(),
	})
}

// named reports whether the event has the name and the type of one that a step has sent.
func (in *Inbound) named(ctx context.Context, ours string, r *cloudevent.Received) (bool, error) {
	id, ok := cloudevent.ParseID(r.ID())
	if !ok || r.Source() != ours {
		return false, nil
	}
	c, err := in.store.Change(ctx, id)
	return c != nil && cloudevent.TypeOf(c) == r.Type(), err
}

func reason(f cloudevent.Failure) string {
	switch {
	case f.Destination == "":
		return "The broker could not deliver it."
	case f.Status == "":
		return fmt.Sprintf("The broker could not deliver it to %s.", f.Destination)
	}
	return strings.TrimSpace(fmt.Sprintf("The broker could not deliver it to %s: status %s: %s", f.Destination, f.Status, f.Answer))
}
