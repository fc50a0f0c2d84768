package receiveevent

import (
	"context"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// conditions is the body of a look at the conditions of start events.
type conditions struct {
	BusinessKey string           `json:"businessKey"`
	Variables   engine.Variables `json:"variables"`
}

// evaluate answers with the instances that were started, which may be none.
func evaluate(ctx context.Context, r *faas.Request) (any, error) {
	var body conditions
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.EvaluateConditions(ctx, r.Call(), workflow.StartRequest{BusinessKey: body.BusinessKey, Variables: body.Variables})
}
