// Package advancetoken lets process instances go on by the product's own events.
package advancetoken

import (
	"context"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
)

// Function describes advance-token.
var Function = faas.Function{
	Name:    "advance-token",
	Summary: "Run asynchronous continuations, and bring messages and calls of one process instance to another.",
	Events: []faas.Event{
		{Type: cloudevent.TypeTokenReady, Summary: "Run the continuation", Serve: advance},
		{Type: cloudevent.TypeMessageSent, Summary: "Correlate the message", Serve: deliver},
		{Type: cloudevent.TypeCallStarted, Summary: "Start the called instance", Serve: deliverCall},
		{Type: cloudevent.TypeCallCancelled, Summary: "Cancel the called instance", Serve: deliverCall},
		{Type: cloudevent.TypeCallReturned, Summary: "Tell the caller what came of it", Serve: deliverCall},
		{Type: cloudevent.TypeCallMoved, Summary: "Tell the called instance who waits for it", Serve: deliverCall},
	},
	Secrets:  []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public"},
	Limits:   faas.Limits{Memory: "128Mi", CPU: "500m", Min: 0, Max: 5},
	Internal: true,
}

// Handle serves advance-token on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }

// ErrEvent: an event of the product's own type has another form.
var ErrEvent = fault.New(fault.Invalid, "bad_internal_event", "The event is not one of the product's own: its id or its data is wrong.")

// advance runs the continuation that the event names. It may come twice: what has been run is no
// failure.
func advance(ctx context.Context, r *faas.Request) error {
	var data cloudevent.Data
	if err := r.Event.DataAs(&data); err != nil || data.InstanceID.IsZero() || data.JobID.IsZero() {
		return ErrEvent
	}
	if !r.App.Config.RunsJobs() { // somebody runs it by hand
		return nil
	}
	return r.App.Workflow.Advance(ctx, data.InstanceID, data.JobID)
}

// deliver correlates the message that the event's id names; what it carries is in the history only.
func deliver(ctx context.Context, r *faas.Request) error {
	id, ok := cloudevent.ParseID(r.Event.ID())
	if !ok {
		return ErrEvent
	}
	return r.App.Workflow.DeliverSent(ctx, id)
}

// deliverCall brings a call, or what came of it, to the other instance; the event's id names it.
func deliverCall(ctx context.Context, r *faas.Request) error {
	id, ok := cloudevent.ParseID(r.Event.ID())
	if !ok {
		return ErrEvent
	}
	return r.App.Workflow.DeliverCall(ctx, id)
}
