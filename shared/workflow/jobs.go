package workflow

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Failures of what a worker asks.
var (
	ErrJobNotLocked = fault.New(fault.Conflict, "job_not_locked", "Nobody holds the job: it was not fetched, or its worker has given it back.")
	ErrJobRequest   = fault.New(fault.Invalid, "bad_job_request", "A value of the worker's request is out of its range.")
)

const (
	maxDetails     = 64 << 10 // bytes
	maxLockSeconds = 24 * 60 * 60
	maxRetries     = 1000
	maxRetryAfter  = 365 * 24 * 60 * 60 // seconds
)

// JobCompletion is what a worker gives when it has done a job.
type JobCompletion struct {
	WorkerID  string           `json:"workerId" api:"required"`
	Variables engine.Variables `json:"variables"`
	// Local are variables that the output parameters of the node alone can see.
	Local engine.Variables `json:"-"`
}

// CompleteJob ends a job that the worker holds; its instance goes on. A lock that has expired still
// counts while nobody else has fetched the job (Camunda 7, CompleteExternalTaskCmd). It returns
// store.ErrNoJob, store.ErrJobLock, ErrJobNotLocked or engine.ErrSuspended. The answer is an
// InstanceAnswer.
func (s *Service) CompleteJob(ctx context.Context, call Call, id engine.ID, c JobCompletion) (json.RawMessage, error) {
	if err := checkJob(worker(c.WorkerID)); err != nil {
		return nil, err
	}
	if err := checkVariables(c.Variables); err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.jobTrigger(id, c.WorkerID, engine.CompleteJob{Job: id, Variables: c.Variables, Local: c.Local}))
}

// JobFailure is what a worker gives when it could not do a job. Without Retries there is one try less;
// without RetryAfterSeconds the model says how long to wait, or nobody waits. With 0 retries an
// incident waits for an operator.
type JobFailure struct {
	WorkerID          string `json:"workerId" api:"required"`
	Message           string `json:"message"`
	Details           string `json:"details"`
	Retries           *int   `json:"retries"`
	RetryAfterSeconds *int   `json:"retryAfterSeconds"`
	// RetryAfter is the same to the millisecond; it wins.
	RetryAfter *time.Duration `json:"-"`
	// Variables and Local are those of a completion, for /engine-rest.
	Variables engine.Variables `json:"-"`
	Local     engine.Variables `json:"-"`
}

// FailJob gives a job that the worker holds back as failed. The errors and the answer are those of
// CompleteJob.
func (s *Service) FailJob(ctx context.Context, call Call, id engine.ID, f JobFailure) (json.RawMessage, error) {
	err := checkJob(worker(f.WorkerID), within("/retries", f.Retries, 0, maxRetries), within("/retryAfterSeconds", f.RetryAfterSeconds, 0, maxRetryAfter))
	if err != nil {
		return nil, err
	}
	if err := checkText("/message", utf8.RuneCountInString(f.Message), maxComment); err != nil {
		return nil, err
	}
	if err := checkText("/details", len(f.Details), maxDetails); err != nil {
		return nil, err
	}
	if err := cmp.Or(checkVariables(f.Variables), checkVariables(f.Local)); err != nil {
		return nil, err
	}
	action := engine.FailJob{Job: id, Message: f.Message, Details: f.Details, Retries: f.Retries, Variables: f.Variables, Local: f.Local}
	if f.RetryAfterSeconds != nil {
		after := time.Duration(*f.RetryAfterSeconds) * time.Second
		action.RetryAfter = &after
	}
	if f.RetryAfter != nil {
		action.RetryAfter = f.RetryAfter
	}
	return s.Execute(ctx, call, s.jobTrigger(id, f.WorkerID, action))
}

// JobError is the BPMN error with which a worker ends a job. Code has 1 to 255 characters.
type JobError struct {
	WorkerID  string           `json:"workerId" api:"required"`
	Code      string           `json:"code" api:"required"`
	Message   string           `json:"message"`
	Variables engine.Variables `json:"variables"`
}

// ThrowJobError ends a job that the worker holds with a BPMN error, which an error event may catch. The
// errors and the answer are those of CompleteJob.
func (s *Service) ThrowJobError(ctx context.Context, call Call, id engine.ID, e JobError) (json.RawMessage, error) {
	if err := checkJob(worker(e.WorkerID), length("/code", e.Code)); err != nil {
		return nil, err
	}
	if err := checkText("/message", utf8.RuneCountInString(e.Message), maxComment); err != nil {
		return nil, err
	}
	if err := checkVariables(e.Variables); err != nil {
		return nil, err
	}
	action := engine.ThrowJobError{Job: id, Code: e.Code, Message: e.Message, Variables: e.Variables}
	return s.Execute(ctx, call, s.jobTrigger(id, e.WorkerID, action))
}

// JobExtension is for how long, from now, a worker wants to go on holding a job.
type JobExtension struct {
	WorkerID    string `json:"workerId" api:"required"`
	LockSeconds int    `json:"lockSeconds" api:"required"`
	// Lock is the same to the millisecond; it wins.
	Lock time.Duration `json:"-"`
}

// ExtendJob prolongs the lock of a job that the worker holds. It touches no instance and may be
// repeated. The errors are those of CompleteJob.
func (s *Service) ExtendJob(ctx context.Context, id engine.ID, x JobExtension) (*InstanceAnswer, error) {
	return s.lockJob(ctx, id, x, holds, s.store.ExtendJob)
}

// LockJob gives a job of a worker's kind to the worker that names itself, without a fetch, if nobody else
// has it. The rest is as for ExtendJob.
func (s *Service) LockJob(ctx context.Context, id engine.ID, x JobExtension) (*InstanceAnswer, error) {
	external := func(job store.Job, in *engine.Instance, _ string) error {
		if own := in.Job(id); own == nil || own.Kind != engine.ExternalJob {
			return store.ErrNoJob
		}
		return nil
	}
	return s.lockJob(ctx, id, x, external, s.store.LockJob)
}

func (s *Service) lockJob(
	ctx context.Context, id engine.ID, x JobExtension,
	may func(store.Job, *engine.Instance, string) error, lock func(context.Context, engine.ID, string, time.Time, time.Time) error,
) (*InstanceAnswer, error) {
	if err := checkJob(worker(x.WorkerID), lockTime("/lockSeconds", x.LockSeconds, x.Lock)); err != nil {
		return nil, err
	}
	job, in, err := s.store.LoadByJob(ctx, id)
	if err == nil {
		err = may(job, in, x.WorkerID)
	}
	if err == nil && in.State == engine.Suspended {
		err = engine.ErrSuspended
	}
	if err != nil {
		return nil, err
	}
	now := s.instant()
	if err := lock(ctx, id, x.WorkerID, now.Add(cmp.Or(x.Lock, seconds(x.LockSeconds))), now); err != nil {
		return nil, err
	}
	return &InstanceAnswer{Instance: store.ShowInstance(in), Next: []store.Task{}}, nil
}

// jobTrigger is a command to the instance of a job that the worker must hold.
func (s *Service) jobTrigger(id engine.ID, workerID string, action engine.Action) trigger {
	return s.onJob(id, func(job store.Job, in *engine.Instance) (engine.Action, error) {
		return action, holds(job, in, workerID)
	})
}

// onJob is a command to the instance of a job.
func (s *Service) onJob(id engine.ID, decide func(store.Job, *engine.Instance) (engine.Action, error)) trigger {
	var job store.Job // as loaded last
	return trigger{
		status: http.StatusOK,
		load: func(ctx context.Context) (*subject, error) {
			var in *engine.Instance
			var err error
			if job, in, err = s.store.LoadByJob(ctx, id); err != nil {
				return nil, err
			}
			d, err := s.definition(ctx, in.DefinitionID)
			return &subject{instance: in, definition: d}, err
		},
		decide: func(sub *subject) (engine.Action, error) { return decide(job, sub.instance) },
		answer: func(r *result) any {
			return InstanceAnswer{Instance: store.ShowInstance(r.after), Next: created(r)}
		},
	}
}

// holds reports whether the worker fetched the job last and has not given it back. A continuation is
// nobody's job.
func holds(job store.Job, in *engine.Instance, workerID string) error {
	switch own := in.Job(job.ID); {
	case own == nil || own.Kind != engine.ExternalJob:
		return store.ErrNoJob
	case job.WorkerID == nil:
		return ErrJobNotLocked
	case *job.WorkerID != workerID:
		return store.ErrJobLock
	}
	return nil
}

// checkJob returns ErrJobRequest with what is wrong, or nil.
func checkJob(problems ...*fault.Detail) error {
	var found []fault.Detail
	for _, p := range problems {
		if p != nil {
			p.Code = ErrJobRequest.Code
			found = append(found, *p)
		}
	}
	if found == nil {
		return nil
	}
	return ErrJobRequest.With(found...)
}

func worker(id string) *fault.Detail { return length("/workerId", id) }

func length(pointer, text string) *fault.Detail {
	if n := utf8.RuneCountInString(text); n > 0 && n <= maxName {
		return nil
	}
	return &fault.Detail{Pointer: pointer, Detail: fmt.Sprintf("The text has 1 to %d characters.", maxName)}
}

func within(pointer string, n *int, least, most int) *fault.Detail {
	if n == nil || *n >= least && *n <= most {
		return nil
	}
	return &fault.Detail{Pointer: pointer, Detail: fmt.Sprintf("The number is from %d to %d.", least, most)}
}

// lockTime checks for how long a worker wants a job: exact, or a number of seconds.
func lockTime(pointer string, n int, exact time.Duration) *fault.Detail {
	if exact > 0 && exact <= maxLockSeconds*time.Second {
		return nil
	}
	return within(pointer, &n, 1, maxLockSeconds)
}

func checkText(pointer string, size, most int) error {
	if size > most {
		return ErrText.With(fault.Detail{Pointer: pointer, Code: ErrText.Code, Detail: fmt.Sprintf("It has at most %d.", most)})
	}
	return nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
