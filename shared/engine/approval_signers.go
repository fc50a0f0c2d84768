package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
)

// AddMode says when added signers are asked.
type AddMode string

// The modes: before whoever adds them, whose task waits; after him; beside him.
const (
	AddBefore   AddMode = "before"
	AddAfter    AddMode = "after"
	AddParallel AddMode = "parallel"
)

// Why the signers cannot be changed.
var (
	ErrAddMode        = fault.New(fault.Invalid, "bad_signer_mode", "Signers are added before, after or parallel.")
	ErrNoUsers        = fault.New(fault.Invalid, "no_users", "No user is named.")
	ErrIsSigner       = fault.New(fault.Conflict, "already_signer", "A user named is a signer already.")
	ErrNotSigner      = fault.New(fault.Conflict, "not_a_signer", "A user named is no signer of the task.")
	ErrSignerVoted    = fault.New(fault.Conflict, "signer_voted", "A signer who has voted is not removed.")
	ErrLastSigner     = fault.New(fault.Conflict, "last_signer", "The last signer is not removed.")
	ErrTooManySigners = fault.New(fault.Conflict, "too_many_signers", "The task would have more signers than its policy allows.")
)

// AddSigners lets others sign besides whoever has an open task (加签).
type AddSigners struct {
	Task    ID
	Users   []string
	Mode    AddMode
	Comment string
}

// Name is the command's name in the history.
func (AddSigners) Name() string { return "add-signers" }

func (a AddSigners) apply(s *step) error {
	task, body, err := s.approvalTask(a.Task, bpmn.AllowAddSigners)
	if err != nil {
		return err
	}
	own := *s.instance.token(task.Token)
	approval, p := s.instance.approvalOf(own).clone(), policy(s.node(own))
	if err := a.check(approval, p); err != nil {
		return err
	}
	if s.room(len(a.Users)) != nil {
		return ErrTooManySigners
	}
	i := approval.at(own.Number)
	a.insert(approval, i, p.Mode == bpmn.ApprovalSequential, s.command.Actor)
	if a.Mode == AddBefore {
		approval.Signers[i].Token = 0
		if x := &approval.Signers[i]; x.User == "" {
			x.User = task.Assignee // who has claimed it is asked again
		}
		s.cancelToken(own, "waiting")
	}
	s.ask(body, approval, Change{Reason: "added " + string(a.Mode), TaskID: task.ID, Names: a.Users, Comment: a.Comment})
	return nil
}

func (a AddSigners) check(approval *Approval, p *bpmn.Approval) error {
	if !slices.Contains([]AddMode{AddBefore, AddAfter, AddParallel}, a.Mode) {
		return ErrAddMode.With(fault.Detail{Pointer: "/mode", Code: ErrAddMode.Code})
	}
	if len(a.Users) == 0 {
		return ErrNoUsers.With(fault.Detail{Pointer: "/userIds", Code: ErrNoUsers.Code})
	}
	for i, user := range a.Users {
		twice := slices.Contains(a.Users[:i], user)
		if twice || slices.ContainsFunc(approval.Signers, func(x Signer) bool { return x.User == user || x.By == user }) {
			return ErrIsSigner.Withf("%s is a signer already.", user)
		}
	}
	if len(approval.Signers)+len(a.Users) > p.MaxSigners {
		return ErrTooManySigners
	}
	return nil
}

// insert puts the new signers into the order: whoever waited for the one at i waits for them, too, unless they
// come before him. In a sequence they come one after the other.
func (a AddSigners) insert(approval *Approval, i int, sequence bool, by string) {
	owner := approval.Signers[i]
	after := owner.After
	if a.Mode == AddAfter {
		after = []int{owner.Number}
	}
	var added []Signer
	for n, user := range a.Users {
		x := Signer{Number: approval.Last + n + 1, User: user, Weight: 1, After: slices.Clone(after), AddedBy: by}
		if sequence && n > 0 && a.Mode != AddParallel {
			x.After = []int{x.Number - 1}
		}
		added = append(added, x)
	}
	numbers := make([]int, len(added))
	for n, x := range added {
		numbers[n] = x.Number
	}
	if a.Mode == AddBefore {
		approval.Signers[i].After = append(approval.Signers[i].After, numbers...)
	} else {
		for n := range approval.Signers {
			if x := &approval.Signers[n]; slices.Contains(x.After, owner.Number) && x.Token == 0 {
				x.After = append(x.After, numbers...)
			}
		}
	}
	approval.Last += len(added)
	approval.Signers = append(approval.Signers, added...)
}

// RemoveSigners takes signers away who have not voted (减签). The node ends in the same step where its result is
// certain without them.
type RemoveSigners struct {
	Task    ID
	Users   []string
	Comment string
}

// Name is the command's name in the history.
func (RemoveSigners) Name() string { return "remove-signers" }

func (a RemoveSigners) apply(s *step) error {
	task, body, err := s.approvalTask(a.Task, bpmn.AllowRemoveSigners)
	if err != nil {
		return err
	}
	approval := s.instance.approvalOf(*s.instance.token(task.Token)).clone()
	if len(a.Users) == 0 {
		return ErrNoUsers.With(fault.Detail{Pointer: "/userIds", Code: ErrNoUsers.Code})
	}
	for _, user := range a.Users {
		if err := s.removable(approval, user); err != nil {
			return err
		}
	}
	if left := slices.DeleteFunc(slices.Clone(approval.Signers), func(x Signer) bool { return slices.Contains(a.Users, x.User) }); len(left) == 0 {
		return ErrLastSigner
	}
	s.passing(*s.instance.token(task.Token), ID{}, func() { s.removeSigners(a, body, approval, task.ID) })
	return nil
}

// removable checks that a user is a signer who can be taken away.
func (s *step) removable(approval *Approval, user string) error {
	i := slices.IndexFunc(approval.Signers, func(x Signer) bool { return x.User == user || x.User == "" && x.By == user })
	switch {
	case i < 0:
		return ErrNotSigner.Withf("%s is no signer of the task.", user)
	case approval.Signers[i].By != "" || s.instance.over(approval.Signers[i]):
		return ErrSignerVoted.Withf("%s has voted.", user)
	}
	return nil
}

func (s *step) removeSigners(a RemoveSigners, body Token, approval *Approval, task ID) {
	for _, user := range a.Users {
		i := slices.IndexFunc(approval.Signers, func(x Signer) bool { return x.User == user })
		if i < 0 {
			continue // named twice
		}
		gone := approval.Signers[i]
		approval.Signers = slices.Delete(approval.Signers, i, i+1)
		for n := range approval.Signers { // who waited for him waits for those he waited for
			if x := &approval.Signers[n]; slices.Contains(x.After, gone.Number) {
				after := slices.DeleteFunc(append(x.After, gone.After...), func(number int) bool { return number == gone.Number })
				slices.Sort(after)
				x.After = slices.Compact(after)
			}
		}
		if t := s.instance.token(gone.Token); t != nil {
			s.cancelToken(*t, "removed")
		}
	}
	s.ask(body, approval, Change{Reason: "removed", TaskID: task, Names: a.Users, Comment: a.Comment})
}
