package workflow

import (
	"context"
	"encoding/json"
	"fmt"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Copies is what a caller gives to let people know of a task. UserIDs are usernames.
type Copies struct {
	UserIDs []string `json:"userIds" api:"required"`
	Comment string   `json:"comment,omitempty"`
}

// ErrTooManyCopies: a copy goes to at most 100 people at once.
var ErrTooManyCopies = fault.New(fault.Invalid, "too_many_copies", "A copy goes to at most 100 people at once.")

// CopyTask lets people know of a task, open or ended, who have nothing to do with it: they are told, find it among
// their copies, and may read its instance. Who works or has worked on the task, its owner, the starter and those who
// operate may. Who has a copy already keeps it. Errors: ErrNotYours, engine.ErrNoUsers, ErrTooManyCopies, ErrUnknownUser.
func (s *Service) CopyTask(ctx context.Context, call Call, id engine.ID, c Copies) (json.RawMessage, error) {
	err := checkTexts("", c.Comment)
	if err == nil {
		err = someUsers(c.UserIDs)
	}
	if err == nil && len(c.UserIDs) > engine.MaxCopies {
		err = ErrTooManyCopies.With(fault.Detail{Pointer: "/userIds", Code: ErrTooManyCopies.Code})
	}
	if err == nil {
		err = s.known(ctx, "/userIds", c.UserIDs)
	}
	if err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayCopy(call.Principal, sub.task, sub.instance) {
			return nil, ErrNotYours
		}
		return engine.CopyTask{Task: id, Node: sub.task.NodeID, Users: c.UserIDs, Comment: c.Comment}, nil
	}))
}

// known returns ErrUnknownUser for the first of some usernames that no active user has; pointer is where they are.
func (s *Service) known(ctx context.Context, pointer string, usernames []string) error {
	active, err := s.store.Members(ctx, store.Audience{Users: usernames}, len(usernames))
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, username := range active {
		there[username] = true
	}
	for i, username := range usernames {
		if !there[username] {
			return ErrUnknownUser.With(fault.Detail{Pointer: fmt.Sprintf("%s/%d", pointer, i), Code: ErrUnknownUser.Code})
		}
	}
	return nil
}

// mayCopy reports whether a person may let others know of a task.
func mayCopy(p access.Principal, t store.Task, in *engine.Instance) bool {
	return takesPart(p, t, in) || p.Can(access.WorkflowOperate)
}

// unlessCopied is nil for somebody who was sent a copy of a task of the instance, else err.
func (s *Service) unlessCopied(ctx context.Context, p access.Principal, instance engine.ID, err error) error {
	copied, unsure := s.store.Copied(ctx, instance, p.Username)
	if unsure != nil {
		return unsure
	}
	if copied {
		return nil
	}
	return err
}

// errands lists the operations on a task that change nothing in its process.
func errands(p access.Principal, t store.Task, in *engine.Instance) []Action {
	urgeable := first(when(!mayUrge(p, t, in), ErrNotYours), stateOf(t, in))
	return []Action{action("copy", when(!mayCopy(p, t, in), ErrNotYours)), action("urge", urgeable)}
}
