package engine

import "diom.io/workflow/shared/fault"

// ErrEscalationUnhandled: an escalation of a task or a job has nobody to go to; nothing has happened.
var ErrEscalationUnhandled = fault.New(fault.Conflict, "escalation_unhandled", "Nothing catches the escalation.")

// errEscalationFull is for an escalation that would bring one token too many.
var errEscalationFull = fault.New(fault.Conflict, "too_many_tokens", "The instance has as many tokens as it may have.")

// ThrowTaskError ends an open task with a BPMN error, which an error event may catch; if none does, its path ends
// (Camunda 7 HandleTaskBpmnErrorCmd).
type ThrowTaskError struct {
	Task      ID
	Code      string
	Message   string
	Variables Variables
}

// Name is the command's name in the history.
func (ThrowTaskError) Name() string { return "throw-task-error" }

func (a ThrowTaskError) apply(s *step) error {
	task, err := s.openTask(a.Task)
	if err != nil {
		return err
	}
	token := *s.instance.token(task.Token)
	s.setVariables(s.instance.scopeOf(token), a.Variables)
	s.throwError(token, a.Code, a.Message)
	return nil
}

// ThrowTaskEscalation tells an escalation of an open task to the events around it. The task stays open unless what
// catches the escalation interrupts it. It returns ErrEscalationUnhandled when nothing does (Camunda 7
// HandleTaskEscalationCmd).
type ThrowTaskEscalation struct {
	Task      ID
	Code      string
	Variables Variables
}

// Name is the command's name in the history.
func (ThrowTaskEscalation) Name() string { return "escalate-task" }

func (a ThrowTaskEscalation) apply(s *step) error {
	task, err := s.openTask(a.Task)
	if err != nil {
		return err
	}
	return s.escalateFrom(task.Token, a.Code, a.Variables)
}

// ThrowJobEscalation is ThrowTaskEscalation for the job of a worker, who goes on with it unless it was interrupted.
// Completes says that the work is done with it: what does not interrupt, or nobody catches, completes the job.
type ThrowJobEscalation struct {
	Job       ID
	Code      string
	Variables Variables
	Completes bool
}

// Name is the command's name in the history.
func (ThrowJobEscalation) Name() string { return "escalate-job" }

func (a ThrowJobEscalation) apply(s *step) error {
	job, err := s.external(a.Job)
	if err != nil {
		return err
	}
	if !a.Completes {
		return s.escalateFrom(job.Token, a.Code, a.Variables)
	}
	token := *s.instance.token(job.Token)
	s.setVariables(s.instance.scopeOf(token), a.Variables)
	gone, err := s.propagate(token, a.Code)
	switch {
	case err != nil: // the work is done, but nobody knows who catches: an operator lets the token go on
		s.do(Change{Kind: JobCompleted, JobID: job.ID, Node: job.Node, Topic: job.Topic})
		s.resolve(job)
		s.raise(token, true, err)
	case !gone:
		s.worked(token, job)
	}
	return nil
}

// escalateFrom writes variables and throws an escalation from where somebody works.
func (s *step) escalateFrom(number int, code string, variables Variables) error {
	token := *s.instance.token(number)
	s.setVariables(s.instance.scopeOf(token), variables)
	handled, _, err := s.handle(token, code)
	switch {
	case err == errNodeUnknown: //nolint:errorlint // never wrapped
		s.unknown(token)
	case err != nil:
		return errEscalationFull
	case !handled:
		return ErrEscalationUnhandled
	}
	return nil
}
