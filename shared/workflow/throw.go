package workflow

import (
	"context"
	"encoding/json"
	"unicode/utf8"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrThrownCode: what is thrown has no usable code.
var ErrThrownCode = fault.New(fault.Invalid, "bad_thrown_code", "The code of an error or an escalation has 1 to 255 characters.")

// TaskError is the BPMN error with which somebody ends a task.
type TaskError struct {
	Code      string           `json:"code" api:"required"`
	Message   string           `json:"message"`
	Variables engine.Variables `json:"variables"`
}

// ThrowTaskError ends a task of the caller's with a BPMN error, which an error event may catch; if none does, its path
// ends. Who may, the errors and the answer are those of CompleteTask; it returns ErrThrownCode, too.
func (s *Service) ThrowTaskError(ctx context.Context, call Call, id engine.ID, e TaskError) (json.RawMessage, error) {
	if err := checkText("/message", utf8.RuneCountInString(e.Message), maxComment); err != nil {
		return nil, err
	}
	if err := checkThrown(e.Code, e.Variables); err != nil {
		return nil, err
	}
	return s.throwFromTask(ctx, call, id, e.Variables, engine.ThrowTaskError{Task: id, Code: e.Code, Message: e.Message, Variables: e.Variables})
}

// TaskEscalation is the escalation that somebody throws from a task.
type TaskEscalation struct {
	Code      string           `json:"code" api:"required"`
	Variables engine.Variables `json:"variables"`
}

// EscalateTask throws an escalation from a task of the caller's, which stays open unless it is interrupted. It returns
// engine.ErrEscalationUnhandled when nothing catches it, else as ThrowTaskError.
func (s *Service) EscalateTask(ctx context.Context, call Call, id engine.ID, e TaskEscalation) (json.RawMessage, error) {
	if err := checkThrown(e.Code, e.Variables); err != nil {
		return nil, err
	}
	return s.throwFromTask(ctx, call, id, e.Variables, engine.ThrowTaskEscalation{Task: id, Code: e.Code, Variables: e.Variables})
}

func checkThrown(code string, variables engine.Variables) error {
	if problem := length("/code", code); problem != nil {
		problem.Code = ErrThrownCode.Code
		return ErrThrownCode.With(*problem)
	}
	return checkVariables(variables)
}

func (s *Service) throwFromTask(ctx context.Context, call Call, id engine.ID, variables engine.Variables, action engine.Action) (json.RawMessage, error) {
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayWork(call.Principal, sub.task) && !call.steward() {
			return nil, ErrNotYours
		}
		return action, guardVariables(call, sub, variables)
	}))
}

// JobEscalation is the escalation that a worker throws from a job. Code has 1 to 255 characters.
type JobEscalation struct {
	WorkerID  string           `json:"workerId" api:"required"`
	Code      string           `json:"code" api:"required"`
	Variables engine.Variables `json:"variables"`
}

// EscalateJob throws an escalation from a job that the worker holds and goes on to hold, unless it is interrupted. It
// returns engine.ErrEscalationUnhandled when nothing catches it; the other errors and the answer are those of
// CompleteJob.
func (s *Service) EscalateJob(ctx context.Context, call Call, id engine.ID, e JobEscalation) (json.RawMessage, error) {
	if err := checkJob(worker(e.WorkerID), length("/code", e.Code)); err != nil {
		return nil, err
	}
	if err := checkVariables(e.Variables); err != nil {
		return nil, err
	}
	action := engine.ThrowJobEscalation{Job: id, Code: e.Code, Variables: e.Variables}
	return s.Execute(ctx, call, s.jobTrigger(id, e.WorkerID, action))
}
