package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
)

// Why a vote cannot be taken back.
var (
	ErrNotVoter     = fault.New(fault.Forbidden, "not_last_approver", "Only who gave the last vote at a task may take it back.")
	ErrNotCompleted = fault.New(fault.Conflict, "task_not_completed", "The task is open: there is nothing to take back.")
	ErrTooLate      = fault.New(fault.Conflict, "withdraw_too_late", "What followed has been worked on, or cannot be undone.")
)

// WithdrawTask takes back the vote of the actor at a task that he has completed (撤回): while the node is
// undecided his vote alone; after that, while nobody has touched what his vote has opened, the decision. His task
// is there again, as a new one. Variables stay as they are.
type WithdrawTask struct {
	Task    ID
	Comment string
}

// Name is the command's name in the history.
func (WithdrawTask) Name() string { return "withdraw" }

func (a WithdrawTask) apply(s *step) error {
	if err := s.open(); err != nil {
		return err
	}
	if s.instance.Task(a.Task) != nil {
		return ErrNotCompleted
	}
	for _, scope := range s.instance.Scopes {
		if scope.Approval != nil {
			if i := scope.Approval.votedBy(a.Task); i >= 0 {
				return s.withdrawVote(a, scope, i)
			}
		}
	}
	for _, p := range s.instance.Passed {
		if p.Task == a.Task && !a.Task.IsZero() {
			return s.withdrawDecision(a, p)
		}
	}
	return ErrTooLate
}

// WithdrawInstance ends the instance at once because its starter takes his request back (撤销).
type WithdrawInstance struct{ Comment string }

// Name is the command's name in the history.
func (WithdrawInstance) Name() string { return "withdraw-request" }

func (a WithdrawInstance) apply(s *step) error {
	reason := a.Comment
	if reason == "" {
		reason = "withdrawn"
	}
	return Cancel{Reason: reason}.apply(s)
}

// votedBy returns the index of the signer who voted by a task, or -1.
func (a *Approval) votedBy(task ID) int {
	return slices.IndexFunc(a.Signers, func(x Signer) bool { return x.By != "" && x.Task == task && x.Skipped == "" })
}

// mayWithdraw checks the policy of a node and that the actor is who voted.
func (s *step) mayWithdraw(node, by string) error {
	p := policy(s.process.Node(node))
	switch {
	case p == nil:
		return ErrNoApproval
	case by != s.command.Actor:
		return ErrNotVoter
	case !p.Allows(bpmn.AllowWithdraw):
		return ErrNotAllowed
	}
	return nil
}

// withdrawVote takes a vote back while the node is undecided. Those who were asked because of it wait again,
// unless one of them has voted or handed his task on.
func (s *step) withdrawVote(a WithdrawTask, scope Scope, i int) error {
	body, voter := *s.instance.token(scope.Token), scope.Approval.Signers[i]
	if err := s.mayWithdraw(body.Node, voter.By); err != nil {
		return err
	}
	if scope.Approval.Result != "" || !s.instance.over(voter) {
		return ErrTooLate
	}
	approval := scope.Approval.clone()
	for _, n := range approval.followers(voter.Number) {
		x := &approval.Signers[n]
		if x.By != "" || s.instance.over(*x) || s.handedOn(*x) {
			return ErrTooLate
		}
		if t := s.instance.token(x.Token); t != nil {
			s.cancelToken(*t, "withdrawn")
		}
		x.Token = 0
	}
	approval.Signers[i] = voter.unsaid()
	s.do(Change{Kind: TaskWithdrawn, TaskID: a.Task, Node: body.Node, Assignee: s.command.Actor, Comment: a.Comment})
	s.ask(body, approval, Change{Reason: "withdrawn", TaskID: a.Task})
	return nil
}

// unsaid is a signer without his vote, who is asked by his name.
func (x Signer) unsaid() Signer {
	return Signer{Number: x.Number, User: x.By, Weight: x.Weight, After: x.After, AddedBy: x.AddedBy}
}

// followers lists the indexes of those who are asked after somebody, and after them.
func (a *Approval) followers(number int) []int {
	found, list := map[int]bool{number: true}, []int(nil)
	for more := true; more; {
		more = false
		for i, x := range a.Signers {
			if !found[x.Number] && slices.ContainsFunc(x.After, func(n int) bool { return found[n] }) {
				found[x.Number], more = true, true
				list = append(list, i)
			}
		}
	}
	return list
}

// handedOn reports whether the open task of a signer is not his any more, or has been delegated.
func (s *step) handedOn(x Signer) bool {
	return slices.ContainsFunc(s.instance.Tasks, func(t Task) bool {
		return t.Token == x.Token && x.Token != 0 && (t.Delegated || x.User != "" && t.Assignee != x.User)
	})
}

// withdrawDecision takes back what a last vote has set in motion: those tokens end, the ones that it took at a
// join are there again, and the node is entered anew with the votes of the others.
func (s *step) withdrawDecision(a WithdrawTask, p Passed) error {
	if err := s.mayWithdraw(p.Node, p.By); err != nil {
		return err
	}
	if p.Final || p.Approval == nil || p.Approval.votedBy(p.Task) < 0 || !s.untouched(p) {
		return ErrTooLate
	}
	s.do(Change{Kind: TaskWithdrawn, TaskID: a.Task, Node: p.Node, Assignee: s.command.Actor, Comment: a.Comment})
	for _, x := range p.Opened {
		if t := s.instance.token(x.Token); t != nil {
			s.cancelToken(*t, "withdrawn")
		}
	}
	for _, x := range p.Merged {
		s.plant(x.Scope, x.Node, "")
	}
	approval := p.Approval.unasked()
	i := approval.votedBy(p.Task)
	approval.Signers[i] = approval.Signers[i].unsaid()
	s.do(Change{Kind: NodeReopened, Scope: p.Scope, Names: []string{p.Node}})
	s.do(Change{Kind: ReturnKept, Kept: &Resumption{Node: p.Node, Scope: p.Scope, Approval: approval}})
	s.arrive(s.plant(p.Scope, p.Node, "").Number)
	return nil
}

// untouched reports whether the tokens that a task has opened are where they came to, and nobody has claimed,
// handed on or completed anything there.
func (s *step) untouched(p Passed) bool {
	opened := map[int]bool{}
	for _, x := range p.Opened {
		t := s.instance.token(x.Token)
		if t == nil || t.Node != x.Node || t.Scope != x.Scope {
			return false
		}
		opened[x.Token] = true
	}
	for _, x := range append(slices.Clone(p.Merged), Place{Scope: p.Scope, Node: p.Node}) { // nobody else is there now
		if s.instance.scope(x.Scope) == nil || s.stands(x, opened) {
			return false
		}
	}
	for _, task := range s.instance.Tasks {
		if task.Version > p.Version && s.inside(task.Token, opened) {
			return false
		}
	}
	return true
}

// stands reports whether a token is at a place that is none of some.
func (s *step) stands(x Place, but map[int]bool) bool {
	return slices.ContainsFunc(s.instance.Tokens, func(t Token) bool { return t.Scope == x.Scope && t.Node == x.Node && !but[t.Number] })
}

// inside reports whether a token is one of some, or within what one of them is at.
func (s *step) inside(number int, some map[int]bool) bool {
	for t := s.instance.token(number); t != nil; t = s.instance.token(s.instance.scope(t.Scope).Token) {
		if some[t.Number] {
			return true
		}
	}
	return false
}
