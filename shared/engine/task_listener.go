package engine

import (
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// ErrListener: a listener of a task cannot be evaluated, so the task stays as it was (as in Camunda 7,
// where the transaction is rolled back).
var ErrListener = fault.New(fault.Conflict, "listener_failed", "A listener of the task failed.")

// created runs the listeners of a task that is about to be there: those of its creation, then those of its
// assignment if it has an assignee (Camunda 7 TaskEntity.transitionTo). They may change it.
func (s *step) created(t Token, node *bpmn.FlowNode, task *Task) error {
	events := []string{bpmn.ListenCreate}
	for i := 0; i < len(events); i++ {
		for _, l := range bpmn.Listening(node.UserTask.Listeners, events[i]) {
			if err := s.hear(t, task, l); err != nil {
				return err
			}
		}
		if i == 0 && task.Assignee != "" {
			events = append(events, bpmn.ListenAssignment)
		}
	}
	return nil
}

// changed runs the listeners of a task whose assignee or owner has been changed.
func (s *step) changed(before Task) error {
	events := []string{bpmn.ListenUpdate}
	if now := s.instance.Task(before.ID); now != nil && now.Assignee != before.Assignee {
		events = append(events, bpmn.ListenAssignment)
	}
	for _, event := range events {
		if err := s.tell(before.ID, event); err != nil {
			return err
		}
	}
	return nil
}

// tell runs the listeners of an event of an open task.
func (s *step) tell(id ID, event string) error {
	now := s.instance.Task(id)
	if now == nil {
		return nil
	}
	task, t := *now, *s.instance.token(now.Token)
	node := s.node(t)
	if node == nil || node.UserTask == nil {
		return nil
	}
	for _, l := range bpmn.Listening(node.UserTask.Listeners, event) {
		if err := s.hear(t, &task, l); err != nil {
			return ErrListener.With(fault.Detail{Code: ErrListener.Code, Element: task.Node, Detail: err.Error()})
		}
	}
	return nil
}

// completed lets a token go on whose task is done, behind the listeners that workers do from one on.
func (s *step) completed(t Token, node *bpmn.FlowNode, from int) {
	if node != nil && node.UserTask != nil {
		passed, err := s.notify(t, node, bpmn.ListenComplete, from)
		if err != nil {
			s.incident(t, Incident{Leaving: true, Ending: true}, err)
		}
		if err != nil || !passed {
			return
		}
	}
	s.finish(t)
}

// timeouts works out the timers of the timeout listeners of a task.
func (s *step) timeouts(t Token, node *bpmn.FlowNode) ([]*Timer, error) {
	var list []*Timer
	for _, l := range bpmn.Listening(node.UserTask.Listeners, bpmn.ListenTimeout) {
		timer, err := s.timerOf(t, node, l.Timer, true)
		if err != nil {
			return nil, err
		}
		timer.Listener = l.ID
		list = append(list, timer)
	}
	return list, nil
}

// timedOut runs a timeout listener of an open task. One that fails becomes an incident; the task stays.
func (s *step) timedOut(t Token, id string) {
	node := s.node(t)
	if node == nil || node.UserTask == nil {
		s.unknown(t)
		return
	}
	x := timeout(node, id)
	for _, task := range s.instance.Clone().Tasks {
		var err error
		switch {
		case task.Token != t.Number:
		case x != nil:
			err = s.expire(t, task, *x)
		default:
			err = s.hearTimeout(t, node, task, id)
		}
		if err != nil {
			s.incident(t, Incident{Leaving: true, Timeout: id}, err)
		}
		if x != nil && task.Token == t.Number {
			return // the task may be another one now
		}
	}
}

func (s *step) hearTimeout(t Token, node *bpmn.FlowNode, task Task, id string) error {
	for _, l := range bpmn.Listening(node.UserTask.Listeners, bpmn.ListenTimeout) {
		if l.ID == id {
			return s.hear(t, &task, l)
		}
	}
	return nil
}

// setters are the methods by which a listener changes a task, with how many arguments they take.
var setters = map[string]int{
	"setAssignee": 1, "setOwner": 1, "setName": 1, "setPriority": 1, "setDueDate": 1, "setFollowUpDate": 1,
	"addCandidateUser": 1, "addCandidateGroup": 1, "deleteCandidateUser": 1, "deleteCandidateGroup": 1,
}

func changesTask(method string, arguments int) bool {
	n, ok := setters[method]
	return ok && n == arguments
}

// change runs a setter. Of a task that is there already only assignee and owner can be changed.
func (x taskObject) change(method string, arguments []expr.Value) error {
	text := strings.TrimSpace(expr.String(arguments[0]))
	open := x.step.instance.Task(x.task.ID) != nil
	switch method {
	case "setAssignee":
		x.task.Assignee = text
	case "setOwner":
		x.task.Owner = text
	default:
		if open {
			return &expr.EvaluationError{Code: "bad_listener", Name: method, Message: "only a listener of create may call task." + method}
		}
		return x.changeNew(method, text, arguments[0])
	}
	if open {
		x.step.do(Change{
			Kind: TaskAssigned, TaskID: x.task.ID, Node: x.task.Node, Assignee: x.task.Assignee, Owner: x.task.Owner,
			Delegated: x.task.Delegated, Reason: "listener",
		})
	}
	return nil
}

func (x taskObject) changeNew(method, text string, value expr.Value) (err error) {
	switch method {
	case "setName":
		x.task.Name = clip(text)
	case "setPriority":
		n, ok := whole(value)
		if !ok || int64(int32(n)) != n {
			return &expr.EvaluationError{Code: "type_mismatch", Name: method, Message: "the priority is not a whole number"}
		}
		x.task.Priority = int(n)
	case "setDueDate":
		x.task.DueAt, err = x.step.when(value)
	case "setFollowUpDate":
		x.task.FollowUpAt, err = x.step.when(value)
	case "addCandidateUser":
		x.task.CandidateUsers = with(x.task.CandidateUsers, text)
	case "addCandidateGroup":
		x.task.CandidateGroups = with(x.task.CandidateGroups, text)
	case "deleteCandidateUser":
		x.task.CandidateUsers = without(x.task.CandidateUsers, text)
	case "deleteCandidateGroup":
		x.task.CandidateGroups = without(x.task.CandidateGroups, text)
	}
	if err != nil {
		return &expr.EvaluationError{Code: "bad_date", Name: method, Message: err.Error()}
	}
	return nil
}

// with and without return a copy of a list of names with a name in it once, or not.
func with(list []string, name string) []string {
	if name == "" {
		return list
	}
	return append(without(list, name), name)
}

func without(list []string, name string) []string {
	var rest []string
	for _, n := range list {
		if n != name {
			rest = append(rest, n)
		}
	}
	return rest
}
