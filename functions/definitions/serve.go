package definitions

import (
	"context"

	"diom.io/workflow/shared/faas"
)

func list(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	definitions, err := r.App.Tasklist.Definitions(ctx, request.Filters, request)
	if err == nil && request.Filters.Get("startable") == "true" {
		definitions.Items, err = r.App.Workflow.Startable(ctx, r.Call().Principal, definitions.Items)
	}
	return definitions, err
}

func get(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	d, _, err := r.App.Tasklist.Definition(ctx, id)
	return d, err
}

func xml(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	_, content, err := r.App.Tasklist.Definition(ctx, id)
	return content, err
}

func diff(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	other, err := r.ID("other")
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.CompareDefinitions(ctx, id, other)
}

func suspend(ctx context.Context, r *faas.Request) (any, error) { return setSuspended(ctx, r, true) }

func resume(ctx context.Context, r *faas.Request) (any, error) { return setSuspended(ctx, r, false) }

// withInstances is the body of suspend and resume. Instances are suspended or resumed too, by a batch.
type withInstances struct {
	Instances bool `json:"instances"`
}

func setSuspended(ctx context.Context, r *faas.Request, suspended bool) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	var body withInstances
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	if body.Instances {
		return r.App.Workflow.SetInstancesSuspended(ctx, r.Call(), id, suspended)
	}
	return r.App.Workflow.SetDefinitionSuspended(ctx, r.Call(), id, suspended)
}
