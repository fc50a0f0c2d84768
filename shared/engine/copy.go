package engine

import (
	"slices"
	"unicode/utf8"

	"diom.io/workflow/shared/bpmn"
)

const (
	// MaxCopies is how many people one command may send a copy.
	MaxCopies = 100
	// maxUsername is how many characters a username has.
	maxUsername = 64
)

// CopyTask lets people know of a task, open or ended, who have nothing to do with it: they may read its instance.
// Node is that of an ended task. It may be done in an instance that is suspended or has ended.
type CopyTask struct {
	Task    ID
	Node    string
	Users   []string
	Comment string
}

// Name is the command's name in the history.
func (CopyTask) Name() string { return "copy" }

func (a CopyTask) apply(s *step) error {
	users := distinct(a.Users)
	if len(users) == 0 {
		return ErrNoUsers
	}
	s.do(Change{Kind: TaskCopied, TaskID: a.Task, Node: a.Node, Names: users, Comment: a.Comment})
	return nil
}

// inform tells the people whom the model names that a user task is decided. task is the one that was decided last; the
// zero id where nobody had one: then there is nothing to read. What cannot be evaluated holds nobody up: the
// history says so, and nobody is told.
func (s *step) inform(t Token, node *bpmn.FlowNode, task ID) {
	if node == nil || node.UserTask == nil || node.UserTask.CopyTo == nil || task.IsZero() {
		return
	}
	e := taskEvaluation{step: s, token: t, task: &Task{ID: task, Token: t.Number, Node: node.ID}}
	names := distinct(e.list("copyTo", node.UserTask.CopyTo))
	c := Change{Kind: TaskCopied, TaskID: task, Node: node.ID, Names: names, Why: e.why}
	switch tooLong := slices.IndexFunc(names, func(name string) bool { return utf8.RuneCountInString(name) > maxUsername }); {
	case e.err != nil:
		c.Code, c.Reason = "evaluation_failed", e.err.Error()
	case len(names) > MaxCopies || tooLong >= 0:
		c.Code, c.Reason = "bad_copies", "a copy goes to at most 100 people, by their usernames"
	case len(names) == 0:
		return
	}
	if c.Code != "" {
		c.Names = nil
	}
	s.do(c)
}

// lastVote returns the task with which somebody voted last, or the zero id.
func (a *Approval) lastVote() ID {
	var last Signer
	for _, x := range a.Signers {
		if x.By != "" && !x.At.Before(last.At) {
			last = x
		}
	}
	return last.Task
}
