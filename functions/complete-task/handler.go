// Package completetask completes user tasks.
package completetask

import (
	"context"
	"net/http"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// Function describes complete-task.
var Function = faas.Function{
	Name:    "complete-task",
	Summary: "Complete a user task and advance its process instance to the next wait state.",
	Routes: append([]faas.Route{{
		Method: http.MethodPost, Pattern: "/api/v1/tasks/{id}/complete", Summary: "Complete a task",
		Permission: access.WorkflowTask, Replayable: true,
		Body: workflow.Completion{}, Answer: workflow.TaskAnswer{}, Serve: complete,
	}}, engineRest()...),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public"},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", Min: 1, Max: 5},
}

// Handle serves complete-task on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }

func complete(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	var completion workflow.Completion
	if err := r.Decode(&completion); err != nil {
		return nil, err
	}
	return r.App.Workflow.CompleteTask(ctx, r.Call(), id, completion)
}
