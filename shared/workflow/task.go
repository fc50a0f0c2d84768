package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrUnknownUser: a task cannot be given to somebody who does not exist or is disabled.
var ErrUnknownUser = fault.New(fault.Invalid, "unknown_user", "There is no such active user.")

// Assignment is what a caller gives to hand a task to somebody. UserID is a username.
type Assignment struct {
	UserID  string `json:"userId" api:"required"`
	Comment string `json:"comment"`
}

// ClaimTask makes a task that is offered to the caller his own. It returns ErrNotYours, or
// engine.ErrClaimed when somebody was faster.
func (s *Service) ClaimTask(ctx context.Context, call Call, id engine.ID) (json.RawMessage, error) {
	p := call.Principal
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		own, offered := sub.task.IsFor(p.Username, p.Identities())
		if !own && !offered && !mayWork(p, sub.task) {
			return nil, ErrNotYours
		}
		return engine.AssignTask{Task: id, Assignee: p.Username, Reason: engine.Claimed}, nil
	}))
}

// ErrNotOffered: an unclaimed task would be nobody's.
var ErrNotOffered = fault.New(fault.Conflict, "task_not_offered", "The task is offered to nobody else; transfer it instead.")

// UnclaimTask gives a task back to those it is offered to.
func (s *Service) UnclaimTask(ctx context.Context, call Call, id engine.ID) (json.RawMessage, error) {
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayAssign(call.Principal, sub.task) {
			return nil, ErrNotYours
		}
		if len(sub.task.CandidateUsers)+len(sub.task.CandidateGroups) == 0 {
			return nil, ErrNotOffered
		}
		return engine.AssignTask{Task: id, Reason: engine.Unclaimed}, nil
	}))
}

// TransferTask gives a task to somebody else for good. The assignee and operators may.
func (s *Service) TransferTask(ctx context.Context, call Call, id engine.ID, a Assignment) (json.RawMessage, error) {
	return s.assign(ctx, call, id, a, engine.Transferred)
}

// DelegateTask lets somebody else work on a task, which then comes back to its owner.
func (s *Service) DelegateTask(ctx context.Context, call Call, id engine.ID, a Assignment) (json.RawMessage, error) {
	return s.assign(ctx, call, id, a, engine.Delegated)
}

func (s *Service) assign(ctx context.Context, call Call, id engine.ID, a Assignment, reason string) (json.RawMessage, error) {
	if err := checkTexts("", a.Comment); err != nil {
		return nil, err
	}
	if err := s.activeUser(ctx, a.UserID); err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayAssign(call.Principal, sub.task) {
			return nil, ErrNotYours
		}
		return engine.AssignTask{Task: id, Assignee: a.UserID, Reason: reason, Comment: a.Comment, ForGood: reason == engine.Transferred}, nil
	}))
}

func (s *Service) activeUser(ctx context.Context, username string) error {
	standing, err := s.store.Standing(ctx, username)
	if fault.KindOf(err) == fault.NotFound || err == nil && !standing.Enabled {
		return ErrUnknownUser.With(fault.Detail{Pointer: "/userId", Code: ErrUnknownUser.Code})
	}
	return err
}

// ResolveTask ends the work on a delegated task, which goes back to its owner.
func (s *Service) ResolveTask(ctx context.Context, call Call, id engine.ID, comment string) (json.RawMessage, error) {
	if err := checkTexts("", comment); err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if own, _ := sub.task.IsFor(call.Principal.Username, nil); !own {
			return nil, ErrNotYours
		}
		return engine.AssignTask{Task: id, Reason: engine.Resolved, Comment: comment}, nil
	}))
}

// mayAssign reports whether a person may hand a task to others.
func mayAssign(p access.Principal, t store.Task) bool {
	own, _ := t.IsFor(p.Username, nil)
	return own || p.Can(access.WorkflowOperate)
}

// Action is one operation on a task and whether the caller may do it now; Reason is the code of the
// error that he would get.
type Action struct {
	Name    string `json:"name"`
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason,omitempty"`
}

// TaskDetail is a task with what the caller may do with it.
type TaskDetail struct {
	store.Task
	Instance store.Instance `json:"instance"`
	Actions  []Action       `json:"actions"`
}

// Task returns a task that the caller may see. A copy of it that he was sent counts as read then.
func (s *Service) Task(ctx context.Context, p access.Principal, id engine.ID) (*TaskDetail, error) {
	task, in, err := s.task(ctx, p, id)
	if err != nil {
		return nil, err
	}
	d, err := s.definition(ctx, in.DefinitionID)
	if err == nil {
		err = s.store.ReadCopy(ctx, p.Username, id, s.instant())
	}
	if err != nil {
		return nil, err
	}
	list := slices.Concat(actions(p, task, in), approvals(p, task, in, d.process), errands(p, task, in))
	return &TaskDetail{Task: task, Instance: store.ShowInstance(in), Actions: list}, nil
}

// task loads a task that the caller may see, with its instance: one that he has to do with, or one of an instance
// of which he was sent a copy.
func (s *Service) task(ctx context.Context, p access.Principal, id engine.ID) (store.Task, *engine.Instance, error) {
	task, in, err := s.taskOf(ctx, p, id)
	if errors.Is(err, ErrNotYours) {
		err = s.unlessCopied(ctx, p, task.InstanceID, err)
	}
	return task, in, err
}

// taskOf loads a task that the caller has to do with: his own, one offered to him, one that he has done, one of an
// instance that he or somebody of a department which he heads started, or any for those who see all.
func (s *Service) taskOf(ctx context.Context, p access.Principal, id engine.ID) (store.Task, *engine.Instance, error) {
	task, in, err := s.store.LoadByTask(ctx, id)
	if err != nil || maySeeTask(p, task, in) {
		return task, in, err
	}
	head, err := s.store.HeadOf(ctx, p.Username, in.Starter)
	if err == nil && !head {
		err = ErrNotYours
	}
	return task, in, err
}

func maySeeTask(p access.Principal, t store.Task, in *engine.Instance) bool {
	return takesPart(p, t, in) || p.SeesAll()
}

// takesPart reports whether a person has, had or is offered a task, waits for it to come back, or started its instance.
func takesPart(p access.Principal, t store.Task, in *engine.Instance) bool {
	own, offered := t.IsFor(p.Username, p.Identities())
	done := t.EndedBy != nil && *t.EndedBy == p.Username
	owner := t.Owner != nil && *t.Owner == p.Username
	return own || offered || done || owner || in.Starter == p.Username
}

// actions lists the operations on a task in the order in which a page shows them.
func actions(p access.Principal, t store.Task, in *engine.Instance) []Action {
	own, offered := t.IsFor(p.Username, p.Identities())
	open := in.Task(t.ID)
	state := stateOf(t, in)
	claimable := first(state, when(t.Assignee != nil, engine.ErrClaimed), when(!offered, ErrNotYours))
	unclaimable := first(state, when(!mayAssign(p, t) || t.Assignee == nil, ErrNotYours), when(len(t.CandidateUsers)+len(t.CandidateGroups) == 0, ErrNotOffered))
	assignable := first(state, when(!mayAssign(p, t), ErrNotYours))
	return []Action{
		action("complete", first(state, when(!mayWork(p, t), ErrNotYours))),
		action("claim", claimable),
		action("unclaim", unclaimable),
		action("transfer", assignable),
		action("delegate", assignable),
		action("resolve", first(state, when(!own, ErrNotYours), when(open == nil || !open.Delegated, engine.ErrNotDelegated))),
	}
}

func stateOf(t store.Task, in *engine.Instance) *fault.Error {
	if !t.Open() {
		return engine.ErrTaskEnded
	}
	return when(in.State == engine.Suspended, engine.ErrSuspended)
}

func when(condition bool, reason *fault.Error) *fault.Error {
	if condition {
		return reason
	}
	return nil
}

func first(reasons ...*fault.Error) *fault.Error {
	for _, r := range reasons {
		if r != nil {
			return r
		}
	}
	return nil
}

func action(name string, reason *fault.Error) Action {
	if reason == nil {
		return Action{Name: name, Allowed: true}
	}
	return Action{Name: name, Reason: reason.Code}
}
