package startprocess

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// requests are the routes by which a request is made of an earlier one, and by which one sees what a start would lead to.
func requests() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/processes/{key}/forecast", Summary: "Read who would be asked, were a process started so",
			Permission: access.WorkflowStart, Body: workflow.StartRequest{}, Asks: true, Answer: workflow.Forecast{}, Serve: forecast,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/instances/{id}/resubmit", Summary: "Send in again what was withdrawn, cancelled or rejected",
			Permission: access.WorkflowStart, Replayable: true, Status: http.StatusCreated, Body: workflow.Anew{}, Answer: workflow.Started{}, Serve: faas.WithID(resubmit),
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/instances/{id}/copy", Summary: "Start a process with what one has started it with before",
			Permission: access.WorkflowStart, Replayable: true, Status: http.StatusCreated, Body: workflow.Anew{}, Answer: workflow.Started{}, Serve: faas.WithID(copyRequest),
		},
	}
}

func forecast(ctx context.Context, r *faas.Request) (any, error) {
	var request workflow.StartRequest
	if err := r.Decode(&request); err != nil {
		return nil, err
	}
	return r.App.Workflow.ForecastStart(ctx, r.Principal, r.PathValue("key"), request)
}

func resubmit(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body workflow.Anew
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.Resubmit(ctx, r.Call(), id, body)
}

func copyRequest(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body workflow.Anew
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.CopyInstance(ctx, r.Call(), id, body)
}
