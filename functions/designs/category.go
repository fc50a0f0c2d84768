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

func categoryRoutes() []faas.Route {
	const collection, item = "/api/v1/categories", "/api/v1/categories/{id}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Summary: "List the categories of designs",
			Permission: access.WorkflowDefinition, List: store.CategoryList, Answer: page.Page[store.Category]{}, Serve: listCategories,
		},
		{
			Method: http.MethodPost, Pattern: collection, Summary: "Create a category",
			Permission: access.WorkflowDesign, Replayable: true, Status: http.StatusCreated, Body: design.NewCategory{}, Answer: store.Category{},
			Versioned: true, Serve: createCategory,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read a category",
			Permission: access.WorkflowDefinition, Answer: store.Category{}, Versioned: true, Serve: readCategory,
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Change a category; what is absent stays",
			Permission: access.WorkflowDesign, Body: design.CategoryChange{}, Answer: store.Category{}, Versioned: true, Guarded: true, Serve: changeCategory,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Delete a category that no design is in",
			Permission: access.WorkflowDesign, Guarded: true, Status: http.StatusNoContent, Serve: deleteCategory,
		},
	}
}

func listCategories(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Store.Categories(ctx, list)
}

func createCategory(ctx context.Context, r *faas.Request) (any, error) {
	var body design.NewCategory
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	c, err := r.App.Design.CreateCategory(ctx, r.Call(), body)
	return tagged(http.StatusCreated, c.Version, c, err)
}

func readCategory(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	c, err := r.App.Store.Category(ctx, id)
	return tagged(0, c.Version, c, err)
}

func changeCategory(ctx context.Context, r *faas.Request) (any, error) {
	id, version, body, err := read[design.CategoryChange](r)
	if err != nil {
		return nil, err
	}
	c, err := r.App.Design.UpdateCategory(ctx, id, body, version)
	return tagged(0, c.Version, c, err)
}

func deleteCategory(ctx context.Context, r *faas.Request) (any, error) {
	id, version, err := target(r)
	if err != nil {
		return nil, err
	}
	return nil, r.App.Store.DeleteCategory(ctx, id, version)
}
