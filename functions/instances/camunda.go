package instances

import (
	"context"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
)

// engineRest are the routes of Camunda 7's REST API about process instances, executions, variables,
// incidents and the history.
func engineRest() []faas.Route {
	get := func(path string, serve func(context.Context, *faas.Request) (any, error)) faas.Route {
		return faas.EngineRest(http.MethodGet, path, access.WorkflowInstance, serve)
	}
	return slices.Concat([]faas.Route{
		get("/process-instance/{id}", readInstance), get("/process-instance/{id}/activity-instances", readActivities),
		faas.EngineRest(http.MethodDelete, "/process-instance/{id}", access.WorkflowInstance, deleteInstance),
		faas.EngineRest(http.MethodPut, "/process-instance/{id}/suspended", access.WorkflowOperate, suspendInstance),
		faas.EngineRest(http.MethodPut, "/process-instance/suspended", access.WorkflowOperate, suspendInstances),
		faas.EngineRest(http.MethodPost, "/process-instance/{id}/modification", access.WorkflowOperate, modifyInstance),
		faas.EngineRestQuestion("/migration/generate", access.WorkflowOperate, generateMigration),
		faas.EngineRestQuestion("/migration/validate", access.WorkflowOperate, validateMigration),
		faas.EngineRest(http.MethodPost, "/migration/execute", access.WorkflowOperate, executeMigration),
		get("/execution/{id}", readExecution), get("/execution/{id}/messageSubscriptions/{name}", readSubscription),
		faas.EngineRest(http.MethodPost, "/execution/{id}/signal", access.WorkflowOperate, signalExecution),
		faas.EngineRest(http.MethodGet, "/incident/{id}", access.WorkflowOperate, readIncident),
		faas.EngineRest(http.MethodDelete, "/incident/{id}", access.WorkflowOperate, resolveIncident),
		get("/history/process-instance/{id}", readPast), get("/history/activity-instance/{id}", readPastActivity), get("/history/variable-instance/{id}", readPastVariable),
		faas.EngineRest(http.MethodDelete, "/history/process-instance/{id}", access.WorkflowOperate, deletePast),
		get("/variable-instance/{id}", readVariableInstance),
		get("/history/decision-instance/{id}", readPastDecision), get("/history/detail/{id}", readPastDetail),
	}, batchRest(),
		faas.EngineRestList("/history/decision-instance", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.PastDecision] { return a.Camunda.PastDecisions }),
		faas.EngineRestList("/history/detail", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.PastDetail] { return a.Camunda.PastDetails }),
		faas.EngineRestList("/process-instance", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.Instance] { return a.Camunda.Instances }),
		faas.EngineRestList("/execution", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.Execution] { return a.Camunda.Executions }),
		faas.EngineRestList("/variable-instance", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.VariableInstance] { return a.Camunda.VariableInstances }),
		faas.EngineRestList("/event-subscription", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.Subscription] { return a.Camunda.Subscriptions }),
		faas.EngineRestList("/incident", access.WorkflowOperate, func(a *faas.App) faas.Listing[camunda.Incident] { return a.Camunda.Incidents }),
		faas.EngineRestList("/history/process-instance", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.PastInstance] { return a.Camunda.PastInstances }),
		faas.EngineRestList("/history/activity-instance", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.PastActivity] { return a.Camunda.PastActivities }),
		faas.EngineRestList("/history/variable-instance", access.WorkflowInstance, func(a *faas.App) faas.Listing[camunda.PastVariable] { return a.Camunda.PastVariables }),
		faas.EngineRestList("/history/incident", access.WorkflowOperate, func(a *faas.App) faas.Listing[camunda.PastIncident] { return a.Camunda.PastIncidents }),
		faas.EngineRestComments("/process-instance/{id}/comment", access.WorkflowInstance, camunda.InstanceThing),
		faas.EngineRestVariables("/process-instance/{id}/variables", access.WorkflowInstance, access.WorkflowOperate, ofInstance),
		faas.EngineRestVariables("/execution/{id}/localVariables", access.WorkflowInstance, access.WorkflowOperate, ofExecution),
	)
}

func ofInstance(ctx context.Context, r *faas.Request) (camunda.Place, error) {
	return r.App.Camunda.InstancePlace(ctx, r.Principal, r.PathValue("id"))
}

func ofExecution(ctx context.Context, r *faas.Request) (camunda.Place, error) {
	return r.App.Camunda.ExecutionPlace(ctx, r.Principal, r.PathValue("id"))
}

func readInstance(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.Instance(ctx, r.Principal, r.PathValue("id"))
}

func readActivities(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.ActivityInstances(ctx, r.Principal, r.PathValue("id"))
}

func deleteInstance(ctx context.Context, r *faas.Request) (any, error) {
	return nil, r.App.Camunda.Delete(ctx, r.Call(), r.PathValue("id"), "", r.Parameters())
}

func suspendInstance(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Suspension
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.Suspend(ctx, r.Call(), r.PathValue("id"), body.Suspended)
}

func suspendInstances(ctx context.Context, r *faas.Request) (any, error) {
	raw, err := r.Body()
	if err != nil {
		return nil, err
	}
	q, err := camunda.ParseQuery(nil).ParseBody(raw)
	if err != nil {
		return nil, err
	}
	if !q.Has("processDefinitionId") && !q.Has("processDefinitionKey") && !q.Has("processInstanceIds") && !q.Has("processInstanceQuery") && !q.Has("historicProcessInstanceQuery") {
		return nil, camunda.BadRequest("Either processInstanceId, processDefinitionId or processDefinitionKey should be set to update the suspension state.")
	}
	return nil, r.App.Camunda.SuspendInstances(ctx, r.Call(), q, q.Flag("suspended"))
}

func readExecution(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.Execution(ctx, r.Principal, r.PathValue("id"))
}

func readSubscription(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.EventSubscription(ctx, r.Principal, r.PathValue("id"), r.PathValue("name"))
}

func signalExecution(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Completion
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.SignalExecution(ctx, r.Call(), r.PathValue("id"), body.Variables)
}

func readIncident(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.Incident(ctx, r.Principal, r.PathValue("id"))
}

func resolveIncident(ctx context.Context, r *faas.Request) (any, error) {
	return nil, r.App.Camunda.ResolveIncident(ctx, r.Principal, r.PathValue("id"))
}

func readPast(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.PastInstance(ctx, r.Principal, r.PathValue("id"))
}

func deletePast(ctx context.Context, r *faas.Request) (any, error) {
	return nil, r.App.Camunda.DeletePastInstance(ctx, r.Call(), r.PathValue("id"), r.Parameters())
}

func readPastActivity(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.PastActivity(ctx, r.Principal, r.PathValue("id"))
}

func readPastVariable(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.PastVariable(ctx, r.Principal, r.PathValue("id"))
}

func readVariableInstance(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.VariableInstance(ctx, r.Principal, r.PathValue("id"))
}

func modifyInstance(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.InstanceModification
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.Modify(ctx, r.Call(), r.PathValue("id"), body)
}

func generateMigration(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.MigrationRequest
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return r.App.Camunda.GeneratePlan(ctx, body)
}

func validateMigration(ctx context.Context, r *faas.Request) (any, error) {
	var plan camunda.MigrationPlan
	if err := r.Read(&plan); err != nil {
		return nil, err
	}
	return r.App.Camunda.ValidatePlan(ctx, plan)
}

func executeMigration(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.MigrationRequest
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.MigrateInstances(ctx, r.Call(), body)
}

func readPastDecision(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.PastDecision(ctx, r.Principal, r.PathValue("id"), r.Parameters())
}

func readPastDetail(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.PastDetail(ctx, r.Principal, r.PathValue("id"))
}
