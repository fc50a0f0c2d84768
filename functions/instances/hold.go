package instances

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

// holds are the routes of what must not be deleted.
func holds() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/holds", Summary: "List legal holds, lifted ones too",
			Permission: access.WorkflowHold, List: store.HoldList, Answer: page.Page[store.Hold]{}, Serve: listHolds,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/holds", Summary: "Keep instances from being deleted until the hold is lifted", Status: http.StatusCreated,
			Permission: access.WorkflowHold, Replayable: true, Body: workflow.NewHold{}, Answer: store.Hold{}, Serve: placeHold,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/holds/{id}/lift", Summary: "Lift a legal hold",
			Permission: access.WorkflowHold, Answer: store.Hold{}, Serve: faas.WithID(liftHold),
		},
	}
}

func listHolds(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.Holds(ctx, request)
}

func placeHold(ctx context.Context, r *faas.Request) (any, error) {
	var body workflow.NewHold
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.PlaceHold(ctx, r.Call(), body)
}

func liftHold(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return r.App.Workflow.LiftHold(ctx, r.Call(), id)
}
