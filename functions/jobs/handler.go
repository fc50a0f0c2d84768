// Package jobs lets workers fetch the jobs of service tasks and report what became of them.
package jobs

import (
	"net/http"
	"slices"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/mailing"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/tasklist"
	"diom.io/workflow/shared/workflow"
)

// Function describes jobs.
var Function = faas.Function{
	Name:    "jobs",
	Summary: "Hand jobs of service tasks out to workers, with a long poll, and take their results; do those whose topic is bound.",
	Routes: slices.Concat([]faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/jobs", Summary: "List jobs, asynchronous continuations among them",
			Permission: access.WorkflowOperate, List: tasklist.JobList, Answer: page.Page[store.Job]{}, Serve: list,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/jobs:fetch", Summary: "Lock jobs of some topics for a worker, and wait up to 25 s for the first",
			Permission: access.WorkflowJob, Body: workflow.JobFetch{}, Answer: fetched{}, Serve: fetch,
		},
		result("complete", "Complete a job that the worker holds", workflow.JobCompletion{}, complete),
		result("fail", "Give a job back as failed; without retries an incident waits for an operator", workflow.JobFailure{}, fail),
		result("error", "End a job with a BPMN error", workflow.JobError{}, throw),
		result("escalate", "Throw an escalation from a job, which the worker goes on to hold unless it is interrupted", workflow.JobEscalation{}, escalate),
		{
			Method: http.MethodPost, Pattern: "/api/v1/jobs/{id}/extend", Summary: "Hold a job longer",
			Permission: access.WorkflowJob, Body: workflow.JobExtension{}, Answer: workflow.InstanceAnswer{}, Serve: extend,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/jobs/{id}/retries", Summary: "Say how often a job may still be tried; 0 raises an incident",
			Permission: access.WorkflowOperate, Replayable: true, Body: tries{}, Answer: workflow.InstanceAnswer{}, Serve: setTries,
		},
	}, bindingRoutes(), engineRest()),
	Events:  []faas.Event{{Type: cloudevent.TypeJobCreated, Summary: "Do the job, or push it, where its topic is bound", Serve: wake}},
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public", access.SecretInternal, access.SecretData, mailing.Secret},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", Min: 0, Max: 5},
}

// Handle serves jobs on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }

// result is the route by which a worker says what became of a job.
func result(name, summary string, body any, serve serving) faas.Route {
	return faas.Route{
		Method: http.MethodPost, Pattern: "/api/v1/jobs/{id}/" + name, Summary: summary,
		Permission: access.WorkflowJob, Replayable: true, Body: body, Answer: workflow.InstanceAnswer{}, Serve: serve,
	}
}
