package receiveevent

import (
	"context"
	"fmt"
	"strconv"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
)

// ErrRefused: some events of a batch are at fault; what is said of each is in the errors.
var ErrRefused = fault.New(fault.Invalid, "batch_refused", "Some CloudEvents of the batch are refused. The others have their effect.")

// eventTypes are the content types of structured mode, of a batch, and of data in binary mode, which may have
// any other.
var eventTypes = []string{event.ApplicationCloudEventsJSON, event.ApplicationCloudEventsBatchJSON, event.ApplicationJSON}

// receive takes the events of a request. Its answer is 202 without a body: Knative takes any other for
// a failed delivery. 429, 500 and 503 ask for redelivery; 400, 401, 413 and 422 do not.
func receive(ctx context.Context, r *faas.Request) (any, error) {
	list, batch, err := r.Events()
	if err != nil {
		return nil, err
	}
	if !batch {
		return nil, told(one(ctx, r.App, &list[0]))
	}
	return nil, all(ctx, r.App, list)
}

// one takes an event: of another system by its mapping, of our own by handing it to its consumers.
func one(ctx context.Context, app *faas.App, r *cloudevent.Received) error {
	if r.Err != nil || r.Source() != app.Source() {
		return app.Inbound.Receive(ctx, r)
	}
	if err := app.Access.VerifyEvent(r); err != nil {
		return err
	}
	return app.Deliver(ctx, r.Event, consumers[r.Type()])
}

// all takes the events of a batch, each for itself and in order. While one may still be taken the whole
// batch is asked for again: for the others that is a repetition.
func all(ctx context.Context, app *faas.App, list []cloudevent.Received) error {
	var again error
	var details []fault.Detail
	for i := range list {
		err := one(ctx, app, &list[i])
		if err == nil || fault.VerdictOf(err) == fault.Acknowledge {
			continue
		}
		if fault.VerdictOf(err) == fault.Retry && again == nil {
			again = err
		}
		details = append(details, detail(i, &list[i], err))
	}
	switch {
	case len(details) == 0:
		return nil
	case again == nil:
		return ErrRefused.With(details...)
	case fault.From(again) == nil:
		return again
	}
	return fmt.Errorf("%w: %w", fault.From(again).With(details...), again)
}

// detail names an event of a batch by its index and its id.
func detail(i int, r *cloudevent.Received, err error) fault.Detail {
	d := fault.Detail{Pointer: "/" + strconv.Itoa(i), Name: r.ID(), Code: "internal"}
	if f := fault.From(err); f != nil {
		d.Code, d.Detail = f.Code, f.Message
	}
	return d
}

// told gives an error the status that a broker understands: it would deliver again after 404 and 409.
func told(err error) error {
	if err == nil || fault.VerdictOf(err) == fault.Acknowledge {
		return nil
	}
	if fault.VerdictOf(err) == fault.Retry {
		return err
	}
	switch refused := *fault.From(err); refused.Kind {
	case fault.Malformed, fault.Unauthorized, fault.TooLarge, fault.Invalid:
		return err
	default:
		refused.Kind = fault.Invalid
		return fmt.Errorf("%w: %w", &refused, err)
	}
}
