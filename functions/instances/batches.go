package instances

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// maxBatchBody holds the ids of the largest batch.
const maxBatchBody = 8 << 20

var (
	batchList     = page.List{Name: "batches", Sorts: []string{"-createdAt"}, Filters: []page.Filter{{Name: "state", Values: store.BatchStates()}}}
	batchItemList = page.List{Name: "batch-items", Sorts: []string{"instanceId"}, Filters: []page.Filter{{Name: "state", Values: store.ItemStates()}}}
)

// batches are the routes of operations on many instances.
func batches() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/batches", Summary: "List batches with their progress",
			Permission: access.WorkflowOperate, List: batchList, Answer: page.Page[store.Batch]{}, Serve: listBatches,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/batches", Summary: "Do one operation with many instances", Status: http.StatusCreated,
			Permission: access.WorkflowOperate, Replayable: true, MaxBody: maxBatchBody, Body: workflow.BatchRequest{}, Answer: store.Batch{}, Serve: createBatch,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/batches/{id}", Summary: "Read a batch with its progress",
			Permission: access.WorkflowOperate, Answer: store.Batch{}, Serve: getBatch,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/batches/{id}/items", Summary: "List the instances of a batch with what has become of each",
			Permission: access.WorkflowOperate, List: batchItemList, Answer: page.Page[store.BatchItem]{}, Serve: listItems,
		},
		batchStep(store.PauseBatch, "Pause a running batch"),
		batchStep(store.ResumeBatch, "Let a paused batch go on"),
		batchStep(store.CancelBatch, "End a batch; what it has done stays done"),
		batchStep(store.RetryBatch, "Try again what has failed in a batch"),
	}
}

func batchStep(step store.BatchStep, summary string) faas.Route {
	return faas.Route{
		Method: http.MethodPost, Pattern: "/api/v1/batches/{id}/" + string(step), Summary: summary,
		Permission: access.WorkflowOperate, Replayable: true, Answer: store.Batch{},
		Serve: func(ctx context.Context, r *faas.Request) (any, error) {
			id, err := r.ID("id")
			if err != nil {
				return nil, err
			}
			return r.App.Workflow.ChangeBatch(ctx, r.Call(), id, step)
		},
	}
}

func listBatches(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.Batches(ctx, request.Filters.Get("state"), request)
}

func createBatch(ctx context.Context, r *faas.Request) (any, error) {
	var body workflow.BatchRequest
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.CreateBatch(ctx, r.Call(), body)
}

func getBatch(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.Batch(ctx, id)
}

func listItems(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.BatchItems(ctx, id, request.Filters.Get("state"), request)
}
