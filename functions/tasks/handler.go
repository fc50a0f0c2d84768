// Package tasks lists user tasks and hands them from person to person.
package tasks

import (
	"net/http"
	"slices"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/tasklist"
	"diom.io/workflow/shared/workflow"
)

// Function describes tasks.
var Function = faas.Function{
	Name:    "tasks",
	Summary: "List user tasks, read one, claim it, and hand it to somebody else.",
	Routes: append([]faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/tasks", Summary: "List one's tasks",
			Permission: access.WorkflowTask, List: tasklist.TaskList, Answer: page.Page[store.Task]{}, Serve: list,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/tasks/{id}", Summary: "Read a task with what one may do with it",
			Permission: access.WorkflowTask, Answer: workflow.TaskDetail{}, Serve: get,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/tasks/{id}/form", Summary: "Read the form of a task",
			Permission: access.WorkflowTask, Answer: workflow.TaskForm{}, Serve: form,
		},
		operation("claim", "Claim a task that is offered to one", nil, claim),
		operation("unclaim", "Give a claimed task back to those it is offered to", nil, unclaim),
		operation("transfer", "Give a task to somebody else", workflow.Assignment{}, transfer),
		operation("delegate", "Let somebody else work on a task, which then comes back", workflow.Assignment{}, delegate),
		operation("return", "Send the work back to a task before, whose work is done again", workflow.TaskReturn{}, returnTask),
		operation("add-signers", "Let others sign before oneself, after, or at the same time", workflow.NewSigners{}, addSigners),
		operation("remove-signers", "Take signers away who have not voted", workflow.OldSigners{}, removeSigners),
		operation("withdraw", "Take one's vote back while nobody has acted on it", workflow.Remark{}, withdraw),
		operation("copy", "Let people know of a task who have nothing to do with it: they may read its instance", workflow.Copies{}, copyTask),
		operation("urge", "Remind those who have a task; again after a while, then those above them are told, too", workflow.Remark{}, urge),
		operation("resolve", "Give a delegated task back to its owner", comment{}, resolve),
	}, slices.Concat(discussions(), formFiles(), delegations(), searches(), calendars(), engineRest())...),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public", bucket.SecretAccess, bucket.SecretKey},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", Min: 1, Max: 5},
}

// Handle serves tasks on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }
