package completetask

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// engineRest are the routes of Camunda 7's REST API that end a user task.
func engineRest() []faas.Route {
	return []faas.Route{
		faas.EngineRest(http.MethodPost, "/task/{id}/complete", access.WorkflowTask, finishing(false)),
		faas.EngineRest(http.MethodPost, "/task/{id}/submit-form", access.WorkflowTask, finishing(true)),
		faas.EngineRest(http.MethodPost, "/task/{id}/bpmnError", access.WorkflowTask, throwing((*camunda.Service).ThrowError)),
		faas.EngineRest(http.MethodPost, "/task/{id}/bpmnEscalation", access.WorkflowTask, throwing((*camunda.Service).Escalate)),
	}
}

func finishing(submit bool) func(context.Context, *faas.Request) (any, error) {
	return func(ctx context.Context, r *faas.Request) (any, error) {
		var body camunda.Completion
		if err := r.Read(&body); err != nil {
			return nil, err
		}
		values, err := r.App.Camunda.Complete(ctx, r.Call(), r.PathValue("id"), body, submit)
		if err != nil || values == nil {
			return nil, err
		}
		return values, nil
	}
}

func throwing(throw func(*camunda.Service, context.Context, workflow.Call, string, camunda.Thrown) error) func(context.Context, *faas.Request) (any, error) {
	return func(ctx context.Context, r *faas.Request) (any, error) {
		var body camunda.Thrown
		if err := r.Read(&body); err != nil {
			return nil, err
		}
		return nil, throw(r.App.Camunda, ctx, r.Call(), r.PathValue("id"), body)
	}
}
