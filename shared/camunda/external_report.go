package camunda

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// WorkerReport is what a worker says of an external task, whichever way it went.
type WorkerReport struct {
	Worker       string    `json:"workerId"`
	Variables    Variables `json:"variables"`
	Local        Variables `json:"localVariables"`
	Message      string    `json:"errorMessage"`
	Details      string    `json:"errorDetails"`
	Retries      *int      `json:"retries"`
	RetryTimeout *int64    `json:"retryTimeout"` // milliseconds
	Code         *string   `json:"errorCode"`
	Duration     int64     `json:"newDuration"`  // milliseconds
	Lock         int64     `json:"lockDuration"` // milliseconds
	Priority     int64     `json:"priority"`
}

// jobID reads the id of an external task.
func jobID(id string) (engine.ID, error) {
	parsed, err := engine.ParseID(id)
	if err != nil {
		return parsed, noExternal(id, nil)
	}
	return parsed, nil
}

func noExternal(id string, cause error) *Error {
	return &Error{Status: http.StatusNotFound, Type: restException, Message: "External task with id " + id + " does not exist: Cannot find external task with id " + id + ": externalTask is null", cause: cause}
}

func external(err error, id string) error {
	if errors.Is(err, store.ErrNoJob) || errors.Is(err, engine.ErrNoJob) || errors.Is(err, workflow.ErrNoWork) {
		return noExternal(id, err)
	}
	return err
}

// CompleteExternal ends an external task.
func (s *Service) CompleteExternal(ctx context.Context, call workflow.Call, id string, r WorkerReport) error {
	job, err := jobID(id)
	if err != nil {
		return err
	}
	if r.Worker == "" {
		return nullValue("workerId")
	}
	c := workflow.JobCompletion{WorkerID: r.Worker}
	if c.Variables, call.Types, err = r.Variables.Read(); err != nil {
		return err
	}
	local, types, err := r.Local.Read()
	if err != nil {
		return err
	}
	maps.Copy(call.Types, types)
	c.Local, call.Strict = local, true
	_, err = s.workflow.CompleteJob(ctx, call, job, c)
	return external(err, id)
}

// FailExternal gives an external task back as failed.
func (s *Service) FailExternal(ctx context.Context, call workflow.Call, id string, r WorkerReport) error {
	job, err := jobID(id)
	if err != nil {
		return err
	}
	none, after := 0, time.Duration(0)
	f := workflow.JobFailure{WorkerID: r.Worker, Message: excerpt.Cut(r.Message, 4000), Details: r.Details, Retries: r.Retries, RetryAfter: &after}
	if f.Retries == nil {
		f.Retries = &none
	}
	if r.RetryTimeout != nil {
		after = time.Duration(*r.RetryTimeout) * time.Millisecond
	}
	if *f.Retries < 0 || after < 0 {
		return engineRefuses("The number of retries and the retry timeout cannot be negative")
	}
	var types engine.Types
	if f.Variables, call.Types, err = r.Variables.Read(); err == nil {
		f.Local, types, err = r.Local.Read()
	}
	if err != nil {
		return err
	}
	maps.Copy(call.Types, types)
	_, err = s.workflow.FailJob(ctx, call, job, f)
	return external(err, id)
}

// ThrowExternal ends an external task with a BPMN error.
func (s *Service) ThrowExternal(ctx context.Context, call workflow.Call, id string, r WorkerReport) error {
	job, err := jobID(id)
	if err != nil {
		return err
	}
	switch {
	case r.Worker == "":
		return nullValue("workerId")
	case r.Code == nil:
		return nullValue("errorCode")
	case *r.Code == "":
		return engineRefuses("errorCode is empty")
	}
	e := workflow.JobError{WorkerID: r.Worker, Code: *r.Code, Message: r.Message}
	if e.Variables, call.Types, err = r.Variables.Read(); err != nil {
		return err
	}
	call.Strict = true
	_, err = s.workflow.ThrowJobError(ctx, call, job, e)
	return external(err, id)
}

// ExtendLock holds an external task longer.
func (s *Service) ExtendLock(ctx context.Context, id string, r WorkerReport) error {
	return s.holdExternal(ctx, id, r.Worker, r.Duration, s.workflow.ExtendJob)
}

// Lock gives an external task to the worker that names itself, unless another one has it.
func (s *Service) Lock(ctx context.Context, id string, r WorkerReport) error {
	return s.holdExternal(ctx, id, r.Worker, r.Lock, s.workflow.LockJob)
}

func (s *Service) holdExternal(
	ctx context.Context, id, worker string, milliseconds int64,
	hold func(context.Context, engine.ID, workflow.JobExtension) (*workflow.InstanceAnswer, error),
) error {
	job, err := jobID(id)
	if err != nil {
		return err
	}
	if worker == "" {
		return nullValue("workerId")
	}
	if milliseconds <= 0 {
		return &Error{Status: http.StatusBadRequest, Type: restException, Message: "lockTime is not greater than 0"}
	}
	_, err = hold(ctx, job, workflow.JobExtension{WorkerID: worker, Lock: time.Duration(milliseconds) * time.Millisecond})
	return external(err, id)
}

// Unlock takes an external task from its worker.
func (s *Service) Unlock(ctx context.Context, id string) error {
	job, err := jobID(id)
	if err != nil {
		return err
	}
	return external(s.workflow.UnlockJob(ctx, job), id)
}

// SetRetries sets how often an external task may still be tried.
func (s *Service) SetRetries(ctx context.Context, call workflow.Call, id string, retries int) error {
	job, err := jobID(id)
	if err != nil {
		return err
	}
	if retries < 0 {
		return &Error{Status: http.StatusBadRequest, Type: "BadUserRequestException", Message: fmt.Sprintf("The number of retries cannot be negative, but '%d' has been provided", retries)}
	}
	return external(s.workflow.SetJobRetries(ctx, call, job, retries, time.Time{}), id)
}

// SetPriority sets the priority of an external task.
func (s *Service) SetPriority(ctx context.Context, call workflow.Call, id string, priority int64) error {
	job, err := jobID(id)
	if err != nil {
		return err
	}
	return external(s.workflow.SetJobPriority(ctx, call, job, priority), id)
}
