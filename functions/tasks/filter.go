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
	const all, item = "/api/v1/filters", "/api/v1/filters/{id}"
	return []faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/tasks:search", Summary: "Search one's tasks by conditions, of variables too",
			Permission: access.WorkflowTask, Body: tasklist.Search{}, Answer: page.Page[store.Task]{}, Serve: search,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/tasks:export", Summary: "Search one's tasks and get them as a file, for a spreadsheet",
			Permission: access.WorkflowTask, Body: tasklist.Export{}, Media: sheets, Serve: export,
		},
		{
			Method: http.MethodGet, Pattern: all, Summary: "List the filters of lists that one has saved or that are shared with one",
			Permission: access.Authenticated, List: store.SavedFilterList, Answer: page.Page[store.SavedFilter]{}, Serve: listFilters,
		},
		{
			Method: http.MethodPost, Pattern: all, Summary: "Save a filter of a list, for oneself or for a role or a department",
			Permission: access.Authenticated, Replayable: true, Status: http.StatusCreated, Body: tasklist.NewSavedFilter{}, Answer: store.SavedFilter{}, Versioned: true, Serve: saveFilter,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read a saved filter",
			Permission: access.Authenticated, Answer: store.SavedFilter{}, Versioned: true, Serve: faas.WithID(readFilter),
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Change a filter that one has saved; what is absent stays",
			Permission: access.Authenticated, Body: tasklist.SavedFilterChange{}, Answer: store.SavedFilter{}, Versioned: true, Guarded: true, Serve: faas.WithID(changeFilter),
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Delete a filter that one has saved",
			Permission: access.Authenticated, Guarded: true, Status: http.StatusNoContent, Serve: faas.WithID(deleteFilter),
		},
	}
}

func search(ctx context.Context, r *faas.Request) (any, error) {
	var body tasklist.Search
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Tasklist.SearchTasks(ctx, r.Principal, body)
}

func listFilters(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Tasklist.SavedFilters(ctx, r.Principal, list)
}

func saveFilter(ctx context.Context, r *faas.Request) (any, error) {
	var body tasklist.NewSavedFilter
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	f, err := r.App.Tasklist.SaveFilter(ctx, r.Principal, body, r.Idempotency)
	return saved(http.StatusCreated, f, err)
}

func readFilter(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	f, err := r.App.Tasklist.SavedFilter(ctx, r.Principal, id)
	return saved(0, f, err)
}

func changeFilter(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body tasklist.SavedFilterChange
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	match, err := r.Match()
	if err != nil {
		return nil, err
	}
	f, err := r.App.Tasklist.ChangeSavedFilter(ctx, r.Principal, id, body, match)
	return saved(0, f, err)
}

func deleteFilter(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	match, err := r.Match()
	if err != nil {
		return nil, err
	}
	return nil, r.App.Tasklist.DeleteSavedFilter(ctx, r.Principal, id, match)
}

func saved(status int, f store.SavedFilter, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return faas.Tagged(status, f.Version, f), nil
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
