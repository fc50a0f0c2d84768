package camunda

import (
	"context"
	"encoding/json"
	"net/http"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/workflow"
)

// Thrown is the body that throws a BPMN error or an escalation from a user task.
type Thrown struct {
	Error      string    `json:"errorCode"`
	Message    string    `json:"errorMessage"`
	Escalation string    `json:"escalationCode"`
	Variables  Variables `json:"variables"`
}

// ThrowError ends a task with a BPMN error.
func (s *Service) ThrowError(ctx context.Context, call workflow.Call, id string, body Thrown) error {
	if body.Error == "" {
		return badThrow("errorCode")
	}
	return s.throw(&call, id, body.Variables, func(task engine.ID, values engine.Variables) error {
		_, err := s.workflow.ThrowTaskError(ctx, call, task, workflow.TaskError{Code: body.Error, Message: excerpt.Cut(body.Message, 4000), Variables: values})
		return err
	})
}

// Escalate throws an escalation from a task.
func (s *Service) Escalate(ctx context.Context, call workflow.Call, id string, body Thrown) error {
	if body.Escalation == "" {
		return badThrow("escalationCode")
	}
	return s.throw(&call, id, body.Variables, func(task engine.ID, values engine.Variables) error {
		_, err := s.workflow.EscalateTask(ctx, call, task, workflow.TaskEscalation{Code: body.Escalation, Variables: values})
		return err
	})
}

func badThrow(what string) error {
	return &Error{Status: http.StatusBadRequest, Type: restException, Message: what + " is empty"}
}

func (s *Service) throw(call *workflow.Call, id string, variables Variables, do func(engine.ID, engine.Variables) error) error {
	gone := &Error{Status: http.StatusNotFound, Type: restException, Message: "Cannot find task with id " + id + ": task is null"}
	task, err := engine.ParseID(id)
	if err != nil {
		return gone
	}
	values, types, err := variables.Read()
	if err != nil {
		return As(err, http.StatusBadRequest, restException, "")
	}
	call.Types, call.Strict, call.Steward = types, true, true
	if err = do(task, values); fault.KindOf(err) == fault.NotFound {
		gone.cause = err
		return gone
	}
	return err
}

// EvaluateConditions starts the processes that begin with a condition which holds for the variables: of
// the one definition that the body names, or of all.
func (s *Service) EvaluateConditions(ctx context.Context, call workflow.Call, body ConditionRequest, base string) ([]Instance, error) {
	request := workflow.ConditionRequest{StartRequest: workflow.StartRequest{BusinessKey: body.BusinessKey}}
	var err error
	if request.Variables, call.Types, err = body.Variables.Read(); err != nil {
		return nil, As(err, http.StatusBadRequest, restException, "Cannot evaluate conditions: ")
	}
	if body.Definition != "" {
		if _, _, err := s.FindDefinition(ctx, body.Definition, ""); err != nil {
			return nil, err
		}
		if request.DefinitionID, err = ParseDefinitionID(body.Definition); err != nil {
			return nil, err
		}
	}
	call.Strict = true
	raw, err := s.workflow.EvaluateConditionsOf(ctx, call, request)
	if err != nil {
		return nil, err
	}
	var made workflow.Conditions
	if err := json.Unmarshal(raw, &made); err != nil {
		return nil, err
	}
	list := make([]Instance, 0, len(made.Instances))
	for _, in := range made.Instances {
		shown, err := s.started(ctx, in.ID, false, base)
		if err != nil {
			return nil, err
		}
		list = append(list, shown)
	}
	return list, nil
}

// ConditionRequest is the body of an evaluation of conditions.
type ConditionRequest struct {
	Variables   Variables `json:"variables"`
	BusinessKey string    `json:"businessKey"`
	Definition  string    `json:"processDefinitionId"`
}
