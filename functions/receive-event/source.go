package receiveevent

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

func sourceRoutes() []faas.Route {
	return faas.Resource[store.EventSource, workflow.NewEventSource, workflow.EventSourceChange]{
		Path: "/api/v1/event-sources", Permission: access.SysSetting, Rows: store.EventSourceList,
		Summaries: faas.Summaries{
			List:   "List the registered event sources",
			Create: "Register an event source with its key, its types and their mappings",
			Read:   "Read an event source; its key is not shown",
			Change: "Change an event source; what is absent stays",
			Delete: "Delete an event source",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Inbound.EventSources(ctx, list)
		},
		Create: func(ctx context.Context, r *faas.Request, body workflow.NewEventSource) (store.EventSource, error) {
			return r.App.Inbound.CreateEventSource(ctx, body, r.Idempotency)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.EventSource, error) {
			return r.App.Inbound.EventSource(ctx, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body workflow.EventSourceChange, version int64) (store.EventSource, error) {
			return r.App.Inbound.UpdateEventSource(ctx, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return r.App.Inbound.DeleteEventSource(ctx, id)
		},
		Version: func(x store.EventSource) int64 { return x.Version },
	}.Routes()
}
