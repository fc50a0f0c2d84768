package faults_test

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

// step is what somebody does with the task.
type step struct {
	user string
	verb string // claim, unclaim, complete, transfer, cancel, read
	to   string // of a transfer
}

// answer is what he was told. unknown is a call of which nothing was heard: it has its effect at some
// time, or never.
type answer struct {
	unknown bool
	code    string // of the refusal, "" is success
	state   taskState
}

// taskState is a task as a sequence of steps leaves it: open for its candidates, claimed by one of them,
// or ended. An ended task keeps the name of who had it.
type taskState struct {
	ended    bool
	assignee string
}

const (
	codeEnded   = "task_ended"
	codeClaimed = "task_claimed"
	codeNotHis  = "not_your_task"
	codeGone    = "instance_ended"
)

// taskModel is the sequential task that a history is compared with.
var taskModel = porcupine.Model{
	Init: func() any { return taskState{} },
	Step: func(state, input, output any) (bool, any) {
		before, told := state.(taskState), output.(answer)
		after, code := before.after(input.(step))
		switch {
		case told.unknown:
			return true, after // never done is as good as done when nobody looks any more
		case input.(step).verb == "read":
			return told.state == before, before
		}
		return told.code == code, after
	},
}

// after returns the task after a step, and the code of the refusal.
func (s taskState) after(x step) (taskState, string) {
	his := s.assignee == x.user
	switch {
	case x.verb == "cancel" && s.ended:
		return s, codeGone
	case x.verb == "cancel":
		return taskState{ended: true, assignee: s.assignee}, ""
	case (x.verb == "unclaim" || x.verb == "transfer") && !his:
		return s, codeNotHis
	case x.verb == "complete" && !s.ended && s.assignee != "" && !his:
		return s, codeNotHis
	case s.ended && x.verb != "read":
		return s, codeEnded
	case x.verb == "claim" && s.assignee != "" && !his:
		return s, codeClaimed
	}
	switch x.verb {
	case "claim":
		s.assignee = x.user
	case "unclaim":
		s.assignee = ""
	case "transfer":
		s.assignee = x.to
	case "complete":
		s = taskState{ended: true, assignee: x.user}
	}
	return s, ""
}

// TestTaskModel: the model lets through what may have happened and nothing else.
func TestTaskModel(t *testing.T) {
	t.Parallel()
	at := func(from, to int64, x step, told answer) porcupine.Operation {
		return porcupine.Operation{Input: x, Output: told, Call: from, Return: to}
	}
	claim, complete := step{user: "a", verb: "claim"}, step{user: "b", verb: "complete"}
	for name, c := range map[string]struct {
		history []porcupine.Operation
		legal   bool
	}{
		"two at once, one wins": {[]porcupine.Operation{at(1, 9, claim, answer{}), at(2, 8, complete, answer{code: codeNotHis})}, true},
		"both win, the second before": {[]porcupine.Operation{
			at(1, 9, claim, answer{}), at(2, 8, complete, answer{}),
		}, false},
		"two completions": {[]porcupine.Operation{at(1, 3, complete, answer{}), at(2, 4, complete, answer{})}, false},
		"a lost reply":    {[]porcupine.Operation{at(1, 99, claim, answer{unknown: true}), at(2, 3, complete, answer{code: codeNotHis})}, true},
		"a stale read":    {[]porcupine.Operation{at(1, 2, claim, answer{}), at(3, 4, step{user: "b", verb: "read"}, answer{})}, false},
	} {
		if got := porcupine.CheckOperations(taskModel, c.history); got != c.legal {
			t.Errorf("%s: legal %t, want %t", name, got, c.legal)
		}
	}
}
