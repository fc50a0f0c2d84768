package instances

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// operations are the routes of what operators alone do with one instance.
func operations() []faas.Route {
	return []faas.Route{
		operation("modify", "Start, end and move tokens, in order, as one step", access.WorkflowOperate, workflow.Modification{}, modify),
		operation("migrate", "Let an instance go on by another definition", access.WorkflowOperate, workflow.MigrationPlan{}, migrate),
		operation("variables", "Set and remove variables", access.WorkflowOperate, workflow.VariableChange{}, setVariables),
		operation("correlate", "Hand a message or a signal to an instance that waits for it", access.WorkflowOperate, workflow.Hint{}, handOver),
		restartRoute(),
		{
			Method: http.MethodDelete, Pattern: "/api/v1/instances/{id}", Summary: "Delete an instance that has ended, with its history",
			Permission: access.WorkflowOperate, Answer: workflow.Deleted{}, Serve: faas.WithID(remove),
		},
	}
}

func restartRoute() faas.Route {
	r := operation("restart", "Start an ended instance anew, as an instance of its own", access.WorkflowOperate, workflow.Restart{}, restart)
	r.Answer, r.Status = workflow.Started{}, http.StatusCreated
	return r
}

func modify(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.ModifyInstance)
}

func migrate(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.MigrateInstance)
}

func setVariables(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.SetVariables)
}

func handOver(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.HandOver)
}

func restart(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return faas.Apply(ctx, r, id, r.App.Workflow.RestartInstance)
}

func remove(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return r.App.Workflow.DeleteInstance(ctx, r.Call(), id)
}

// migrations are the routes of plans.
func migrations() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/migrations:generate", Summary: "Make a plan that maps each node to the one of the same id and kind",
			Permission: access.WorkflowOperate, Body: pair{}, Asks: true, Answer: workflow.MigrationPlan{}, Serve: generate,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/migrations:validate", Summary: "Tell what is wrong with a plan, and which instances cannot follow it",
			Permission: access.WorkflowOperate, Body: workflow.MigrationRequest{}, Asks: true, Answer: workflow.MigrationReport{}, Serve: validate,
		},
	}
}

// pair names the definitions of a plan.
type pair struct {
	SourceDefinitionID  engine.ID `json:"sourceDefinitionId" api:"required"`
	TargetDefinitionID  engine.ID `json:"targetDefinitionId" api:"required"`
	UpdateEventTriggers bool      `json:"updateEventTriggers"`
}

func generate(ctx context.Context, r *faas.Request) (any, error) {
	var body pair
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.GenerateMigration(ctx, body.SourceDefinitionID, body.TargetDefinitionID, body.UpdateEventTriggers)
}

func validate(ctx context.Context, r *faas.Request) (any, error) {
	var body workflow.MigrationRequest
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.ValidateMigration(ctx, body)
}
