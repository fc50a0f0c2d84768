package tasks

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

type calendarList struct {
	Items []store.Calendar `json:"items"`
}

// calendars are the routes of the calendars by which people work.
func calendars() []faas.Route {
	const collection, item = "/api/v1/calendars", "/api/v1/calendars/{code}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Summary: "List the working calendars",
			Permission: access.WorkflowTask, Answer: calendarList{}, Serve: listCalendars,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read a working calendar",
			Permission: access.WorkflowTask, Versioned: true, Answer: store.Calendar{}, Serve: readCalendar,
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Make or change a working calendar",
			Permission: access.SysSetting, Versioned: true, Body: workflow.CalendarBody{}, Answer: store.Calendar{}, Serve: putCalendar,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Remove a working calendar", Status: http.StatusNoContent,
			Permission: access.SysSetting, Serve: removeCalendar,
		},
	}
}

func listCalendars(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.App.Workflow.Calendars(ctx)
	return calendarList{list}, err
}

func readCalendar(ctx context.Context, r *faas.Request) (any, error) {
	c, err := r.App.Workflow.Calendar(ctx, r.PathValue("code"))
	return faas.Tagged(0, c.Version, c, err)
}

func putCalendar(ctx context.Context, r *faas.Request) (any, error) {
	match, err := r.Match()
	if err != nil {
		return nil, err
	}
	if r.HTTP().Header.Get("If-Match") != "" { // only what is there matches
		if _, err := r.App.Workflow.Calendar(ctx, r.PathValue("code")); err != nil {
			return nil, err
		}
	}
	var body workflow.CalendarBody
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	c, err := r.App.Workflow.PutCalendar(ctx, r.PathValue("code"), body, match)
	return faas.Tagged(0, c.Version, c, err)
}

func removeCalendar(ctx context.Context, r *faas.Request) (any, error) {
	return nil, r.App.Workflow.DeleteCalendar(ctx, r.PathValue("code"))
}
