package instances

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

type commander func(context.Context, workflow.Call, engine.ID, string) (json.RawMessage, error)

func withReason(ctx context.Context, r *faas.Request, id engine.ID, do commander) (any, error) {
	var body reason
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return do(ctx, r.Call(), id, body.Reason)
}

func cancel(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return withReason(ctx, r, id, r.App.Workflow.CancelInstance)
}

func withdraw(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.WithdrawInstance)
}

func suspend(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return withReason(ctx, r, id, r.App.Workflow.SuspendInstance)
}

func resume(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return withReason(ctx, r, id, r.App.Workflow.ResumeInstance)
}

func retry(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body workflow.Retry
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.Repair(ctx, r.Call(), id, engine.ID{}, body)
}

func incidents(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Tasklist.Incidents(ctx, request.Filters, request)
}

func retryIncident(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	var body workflow.Retry
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.RepairIncident(ctx, r.Call(), id, body)
}

func timers(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Tasklist.Timers(ctx, request.Filters, request)
}
