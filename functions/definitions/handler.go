// Package definitions deploys models and answers what is deployed.
package definitions

import (
	"net/http"
	"slices"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/tasklist"
	"diom.io/workflow/shared/workflow"
)

// Function describes definitions.
var Function = faas.Function{
	Name:    "definitions",
	Summary: "Deploy BPMN and DMN models and forms, and read what is deployed.",
	Routes: append([]faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/deployments", Summary: "Deploy models (multipart, all or nothing)",
			Permission: access.WorkflowDeploy, Replayable: true, Status: http.StatusCreated, MaxBody: maxDeployment,
			Body: upload{}, Accepts: []string{"multipart/form-data"}, Answer: workflow.DeploymentAnswer{}, Serve: deploy,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/definitions", Summary: "List definitions",
			Permission: access.WorkflowDefinition, List: tasklist.DefinitionList, Answer: page.Page[store.Definition]{}, Serve: list,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/definitions/{id}", Summary: "Read a definition",
			Permission: access.WorkflowDefinition, Answer: store.Definition{}, Serve: get,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/definitions/{id}/xml", Summary: "Read the uploaded BPMN file, byte for byte",
			Permission: access.WorkflowDefinition, Media: "application/xml", Serve: xml,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/definitions/{id}/diff/{other}", Summary: "Tell what changed from one definition to another",
			Permission: access.WorkflowDefinition, Answer: bpmn.Comparison{}, Serve: diff,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/definitions/{id}/suspend", Summary: "Suspend a definition: nothing can be started; with its instances, if an operator wants it",
			Permission: access.WorkflowDeploy, Replayable: true, Body: withInstances{}, Answer: workflow.DefinitionState{}, Serve: suspend,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/definitions/{id}/resume", Summary: "Resume a definition",
			Permission: access.WorkflowDeploy, Replayable: true, Body: withInstances{}, Answer: workflow.DefinitionState{}, Serve: resume,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/decisions", Summary: "List decisions",
			Permission: access.WorkflowDefinition, List: tasklist.DecisionList, Answer: page.Page[store.DeployedDecision]{}, Serve: listDecisions,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/decisions/{id}", Summary: "Read a decision",
			Permission: access.WorkflowDefinition, Answer: store.DeployedDecision{}, Serve: getDecision,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/decisions/{id}/xml", Summary: "Read the uploaded DMN file, byte for byte",
			Permission: access.WorkflowDefinition, Media: "application/xml", Serve: decisionXML,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/decisions/{key}/evaluate", Summary: "Make a decision with variables; nothing is kept",
			Permission: access.WorkflowDefinition, Body: workflow.DecisionRequest{}, Answer: workflow.DecisionAnswer{}, Serve: evaluateDecision,
		},
	}, slices.Concat(formRoutes(), engineRest())...),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public"},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", Min: 0, Max: 5},
}

// Handle serves definitions on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }
