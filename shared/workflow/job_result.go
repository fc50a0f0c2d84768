package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/cenkalti/backoff/v5"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// PushWorker is the name under which the product holds the jobs that it does itself or hands to a
// receiver. A receiver that reports by the routes for workers uses it as its workerId.
const PushWorker = "diom"

// ErrNotPushed: a result came by event for a job that a worker holds.
var ErrNotPushed = fault.New(fault.Invalid, "job_not_pushed", "The job is not one that was handed to a receiver: a worker has fetched it.")

const (
	maxTries  = 100
	baseDelay = 5 * time.Second
	maxDelay  = 10 * time.Minute
)

// JobResult is what became of a job that was handed to a receiver. Failed says that it could not be done;
// otherwise Error ends it with a BPMN error, or Escalation throws one, and Variables are its results.
type JobResult struct {
	JobID      engine.ID        `json:"jobId,omitzero"`
	Variables  engine.Variables `json:"variables"`
	Error      *ResultError     `json:"error"`
	Escalation *ResultError     `json:"escalation"`
	JobProblem
	Failed bool `json:"-"`
	// Tries is how often a job is tried whose model does not say; 0 is three times.
	Tries int `json:"-"`
}

// ResultError is a BPMN error or an escalation of a result. Variables are for the one who catches it.
type ResultError struct {
	Code      string           `json:"code"`
	Message   string           `json:"message"`
	Variables engine.Variables `json:"variables"`
}

// JobProblem is why a job could not be done. Without Retries there is one try less, without
// RetryAfterSeconds the pause is the model's, or grows from five seconds to ten minutes.
type JobProblem struct {
	Message           string `json:"message"`
	Details           string `json:"details"`
	Retries           *int   `json:"retries"`
	RetryAfterSeconds *int   `json:"retryAfterSeconds"`
}

// ReportJob gives the result of a job that was handed to a receiver its effect, once: nil also says that
// the job has ended already. The delivery is the CloudEvent that brought it, nil where it is the answer
// to a push. Errors: ErrJobRequest, ErrNotPushed, engine.ErrSuspended, the limits of variables.
func (s *Service) ReportJob(ctx context.Context, r JobResult, delivery *store.Delivery) error {
	if err := r.check(); err != nil {
		return err
	}
	t := s.onJob(r.JobID, func(job store.Job, in *engine.Instance) (engine.Action, error) {
		own := in.Job(r.JobID)
		switch {
		case own == nil || own.Kind != engine.ExternalJob:
			return nil, store.ErrNoJob
		case job.WorkerID != nil && *job.WorkerID != PushWorker:
			return nil, ErrNotPushed
		case job.WorkerID == nil && r.Failed: // its failure has been noted, or an operator has taken it in hand
			return nil, store.ErrNoJob
		}
		return r.action(own), nil
	})
	t.delivery = delivery
	_, err := s.Execute(ctx, Call{}, t)
	if errors.Is(err, store.ErrNoJob) || errors.Is(err, store.ErrDelivered) || errors.Is(err, engine.ErrEnded) {
		return nil
	}
	return err
}

func (r JobResult) check() error {
	var problems []*fault.Detail
	for pointer, e := range map[string]*ResultError{"/error": r.Error, "/escalation": r.Escalation} {
		if e == nil {
			continue
		}
		problems = append(problems, length(pointer+"/code", e.Code))
		if err := errors.Join(checkText(pointer+"/message", utf8.RuneCountInString(e.Message), maxComment), checkVariables(e.Variables)); err != nil {
			return err
		}
	}
	problems = append(problems, within("/retries", r.Retries, 0, maxRetries), within("/retryAfterSeconds", r.RetryAfterSeconds, 0, maxRetryAfter))
	if err := checkJob(problems...); err != nil {
		return err
	}
	if err := checkText("/message", utf8.RuneCountInString(r.Message), maxComment); err != nil {
		return err
	}
	if err := checkText("/details", len(r.Details), maxDetails); err != nil {
		return err
	}
	return checkVariables(r.Variables)
}

// action is what the result does to its job.
func (r JobResult) action(job *engine.Job) engine.Action {
	switch {
	case r.Failed:
		return r.failure(job)
	case r.Error != nil:
		return engine.ThrowJobError{Job: job.ID, Code: r.Error.Code, Message: r.Error.Message, Variables: merged(r.Variables, r.Error.Variables)}
	case r.Escalation != nil:
		return engine.ThrowJobEscalation{Job: job.ID, Code: r.Escalation.Code, Variables: merged(r.Variables, r.Escalation.Variables), Completes: true}
	}
	return engine.CompleteJob{Job: job.ID, Variables: r.Variables}
}

func merged(a, b engine.Variables) engine.Variables {
	all := engine.Variables{}
	for _, v := range []engine.Variables{a, b} {
		for name, value := range v {
			all[name] = value
		}
	}
	return all
}

// failure counts the attempt. Where the model has no failedJobRetryTimeCycle the tries are those of the
// binding, and the pauses grow. A job that was never tried has as many retries as the engine gave it, and
// no time at which it may be tried again.
func (r JobResult) failure(job *engine.Job) engine.FailJob {
	f := engine.FailJob{Job: job.ID, Message: r.Message, Details: r.Details, Retries: r.Retries}
	if r.RetryAfterSeconds != nil {
		after := seconds(*r.RetryAfterSeconds)
		f.RetryAfter = &after
	}
	if len(job.Delays) > 0 {
		return f
	}
	tries := r.Tries
	if tries <= 0 {
		tries = firstRetries
	}
	if f.Retries == nil {
		left := max(job.Retries-1, 0)
		if job.DueAt.IsZero() && job.Retries == firstRetries {
			left = tries - 1
		}
		f.Retries = &left
	}
	if f.RetryAfter == nil {
		after := pauseAfter(max(tries-*f.Retries, 1))
		f.RetryAfter = &after
	}
	return f
}

// firstRetries is what the engine gives a job whose model does not say.
const firstRetries = 3

// pauseAfter is how long to wait after so many failed attempts: five seconds, and twice as long each time, by
// chance a little more or less, so that many jobs of one target do not come back together.
func pauseAfter(failed int) time.Duration {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.Multiplier, b.MaxInterval = baseDelay, 2, maxDelay
	var pause time.Duration
	for range min(failed, maxTries) {
		pause = b.NextBackOff()
	}
	return pause
}

// results are the types of events by which a registered source reports what became of a job.
var results = map[string]bool{cloudevent.TypeJobCompleted: false, cloudevent.TypeJobFailed: true}

// takeResult gives a CloudEvent that reports a result its effect. One that cannot be read is poison.
func (in *Inbound) takeResult(ctx context.Context, source *eventSource, r *cloudevent.Received, failed bool) error {
	var result JobResult
	if err := json.Unmarshal(r.Data(), &result); err != nil || result.JobID.IsZero() {
		return ErrJobRequest.With(fault.Detail{Pointer: "/jobId", Code: ErrJobRequest.Code, Detail: "The data is JSON with the jobId of the job."})
	}
	result.Failed = failed
	if err := in.workflow.ReportJob(ctx, result, &store.Delivery{Source: source.Source, EventID: r.ID()}); err != nil {
		if fault.VerdictOf(err) == fault.Acknowledge { // suspended: it has not been done
			err = fmt.Errorf("%w: %w", ErrBusy, err)
		}
		return err
	}
	return nil
}
