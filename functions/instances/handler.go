// Package instances reads process instances and lets people operate on them.
package instances

import (
	"net/http"
	"slices"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/tasklist"
	"diom.io/workflow/shared/workflow"
)

// Function describes instances.
var Function = faas.Function{
	Name:    "instances",
	Summary: "Read process instances with their history, and operate on them: one by one, or many as a batch.",
	Routes: append(slices.Concat(operations(), migrations(), batches(), searches(), links(), holds(), statistics(), []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/instances", Summary: "List instances",
			Permission: access.WorkflowInstance, List: tasklist.InstanceList, Answer: page.Page[store.Instance]{}, Serve: list,
		},
		view("", "Read an instance with its open tasks and incidents", workflow.InstanceDetail{}, get),
		view("/variables", "Read the variables of an instance", engine.Variables{}, variables),
		historyRoute(),
		view("/activity", "Read the visits to flow nodes", items[workflow.Activity]{}, activity),
		view("/timeline", "Read what happened, for people", items[workflow.TimelineEntry]{}, timeline),
		view("/why", "Read the evaluations that decided the course", items[workflow.Decision]{}, why),
		view("/forecast", "Read who will probably be asked", workflow.Forecast{}, forecast),
		operation("cancel", "End an instance at once (its starter, operators)", access.WorkflowInstance, reason{}, cancel),
		operation("withdraw", "Take back what one has started: the instance ends", access.WorkflowInstance, workflow.Remark{}, withdraw),
		operation("suspend", "Stop an instance where it is", access.WorkflowOperate, reason{}, suspend),
		operation("resume", "Let a suspended instance go on", access.WorkflowOperate, reason{}, resume),
		operation("retry", "Let every incident of an instance try again", access.WorkflowOperate, workflow.Retry{}, retry),
		{
			Method: http.MethodGet, Pattern: "/api/v1/home", Summary: "Read one's start page: counts and the newest of each list",
			Permission: access.WorkflowTask, Answer: tasklist.Home{}, Serve: home,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/incidents", Summary: "List open incidents",
			Permission: access.WorkflowOperate, List: tasklist.IncidentList, Answer: page.Page[store.Incident]{}, Serve: incidents,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/incidents/{id}/retry", Summary: "Let one incident try again",
			Permission: access.WorkflowOperate, Replayable: true, Body: workflow.Retry{}, Answer: workflow.InstanceAnswer{}, Serve: retryIncident,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/timers", Summary: "List timers of instances and of start events",
			Permission: access.WorkflowOperate, List: tasklist.TimerList, Answer: page.Page[store.Timer]{}, Serve: timers,
		},
	}), engineRest()...),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public"},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", Min: 0, Max: 5},
}

// Handle serves instances on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }
