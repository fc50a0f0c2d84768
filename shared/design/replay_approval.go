package design

import (
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// approval makes the recorded operation of a signer anew.
func (r *replay) approval(row store.Row) (engine.Action, error) {
	switch row.Command {
	case engine.ReturnTask{}.Name():
		return r.giveBack(row.Changes)
	case engine.WithdrawTask{}.Name():
		return r.withdraw(row.Changes)
	case engine.AddSigners{}.Name(), engine.RemoveSigners{}.Name():
		return r.changeSigners(row.Changes)
	}
	return nil, missing("", "the step %s is not replayed", row.Command)
}

// giveBack returns a task to where it went. Branches end for it where they did, which the record does not say in so many
// words: they may.
func (r *replay) giveBack(changes []engine.Change) (engine.Action, error) {
	done := first(changes, engine.TaskReturned)
	if done == nil {
		return nil, missing("", "the record does not say which task was returned")
	}
	task, err := r.same(done.TaskID)
	a := engine.ReturnTask{Task: task, To: done.Outcome, Across: engine.AcrossCancel, Comment: done.Comment}
	if c := first(changes, engine.ReturnKept); c != nil {
		a.StraightBack = c.Kept.To != ""
		a.Keep = c.Kept.Approval != nil && (!a.StraightBack || len(c.Kept.Approval.Signers) > 1)
	}
	a.Compensate = first(changes, engine.CompensationThrown) != nil
	return a, err
}

func (r *replay) withdraw(changes []engine.Change) (engine.Action, error) {
	done := first(changes, engine.TaskWithdrawn)
	if done == nil {
		return nil, missing("", "the record does not say which vote was taken back")
	}
	task, err := r.same(done.TaskID)
	return engine.WithdrawTask{Task: task, Comment: done.Comment}, err
}

func (r *replay) changeSigners(changes []engine.Change) (engine.Action, error) {
	done := first(changes, engine.ApprovalChanged)
	if done == nil || len(done.Names) == 0 {
		return nil, missing("", "the record does not say which signers were added or removed")
	}
	task, err := r.same(done.TaskID)
	if mode, added := strings.CutPrefix(done.Reason, "added "); added {
		return engine.AddSigners{Task: task, Users: done.Names, Mode: engine.AddMode(mode), Comment: done.Comment}, err
	}
	return engine.RemoveSigners{Task: task, Users: done.Names, Comment: done.Comment}, err
}
