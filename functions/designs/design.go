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

// maxDesign bounds a body with a content: 1 MiB of text may be longer in JSON.
const maxDesign = 4 << 20

const oneDesign = "/api/v1/designs/{id}"

func designRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/designs", Summary: "List designs, without their content",
			Permission: access.WorkflowDesign, List: store.DesignList, Answer: page.Page[store.Design]{}, Serve: listDesigns,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/designs", Summary: "Create a design of a process, of decisions or of a form",
			Permission: access.WorkflowDesign, Replayable: true, Status: http.StatusCreated, MaxBody: maxDesign,
			Body: design.NewDesign{}, Answer: store.Design{}, Versioned: true, Serve: createDesign,
		},
		{
			Method: http.MethodGet, Pattern: oneDesign, Summary: "Read a design with its content",
			Permission: access.WorkflowDesign, Answer: store.Design{}, Versioned: true, Serve: readDesign,
		},
		{
			Method: http.MethodPut, Pattern: oneDesign, Summary: "Save a design as a new version; what is absent stays",
			Permission: access.WorkflowDesign, MaxBody: maxDesign, Body: design.Change{}, Answer: store.Design{},
			Versioned: true, Guarded: true, Serve: changeDesign,
		},
		{
			Method: http.MethodDelete, Pattern: oneDesign, Summary: "Delete a design with its versions; what it has deployed stays deployed",
			Permission: access.WorkflowDesign, Guarded: true, Status: http.StatusNoContent, Serve: deleteDesign,
		},
	}
}

func listDesigns(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Design.Designs(ctx, list)
}

func createDesign(ctx context.Context, r *faas.Request) (any, error) {
	var body design.NewDesign
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	d, err := r.App.Design.Create(ctx, r.Call(), body)
	return tagged(http.StatusCreated, d.Version, d, err)
}

func readDesign(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	d, err := r.App.Design.Design(ctx, id)
	return tagged(0, d.Version, d, err)
}

func changeDesign(ctx context.Context, r *faas.Request) (any, error) {
	id, version, body, err := read[design.Change](r)
	if err != nil {
		return nil, err
	}
	d, err := r.App.Design.Update(ctx, r.Call(), id, body, version)
	return tagged(0, d.Version, d, err)
}

func deleteDesign(ctx context.Context, r *faas.Request) (any, error) {
	id, version, err := target(r)
	if err != nil {
		return nil, err
	}
	return nil, r.App.Design.Delete(ctx, id, version)
}

// target is what a guarded route changes, and the version that it must have.
func target(r *faas.Request) (engine.ID, int64, error) {
	id, err := r.ID("id")
	if err != nil {
		return id, 0, err
	}
	version, err := r.Match()
	return id, version, err
}

// read is target with the body. A body that is no good is told before a missing If-Match.
func read[T any](r *faas.Request) (id engine.ID, version int64, body T, err error) {
	if id, err = r.ID("id"); err != nil {
		return id, 0, body, err
	}
	if err = r.Decode(&body); err != nil {
		return id, 0, body, err
	}
	version, err = r.Match()
	return id, version, body, err
}

// tagged answers with a thing and its version, unless there is an error.
func tagged(status int, version int64, thing any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return faas.Tagged(status, version, thing), nil
}
