package tasks

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// operation is the route of one operation on a task; all of them answer like complete.
func operation(name, summary string, body any, do func(context.Context, *faas.Request, engine.ID) (any, error)) faas.Route {
	return faas.Route{
		Method: http.MethodPost, Pattern: "/api/v1/tasks/{id}/" + name, Summary: summary,
		Permission: access.WorkflowTask, Replayable: true, Body: body, Answer: workflow.TaskAnswer{}, Serve: faas.WithID(do),
	}
}

func list(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Tasklist.Tasks(ctx, r.Principal, request.Filters, request)
}

func get(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.Task(ctx, r.Principal, id)
}

func form(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.TaskForm(ctx, r.Principal, id)
}

func claim(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	if err := r.Decode(&struct{}{}); err != nil {
		return nil, err
	}
	return r.App.Workflow.ClaimTask(ctx, r.Call(), id)
}

func unclaim(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	if err := r.Decode(&struct{}{}); err != nil {
		return nil, err
	}
	return r.App.Workflow.UnclaimTask(ctx, r.Call(), id)
}

func transfer(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var a workflow.Assignment
	if err := r.Decode(&a); err != nil {
		return nil, err
	}
	return r.App.Workflow.TransferTask(ctx, r.Call(), id, a)
}

func delegate(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var a workflow.Assignment
	if err := r.Decode(&a); err != nil {
		return nil, err
	}
	return r.App.Workflow.DelegateTask(ctx, r.Call(), id, a)
}

type comment struct {
	Comment string `json:"comment"`
}

func resolve(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var c comment
	if err := r.Decode(&c); err != nil {
		return nil, err
	}
	return r.App.Workflow.ResolveTask(ctx, r.Call(), id, c.Comment)
}
