package jobs

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/dispatch"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func bindingRoutes() []faas.Route {
	return faas.Resource[store.TopicBinding, dispatch.NewBinding, dispatch.BindingChange]{
		Path: "/api/v1/topic-bindings", Permission: access.SysSetting, Rows: store.TopicBindingList,
		Summaries: faas.Summaries{
			List:   "List the topics whose jobs no worker fetches, and who does them",
			Create: "Bind a topic to a URL, to a sink of events or to a built-in",
			Read:   "Read a topic binding; its key is not shown",
			Change: "Change a topic binding; what is absent stays",
			Delete: "Delete a topic binding",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Dispatch.Bindings(ctx, list)
		},
		Create: func(ctx context.Context, r *faas.Request, body dispatch.NewBinding) (store.TopicBinding, error) {
			return r.App.Dispatch.CreateBinding(ctx, body, r.Idempotency)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.TopicBinding, error) {
			return r.App.Dispatch.Binding(ctx, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body dispatch.BindingChange, version int64) (store.TopicBinding, error) {
			return r.App.Dispatch.UpdateBinding(ctx, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return r.App.Dispatch.DeleteBinding(ctx, id)
		},
		Version: func(x store.TopicBinding) int64 { return x.Version },
	}.Routes()
}

// ErrEvent: an event of the product's own type has another form.
var ErrEvent = fault.New(fault.Invalid, "bad_job_event", "The event is not one of a job that was created.")

// wake lets the jobs of a topic be done that no worker fetches. It does not wait for them.
func wake(ctx context.Context, r *faas.Request) error {
	var data cloudevent.Data
	if err := r.Event.DataAs(&data); err != nil || data.Topic == "" {
		return ErrEvent
	}
	return r.App.Dispatch.Wake(ctx, data.Topic)
}
