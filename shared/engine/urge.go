package engine

import (
	"time"

	"diom.io/workflow/shared/fault"
)

// ErrUrged: those who have the task were urged a moment ago.
var ErrUrged = fault.New(fault.Busy, "urged_recently", "Those who have the task were urged a moment ago.")

// Escalated is the reason of an urge that those above the assignee are told of, too.
const Escalated = "escalated"

// UrgeTask reminds those who have an open task. It can be repeated after a Pause; from the Ladder-th time on, while
// nobody else has the task, it is Escalated. 0 is never.
type UrgeTask struct {
	Task    ID
	Comment string
	Pause   time.Duration
	Ladder  int
}

// Name is the command's name in the history.
func (UrgeTask) Name() string { return "urge" }

func (a UrgeTask) apply(s *step) error {
	task, err := s.openTask(a.Task)
	if err != nil {
		return err
	}
	if wait := task.UrgedAt.Add(a.Pause).Sub(s.now); !task.UrgedAt.IsZero() && wait > 0 {
		return ErrUrged.After(wait)
	}
	c := Change{Kind: TaskUrged, TaskID: task.ID, Node: task.Node, Assignee: task.Assignee, Comment: a.Comment, Urges: task.Urges + 1, At: s.now}
	if a.Ladder > 0 && c.Urges >= a.Ladder {
		c.Reason = Escalated
	}
	s.do(c)
	return nil
}

// urgeTask counts. The version of the task stays: whoever has it has done nothing.
func urgeTask(in *Instance, c Change) {
	t := in.Task(c.TaskID)
	t.Urges, t.UrgedAt = c.Urges, c.At
}
