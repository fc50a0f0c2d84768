package workflow

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrNeedsPage: a task wants more than an outcome and a comment.
var ErrNeedsPage = fault.New(fault.Conflict, "task_needs_page", "The task has a form, or is delegated: open it in the product.")

// Complete is the outcome of a task that asks for none.
const Complete = "complete"

// Brief is an open task that can be completed by a word, and the words: approve and reject where it is an approval,
// else complete.
type Brief struct {
	Task     store.Task
	Process  string // the name of the process, or its key
	Outcomes []string
}

// Brief returns the task of a person which he can complete without a page. Errors: ErrNotYours where he does not have
// it, ErrNeedsPage, engine.ErrTaskEnded, engine.ErrSuspended, store.ErrNoTask.
func (s *Service) Brief(ctx context.Context, p access.Principal, id engine.ID) (Brief, error) {
	task, in, err := s.store.LoadByTask(ctx, id)
	if err != nil {
		return Brief{}, err
	}
	if task.Assignee == nil || *task.Assignee != p.Username || !p.Can(access.WorkflowTask) {
		return Brief{}, ErrNotYours
	}
	if reason := stateOf(task, in); reason != nil {
		return Brief{}, reason
	}
	d, err := s.definition(ctx, in.DefinitionID)
	if err != nil {
		return Brief{}, err
	}
	open, node := in.Task(id), d.process.Node(task.NodeID)
	if node == nil || node.UserTask == nil || needsPage(node.UserTask, task) || open == nil || open.Delegated {
		return Brief{}, ErrNeedsPage
	}
	b := Brief{Task: task, Process: d.process.Name, Outcomes: []string{Complete}}
	if b.Process == "" {
		b.Process = task.ProcessKey
	}
	if node.UserTask.Approval != nil {
		b.Outcomes = []string{engine.Approve, engine.Reject}
	}
	return b, nil
}

// needsPage reports whether a task asks for variables.
func needsPage(u *bpmn.UserTask, t store.Task) bool {
	return t.FormKey != nil || u.FormRef != "" || len(u.FormFields) > 0
}
