// Package completetask completes user tasks.
package completetask

import (
	"context"
	"net/http"
	"slices"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// Function describes complete-task.
var Function = faas.Function{
	Name:    "complete-task",
	Summary: "Complete a user task and advance its process instance to the next wait state.",
	Routes: slices.Concat([]faas.Route{
		result("complete", "Complete a task", workflow.Completion{}, complete),
		{
			Method: http.MethodPost, Pattern: "/api/v1/tasks:complete", Summary: "Complete many tasks of one process at once, where its model allows it",
			Permission: access.WorkflowTask, Replayable: true, Body: workflow.Completions{}, Answer: workflow.CompletionsAnswer{}, Serve: completeAll,
		},
		result("error", "End a task with a BPMN error", workflow.TaskError{}, throw),
		result("escalate", "Throw an escalation from a task, which stays open unless it is interrupted", workflow.TaskEscalation{}, escalate),
	}, linkRoutes(), engineRest()),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public", access.SecretInternal},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", Min: 1, Max: 5},
}

// Handle serves complete-task on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }

// result is the route by which somebody says what became of a task.
func result(name, summary string, body any, serve serving) faas.Route {
	return faas.Route{
		Method: http.MethodPost, Pattern: "/api/v1/tasks/{id}/" + name, Summary: summary,
		Permission: access.WorkflowTask, Replayable: true, Body: body, Answer: workflow.TaskAnswer{}, Serve: serve,
	}
}

type serving = func(context.Context, *faas.Request) (any, error)
