package receiveevent

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

func sourceRoutes() []faas.Route {
	const collection, item = "/api/v1/event-sources", "/api/v1/event-sources/{id}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Summary: "List the registered event sources",
			Permission: access.SysSetting, List: store.EventSourceList, Answer: page.Page[store.EventSource]{}, Serve: listSources,
		},
		{
			Method: http.MethodPost, Pattern: collection, Summary: "Register an event source with its key, its types and their mappings",
			Permission: access.SysSetting, Replayable: true, Status: http.StatusCreated, Body: workflow.NewEventSource{}, Answer: store.EventSource{},
			Versioned: true, Serve: createSource,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read an event source; its key is not shown",
			Permission: access.SysSetting, Answer: store.EventSource{}, Versioned: true, Serve: readSource,
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Change an event source; what is absent stays",
			Permission: access.SysSetting, Body: workflow.EventSourceChange{}, Answer: store.EventSource{}, Versioned: true, Serve: changeSource,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Delete an event source",
			Permission: access.SysSetting, Status: http.StatusNoContent, Serve: deleteSource,
		},
	}
}

func listSources(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Inbound.EventSources(ctx, list)
}

func createSource(ctx context.Context, r *faas.Request) (any, error) {
	var body workflow.NewEventSource
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	e, err := r.App.Inbound.CreateEventSource(ctx, body, r.Idempotency)
	return tagged(http.StatusCreated, e, err)
}

func readSource(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	e, err := r.App.Inbound.EventSource(ctx, id)
	return tagged(0, e, err)
}

func changeSource(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	version, err := r.Match()
	if err != nil {
		return nil, err
	}
	var body workflow.EventSourceChange
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	e, err := r.App.Inbound.UpdateEventSource(ctx, id, body, version)
	return tagged(0, e, err)
}

func deleteSource(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return nil, r.App.Inbound.DeleteEventSource(ctx, id)
}

func tagged(status int, e store.EventSource, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return faas.Tagged(status, e.Version, e), nil
}
