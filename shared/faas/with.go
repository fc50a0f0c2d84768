package faas

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
)

// WithID is a handler of a route whose pattern has an {id}.
func WithID(serve func(context.Context, *Request, engine.ID) (any, error)) func(context.Context, *Request) (any, error) {
	return func(ctx context.Context, r *Request) (any, error) {
		id, err := r.ID("id")
		if err != nil {
			return nil, err
		}
		return serve(ctx, r, id)
	}
}

// Apply decodes the body for a use case about what id names, and answers what that does.
func Apply[T any](ctx context.Context, r *Request, id engine.ID, do func(context.Context, workflow.Call, engine.ID, T) (json.RawMessage, error)) (any, error) {
	var body T
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return do(ctx, r.Call(), id, body)
}
