// Package startprocess starts process instances.
package startprocess

import (
	"context"
	"net/http"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// Function describes start-process.
var Function = faas.Function{
	Name:    "start-process",
	Summary: "Start a process instance and advance it to its first wait state.",
	Routes: append([]faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/processes/{key}/start", Summary: "Start the latest version of a process",
			Permission: access.WorkflowStart, Replayable: true, Status: http.StatusCreated,
			Body: workflow.StartRequest{}, Answer: workflow.Started{}, Serve: startProcess,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/definitions/{id}/start", Summary: "Start one version of a process",
			Permission: access.WorkflowStart, Replayable: true, Status: http.StatusCreated,
			Body: workflow.StartRequest{}, Answer: workflow.Started{}, Serve: startDefinition,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/processes/{key}/start-form", Summary: "Read the start form of a process",
			Permission: access.WorkflowStart, Answer: workflow.StartForm{}, Serve: startForm,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/processes/{key}/suggestions", Summary: "Read the values that one gave last and most often",
			Permission: access.WorkflowStart, Answer: suggestionList{}, Serve: suggestions,
		},
	}, append(requests(), engineRest()...)...),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public"},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", Min: 1, Max: 5},
}

// Handle serves start-process on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }

func startProcess(ctx context.Context, r *faas.Request) (any, error) {
	var request workflow.StartRequest
	if err := r.Decode(&request); err != nil {
		return nil, err
	}
	return r.App.Workflow.StartProcess(ctx, r.Call(), r.PathValue("key"), request)
}

func startDefinition(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	var request workflow.StartRequest
	if err := r.Decode(&request); err != nil {
		return nil, err
	}
	return r.App.Workflow.StartDefinition(ctx, r.Call(), id, request)
}

func startForm(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Workflow.StartForm(ctx, r.Principal, r.PathValue("key"))
}

type suggestionList struct {
	Items []workflow.Suggestion `json:"items"`
}

func suggestions(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.App.Workflow.Suggestions(ctx, r.Principal, r.PathValue("key"))
	return suggestionList{list}, err
}
