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

// sheets are the content types of exported files.
const sheets = "text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func searches() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/instances:search", Summary: "Search instances by conditions, of variables too",
			Permission: access.WorkflowInstance, Body: tasklist.Search{}, Asks: true, Answer: page.Page[store.Instance]{}, Serve: search,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/instances:export", Summary: "Search instances and get them as a file, for a spreadsheet",
			Permission: access.WorkflowInstance, Body: tasklist.Export{}, Asks: true, Media: sheets, Serve: export,
		},
	}
}

func search(ctx context.Context, r *faas.Request) (any, error) {
	var body tasklist.Search
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Tasklist.SearchInstances(ctx, r.Principal, body)
}

func export(ctx context.Context, r *faas.Request) (any, error) {
	var body tasklist.Export
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	f, err := r.App.Tasklist.ExportInstances(ctx, r.Principal, body, r.Chinese())
	if err != nil {
		return nil, err
	}
	return faas.SendFile(f), nil
}
