package designs

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func templateRoutes() []faas.Route {
	const collection, item = "/api/v1/templates", "/api/v1/templates/{id}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Summary: "List one's own templates of start forms, or the public ones",
			Permission: access.WorkflowStart, List: store.TemplateList, Answer: page.Page[store.Template]{}, Serve: listTemplates,
		},
		{
			Method: http.MethodPost, Pattern: collection, Summary: "Keep the values of a start form as a template",
			Permission: access.WorkflowStart, Replayable: true, Status: http.StatusCreated, Body: design.NewTemplate{}, Answer: store.Template{},
			Versioned: true, Serve: createTemplate,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read a template that is one's own or public",
			Permission: access.WorkflowStart, Answer: store.Template{}, Versioned: true, Serve: readTemplate,
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Change one's own template; what is absent stays",
			Permission: access.WorkflowStart, Body: design.TemplateChange{}, Answer: store.Template{}, Versioned: true, Guarded: true, Serve: changeTemplate,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Delete one's own template",
			Permission: access.WorkflowStart, Guarded: true, Status: http.StatusNoContent, Serve: deleteTemplate,
		},
		{
			Method: http.MethodPost, Pattern: item + "/use", Summary: "Count that a form is filled in with a template, and read it",
			Permission: access.WorkflowStart, Replayable: true, Status: http.StatusOK, Answer: store.Template{}, Versioned: true, Serve: useTemplate,
		},
	}
}

func listTemplates(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Design.Templates(ctx, r.Principal, list)
}

func createTemplate(ctx context.Context, r *faas.Request) (any, error) {
	var body design.NewTemplate
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	t, err := r.App.Design.CreateTemplate(ctx, r.Call(), body)
	return tagged(http.StatusCreated, t.Version, t, err)
}

func readTemplate(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	t, err := r.App.Design.Template(ctx, r.Principal, id)
	return tagged(0, t.Version, t, err)
}

func changeTemplate(ctx context.Context, r *faas.Request) (any, error) {
	id, version, body, err := read[design.TemplateChange](r)
	if err != nil {
		return nil, err
	}
	t, err := r.App.Design.UpdateTemplate(ctx, r.Call(), id, body, version)
	return tagged(0, t.Version, t, err)
}

func deleteTemplate(ctx context.Context, r *faas.Request) (any, error) {
	id, version, err := target(r)
	if err != nil {
		return nil, err
	}
	return nil, r.App.Design.DeleteTemplate(ctx, r.Principal, id, version)
}

func useTemplate(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	t, err := r.App.Design.UseTemplate(ctx, r.Call(), id)
	return tagged(0, t.Version, t, err)
}
