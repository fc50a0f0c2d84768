package definitions

import (
	"context"

	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

func listDecisions(ctx context.Context, r *faas.Request) (any, error) {
	request, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Tasklist.Decisions(ctx, request.Filters, request)
}

func getDecision(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	d, _, err := r.App.Tasklist.Decision(ctx, id)
	return d, err
}

func decisionXML(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	_, content, err := r.App.Tasklist.Decision(ctx, id)
	return content, err
}

func evaluateDecision(ctx context.Context, r *faas.Request) (any, error) {
	var request workflow.DecisionRequest
	if err := r.Decode(&request); err != nil {
		return nil, err
	}
	choice := workflow.DecisionChoice{Key: r.PathValue("key"), Version: request.Version}
	return r.App.Workflow.EvaluateDecision(ctx, r.Call(), choice, request.Variables)
}
