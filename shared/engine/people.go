package engine

import (
	"fmt"

	"diom.io/workflow/shared/expr"
)

// Expressions ask the object org for people: who a person's superior is, who heads a department, who is in a role or a
// group. The engine does not know: the World has the answers, and Step says which one it lacks. What was asked and
// answered is in the record of the evaluation, as with every expression.

// orgName is what expressions call the object; a variable of that name hides it.
const orgName = "org"

// Question is what an expression asks about people.
type Question struct {
	Method string
	Of     string // a username, the code of a department or a role, the key of a group
	Level  int    // of managerOf, from 1
	Span   string // of workingAfter: an ISO 8601 duration
	From   string // of workingAfter: when, RFC 3339
	Post   string // the code of the department in which the starter has started, where the question is about him
}

// NeedPeople is what Step returns when it needs an entry of World.People; it is not for people.
type NeedPeople struct{ Question Question }

// Error says what is needed.
func (e *NeedPeople) Error() string {
	return fmt.Sprintf("org.%s of %s is not known", e.Question.Method, e.Question.Of)
}

// The questions that org answers.
const (
	ManagerOf    = "managerOf"    // username, level: who is above a person, null for nobody
	HeadOf       = "headOf"       // code of a department: who heads it, null for nobody
	DepartmentOf = "departmentOf" // username: the code of the department, null for none
	UsersInRole  = "usersInRole"  // code: a list of usernames
	UsersInGroup = "usersInGroup" // key: a list of usernames
)

// workingTime is the method that gives the time some work later: a duration, and by whose calendar, the starter's unless
// he is named.
const workingTime = "workingTime"

// maxManagerLevel is how far up managerOf goes.
const maxManagerLevel = 10

// org is the object of that name in expressions.
type org struct{ step *step }

// Property returns an error: org answers methods alone.
func (o org) Property(name string) (expr.Value, error) {
	return nil, &expr.EvaluationError{Code: "unknown_property", Name: name, Message: "org has no property " + name}
}

// Call answers a question about people.
func (o org) Call(method string, arguments []expr.Value) (expr.Value, error) {
	if n := len(arguments); method == workingTime && (n == 1 || n == 2) {
		user := o.step.instance.Starter
		if n == 2 {
			user = expr.String(arguments[1])
		}
		return o.step.workingAfter(user, expr.String(arguments[0]))
	}
	q, err := o.question(method, arguments)
	if err != nil || q.Of == "" {
		return none(method), err
	}
	answer, known := o.step.world.People[q]
	if !known {
		o.step.failure = &NeedPeople{q}
		return none(method), nil
	}
	if plural(method) {
		list := make([]expr.Value, 0, len(answer))
		for _, name := range answer {
			list = append(list, name)
		}
		return list, nil
	}
	if len(answer) == 0 {
		return nil, nil
	}
	return answer[0], nil
}

// question is what a method asks; about nobody where the first argument is empty.
func (o org) question(method string, arguments []expr.Value) (Question, error) {
	q := Question{Method: method, Level: 1}
	switch n := len(arguments); {
	case n == 2 && method == ManagerOf:
		level, ok := whole(arguments[1])
		if !ok || level < 1 || level > maxManagerLevel {
			return q, &expr.EvaluationError{Code: "bad_level", Name: method, Message: fmt.Sprintf("the level of org.managerOf is a whole number from 1 to %d", maxManagerLevel)}
		}
		q.Level = int(level)
	case n != 1 || !isQuestion(method):
		return q, unknownMethod(orgName, method, n)
	}
	q.Of = expr.String(arguments[0])
	if in := o.step.instance; q.Of == in.Starter && (method == ManagerOf || method == DepartmentOf) {
		q.Post = in.Department
	}
	return q, nil
}

func isQuestion(method string) bool {
	return method == ManagerOf || method == HeadOf || method == DepartmentOf || plural(method)
}

func plural(method string) bool { return method == UsersInRole || method == UsersInGroup }

// none is the answer where nobody is asked for.
func none(method string) expr.Value {
	if plural(method) {
		return []expr.Value{}
	}
	return nil
}
