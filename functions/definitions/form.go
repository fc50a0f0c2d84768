package definitions

import (
	"context"

	"diom.io/workflow/shared/faas"
)

func listForms(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.Forms(ctx, request)
}

func getForm(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.Form(ctx, id)
}
