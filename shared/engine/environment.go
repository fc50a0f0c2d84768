package engine

import (
	"fmt"
	"strings"
	"time"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/schedule"
)

// environment is what an expression at a token may see: the variables of the token's scope and
// outwards, the execution, and the task when there is one.
func (s *step) environment(t Token, task *Task) *expr.Environment {
	e := &expr.Environment{
		Variable: s.lookup(s.instance.scopeOf(t)), Type: s.typeOf(s.instance.scopeOf(t)), Now: s.now, User: s.command.Actor,
		Groups: s.world.Groups, Location: s.location(),
	}
	e.Objects = map[string]expr.Object{"execution": execution{s, t, e, ""}}
	if _, hidden := e.Variable(orgName); !hidden {
		e.Objects[orgName] = org{s}
	}
	if made, ok := s.decisionAt(t); ok {
		e.Objects["decisionResult"] = made
	}
	if task != nil {
		e.Objects["task"] = taskObject{execution{s, t, e, ""}, task, false}
	}
	return e
}

func (s *step) lookup(scope int) func(string) (expr.Value, bool) {
	return func(name string) (expr.Value, bool) { return s.instance.Variable(scope, name) }
}

func (s *step) location() *time.Location {
	if s.world.Location == nil {
		return time.UTC
	}
	return s.world.Location
}

// execution is the object of that name in expressions (Camunda 7 DelegateExecution).
type execution struct {
	step  *step
	token Token
	sees  *expr.Environment
	event string // that a listener listens to; empty: none
}

// Property returns a property of the execution.
func (x execution) Property(name string) (expr.Value, error) {
	in := x.step.instance
	switch name {
	case "id", "processInstanceId":
		return in.ID.String(), nil
	case "businessKey", "processBusinessKey":
		return orNull(in.BusinessKey), nil
	case "processDefinitionId":
		return in.DefinitionID.String(), nil
	case "currentActivityId":
		return x.token.Node, nil
	case "currentActivityName":
		if node := x.step.process.Node(x.token.Node); node != nil {
			return node.Name, nil
		}
		return nil, nil
	case "eventName":
		return orNull(x.event), nil
	case "tenantId":
		return nil, nil
	case "variables":
		return x.all(), nil
	}
	return nil, &expr.EvaluationError{Code: "unknown_property", Name: name, Message: "execution has no property " + name}
}

func orNull(text string) expr.Value {
	if text == "" {
		return nil
	}
	return text
}

func (x execution) all() expr.Value {
	return map[string]expr.Value(x.step.instance.Visible(x.token.Number))
}

// Call runs a method of the execution.
func (x execution) Call(method string, arguments []expr.Value) (expr.Value, error) {
	name, scope := "", x.step.instance.scopeOf(x.token)
	if len(arguments) > 0 {
		name, _ = arguments[0].(string)
	}
	switch {
	case method == "getVariable" && len(arguments) == 1:
		value, _ := x.sees.Variable(name)
		return value, nil
	case method == "getVariableLocal" && len(arguments) == 1:
		return x.step.instance.scope(scope).Variables[name], nil
	case method == "hasVariable" && len(arguments) == 1:
		_, ok := x.sees.Variable(name)
		return ok, nil
	case method == "hasVariableLocal" && len(arguments) == 1:
		_, ok := x.step.instance.scope(scope).Variables[name]
		return ok, nil
	case method == "setVariable" && len(arguments) == 2 && name != "":
		x.step.typed(nil, func() { x.step.setVariables(scope, Variables{name: arguments[1]}) })
		return nil, nil
	case method == "setVariableLocal" && len(arguments) == 2 && name != "":
		x.step.typed(nil, func() { x.step.do(Change{Kind: VariablesSet, Scope: scope, Variables: Variables{name: arguments[1]}}) })
		return nil, nil
	case method == "removeVariable" && len(arguments) == 1:
		x.step.removeVariables(x.step.instance.holder(scope, name), []string{name})
		return nil, nil
	case method == "removeVariableLocal" && len(arguments) == 1:
		x.step.removeVariables(scope, []string{name})
		return nil, nil
	}
	if name, ok := getter(method); ok && len(arguments) == 0 {
		return x.Property(name)
	}
	return nil, unknownMethod("execution", method, len(arguments))
}

// getter returns the property that a method getName reads.
func getter(method string) (string, bool) {
	name, ok := strings.CutPrefix(method, "get")
	if !ok || name == "" {
		return "", false
	}
	return strings.ToLower(name[:1]) + name[1:], true
}

func unknownMethod(object, method string, n int) error {
	return &expr.EvaluationError{Code: "unknown_method", Name: method, Message: fmt.Sprintf("%s has no method %s with %d arguments", object, method, n)}
}

// taskObject is the object task in expressions of a user task (Camunda 7 DelegateTask). Only listeners
// may change it.
type taskObject struct {
	execution
	task    *Task
	changes bool
}

// Property returns a property of the task.
func (x taskObject) Property(name string) (expr.Value, error) {
	switch name {
	case "id":
		return x.task.ID.String(), nil
	case "name":
		return x.task.Name, nil
	case "assignee":
		return orNull(x.task.Assignee), nil
	case "owner":
		return orNull(x.task.Owner), nil
	case "priority":
		return int64(x.task.Priority), nil
	case "formKey":
		return orNull(x.task.FormKey), nil
	case "taskDefinitionKey":
		return x.task.Node, nil
	case "dueDate":
		if x.task.DueAt.IsZero() {
			return nil, nil
		}
		return x.task.DueAt, nil
	case "followUpDate":
		if x.task.FollowUpAt.IsZero() {
			return nil, nil
		}
		return x.task.FollowUpAt, nil
	case "createTime":
		return x.task.CreatedAt, nil
	case "execution":
		return x.execution, nil
	}
	return x.execution.Property(name)
}

// Call runs a method of the task.
func (x taskObject) Call(method string, arguments []expr.Value) (expr.Value, error) {
	switch {
	case method == "getExecution" && len(arguments) == 0:
		return x.execution, nil
	case x.changes && changesTask(method, len(arguments)):
		return nil, x.change(method, arguments)
	}
	if name, ok := getter(method); ok && len(arguments) == 0 {
		return x.Property(name)
	}
	return x.execution.Call(method, arguments)
}

// when reads a point in time: a date value, an ISO 8601 date or date-time, or an ISO 8601 duration
// from now. A text without a zone is in the installation's. An empty text is no time.
func (s *step) when(value expr.Value) (time.Time, error) {
	if at, ok := value.(time.Time); ok {
		return at.UTC().Truncate(time.Millisecond), nil
	}
	text := strings.TrimSpace(expr.String(value))
	if text == "" {
		return time.Time{}, nil
	}
	if strings.HasPrefix(text, "P") {
		return schedule.After(s.now, text, s.location())
	}
	return schedule.Date(text, s.location())
}
