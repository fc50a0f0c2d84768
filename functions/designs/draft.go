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

func draftRoutes() []faas.Route {
	return faas.Resource[store.Draft, design.NewDraft, design.DraftChange]{
		Path: "/api/v1/drafts", Permission: access.WorkflowStart, Rows: store.DraftList, Guarded: true,
		Summaries: faas.Summaries{
			List:   "List one's own drafts of forms",
			Create: "Keep a start form, or the form of a task, that is not filled in yet, with the version that it is for",
			Read:   "Read one's own draft, whether its form has changed, and which fields have vanished",
			Change: "Change one's own draft; what is absent stays",
			Delete: "Delete one's own draft",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Design.Drafts(ctx, r.Principal, list)
		},
		Create: func(ctx context.Context, r *faas.Request, body design.NewDraft) (store.Draft, error) {
			return r.App.Design.CreateDraft(ctx, r.Call(), body)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.Draft, error) {
			return r.App.Design.Draft(ctx, r.Principal, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body design.DraftChange, version int64) (store.Draft, error) {
			return r.App.Design.UpdateDraft(ctx, r.Call(), id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, version int64) error {
			return r.App.Design.DeleteDraft(ctx, r.Principal, id, version)
		},
		Version: func(x store.Draft) int64 { return x.Version },
	}.Routes()
}
