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

func draftRoutes() []faas.Route {
	const collection, item = "/api/v1/drafts", "/api/v1/drafts/{id}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Summary: "List one's own drafts of forms",
			Permission: access.WorkflowStart, List: store.DraftList, Answer: page.Page[store.Draft]{}, Serve: listDrafts,
		},
		{
			Method: http.MethodPost, Pattern: collection, Summary: "Keep a start form, or the form of a task, that is not filled in yet, with the version that it is for",
			Permission: access.WorkflowStart, Replayable: true, Status: http.StatusCreated, Body: design.NewDraft{}, Answer: store.Draft{},
			Versioned: true, Serve: createDraft,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read one's own draft, whether its form has changed, and which fields have vanished",
			Permission: access.WorkflowStart, Answer: store.Draft{}, Versioned: true, Serve: readDraft,
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Change one's own draft; what is absent stays",
			Permission: access.WorkflowStart, Body: design.DraftChange{}, Answer: store.Draft{}, Versioned: true, Guarded: true, Serve: changeDraft,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Delete one's own draft",
			Permission: access.WorkflowStart, Guarded: true, Status: http.StatusNoContent, Serve: deleteDraft,
		},
	}
}

func listDrafts(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Design.Drafts(ctx, r.Principal, list)
}

func createDraft(ctx context.Context, r *faas.Request) (any, error) {
	var body design.NewDraft
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	d, err := r.App.Design.CreateDraft(ctx, r.Call(), body)
	return tagged(http.StatusCreated, d.Version, d, err)
}

func readDraft(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	d, err := r.App.Design.Draft(ctx, r.Principal, id)
	return tagged(0, d.Version, d, err)
}

func changeDraft(ctx context.Context, r *faas.Request) (any, error) {
	id, version, body, err := read[design.DraftChange](r)
	if err != nil {
		return nil, err
	}
	d, err := r.App.Design.UpdateDraft(ctx, r.Call(), id, body, version)
	return tagged(0, d.Version, d, err)
}

func deleteDraft(ctx context.Context, r *faas.Request) (any, error) {
	id, version, err := target(r)
	if err != nil {
		return nil, err
	}
	return nil, r.App.Design.DeleteDraft(ctx, r.Principal, id, version)
}
