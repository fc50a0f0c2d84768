package tasks

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/tasklist"
)

// sheets are the content types of exported files.
const sheets = "text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// searches are the search of tasks and the filters that people save.
func searches() []faas.Route {
	return append([]faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/tasks:search", Summary: "Search one's tasks by conditions, of variables too",
			Permission: access.WorkflowTask, Body: tasklist.Search{}, Asks: true, Answer: page.Page[store.Task]{}, Serve: search,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/tasks:export", Summary: "Search one's tasks and get them as a file, for a spreadsheet",
			Permission: access.WorkflowTask, Body: tasklist.Export{}, Asks: true, Media: sheets, Serve: export,
		},
	}, filters()...)
}

func filters() []faas.Route {
	return faas.Resource[store.SavedFilter, tasklist.NewSavedFilter, tasklist.SavedFilterChange]{
		Path: "/api/v1/filters", Permission: access.Authenticated, Rows: store.SavedFilterList, Guarded: true,
		Summaries: faas.Summaries{
			List:   "List the filters of lists that one has saved or that are shared with one",
			Create: "Save a filter of a list, for oneself or for a role or a department",
			Read:   "Read a saved filter",
			Change: "Change a filter that one has saved; what is absent stays",
			Delete: "Delete a filter that one has saved",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Tasklist.SavedFilters(ctx, r.Principal, list)
		},
		Create: func(ctx context.Context, r *faas.Request, body tasklist.NewSavedFilter) (store.SavedFilter, error) {
			return r.App.Tasklist.SaveFilter(ctx, r.Principal, body, r.Idempotency)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.SavedFilter, error) {
			return r.App.Tasklist.SavedFilter(ctx, r.Principal, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body tasklist.SavedFilterChange, version int64) (store.SavedFilter, error) {
			return r.App.Tasklist.ChangeSavedFilter(ctx, r.Principal, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, version int64) error {
			return r.App.Tasklist.DeleteSavedFilter(ctx, r.Principal, id, version)
		},
		Version: func(x store.SavedFilter) int64 { return x.Version },
	}.Routes()
}

func search(ctx context.Context, r *faas.Request) (any, error) {
	var body tasklist.Search
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Tasklist.SearchTasks(ctx, r.Principal, body)
}

func export(ctx context.Context, r *faas.Request) (any, error) {
	var body tasklist.Export
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	f, err := r.App.Tasklist.ExportTasks(ctx, r.Principal, body, r.Chinese())
	if err != nil {
		return nil, err
	}
	return faas.SendFile(f), nil
}
