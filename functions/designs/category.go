package designs

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func categoryRoutes() []faas.Route {
	return faas.Resource[store.Category, design.NewCategory, design.CategoryChange]{
		Path: "/api/v1/categories", Permission: access.WorkflowDefinition, Write: access.WorkflowDesign, Rows: store.CategoryList, Guarded: true,
		Summaries: faas.Summaries{
			List:   "List the categories of designs",
			Create: "Create a category",
			Read:   "Read a category",
			Change: "Change a category; what is absent stays",
			Delete: "Delete a category that no design is in",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Store.Categories(ctx, list)
		},
		Create: func(ctx context.Context, r *faas.Request, body design.NewCategory) (store.Category, error) {
			return r.App.Design.CreateCategory(ctx, r.Call(), body)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.Category, error) {
			return r.App.Store.Category(ctx, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body design.CategoryChange, version int64) (store.Category, error) {
			return r.App.Design.UpdateCategory(ctx, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, version int64) error {
			return r.App.Store.DeleteCategory(ctx, id, version)
		},
		Version: func(x store.Category) int64 { return x.Version },
	}.Routes()
}
