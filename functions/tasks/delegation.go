package tasks

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// delegations are the routes by which somebody stands in for somebody else, or takes over from him.
func delegations() []faas.Route {
	return append(faas.Resource[store.Delegation, workflow.NewDelegation, workflow.DelegationChange]{
		Path: "/api/v1/delegations", Permission: access.WorkflowTask, Rows: store.DelegationList,
		Summaries: faas.Summaries{
			List:   "List one's delegations, or those in which one stands in",
			Create: "Let somebody stand in for one while one is away",
			Read:   "Read a delegation",
			Change: "Change a delegation; what is absent stays",
			Delete: "End a delegation; what was handed over stays so",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Workflow.Delegations(ctx, r.Principal, list.Filters.Get("view"), list)
		},
		Create: func(ctx context.Context, r *faas.Request, body workflow.NewDelegation) (store.Delegation, error) {
			return r.App.Workflow.Delegate(ctx, r.Call(), body)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.Delegation, error) {
			return r.App.Workflow.Delegation(ctx, r.Principal, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body workflow.DelegationChange, version int64) (store.Delegation, error) {
			return r.App.Workflow.ChangeDelegation(ctx, r.Call(), id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return r.App.Workflow.EndDelegation(ctx, r.Call(), id)
		},
		Version: func(x store.Delegation) int64 { return x.Version },
	}.Routes(), faas.Route{
		Method: http.MethodPost, Pattern: "/api/v1/tasks:transfer", Summary: "Give all that waits for somebody to somebody else, as a batch", Status: http.StatusCreated,
		Permission: access.WorkflowOperate, Replayable: true, Body: workflow.Transfer{}, Answer: store.Batch{}, Serve: transferAll,
	})
}

func transferAll(ctx context.Context, r *faas.Request) (any, error) {
	var body workflow.Transfer
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.TransferTasks(ctx, r.Call(), body)
}
