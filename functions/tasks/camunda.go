package tasks

import (
	"context"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
)

// engineRest are the routes of Camunda 7's REST API about user tasks, but those that end one.
func engineRest() []faas.Route {
	get := func(path string, serve func(context.Context, *faas.Request) (any, error)) faas.Route {
		return faas.EngineRest(http.MethodGet, "/task/{id}"+path, access.WorkflowTask, serve)
	}
	post := func(path string, serve func(context.Context, *faas.Request) (any, error)) faas.Route {
		return faas.EngineRest(http.MethodPost, "/task/{id}"+path, access.WorkflowTask, serve)
	}
	return slices.Concat([]faas.Route{
		get("", readTask), get("/form", readForm), get("/form-variables", readFormVariables), get("/deployed-form", readDeployedForm), get("/identity-links", readLinks),
		faas.EngineRest(http.MethodPut, "/task/{id}", access.WorkflowTask, changeTask),
		post("/claim", handing("Cannot claim task ", engine.Claimed)), post("/unclaim", handing("Cannot unclaim task ", engine.Unclaimed)),
		post("/assignee", handing("Cannot assign task ", engine.Transferred)), post("/delegate", handing("Cannot delegate task ", engine.Delegated)),
		post("/resolve", resolveTask), post("/identity-links", connecting(true)), post("/identity-links/delete", connecting(false)),
	},
		faas.EngineRestList("/task", access.WorkflowTask, func(a *faas.App) faas.Listing[camunda.Task] { return a.Camunda.Tasks }),
		faas.EngineRestList("/history/task", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.PastTask] { return a.Camunda.PastTasks }),
		faas.EngineRestComments("/task/{id}/comment", access.WorkflowTask, camunda.TaskThing), attachmentRest(),
		faas.EngineRestVariables("/task/{id}/variables", access.WorkflowTask, access.WorkflowTask, place(false)),
		faas.EngineRestVariables("/task/{id}/localVariables", access.WorkflowTask, access.WorkflowTask, place(true)),
	)
}

func place(local bool) faas.VariablePlace {
	return func(ctx context.Context, r *faas.Request) (camunda.Place, error) {
		return r.App.Camunda.TaskPlace(ctx, r.Principal, r.PathValue("id"), local)
	}
}

func readTask(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.Task(ctx, r.Principal, r.PathValue("id"))
}

func readForm(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.TaskForm(ctx, r.Principal, r.PathValue("id"))
}

func readDeployedForm(ctx context.Context, r *faas.Request) (any, error) {
	content, err := r.App.Camunda.DeployedForm(ctx, r.Principal, r.PathValue("id"))
	return content, err
}

func readFormVariables(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.FormVariables(ctx, r.Principal, r.PathValue("id"), r.Parameters())
}

func readLinks(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.IdentityLinks(ctx, r.Principal, r.PathValue("id"), r.Parameters().Text("type"))
}

func connecting(add bool) func(context.Context, *faas.Request) (any, error) {
	return func(ctx context.Context, r *faas.Request) (any, error) {
		var link camunda.IdentityLink
		if err := r.Read(&link); err != nil {
			return nil, err
		}
		return nil, r.App.Camunda.Connect(ctx, r.Call(), r.PathValue("id"), link, add)
	}
}

func changeTask(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.TaskChange
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.Change(ctx, r.Call(), r.PathValue("id"), body)
}

// handing gives a task to the user that the body names.
func handing(words, reason string) func(context.Context, *faas.Request) (any, error) {
	return func(ctx context.Context, r *faas.Request) (any, error) {
		var body struct {
			UserID string `json:"userId"`
		}
		if err := r.Read(&body); err != nil {
			return nil, err
		}
		id := r.PathValue("id")
		return nil, r.App.Camunda.Hand(ctx, r.Call(), id, words+id, engine.AssignTask{Assignee: body.UserID, Reason: reason})
	}
}

func resolveTask(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Completion
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.Resolve(ctx, r.Call(), r.PathValue("id"), body.Variables)
}
