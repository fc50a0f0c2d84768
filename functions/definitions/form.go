package definitions

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

func formRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/forms", Summary: "List deployed forms",
			Permission: access.WorkflowDefinition, List: store.FormList, Answer: page.Page[store.Form]{}, Serve: listForms,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/forms/{id}", Summary: "Read a deployed form with its schema",
			Permission: access.WorkflowDefinition, Answer: workflow.FormDetail{}, Serve: getForm,
		},
	}
}

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
