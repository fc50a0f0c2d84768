package receiveevent

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

func deadLetterRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodPost, Pattern: "/dead-letter", Summary: "Keep an event of ours that a broker has given up",
			Permission: access.Public, Platform: true, Status: http.StatusAccepted, Serve: undelivered,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/dead-letters", Summary: "List CloudEvents that nobody could make use of",
			Permission: access.SysSetting, List: store.DeadLetterList, Answer: page.Page[store.DeadLetter]{}, Serve: listDeadLetters,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/dead-letters/{id}", Summary: "Read a dead letter with its content",
			Permission: access.SysSetting, Answer: workflow.DeadLetterContent{}, Serve: readDeadLetter,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/dead-letters/{id}/resubmit", Summary: "Take or send a dead letter again",
			Permission: access.SysSetting, Replayable: true, Answer: store.DeadLetter{}, Serve: resubmit,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/dead-letters/{id}/rehearsal", Summary: "Say what would become of a dead letter if it were resubmitted; nothing is changed",
			Permission: access.SysSetting, Answer: workflow.Rehearsal{}, Serve: faas.WithID(rehearse),
		},
	}
}

// undelivered takes what a Trigger could not deliver. Its answer is 202 without a body, once the event is
// kept.
func undelivered(ctx context.Context, r *faas.Request) (any, error) {
	list, batch, err := r.Events()
	if err != nil {
		return nil, err
	}
	if batch {
		return nil, faas.ErrBadEvent.Withf("Send one CloudEvent at a time.")
	}
	return nil, told(r.App.Inbound.Undelivered(ctx, r.App.Source(), &list[0]))
}

func listDeadLetters(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Inbound.DeadLetters(ctx, store.DeadLetterFilter{
		Direction: store.Direction(list.Filters.Get("direction")), Source: list.Filters.Get("source"), Type: list.Filters.Get("type"),
		Resubmitted: list.Filters.Get("resubmitted") == "true",
	}, list)
}

func readDeadLetter(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return r.App.Inbound.DeadLetter(ctx, id)
}

func resubmit(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return r.App.Inbound.Resubmit(ctx, id, r.Idempotency)
}

func rehearse(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return r.App.Inbound.Rehearse(ctx, id)
}
