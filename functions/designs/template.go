package designs

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func templateRoutes() []faas.Route {
	return append(faas.Resource[store.Template, design.NewTemplate, design.TemplateChange]{
		Path: "/api/v1/templates", Permission: access.WorkflowStart, Rows: store.TemplateList, Guarded: true,
		Summaries: faas.Summaries{
			List:   "List one's own templates of start forms, or the public ones",
			Create: "Keep the values of a start form as a template",
			Read:   "Read a template that is one's own or public",
			Change: "Change one's own template; what is absent stays",
			Delete: "Delete one's own template",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Design.Templates(ctx, r.Principal, list)
		},
		Create: func(ctx context.Context, r *faas.Request, body design.NewTemplate) (store.Template, error) {
			return r.App.Design.CreateTemplate(ctx, r.Call(), body)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.Template, error) {
			return r.App.Design.Template(ctx, r.Principal, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body design.TemplateChange, version int64) (store.Template, error) {
			return r.App.Design.UpdateTemplate(ctx, r.Call(), id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, version int64) error {
			return r.App.Design.DeleteTemplate(ctx, r.Principal, id, version)
		},
		Version: func(x store.Template) int64 { return x.Version },
	}.Routes(), faas.Route{
		Method: http.MethodPost, Pattern: "/api/v1/templates/{id}/use", Summary: "Count that a form is filled in with a template, and read it",
		Permission: access.WorkflowStart, Replayable: true, Status: http.StatusOK, Answer: store.Template{}, Versioned: true, Serve: faas.WithID(useTemplate),
	})
}

func useTemplate(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	t, err := r.App.Design.UseTemplate(ctx, r.Call(), id)
	return faas.Tagged(0, t.Version, t, err)
}
