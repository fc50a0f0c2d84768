package instances

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/tasklist"
)

func searches() []faas.Route {
	return []faas.Route{{
		Method: http.MethodPost, Pattern: "/api/v1/instances:search", Summary: "Search instances by conditions, of variables too",
		Permission: access.WorkflowInstance, Body: tasklist.Search{}, Answer: page.Page[store.Instance]{}, Serve: search,
	}}
}

func search(ctx context.Context, r *faas.Request) (any, error) {
	var body tasklist.Search
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Tasklist.SearchInstances(ctx, r.Principal, body)
}
