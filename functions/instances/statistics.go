package instances

import (
	"context"
	"net/http"
	"strconv"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/tasklist"
	"diom.io/workflow/shared/workflow"
)

// defaultDays is how far statistics reach back where nothing is said.
const defaultDays = 30

var statisticsList = page.List{Name: "statistics", Filters: []page.Filter{
	{Name: "definitionId", Form: page.ID, Summary: "one version alone"}, {Name: "days", Form: page.Number, Summary: "how far back, 1 to 366; 30 where it is absent"},
}}

// statistics are the routes that count.
func statistics() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/statistics", Summary: "Count what runs, what has failed and what is late",
			Permission: access.WorkflowOperate, Answer: workflow.Overview{},
			Serve: func(ctx context.Context, r *faas.Request) (any, error) { return r.App.Workflow.Overview(ctx) },
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/processes/{key}/statistics", Summary: "Read how a process has gone: durations, and what has happened at each node",
			Permission: access.WorkflowOperate, List: statisticsList, Answer: workflow.ProcessStatistics{}, Serve: processStatistics,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/subscriptions", Summary: "List the messages, signals and conditions that are waited for",
			Permission: access.WorkflowOperate, List: tasklist.SubscriptionList, Answer: page.Page[store.Waiting]{}, Serve: subscriptions,
		},
	}
}

func processStatistics(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	days := defaultDays
	if text := request.Filters.Get("days"); text != "" {
		if days, err = strconv.Atoi(text); err != nil {
			return nil, workflow.ErrDays
		}
	}
	var definition engine.ID
	if text := request.Filters.Get("definitionId"); text != "" {
		if definition, err = engine.ParseID(text); err != nil {
			return nil, tasklist.ErrFilter
		}
	}
	return r.App.Workflow.ProcessStatistics(ctx, r.PathValue("key"), definition, days)
}

func subscriptions(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Tasklist.Subscriptions(ctx, request.Filters, request)
}
