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

// maxDesign bounds a body with a content: 1 MiB of text may be longer in JSON.
const maxDesign = 4 << 20

const oneDesign = "/api/v1/designs/{id}"

func designRoutes() []faas.Route {
	return faas.Resource[store.Design, design.NewDesign, design.Change]{
		Path: "/api/v1/designs", Permission: access.WorkflowDesign, Rows: store.DesignList, Guarded: true, MaxBody: maxDesign,
		Summaries: faas.Summaries{
			List:   "List designs, without their content",
			Create: "Create a design of a process, of decisions or of a form",
			Read:   "Read a design with its content",
			Change: "Save a design as a new version; what is absent stays",
			Delete: "Delete a design with its versions; what it has deployed stays deployed",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Design.Designs(ctx, list)
		},
		Create: func(ctx context.Context, r *faas.Request, body design.NewDesign) (store.Design, error) {
			return r.App.Design.Create(ctx, r.Call(), body)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.Design, error) {
			return r.App.Design.Design(ctx, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body design.Change, version int64) (store.Design, error) {
			return r.App.Design.Update(ctx, r.Call(), id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, version int64) error {
			return r.App.Design.Delete(ctx, id, version)
		},
		Version: func(x store.Design) int64 { return x.Version },
	}.Routes()
}
