package notify

import (
	"context"

	"diom.io/workflow/shared/faas"
)

func list(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return notifications(r).List(ctx, r.Principal.Username, request.Filters, request)
}

func unread(ctx context.Context, r *faas.Request) (any, error) {
	return notifications(r).Unread(ctx, r.Principal.Username)
}

func read(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	if err := r.Decode(&struct{}{}); err != nil {
		return nil, err
	}
	return notifications(r).Read(ctx, r.Principal.Username, id, r.Idempotency)
}

func readAll(ctx context.Context, r *faas.Request) (any, error) {
	if err := r.Decode(&struct{}{}); err != nil {
		return nil, err
	}
	return notifications(r).ReadAll(ctx, r.Principal.Username, r.Idempotency)
}
