package instances

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// links are the routes by which instances are linked with one another.
func links() []faas.Route {
	const collection = "/api/v1/instances/{id}/links"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Summary: "List what an instance is linked with, as far as one may see it",
			Permission: access.WorkflowInstance, Answer: items[store.Link]{}, Serve: faas.WithID(listLinks),
		},
		{
			Method: http.MethodPost, Pattern: collection, Summary: "Link an instance with another one", Status: http.StatusCreated,
			Permission: access.WorkflowInstance, Replayable: true, Body: workflow.NewLink{}, Answer: store.Link{}, Serve: faas.WithID(addLink),
		},
		{
			Method: http.MethodDelete, Pattern: collection + "/{other}", Summary: "Remove the link of two instances", Status: http.StatusNoContent,
			Permission: access.WorkflowInstance, Serve: faas.WithID(removeLink),
		},
	}
}

func forecast(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return r.App.Workflow.ForecastInstance(ctx, r.Principal, id)
}

func listLinks(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	list, err := r.App.Workflow.Links(ctx, r.Principal, id)
	return wrap(list, err)
}

func addLink(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body workflow.NewLink
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.Link(ctx, r.Call(), id, body)
}

func removeLink(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	other, err := r.ID("other")
	if err != nil {
		return nil, err
	}
	return nil, r.App.Workflow.Unlink(ctx, r.Principal, id, other)
}
