package workflow

import (
	"context"
	"encoding/json"
	"fmt"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// TaskReturn is what a caller gives to send a task back. To is starter, previous, or the id of a node that was
// passed; Across is cancel where other branches may end for it.
type TaskReturn struct {
	To string `json:"to" api:"required"`
	// StraightBack lets the work come straight back here once it is done there.
	StraightBack bool `json:"straightBack,omitempty"`
	// Across is "cancel" to end what is on other branches; else such a return is refused.
	Across string `json:"across,omitempty"`
	// Compensate undoes, by their handlers, the activities that were completed since that task, the latest first; it is
	// there again when that is done.
	Compensate bool `json:"compensate,omitempty"`
	// Keep asks the same signers again afterwards.
	Keep    bool   `json:"keep,omitempty"`
	Comment string `json:"comment,omitempty"`
}

// NewSigners is what a caller gives to let others sign, too.
type NewSigners struct {
	UserIDs []string       `json:"userIds" api:"required"`
	Mode    engine.AddMode `json:"mode" api:"required"`
	Comment string         `json:"comment,omitempty"`
}

// OldSigners is what a caller gives to take signers away.
type OldSigners struct {
	UserIDs []string `json:"userIds" api:"required"`
	Comment string   `json:"comment,omitempty"`
}

// Remark is what a caller gives to an operation that needs no more than a word.
type Remark struct {
	Comment string `json:"comment,omitempty"`
}

// ErrReturn: a return says where to.
var ErrReturn = fault.New(fault.Invalid, "bad_return", "A task is returned to starter, previous, or the id of a node.")

// ErrKeepsRequests: the process does not let its starter take a request back.
var ErrKeepsRequests = fault.New(fault.Conflict, "withdraw_not_allowed", "The process does not let its starter withdraw the request.")

// ReturnTask sends what is decided at a task of the caller's back to a task before it. It returns ErrReturn, ErrNotYours, or
// one of the engine's reasons: engine.ErrNotPassed, engine.ErrAcross, engine.ErrStrands, engine.ErrCompensates and others.
func (s *Service) ReturnTask(ctx context.Context, call Call, id engine.ID, r TaskReturn) (json.RawMessage, error) {
	if r.To == "" {
		return nil, ErrReturn.With(fault.Detail{Pointer: "/to", Code: ErrReturn.Code})
	}
	return s.approve(ctx, call, id, r.Comment, engine.ReturnTask{
		Task: id, To: r.To, StraightBack: r.StraightBack, Across: r.Across, Compensate: r.Compensate, Keep: r.Keep, Comment: r.Comment,
	})
}

// AddSigners lets others sign besides the caller, who has the task. It returns ErrNotYours, ErrUnknownUser, or one
// of the engine's reasons.
func (s *Service) AddSigners(ctx context.Context, call Call, id engine.ID, n NewSigners) (json.RawMessage, error) {
	switch n.Mode {
	case engine.AddBefore, engine.AddAfter, engine.AddParallel:
	default:
		return nil, engine.ErrAddMode.With(fault.Detail{Pointer: "/mode", Code: engine.ErrAddMode.Code})
	}
	if err := someUsers(n.UserIDs); err != nil {
		return nil, err
	}
	if err := s.activeUsers(ctx, n.UserIDs); err != nil {
		return nil, err
	}
	return s.approve(ctx, call, id, n.Comment, engine.AddSigners{Task: id, Users: n.UserIDs, Mode: n.Mode, Comment: n.Comment})
}

// RemoveSigners takes signers away who have not voted. The caller has a task of the same approval. It returns
// ErrNotYours, or one of the engine's reasons.
func (s *Service) RemoveSigners(ctx context.Context, call Call, id engine.ID, o OldSigners) (json.RawMessage, error) {
	if err := someUsers(o.UserIDs); err != nil {
		return nil, err
	}
	return s.approve(ctx, call, id, o.Comment, engine.RemoveSigners{Task: id, Users: o.UserIDs, Comment: o.Comment})
}

// WithdrawTask takes back the vote that the caller has given with a task. It returns ErrNotYours, engine.ErrTooLate,
// or another of the engine's reasons.
func (s *Service) WithdrawTask(ctx context.Context, call Call, id engine.ID, r Remark) (json.RawMessage, error) {
	if err := checkTexts("", r.Comment); err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayWithdraw(call.Principal, sub.task) {
			return nil, ErrNotYours
		}
		return engine.WithdrawTask{Task: id, Comment: r.Comment}, nil
	}))
}

// approve does something with an open task, by those who may work on it.
func (s *Service) approve(ctx context.Context, call Call, id engine.ID, comment string, action engine.Action) (json.RawMessage, error) {
	if err := checkTexts("", comment); err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayWork(call.Principal, sub.task) {
			return nil, ErrNotYours
		}
		return action, nil
	}))
}

func someUsers(usernames []string) error {
	if len(usernames) == 0 {
		return engine.ErrNoUsers.With(fault.Detail{Pointer: "/userIds", Code: engine.ErrNoUsers.Code})
	}
	return nil
}

func (s *Service) activeUsers(ctx context.Context, usernames []string) error {
	if len(usernames) > bpmn.MaxSigners {
		return engine.ErrTooManySigners
	}
	for i, username := range usernames {
		if err := s.activeUser(ctx, username); err != nil {
			if f := fault.From(err); f != nil && f.Code == ErrUnknownUser.Code {
				return ErrUnknownUser.With(fault.Detail{Pointer: fmt.Sprintf("/userIds/%d", i), Code: ErrUnknownUser.Code})
			}
			return err
		}
	}
	return nil
}

// WithdrawInstance ends an instance for its starter, who takes his request back. It returns ErrNotYourInstance, or
// ErrKeepsRequests where the process does not allow it.
func (s *Service) WithdrawInstance(ctx context.Context, call Call, id engine.ID, r Remark) (json.RawMessage, error) {
	if err := checkTexts("", r.Comment); err != nil {
		return nil, err
	}
	t := s.instanceTrigger(id)
	t.decide = func(sub *subject) (engine.Action, error) {
		if sub.instance.Starter != call.Principal.Username {
			return nil, ErrNotYourInstance
		}
		if !sub.definition.process.StarterWithdraws() {
			return nil, ErrKeepsRequests
		}
		return engine.WithdrawInstance{Comment: r.Comment}, nil
	}
	t.answer = func(r *result) any {
		return InstanceAnswer{Instance: store.ShowInstance(r.after), Next: created(r)}
	}
	return s.Execute(ctx, call, t)
}

// approvals lists the operations on approvals for a task, with why the caller may not do them.
func approvals(p access.Principal, t store.Task, in *engine.Instance, process *bpmn.Process) []Action {
	list := make([]Action, 0, 4)
	refusals := engine.Refusals(process, in, t.ID, p.Username, instant())
	for _, name := range []string{bpmn.AllowReturn, bpmn.AllowAddSigners, bpmn.AllowRemoveSigners} {
		list = append(list, action(name, first(stateOf(t, in), when(!mayWork(p, t), ErrNotYours), fault.From(refusals[name]))))
	}
	reason := first(when(!mayWithdraw(p, t), ErrNotYours), fault.From(refusals[bpmn.AllowWithdraw]))
	return append(list, action("withdraw", reason))
}

// mayWithdraw reports whether a person has completed a task. Of an open one that he may work on the engine says
// that it is not completed.
func mayWithdraw(p access.Principal, t store.Task) bool {
	if t.EndedBy != nil {
		return *t.EndedBy == p.Username
	}
	return mayWork(p, t)
}
