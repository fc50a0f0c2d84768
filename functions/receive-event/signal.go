package receiveevent

import (
	"context"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
)

// signal is the body of a signal.
type signal struct {
	Name      string           `json:"name" api:"required"`
	Variables engine.Variables `json:"variables"`
}

// throw answers 202: whoever waits for the signal has it soon, nobody is no error.
func throw(ctx context.Context, r *faas.Request) (any, error) {
	var body signal
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Workflow.ThrowSignal(ctx, r.Call(), body.Name, body.Variables)
}
