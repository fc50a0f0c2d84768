package design

import (
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// inert are the commands that change where nobody goes: who has a task, when a job is tried again. Continuations
// run by themselves in a replay.
var inert = []string{
	"continue", engine.Claimed, engine.Unclaimed, engine.Transferred, engine.Delegated, engine.Resolved, "change-task",
	"set-retries", "change-job", "move-timer", "suspend", "resume", engine.CopyTask{}.Name(), engine.UrgeTask{}.Name(), engine.HandOver{}.Name(),
}

// action makes the command of a recorded step anew; nil: there is nothing to do. A *stuck says that it cannot
// be done.
func (r *replay) action(n int, row store.Row) (engine.Action, error) {
	if n == 0 {
		return r.begin(row)
	}
	if slices.Contains(inert, row.Command) {
		return nil, nil
	}
	switch row.Command {
	case "complete":
		return r.complete(row.Changes)
	case "complete-job":
		return r.completeJob(row.Changes)
	case "fail-job":
		return nil, r.failed(row.Changes)
	case "throw-error":
		return r.throwError(row.Changes)
	case "fire":
		return r.fire(row.Changes)
	case "correlate":
		return r.correlate(row.Changes)
	case "complete-call", "throw-call-error", "escalate-call", "cancel-call":
		return r.comeBack(row.Changes)
	case "set-variables":
		return setVariables(row.Changes)
	case "retry":
		return r.retry(row.Changes), nil
	}
	return r.approval(row)
}

func (r *replay) complete(changes []engine.Change) (engine.Action, error) {
	done := first(changes, engine.TaskCompleted)
	if done == nil { // it went back to who had delegated it; the variables stay
		return engine.SetVariables{Variables: givenBefore(changes, engine.TaskAssigned)}, nil
	}
	task, err := r.same(done.TaskID)
	return engine.CompleteTask{
		Task: task, Variables: givenBefore(changes, engine.TaskCompleted), Outcome: done.Outcome, Comment: done.Comment, Outright: true,
	}, err
}

func (r *replay) completeJob(changes []engine.Change) (engine.Action, error) {
	done := first(changes, engine.JobCompleted)
	if done == nil {
		return nil, missing("", "the record does not say which job was done")
	}
	job, err := r.same(done.JobID)
	return engine.CompleteJob{Job: job, Variables: givenBefore(changes, engine.JobCompleted)}, err
}

// failed lets a job that failed be: it was tried again.
func (r *replay) failed(changes []engine.Change) error {
	if thrown := first(changes, engine.ErrorThrown); thrown != nil {
		return missing(thrown.Node, "an error that came of a failure is not replayed")
	}
	return nil
}

func (r *replay) throwError(changes []engine.Change) (engine.Action, error) {
	thrown, over := first(changes, engine.ErrorThrown), first(changes, engine.JobCancelled)
	if thrown == nil || over == nil {
		return nil, missing("", "the record does not say which job threw the error")
	}
	job, err := r.same(over.JobID)
	return engine.ThrowJobError{Job: job, Code: thrown.Code, Message: thrown.Reason, Variables: givenBefore(changes, engine.ErrorThrown)}, err
}

func (r *replay) fire(changes []engine.Change) (engine.Action, error) {
	fired := first(changes, engine.TimerFired)
	if fired == nil {
		return nil, missing("", "the record does not say which timer was due")
	}
	timer, err := r.same(fired.TimerID)
	return engine.FireTimer{Timer: timer, Early: true}, err
}

func (r *replay) correlate(changes []engine.Change) (engine.Action, error) {
	if len(changes) == 0 || changes[0].SubscriptionID.IsZero() {
		return nil, missing("", "the record does not say what waited for the event")
	}
	event, err := r.same(changes[0].SubscriptionID)
	return engine.Correlate{Subscription: event, Variables: givenAfter(changes)}, err
}

// comeBack lets a call return what the called instance ended with.
func (r *replay) comeBack(changes []engine.Change) (engine.Action, error) {
	over, left := first(changes, engine.CallEnded), first(changes, engine.CallEscalated)
	told := over
	if told == nil {
		told = left
	}
	if told == nil {
		return nil, missing("", "the record does not say what the call brought")
	}
	id, err := r.same(told.CallID)
	if err != nil {
		return nil, err
	}
	call := r.instance.Call(id)
	if call == nil {
		return nil, missing(told.Node, "the instance does not wait for the recorded call there")
	}
	back := engine.Return{Number: call.Returned + 1, Outcome: engine.Outcome(told.Outcome), Over: over != nil, Code: told.Code, Message: told.Reason, Variables: r.returned[told.CallID]}
	if over == nil {
		back.Outcome = engine.ReturnedEscalation
	}
	return engine.ReturnCall{Call: id, Return: back}, nil
}

func setVariables(changes []engine.Change) (engine.Action, error) {
	a := engine.SetVariables{Variables: engine.Variables{}}
	for _, c := range changes {
		switch {
		case c.Scope != 0 && (c.Kind == engine.VariablesSet || c.Kind == engine.VariablesRemoved):
			return nil, missing(c.Node, "variables of an inner scope are not set again")
		case c.Kind == engine.VariablesSet:
			for name, value := range c.Variables {
				a.Variables[name] = value
			}
		case c.Kind == engine.VariablesRemoved:
			a.Remove = append(a.Remove, c.Names...)
		}
	}
	return a, nil
}

// retry retries what has failed again, too; else it only sets the variables.
func (r *replay) retry(changes []engine.Change) engine.Action {
	given := givenBefore(changes, engine.IncidentResolved)
	switch {
	case len(r.instance.Incidents) > 0:
		return engine.RetryIncident{Variables: given}
	case len(given) > 0:
		return engine.SetVariables{Variables: given}
	}
	return nil
}
