package completetask

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

func complete(ctx context.Context, r *faas.Request) (any, error) {
	return about(ctx, r, r.App.Workflow.CompleteTask)
}

func throw(ctx context.Context, r *faas.Request) (any, error) {
	return about(ctx, r, r.App.Workflow.ThrowTaskError)
}

func escalate(ctx context.Context, r *faas.Request) (any, error) {
	return about(ctx, r, r.App.Workflow.EscalateTask)
}

// about hands the body of a request about a task to its use case.
func about[Body any](ctx context.Context, r *faas.Request, use func(context.Context, workflow.Call, engine.ID, Body) (json.RawMessage, error)) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	var body Body
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return use(ctx, r.Call(), id, body)
}

func completeAll(ctx context.Context, r *faas.Request) (any, error) {
	var body workflow.Completions
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.CompleteTasks(ctx, r.Call(), body)
}
