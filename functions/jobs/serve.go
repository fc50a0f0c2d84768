package jobs

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/workflow"
)

// fetched is the answer to a fetch.
type fetched struct {
	Items []workflow.FetchedJob `json:"items"`
}

type serving = func(context.Context, *faas.Request) (any, error)

func list(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Tasklist.Jobs(ctx, request.Filters, request)
}

func fetch(ctx context.Context, r *faas.Request) (any, error) {
	var body workflow.JobFetch
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	items, err := r.App.Workflow.FetchJobs(ctx, body)
	if err != nil {
		return nil, err
	}
	return fetched{items}, nil
}

func complete(ctx context.Context, r *faas.Request) (any, error) {
	return report(ctx, r, r.App.Workflow.CompleteJob)
}

func fail(ctx context.Context, r *faas.Request) (any, error) {
	return report(ctx, r, r.App.Workflow.FailJob)
}

func throw(ctx context.Context, r *faas.Request) (any, error) {
	return report(ctx, r, r.App.Workflow.ThrowJobError)
}

func escalate(ctx context.Context, r *faas.Request) (any, error) {
	return report(ctx, r, r.App.Workflow.EscalateJob)
}

func report[T any](ctx context.Context, r *faas.Request, do func(context.Context, workflow.Call, engine.ID, T) (json.RawMessage, error)) (any, error) {
	id, body, err := read[T](r)
	if err != nil {
		return nil, err
	}
	return do(ctx, r.Call(), id, body)
}

func extend(ctx context.Context, r *faas.Request) (any, error) {
	id, body, err := read[workflow.JobExtension](r)
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.ExtendJob(ctx, id, body)
}

// read returns the job that the path names and the body.
func read[T any](r *faas.Request) (id engine.ID, body T, err error) {
	if id, err = r.ID("id"); err == nil {
		err = r.Decode(&body)
	}
	return id, body, err
}

// tries is how often a job may still be tried.
type tries struct {
	Retries *int `json:"retries" api:"required"`
}

func setTries(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	var body tries
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	if body.Retries == nil {
		return nil, workflow.ErrJobRequest.With(fault.Detail{Pointer: "/retries", Code: workflow.ErrJobRequest.Code})
	}
	return r.App.Workflow.SetRetries(ctx, r.Call(), id, *body.Retries)
}
