package tasks

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// delegations are the routes by which somebody stands in for somebody else, or takes over from him.
func delegations() []faas.Route {
	const collection, item = "/api/v1/delegations", "/api/v1/delegations/{id}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Summary: "List one's delegations, or those in which one stands in",
			Permission: access.WorkflowTask, List: store.DelegationList, Answer: page.Page[store.Delegation]{}, Serve: listDelegations,
		},
		{
			Method: http.MethodPost, Pattern: collection, Summary: "Let somebody stand in for one while one is away", Status: http.StatusCreated,
			Permission: access.WorkflowTask, Replayable: true, Versioned: true, Body: workflow.NewDelegation{}, Answer: store.Delegation{}, Serve: createDelegation,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read a delegation",
			Permission: access.WorkflowTask, Versioned: true, Answer: store.Delegation{}, Serve: readDelegation,
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Change a delegation; what is absent stays",
			Permission: access.WorkflowTask, Versioned: true, Body: workflow.DelegationChange{}, Answer: store.Delegation{}, Serve: changeDelegation,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "End a delegation; what was handed over stays so", Status: http.StatusNoContent,
			Permission: access.WorkflowTask, Serve: endDelegation,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/tasks:transfer", Summary: "Give all that waits for somebody to somebody else, as a batch", Status: http.StatusCreated,
			Permission: access.WorkflowOperate, Replayable: true, Body: workflow.Transfer{}, Answer: store.Batch{}, Serve: transferAll,
		},
	}
}

func taggedDelegation(status int, d store.Delegation, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return faas.Tagged(status, d.Version, d), nil
}

func listDelegations(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.Delegations(ctx, r.Principal, request.Filters.Get("view"), request)
}

func createDelegation(ctx context.Context, r *faas.Request) (any, error) {
	var body workflow.NewDelegation
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	d, err := r.App.Workflow.Delegate(ctx, r.Call(), body)
	return taggedDelegation(http.StatusCreated, d, err)
}

func readDelegation(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	d, err := r.App.Workflow.Delegation(ctx, r.Principal, id)
	return taggedDelegation(0, d, err)
}

func changeDelegation(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	version, err := r.Match()
	if err != nil {
		return nil, err
	}
	var body workflow.DelegationChange
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	d, err := r.App.Workflow.ChangeDelegation(ctx, r.Call(), id, body, version)
	return taggedDelegation(0, d, err)
}

func endDelegation(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return nil, r.App.Workflow.EndDelegation(ctx, r.Call(), id)
}

func transferAll(ctx context.Context, r *faas.Request) (any, error) {
	var body workflow.Transfer
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.TransferTasks(ctx, r.Call(), body)
}
