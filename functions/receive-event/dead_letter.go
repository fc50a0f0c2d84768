package receiveevent

import (
	"context"
	"net/http"
	"strconv"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
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
			Permission: access.SysSetting, Answer: page.Page[store.DeadLetter]{}, Serve: listDeadLetters,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/dead-letters/{id}", Summary: "Read a dead letter with its content",
			Permission: access.SysSetting, Answer: workflow.DeadLetterContent{}, Serve: readDeadLetter,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/dead-letters/{id}/resubmit", Summary: "Take or send a dead letter again",
			Permission: access.SysSetting, Replayable: true, Answer: store.DeadLetter{}, Serve: resubmit,
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
	list, err := r.List(store.DeadLetterList)
	if err != nil {
		return nil, err
	}
	query := r.Query()
	f := store.DeadLetterFilter{Direction: store.Direction(query.Get("direction")), Source: query.Get("source"), Type: query.Get("type")}
	if f.Direction != "" && f.Direction != store.In && f.Direction != store.Out {
		return nil, badFilter("direction", "direction is in or out.")
	}
	if text := query.Get("resubmitted"); text != "" {
		if f.Resubmitted, err = strconv.ParseBool(text); err != nil {
			return nil, badFilter("resubmitted", "resubmitted is true or false.")
		}
	}
	return r.App.Inbound.DeadLetters(ctx, f, list)
}

func badFilter(parameter, message string) error {
	return faas.ErrBadList.Withf("%s", message).With(fault.Detail{Pointer: "/" + parameter, Code: "bad_filter", Detail: message})
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
