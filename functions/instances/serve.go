package instances

import (
	"context"
	"net/http"
	"strconv"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/workflow"
)

// items is the answer of a list that is not paged.
type items[T any] struct {
	Items []T `json:"items"`
}

type reason struct {
	Reason string `json:"reason"`
}

// view is a route that reads one aspect of an instance.
func view(suffix, summary string, answer any, read func(context.Context, *faas.Request, engine.ID) (any, error)) faas.Route {
	return faas.Route{
		Method: http.MethodGet, Pattern: "/api/v1/instances/{id}" + suffix, Summary: summary,
		Permission: access.WorkflowInstance, Answer: answer, Serve: faas.WithID(read),
	}
}

func historyRoute() faas.Route {
	r := view("/history", "Read the steps of an instance", workflow.HistoryPage{}, history)
	r.List = historyList
	return r
}

// operation is the route of one operation on an instance.
func operation(name, summary string, permission access.Permission, body any, do func(context.Context, *faas.Request, engine.ID) (any, error)) faas.Route {
	return faas.Route{
		Method: http.MethodPost, Pattern: "/api/v1/instances/{id}/" + name, Summary: summary,
		Permission: permission, Replayable: true, Body: body, Answer: workflow.InstanceAnswer{}, Serve: faas.WithID(do),
	}
}

func list(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Tasklist.Instances(ctx, r.Principal, request.Filters, request)
}

func home(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Tasklist.Home(ctx, r.Principal)
}

func get(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return r.App.Workflow.Instance(ctx, r.Principal, id)
}

func variables(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return r.App.Workflow.Variables(ctx, r.Principal, id)
}

// historyList has no cursor: a page goes on after the seq that the one before names.
var historyList = page.List{Name: "history", Filters: []page.Filter{{Name: "after", Form: page.Number, Summary: "the nextAfter of the page before"}}}

func history(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	after, _ := strconv.ParseInt(request.Filters.Get("after"), 10, 64) // historyList asks for a number; none is 0
	return r.App.Workflow.History(ctx, r.Principal, id, after, request.Limit)
}

func activity(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	list, err := r.App.Workflow.Activity(ctx, r.Principal, id)
	return wrap(list, err)
}

func timeline(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	list, err := r.App.Workflow.Timeline(ctx, r.Principal, id)
	return wrap(list, err)
}

func why(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	list, err := r.App.Workflow.Why(ctx, r.Principal, id)
	return wrap(list, err)
}

func wrap[T any](list []T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return items[T]{list}, nil
}
