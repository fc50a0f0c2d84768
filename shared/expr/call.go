package expr

import (
	"time"

	"github.com/cockroachdb/apd/v3"
)

// functions are the names that may be called without a subject: Camunda 7's and Spin's.
var functions = map[string]struct {
	takes int
	run   func(v *evaluation, a []Value) (any, error)
}{
	"now":               {0, now},
	"dateTime":          {0, now},
	"currentUser":       {0, func(v *evaluation, _ []Value) (any, error) { return user(v), nil }},
	"currentUserGroups": {0, currentUserGroups},
	"S":                 {1, newSpin},
	"JSON":              {1, newSpin},
}

func now(v *evaluation, _ []Value) (any, error) {
	if v.Location != nil {
		return v.Now.In(v.Location), nil
	}
	return v.Now, nil
}

// user is null when nobody is logged in.
func user(v *evaluation) Value {
	if v.User == "" {
		return nil
	}
	return v.User
}

func currentUserGroups(v *evaluation, _ []Value) (any, error) {
	groups := make([]Value, len(v.Groups))
	for i, g := range v.Groups {
		groups[i] = g
	}
	return groups, v.step(len(groups) / 64)
}

// call is a function with its arguments.
type call struct {
	run       func(v *evaluation, a []Value) (any, error)
	arguments []node
}

func (n call) evaluate(v *evaluation) (any, error) {
	if err := v.step(1); err != nil {
		return nil, err
	}
	arguments, err := operands(v, n.arguments)
	if err != nil {
		return nil, err
	}
	return n.run(v, arguments)
}

type method struct {
	base      node
	name      string
	arguments []node
}

func (n method) evaluate(v *evaluation) (any, error) {
	if err := v.step(1); err != nil {
		return nil, err
	}
	base, err := n.base.evaluate(v)
	if err != nil {
		return nil, err
	}
	arguments, err := operands(v, n.arguments)
	if err != nil {
		return nil, err
	}
	return dispatch(v, base, n.name, arguments)
}

// dispatch runs a method of a value; only those named in this package exist, and null has none. A
// method that would change its subject (add, put, remove) gives what Java returns, as if it had run on
// a copy: the variable stays as it is.
func dispatch(v *evaluation, base any, name string, a []Value) (any, error) {
	switch b := base.(type) {
	case Object:
		return b.Call(name, a)
	case string:
		return run(v, textMethods, b, name, a)
	case []Value:
		return run(v, listMethods, b, name, a)
	case map[string]Value:
		return callMap(v, b, name, a)
	case int64, *apd.Decimal:
		return callNumber(v, b, name, a)
	case time.Time:
		return callDate(v, b, name, a)
	case spin:
		return run(v, spinMethods, b, name, a)
	case spinList:
		return callSpinList(v, b, name, a)
	case bool, Duration:
		if name == "toString" && len(a) == 0 {
			return v.text(b)
		}
	}
	return nil, unknownMethod(base, name, len(a))
}

func unknownMethod(base any, name string, n int) error {
	return failure(CodeUnknownMethod, name, "a %s has no method %s with %d arguments", kindOf(base), clip(name), n)
}

// entry is a method in a table: how many arguments it takes, and what it does.
type entry[T any] struct {
	least, most int
	run         func(v *evaluation, base T, a []Value) (any, error)
}

func run[T any](v *evaluation, table map[string]entry[T], base T, name string, a []Value) (any, error) {
	m, ok := table[name]
	if !ok || len(a) < m.least || len(a) > m.most {
		return nil, unknownMethod(base, name, len(a))
	}
	return m.run(v, base, a)
}

func callNumber(v *evaluation, n Value, name string, a []Value) (any, error) {
	if len(a) == 0 {
		switch name {
		case "intValue", "longValue":
			return position(n)
		case "doubleValue":
			return n, nil
		case "toString":
			return v.text(n)
		}
	}
	if name == "equals" && len(a) == 1 {
		return v.same(n, a[0], 0)
	}
	return nil, unknownMethod(n, name, len(a))
}
