package engine

import (
	"cmp"
	"slices"
)

// Substituted is the reason of an assignment to who stands in for somebody that is away: he stays the owner.
const Substituted = "substituted"

// HandOver gives everything that waits for somebody in an instance to somebody else: the tasks that he has, those that
// are offered to him by name, those that come back to him, and what he would be asked to sign. Transferred is for good;
// Substituted leaves him the owner of what he had, and offers to both what was offered to him.
type HandOver struct {
	From, To string
	Reason   string
	Comment  string
}

// Name is the command's name in the history.
func (HandOver) Name() string { return "hand-over" }

func (a HandOver) apply(s *step) error {
	if err := s.open(); err != nil {
		return err
	}
	for _, task := range s.instance.Clone().Tasks {
		if err := a.task(s, task); err != nil {
			return err
		}
	}
	if a.Reason != Transferred { // who is away signs later what he is asked later
		return nil
	}
	for _, scope := range s.instance.Clone().Scopes {
		a.signer(s, scope)
	}
	return nil
}

func (a HandOver) task(s *step, task Task) error {
	if slices.Contains(task.CandidateUsers, a.From) {
		offered := task
		offered.CandidateUsers = a.among(task.CandidateUsers)
		s.do(Change{Kind: TaskChanged, Task: &offered, Reason: a.Reason})
	}
	c := Change{Kind: TaskAssigned, TaskID: task.ID, Node: task.Node, Assignee: task.Assignee, Owner: task.Owner,
		Delegated: task.Delegated, Reason: a.Reason, Comment: a.Comment}
	if task.Assignee == a.From {
		c.Assignee = a.To
	}
	switch {
	case a.Reason == Transferred && task.Owner == a.From:
		c.Owner = a.To
	case a.Reason == Substituted && task.Assignee == a.From:
		c.Owner = cmp.Or(task.Owner, a.From)
	}
	if c.Assignee == task.Assignee && c.Owner == task.Owner {
		return nil
	}
	s.do(c)
	return s.changed(task)
}

// among puts the other one in the place of the first, or behind him.
func (a HandOver) among(users []string) []string {
	var list []string
	for _, user := range users {
		if user != a.From || a.Reason == Substituted {
			list = append(list, user)
		}
		if user == a.From && !slices.Contains(users, a.To) {
			list = append(list, a.To)
		}
	}
	return list
}

// signer lets the other one sign what the first would be asked for later. Who has a task keeps his place: his task goes
// over.
func (a HandOver) signer(s *step, scope Scope) {
	waits := func(x Signer) bool { return x.User == a.From && x.Token == 0 && x.By == "" }
	if scope.Approval == nil || !slices.ContainsFunc(scope.Approval.Signers, waits) {
		return
	}
	approval := scope.Approval.clone()
	for i := range approval.Signers {
		if waits(approval.Signers[i]) {
			approval.Signers[i].User = a.To
		}
	}
	body := s.instance.token(scope.Token)
	s.do(Change{Kind: ApprovalChanged, Scope: scope.Number, Node: body.Node, Approval: approval, Reason: a.Reason, Names: []string{a.To}, Comment: a.Comment})
}

// standIn gives a new task to who stands in for its assignee, and offers it to those who stand in for its candidates.
func (s *step) standIn(task *Task, c *Change) {
	if other := s.world.Substitutes[task.Assignee]; other != "" {
		task.Owner, task.Assignee, c.Reason = cmp.Or(task.Owner, task.Assignee), other, Substituted
	}
	for _, user := range slices.Clone(task.CandidateUsers) {
		if other := s.world.Substitutes[user]; other != "" && !slices.Contains(task.CandidateUsers, other) {
			task.CandidateUsers, c.Reason = append(slices.Clip(task.CandidateUsers), other), Substituted
		}
	}
}
