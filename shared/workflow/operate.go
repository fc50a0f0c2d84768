package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// Model returns a definition with its compiled process, or store.ErrNoDefinition.
func (s *Service) Model(ctx context.Context, id engine.ID) (store.Definition, *bpmn.Process, error) {
	d, err := s.definition(ctx, id)
	if err != nil {
		return store.Definition{}, nil, err
	}
	return d.Definition, d.process, nil
}

// Inspect returns the state of an instance that the principal may see. It must not be changed.
func (s *Service) Inspect(ctx context.Context, p access.Principal, id engine.ID) (*engine.Instance, error) {
	return s.instance(ctx, p, id)
}

// InspectTask returns a task that the principal may see, with the state of its instance.
func (s *Service) InspectTask(ctx context.Context, p access.Principal, id engine.ID) (store.Task, *engine.Instance, error) {
	return s.task(ctx, p, id)
}

// SetTaskVariables sets and removes variables that a task sees, or, with Local, its own. Those who may
// work on the task may.
func (s *Service) SetTaskVariables(ctx context.Context, call Call, id engine.ID, action engine.SetVariables) (json.RawMessage, error) {
	if err := checkVariables(action.Variables); err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayWork(call.Principal, sub.task) && !call.steward() {
			return nil, ErrNotYours
		}
		open := sub.instance.Task(id)
		if open == nil {
			return nil, engine.ErrTaskEnded
		}
		if err := guardVariables(call, sub, action.Variables, action.Remove...); err != nil {
			return nil, err
		}
		action.Token = open.Token
		return action, nil
	}))
}

// HandTask gives a task to somebody, or to nobody, for the reason of the action. Who operates as a steward
// may do it whatever the task is, and need not name a user of this installation; others may do what
// ClaimTask, UnclaimTask, TransferTask and DelegateTask let them.
func (s *Service) HandTask(ctx context.Context, call Call, id engine.ID, action engine.AssignTask) (json.RawMessage, error) {
	p := call.Principal
	if !call.steward() && action.Assignee != "" && action.Assignee != p.Username {
		if err := s.activeUser(ctx, action.Assignee); err != nil {
			return nil, err
		}
	}
	action.Task = id
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		_, offered := sub.task.IsFor(p.Username, p.Identities())
		claims := action.Reason == engine.Claimed && action.Assignee == p.Username && (offered || mayWork(p, sub.task))
		if !call.steward() && !claims && !mayAssign(p, sub.task) {
			return nil, ErrNotYours
		}
		return action, nil
	}))
}

// ChangeTask gives an open task other attributes: change gets it as it is. Those who may hand it to others
// may.
func (s *Service) ChangeTask(ctx context.Context, call Call, id engine.ID, change func(*engine.Task)) (json.RawMessage, error) {
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayAssign(call.Principal, sub.task) && !call.steward() {
			return nil, ErrNotYours
		}
		open := sub.instance.Task(id)
		if open == nil {
			return nil, engine.ErrTaskEnded
		}
		task := *open
		change(&task)
		return engine.ChangeTask{Task: task}, nil
	}))
}

// SignalToken lets a token of an instance go on that waits for it. Operators may.
func (s *Service) SignalToken(ctx context.Context, call Call, id engine.ID, action engine.SignalToken) (json.RawMessage, error) {
	if err := checkVariables(action.Variables); err != nil {
		return nil, err
	}
	return s.command(ctx, call, id, false, action)
}

// ErrNoWork: there is neither a continuation nor a timer nor an incident with the id.
var ErrNoWork = fault.New(fault.NotFound, "work_not_found", "There is no asynchronous continuation, timer or incident with this id.")

// RunJob does at once what waits for its time: a continuation, a timer that is not due yet, or what an
// incident has stopped. Operators may.
func (s *Service) RunJob(ctx context.Context, call Call, id engine.ID) error {
	if !call.Principal.Can(access.WorkflowOperate) {
		return ErrNotYourInstance
	}
	instance, action, err := s.work(ctx, id)
	if err != nil {
		return err
	}
	if timer, ok := action.(store.Timer); ok {
		return s.fireStart(ctx, timer)
	}
	_, err = s.command(ctx, call, instance, false, action.(engine.Action)) //nolint:forcetypeassert // work returns nothing else
	return err
}

// work finds what an id of a job is: the action that does it, or a start timer.
func (s *Service) work(ctx context.Context, id engine.ID) (instance engine.ID, action any, err error) {
	job, _, err := s.store.LoadByJob(ctx, id)
	if err == nil && job.Kind != engine.ExternalJob {
		return job.InstanceID, engine.Continue{Job: id}, nil
	}
	if err != nil && !errors.Is(err, store.ErrNoJob) {
		return instance, nil, err
	}
	timer, err := s.store.Timer(ctx, id)
	switch {
	case err == nil && timer.InstanceID.IsZero():
		return instance, timer, nil
	case err == nil:
		return timer.InstanceID, engine.FireTimer{Timer: id, Early: true}, nil
	case !errors.Is(err, engine.ErrTimerGone):
		return instance, nil, err
	}
	incident, err := s.store.Incident(ctx, id)
	switch {
	case errors.Is(err, engine.ErrNoIncident) || err == nil && incident.ResolvedAt != nil:
		return instance, nil, ErrNoWork
	case err != nil:
		return instance, nil, err
	}
	return incident.InstanceID, engine.RetryIncident{Incident: id}, nil
}

// SetJobRetries says how often a job may still be tried. Of an incident of ours, which is a job without
// retries to Camunda, a number above 0 is another try.
func (s *Service) SetJobRetries(ctx context.Context, call Call, id engine.ID, retries int, due time.Time) error {
	if err := checkJob(within("/retries", &retries, 0, maxRetries)); err != nil {
		return err
	}
	job, _, err := s.store.LoadByJob(ctx, id)
	if err == nil {
		_, err = s.command(ctx, call, job.InstanceID, false, engine.SetRetries{Job: id, Retries: retries, DueAt: due})
		return err
	}
	instance, action, err := s.work(ctx, id)
	if err != nil {
		return err
	}
	switch a := action.(type) {
	case engine.RetryIncident:
		if retries > 0 {
			_, err = s.command(ctx, call, instance, false, a)
		}
	case engine.FireTimer:
		_, err = s.command(ctx, call, instance, false, engine.RetryTimer{Timer: id, Retries: retries})
		if err == nil && !due.IsZero() {
			_, err = s.command(ctx, call, instance, false, engine.MoveTimer{Timer: id, DueAt: due})
		}
	}
	return err
}

// CountFailure takes one try from a continuation or a timer that an operator has run in vain, because of what the
// message says of a node. What has no tries is left as it is.
func (s *Service) CountFailure(ctx context.Context, call Call, id engine.ID, node, message string) error {
	instance, action, err := s.work(ctx, id)
	if err != nil {
		return err
	}
	switch action.(type) {
	case engine.Continue, engine.FireTimer:
		_, err = s.command(ctx, call, instance, false, engine.CountFailure{Job: id, Failed: node, Message: message})
	}
	return err
}

// SetJobDue makes a continuation or a timer due at another time.
func (s *Service) SetJobDue(ctx context.Context, call Call, id engine.ID, due time.Time) error {
	if !call.Principal.Can(access.WorkflowOperate) {
		return ErrNotYourInstance
	}
	instance, action, err := s.work(ctx, id)
	if err != nil {
		return err
	}
	switch a := action.(type) {
	case store.Timer:
		a.DueAt = due
		return s.store.MoveStartTimer(ctx, a)
	case engine.FireTimer:
		_, err = s.command(ctx, call, instance, false, engine.MoveTimer{Timer: id, DueAt: due})
	case engine.Continue:
		err = s.changeJob(ctx, call, id, func(c *engine.ChangeJob) { c.DueAt = due })
	}
	return err
}

// SetJobPriority sets the priority of a job of a worker or of a continuation.
func (s *Service) SetJobPriority(ctx context.Context, call Call, id engine.ID, priority int64) error {
	return s.changeJob(ctx, call, id, func(c *engine.ChangeJob) { c.Priority = priority })
}

func (s *Service) changeJob(ctx context.Context, call Call, id engine.ID, change func(*engine.ChangeJob)) error {
	job, in, err := s.store.LoadByJob(ctx, id)
	if err != nil {
		return err
	}
	own := in.Job(id)
	if own == nil {
		return store.ErrNoJob
	}
	action := engine.ChangeJob{Job: id, Priority: own.Priority, DueAt: own.DueAt}
	change(&action)
	_, err = s.command(ctx, call, job.InstanceID, false, action)
	return err
}

// UnlockJob takes a job from the worker that has it.
func (s *Service) UnlockJob(ctx context.Context, id engine.ID) error {
	_, in, err := s.store.LoadByJob(ctx, id)
	if err != nil {
		return err
	}
	if j := in.Job(id); j == nil || j.Kind != engine.ExternalJob {
		return store.ErrNoJob
	}
	if err := s.store.UnlockJob(ctx, id); err != nil {
		return err
	}
	s.lookout.free(in, id)
	return nil
}

// listAll asks for a whole list, as far as lists of this size go.
func listAll() page.Request { return page.Request{Limit: maxVersions} }
