package startprocess

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
)

// engineRest are the routes of Camunda 7's REST API that start a process.
func engineRest() []faas.Route {
	var routes []faas.Route
	for _, at := range []string{"/process-definition/{id}", "/process-definition/key/{key}"} {
		routes = append(routes,
			faas.EngineRest(http.MethodPost, at+"/start", access.WorkflowStart, begin(false)),
			faas.EngineRest(http.MethodPost, at+"/submit-form", access.WorkflowStart, begin(true)),
		)
	}
	return append(routes, faas.EngineRest(http.MethodPost, "/process-definition/{id}/restart", access.WorkflowOperate, restart))
}

func begin(form bool) func(context.Context, *faas.Request) (any, error) {
	return func(ctx context.Context, r *faas.Request) (any, error) {
		var body camunda.StartRequest
		if err := r.Read(&body); err != nil {
			return nil, err
		}
		body.ID, body.Key, body.Base, body.Form = r.PathValue("id"), r.PathValue("key"), r.Base(), form
		return r.App.Camunda.Start(ctx, r.Call(), body)
	}
}

func restart(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Restart
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.Restart(ctx, r.Call(), r.PathValue("id"), body)
}
