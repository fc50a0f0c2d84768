package definitions

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
)

// decisionRest are the routes of Camunda 7's REST API about decisions.
func decisionRest() []faas.Route {
	routes := faas.EngineRestList("/decision-definition", access.WorkflowDefinition, func(a *faas.App) faas.Listing[camunda.DecisionDefinition] {
		return a.Camunda.DecisionDefinitions
	})
	for _, at := range []string{"/decision-definition/{id}", "/decision-definition/key/{key}"} {
		routes = append(routes,
			faas.EngineRest(http.MethodGet, at, access.WorkflowDefinition, readDecisionDefinition),
			faas.EngineRest(http.MethodGet, at+"/{what}", access.WorkflowDefinition, readDecisionAspect),
			faas.EngineRest(http.MethodPost, at+"/evaluate", access.WorkflowDefinition, evaluateDefinition),
		)
	}
	return routes
}

func readDecisionDefinition(ctx context.Context, r *faas.Request) (any, error) {
	d, _, err := r.App.Camunda.FindDecision(ctx, r.PathValue("id"), r.PathValue("key"))
	return d, err
}

func readDecisionAspect(ctx context.Context, r *faas.Request) (any, error) {
	if r.PathValue("what") != "xml" {
		return nothing(ctx, r)
	}
	return r.App.Camunda.DecisionXML(ctx, r.PathValue("id"), r.PathValue("key"))
}

func evaluateDefinition(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Evaluation
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return r.App.Camunda.Evaluate(ctx, r.Call(), r.PathValue("id"), r.PathValue("key"), body)
}
