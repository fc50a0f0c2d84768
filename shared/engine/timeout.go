package engine

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// TimedOut is the reason of what happens because a task has taken too long.
const TimedOut = "timeout"

// timeoutPrefix begins the name by which a timer knows the diom:timeout that it is for.
const timeoutPrefix = "diom:timeout/"

// WorkingAfter is a question of the engine: the time that is Span of work after From, where Of works.
const WorkingAfter = "workingAfter"

// workingAfter asks for a time by the calendar of a person.
func (s *step) workingAfter(user, span string) (time.Time, error) {
	q := Question{Method: WorkingAfter, Of: user, Span: span, From: s.now.Format(time.RFC3339Nano)}
	answer, known := s.world.People[q]
	if !known {
		s.failure = &NeedPeople{q}
		return s.now, nil
	}
	if len(answer) == 0 {
		return s.now, &dataError{"bad_duration", span + " is no duration of working days and hours"}
	}
	return time.Parse(time.RFC3339Nano, answer[0])
}

// overdue makes the timers of what happens when a task takes too long. The first of them is when it is due, unless
// the model says so.
func (s *step) overdue(t Token, node *bpmn.FlowNode, task *Task) ([]*Timer, error) {
	var list []*Timer
	e := taskEvaluation{step: s, token: t, task: task}
	for i, x := range node.UserTask.Timeouts {
		span := strings.TrimSpace(expr.String(e.value("timeout", x.After)))
		if e.err != nil {
			return nil, e.err
		}
		at, err := s.timeoutAt(x, task, span)
		if err != nil || at.IsZero() {
			return nil, &dataError{"bad_duration", "the time-out of " + node.ID + " is " + strconv.Quote(span) + ", no duration"}
		}
		at = at.UTC().Truncate(time.Millisecond)
		list = append(list, &Timer{ID: s.newID(), Token: t.Number, Node: node.ID, DueAt: at, Listener: timeoutPrefix + strconv.Itoa(i)})
	}
	if task.DueAt.IsZero() {
		for _, timer := range list {
			if task.DueAt.IsZero() || timer.DueAt.Before(task.DueAt) {
				task.DueAt = timer.DueAt
			}
		}
	}
	return list, nil
}

// timeoutAt is when a span ends, in the working time of who has the task where the model says so.
func (s *step) timeoutAt(x bpmn.Timeout, task *Task, span string) (time.Time, error) {
	if x.Working {
		return s.workingAfter(cmp.Or(task.Assignee, s.instance.Starter), span)
	}
	return s.when(span)
}

// timeout returns the diom:timeout of a node that a timer is for, or nil.
func timeout(node *bpmn.FlowNode, listener string) *bpmn.Timeout {
	text, found := strings.CutPrefix(listener, timeoutPrefix)
	i, err := strconv.Atoi(text)
	if !found || err != nil || i < 0 || i >= len(node.UserTask.Timeouts) {
		return nil
	}
	return &node.UserTask.Timeouts[i]
}

// expire does what the model wants with a task that has taken too long.
func (s *step) expire(t Token, task Task, x bpmn.Timeout) error {
	e := taskEvaluation{step: s, token: t, task: &task}
	to := strings.TrimSpace(expr.String(e.value("to", x.To)))
	if e.err != nil {
		return e.err
	}
	switch x.Do {
	case bpmn.TimeoutApprove, bpmn.TimeoutReject:
		return s.expired(CompleteTask{Task: task.ID, Outcome: x.Do, Via: TimedOut, Outright: true}.apply(s))
	case bpmn.TimeoutReturn:
		return s.expired(ReturnTask{Task: task.ID, To: cmp.Or(to, ToPrevious), Comment: TimedOut}.apply(s))
	case bpmn.TimeoutTransfer:
		if to == "" && task.Assignee != "" {
			above, err := org{s}.Call(ManagerOf, []expr.Value{task.Assignee})
			if err != nil {
				return err
			}
			to = expr.String(above)
		}
		if to == "" {
			return &dataError{"nobody_above", "nobody is there to whom " + task.Node + " could go"}
		}
		s.do(Change{Kind: TaskAssigned, TaskID: task.ID, Node: task.Node, Assignee: to, Owner: task.Owner, Reason: TimedOut, Why: e.why})
		return s.changed(task)
	}
	c := Change{Kind: TaskUrged, TaskID: task.ID, Node: task.Node, Assignee: task.Assignee, Comment: TimedOut, Urges: task.Urges + 1, At: s.now}
	if x.Do == bpmn.TimeoutEscalate {
		c.Reason = "escalated"
	}
	s.do(c)
	return nil
}

// expired makes of a refusal what an incident can say.
func (s *step) expired(err error) error {
	if f := fault.From(err); err != nil && f != nil {
		return &dataError{f.Code, f.Error()}
	}
	return err
}
