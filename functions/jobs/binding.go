package jobs

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/dispatch"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func bindingRoutes() []faas.Route {
	const collection, item = "/api/v1/topic-bindings", "/api/v1/topic-bindings/{id}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Summary: "List the topics whose jobs no worker fetches, and who does them",
			Permission: access.SysSetting, List: store.TopicBindingList, Answer: page.Page[store.TopicBinding]{}, Serve: listBindings,
		},
		{
			Method: http.MethodPost, Pattern: collection, Summary: "Bind a topic to a URL, to a sink of events or to a built-in",
			Permission: access.SysSetting, Replayable: true, Status: http.StatusCreated, Body: dispatch.NewBinding{}, Answer: store.TopicBinding{},
			Versioned: true, Serve: createBinding,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read a topic binding; its key is not shown",
			Permission: access.SysSetting, Answer: store.TopicBinding{}, Versioned: true, Serve: readBinding,
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Change a topic binding; what is absent stays",
			Permission: access.SysSetting, Body: dispatch.BindingChange{}, Answer: store.TopicBinding{}, Versioned: true, Serve: changeBinding,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Delete a topic binding",
			Permission: access.SysSetting, Status: http.StatusNoContent, Serve: deleteBinding,
		},
	}
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

func listBindings(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Dispatch.Bindings(ctx, list)
}

func createBinding(ctx context.Context, r *faas.Request) (any, error) {
	var body dispatch.NewBinding
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	b, err := r.App.Dispatch.CreateBinding(ctx, body, r.Idempotency)
	return tagged(http.StatusCreated, b, err)
}

func readBinding(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	b, err := r.App.Dispatch.Binding(ctx, id)
	return tagged(0, b, err)
}

func changeBinding(ctx context.Context, r *faas.Request) (any, error) {
	id, body, err := read[dispatch.BindingChange](r)
	if err != nil {
		return nil, err
	}
	version, err := r.Match()
	if err != nil {
		return nil, err
	}
	b, err := r.App.Dispatch.UpdateBinding(ctx, id, body, version)
	return tagged(0, b, err)
}

func deleteBinding(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return nil, r.App.Dispatch.DeleteBinding(ctx, id)
}

func tagged(status int, b store.TopicBinding, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return faas.Tagged(status, b.Version, b), nil
}
