package tasks

import (
	"context"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
)

func returnTask(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.ReturnTask)
}

func addSigners(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.AddSigners)
}

func removeSigners(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.RemoveSigners)
}

func copyTask(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.CopyTask)
}

func urge(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.UrgeTask)
}

func withdraw(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.WithdrawTask)
}
