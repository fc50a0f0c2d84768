package tasks

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// withBody decodes the body for a use case.
func withBody[T any](ctx context.Context, r *faas.Request, id engine.ID, do func(context.Context, workflow.Call, engine.ID, T) (json.RawMessage, error)) (any, error) {
	var body T
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return do(ctx, r.Call(), id, body)
}

func returnTask(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return withBody(ctx, r, id, r.App.Workflow.ReturnTask)
}

func addSigners(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return withBody(ctx, r, id, r.App.Workflow.AddSigners)
}

func removeSigners(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return withBody(ctx, r, id, r.App.Workflow.RemoveSigners)
}

func copyTask(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return withBody(ctx, r, id, r.App.Workflow.CopyTask)
}

func urge(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return withBody(ctx, r, id, r.App.Workflow.UrgeTask)
}

func withdraw(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return withBody(ctx, r, id, r.App.Workflow.WithdrawTask)
}
