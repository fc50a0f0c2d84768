package receiveevent

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
)

// engineRest are the routes of Camunda 7's REST API about messages and signals.
func engineRest() []faas.Route {
	return []faas.Route{
		faas.EngineRest(http.MethodPost, "/message", access.WorkflowMessage, correlateMessage),
		faas.EngineRest(http.MethodPost, "/signal", access.WorkflowMessage, throwSignal),
		faas.EngineRest(http.MethodPost, "/condition", access.WorkflowMessage, evaluateConditions),
		faas.EngineRest(http.MethodPost, "/execution/{id}/messageSubscriptions/{name}/trigger", access.WorkflowMessage, triggerMessage),
	}
}

func correlateMessage(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Message
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	list, err := r.App.Camunda.Correlate(ctx, r.Call(), body, r.Base())
	if err != nil || list == nil {
		return nil, err
	}
	return list, nil
}

func throwSignal(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Signal
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.Throw(ctx, r.Call(), body)
}

func triggerMessage(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Completion
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.Trigger(ctx, r.Call(), r.PathValue("id"), r.PathValue("name"), body.Variables)
}

func evaluateConditions(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.ConditionRequest
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return r.App.Camunda.EvaluateConditions(ctx, r.Call(), body, r.Base())
}
