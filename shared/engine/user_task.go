package engine

import (
	"math"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/expr"
)

// defaultPriority is Camunda 7's for a task that names none.
const defaultPriority = 50

// enterUserTask creates the task and waits. Every expression is evaluated before anything changes.
func enterUserTask(s *step, t Token, node *bpmn.FlowNode) error { return s.offer(t, node, 0) }

// offer is enterUserTask behind the listeners of create that workers do, from one on. The other listeners
// of create come after them, when all about the task is known.
func (s *step) offer(t Token, node *bpmn.FlowNode, from int) error {
	if passed, err := s.notify(t, node, bpmn.ListenCreate, from); err != nil || !passed {
		return err
	}
	model := node.UserTask
	task := &Task{
		ID: s.command.ID.Derive(s.ids + 1), Token: t.Number, Node: node.ID, Name: node.ID,
		Priority: defaultPriority, FormKey: model.FormKey, CreatedAt: s.now,
	}
	e := taskEvaluation{step: s, token: t, task: task}
	if model.Name != nil {
		task.Name = clip(expr.String(e.value("name", model.Name)))
	}
	e.people(model)
	task.DueAt = e.date(model.DueDate)
	task.FollowUpAt = e.date(model.FollowUpDate)
	if model.Priority != nil {
		task.Priority = e.number("priority", model.Priority)
	}
	if e.err != nil {
		return e.err
	}
	s.ids++
	timers, err := s.timeouts(t, node)
	if err == nil {
		var late []*Timer
		late, err = s.overdue(t, node, task)
		timers = append(timers, late...)
	}
	if err == nil {
		err = s.created(t, node, task)
	}
	if err != nil {
		return err
	}
	c := Change{Kind: TaskCreated, Task: task, Why: e.why}
	s.standIn(task, &c)
	s.do(c)
	for _, timer := range timers {
		s.do(Change{Kind: TimerCreated, Timer: timer})
	}
	return nil
}

// people finds out whom the task is for: the signer that it is about, else those whom the model names.
func (e *taskEvaluation) people(model *bpmn.UserTask) {
	if x := e.step.instance.signing(e.token); x != nil && x.User != "" {
		e.task.Assignee = x.User
		return
	}
	e.task.Assignee = strings.TrimSpace(expr.String(e.value("assignee", model.Assignee)))
	e.task.CandidateUsers = e.list("candidateUsers", model.CandidateUsers)
	e.task.CandidateGroups = e.list("candidateGroups", model.CandidateGroups)
}

// clip bounds a name to what its column holds.
func clip(text string) string { return excerpt.Fit(text, 255) }

// taskEvaluation evaluates the expressions of one user task; the first error stops it.
type taskEvaluation struct {
	step  *step
	token Token
	task  *Task
	why   []Why
	err   error
}

func (e *taskEvaluation) value(subject string, x *expr.Expression) expr.Value {
	if x == nil || e.err != nil {
		return nil
	}
	if x.IsLiteral() {
		return x.Source()
	}
	var v expr.Value
	v, e.err = x.Evaluate(e.step.environment(e.token, e.task))
	if e.err == nil && subject != "name" {
		e.why = append(e.why, explain(subject, x, v, e.step.lookup(e.step.instance.scopeOf(e.token))))
	}
	return v
}

// list evaluates a comma list or a collection; a comma list is split after evaluation.
func (e *taskEvaluation) list(subject string, x *expr.Expression) []string {
	value := e.value(subject, x)
	items, ok := value.([]expr.Value)
	if !ok {
		for _, part := range strings.Split(expr.String(value), ",") {
			items = append(items, part)
		}
	}
	var names []string
	for _, item := range items {
		if name := strings.TrimSpace(expr.String(item)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (e *taskEvaluation) number(subject string, x *expr.Expression) int {
	value := e.value(subject, x)
	if e.err != nil {
		return 0
	}
	n, ok := whole(value)
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		e.err = &dataError{"type_mismatch", subject + " of " + e.task.Node + " is not a whole number"}
	}
	return int(n)
}

// whole reads a whole number: an integer, a decimal such as 5.0, or the text of one.
func whole(value expr.Value) (int64, bool) {
	if n, ok := value.(int64); ok {
		return n, true
	}
	d, _, err := apd.NewFromString(strings.TrimSpace(expr.String(value)))
	if err != nil {
		return 0, false
	}
	n, err := d.Int64()
	return n, err == nil
}

func (e *taskEvaluation) date(x *expr.Expression) time.Time {
	value := e.value("dueDate", x)
	if e.err != nil || value == nil {
		return time.Time{}
	}
	at, err := e.step.when(value)
	if err != nil {
		e.err = &dataError{"bad_date", "date of " + e.task.Node + ": " + err.Error()}
	}
	return at
}

// CompleteTask ends an open task and lets its token go on. A delegated task goes back to its owner
// instead, unless the task is to end Outright (Camunda 7 CompleteTaskCmd).
type CompleteTask struct {
	Task      ID
	Variables Variables
	Outcome   string
	Comment   string
	Outright  bool
	Form      bool   // the variables are what the form was filled in with: its fields count then
	Via       string // by what it was completed, where that is not the product's own pages or API
}

// Name is the command's name in the history.
func (CompleteTask) Name() string { return "complete" }

func (a CompleteTask) apply(s *step) error {
	task, err := s.openTask(a.Task)
	if err != nil {
		return err
	}
	token := *s.instance.token(task.Token)
	variables := a.Variables
	if node := s.node(token); a.Form && node != nil && node.UserTask != nil {
		if variables, err = s.fill(token, node.UserTask.FormFields, variables); err != nil {
			return err
		}
	}
	if len(variables) > 0 {
		if node := s.node(token); node != nil && node.UserTask != nil {
			variables = node.UserTask.Submitted(variables)
		}
		s.setVariables(s.instance.scopeOf(token), variables)
	}
	if task.Delegated && !a.Outright {
		s.do(Change{Kind: TaskAssigned, TaskID: task.ID, Node: task.Node, Assignee: task.Owner, Owner: task.Owner, Comment: a.Comment, Reason: "resolved"})
		return s.changed(task)
	}
	if err := s.vote(task, a); err != nil {
		return err
	}
	if err := s.tell(task.ID, bpmn.ListenComplete); err != nil {
		return err
	}
	s.do(Change{
		Kind: TaskCompleted, TaskID: task.ID, Node: task.Node, Assignee: s.command.Actor, Owner: task.Owner,
		Outcome: a.Outcome, Comment: a.Comment, Reason: a.Via, At: s.now,
	})
	if node := s.node(token); policy(node) == nil {
		s.inform(token, node, task.ID)
	}
	s.passing(token, task.ID, func() { s.completed(token, s.node(token), 0) })
	return nil
}

// openTask returns a copy of an open task of an active instance.
func (s *step) openTask(id ID) (Task, error) {
	task := s.instance.Task(id)
	if task == nil {
		return Task{}, ErrTaskEnded
	}
	return *task, s.open()
}

// AssignTask changes who has a task. Reason is claimed, unclaimed, transferred, delegated or
// resolved.
type AssignTask struct {
	Task     ID
	Assignee string // empty for unclaimed
	Reason   string
	Comment  string
	// ForGood hands over with a task that has come back to its owner that it is his, too: a later delegation comes back to
	// the new assignee. Camunda 7 lets it come back to the first owner for ever (TaskEntity.delegate).
	ForGood bool
}

// The reasons of an assignment.
const (
	Claimed     = "claimed"
	Unclaimed   = "unclaimed"
	Transferred = "transferred"
	Delegated   = "delegated"
	Resolved    = "resolved"
)

// Name is the command's name in the history.
func (a AssignTask) Name() string { return a.Reason }

func (a AssignTask) apply(s *step) error {
	task, err := s.openTask(a.Task)
	if err != nil {
		return err
	}
	c := Change{Kind: TaskAssigned, TaskID: task.ID, Node: task.Node, Assignee: a.Assignee, Owner: task.Owner,
		Delegated: task.Delegated, Reason: a.Reason, Comment: a.Comment}
	switch a.Reason {
	case Claimed:
		if task.Assignee != "" && task.Assignee != a.Assignee {
			return ErrClaimed
		}
	case Transferred:
		if a.ForGood && task.Owner != "" && task.Owner == task.Assignee {
			c.Owner = a.Assignee
		}
	case Delegated:
		c.Delegated = true
		if c.Owner == "" {
			c.Owner = task.Assignee
		}
	case Resolved:
		if !task.Delegated {
			return ErrNotDelegated
		}
		c.Assignee, c.Delegated = task.Owner, false
	}
	s.do(c)
	return s.changed(task)
}
