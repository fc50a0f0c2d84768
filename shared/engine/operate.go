package engine

import (
	"cmp"
	"slices"
	"time"
)

// SetVariables sets and removes variables from outside: those that a token sees, or of the process when
// Token is 0. Local ones are the token's own, whatever there is around it. It may be done while the
// instance is suspended.
type SetVariables struct {
	Token     int
	Local     bool
	Variables Variables
	Remove    []string
}

// Name is the command's name in the history.
func (SetVariables) Name() string { return "set-variables" }

func (a SetVariables) apply(s *step) error {
	if s.instance.State.Ended() {
		return ErrEnded
	}
	scope, token := 0, s.instance.token(a.Token)
	switch {
	case a.Token == 0:
	case token == nil:
		return ErrNoToken
	case a.Local:
		s.setLocal(*token, a.Variables)
		if own := s.instance.owned(a.Token); own != nil {
			s.removeVariables(own.Number, a.Remove)
		}
		return nil
	default:
		scope = s.instance.scopeOf(*token)
	}
	s.setVariables(scope, a.Variables)
	for _, name := range a.Remove {
		s.removeVariables(s.instance.holder(scope, name), []string{name})
	}
	return nil
}

// setLocal writes variables into the scope of a token alone; it is opened where the node has none.
func (s *step) setLocal(t Token, values Variables) {
	if len(values) == 0 {
		return
	}
	own := s.instance.owned(t.Number)
	if own == nil {
		s.do(Change{Kind: ScopeOpened, Scope: s.instance.LastScope + 1, Parent: t.Scope, Token: t.Number, Node: t.Node})
		own = s.instance.owned(t.Number)
	}
	s.do(Change{Kind: VariablesSet, Scope: own.Number, Variables: values})
}

func (s *step) removeVariables(scope int, names []string) {
	there := s.instance.scope(scope).Variables
	names = slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(name string) bool { _, ok := there[name]; return !ok })
	if len(names) > 0 {
		s.do(Change{Kind: VariablesRemoved, Scope: scope, Names: names})
	}
}

// SignalToken lets a token go on that waits at its node for somebody to say so: at a receive task, or at
// another task whose work is then over (Camunda 7 SignalCmd).
type SignalToken struct {
	Token     int
	Variables Variables
}

// Name is the command's name in the history.
func (SignalToken) Name() string { return "signal" }

func (a SignalToken) apply(s *step) error {
	token := s.instance.token(a.Token)
	if token == nil {
		return ErrNotWaiting
	}
	if err := s.open(); err != nil {
		return err
	}
	node := s.node(*token)
	if node == nil || !node.Element.Signalled() || s.instance.Body(*token) || s.stuck(token.Number) || s.continues(token.Number) {
		return ErrNotWaiting
	}
	for _, sub := range s.instance.Subscriptions {
		if sub.Token == token.Number && sub.Node == token.Node {
			s.receive(sub, a.Variables)
			return nil
		}
	}
	s.setVariables(s.instance.scopeOf(*token), a.Variables)
	s.finish(*token)
	return nil
}

// ChangeTask gives an open task other attributes. Task is the whole task as it is to be; what the model
// says of it (its token, its node) stays.
type ChangeTask struct{ Task Task }

// Name is the command's name in the history.
func (ChangeTask) Name() string { return "change-task" }

func (a ChangeTask) apply(s *step) error {
	now, err := s.openTask(a.Task.ID)
	if err != nil {
		return err
	}
	task := a.Task
	task.Token, task.Node, task.FormKey, task.CreatedAt = now.Token, now.Node, now.FormKey, now.CreatedAt
	task.Name = clip(task.Name)
	if task.Assignee == now.Assignee {
		task.Urges, task.UrgedAt = now.Urges, now.UrgedAt
	}
	s.do(Change{Kind: TaskChanged, Task: &task})
	return nil
}

// SetRetries says how often a job may still be tried; with 0 an incident waits for an operator.
type SetRetries struct {
	Job     ID
	Retries int
	DueAt   time.Time // not before then; zero: as it is
}

// Name is the command's name in the history.
func (SetRetries) Name() string { return "set-retries" }

func (a SetRetries) apply(s *step) error {
	job, err := s.anyJob(a.Job)
	if err != nil {
		return err
	}
	due := job.DueAt
	if !a.DueAt.IsZero() {
		due = a.DueAt
	}
	if a.Retries > 0 {
		s.resolve(job)
	}
	s.do(Change{Kind: JobRetried, JobID: job.ID, Node: job.Node, Retries: max(a.Retries, 0), DueAt: due})
	if a.Retries <= 0 && !s.stuck(job.Token) {
		s.do(Change{Kind: IncidentRaised, Incident: &Incident{
			ID: s.newID(), Token: job.Token, Node: job.Node, Job: job.ID, Code: "job_failed",
			Message: cmp.Or(job.Failure, "An operator has set the retries to 0."), RaisedAt: s.now,
		}})
	}
	return nil
}

// anyJob returns a copy of a job of an instance that has not ended; it may be suspended.
func (s *step) anyJob(id ID) (Job, error) {
	if s.instance.State.Ended() {
		return Job{}, ErrEnded
	}
	job := s.instance.Job(id)
	if job == nil {
		return Job{}, ErrNoJob
	}
	return *job, nil
}

// ChangeJob sets the priority and the time before which nobody takes a job.
type ChangeJob struct {
	Job      ID
	Priority int64
	DueAt    time.Time
}

// Name is the command's name in the history.
func (ChangeJob) Name() string { return "change-job" }

func (a ChangeJob) apply(s *step) error {
	job, err := s.anyJob(a.Job)
	if err == nil {
		s.do(Change{Kind: JobChanged, JobID: job.ID, Node: job.Node, Priority: a.Priority, DueAt: a.DueAt})
	}
	return err
}

// MoveTimer makes a timer due at another time.
type MoveTimer struct {
	Timer ID
	DueAt time.Time
}

// Name is the command's name in the history.
func (MoveTimer) Name() string { return "move-timer" }

func (a MoveTimer) apply(s *step) error {
	timer := s.instance.Timer(a.Timer)
	if timer == nil {
		return ErrTimerGone
	}
	s.do(Change{Kind: TimerMoved, TimerID: timer.ID, Node: timer.Node, DueAt: a.DueAt})
	return nil
}
