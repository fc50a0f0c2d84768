package camunda

import (
	"encoding/json"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
)

// condition compares a variable: one of a query's variables=name_eq_value.
type condition struct {
	name, operator string
	value          expr.Value
}

type conditions []condition

// conditions reads a parameter that is about variables: name_operator_value,… in a URL, or a JSON array of
// {name, operator, value}.
func (q Query) conditions(parameter string) (conditions, error) {
	var list conditions
	switch v := q.values[parameter].(type) {
	case string:
		for part := range strings.SplitSeq(v, ",") {
			c, err := parseCondition(part)
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
	case []any:
		for _, one := range v {
			c, err := readCondition(one)
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
	}
	return list, nil
}

// parseCondition reads name_operator_value; a name may have the mark in it, too.
func parseCondition(part string) (condition, error) {
	name, rest, _ := strings.Cut(part, "_")
	operator, value, found := strings.Cut(rest, "_")
	for !found || operators[operator] == nil {
		next, more, ok := strings.Cut(value, "_")
		if !ok {
			return condition{}, BadRequest("variable query parameter has to have format KEY_OPERATOR_VALUE.")
		}
		name, operator, value, found = name+"_"+operator, next, more, true
	}
	return condition{name, operator, scalar(value)}, nil
}

func readCondition(one any) (condition, error) {
	m, _ := one.(map[string]any)
	c := condition{}
	c.name, _ = m["name"].(string)
	c.operator, _ = m["operator"].(string)
	if operators[c.operator] == nil {
		return c, BadRequest("Invalid variable comparator specified: %s", c.operator)
	}
	raw, err := json.Marshal(m["value"])
	if err == nil {
		c.value, err = expr.Unmarshal(raw)
	}
	return c, err
}

// scalar reads the text of a value in a URL: a boolean, a number, or else a text.
func scalar(text string) expr.Value {
	if value, err := expr.Unmarshal([]byte(text)); err == nil {
		switch value.(type) {
		case []expr.Value, map[string]expr.Value:
		default:
			return value
		}
	}
	return text
}

// hold reports whether all of the conditions are true of the variables.
func (list conditions) hold(values engine.Variables) bool {
	for _, c := range list {
		value, there := values[c.name]
		if !there || !operators[c.operator](value, c.value) {
			return false
		}
	}
	return true
}

// operators compare a value with that of a condition.
var operators = map[string]func(value, wanted expr.Value) bool{
	"eq":      equal,
	"neq":     func(a, b expr.Value) bool { return !equal(a, b) },
	"gt":      func(a, b expr.Value) bool { c, ok := compare(a, b); return ok && c > 0 },
	"gteq":    func(a, b expr.Value) bool { c, ok := compare(a, b); return ok && c >= 0 },
	"lt":      func(a, b expr.Value) bool { c, ok := compare(a, b); return ok && c < 0 },
	"lteq":    func(a, b expr.Value) bool { c, ok := compare(a, b); return ok && c <= 0 },
	"like":    func(a, b expr.Value) bool { return like(expr.String(b), expr.String(a)) },
	"notLike": func(a, b expr.Value) bool { return !like(expr.String(b), expr.String(a)) },
}

func equal(a, b expr.Value) bool {
	x, errX := expr.Key(a)
	y, errY := expr.Key(b)
	return errX == nil && errY == nil && (x == y || expr.String(a) == expr.String(b))
}

// compare orders two numbers, else two texts.
func compare(a, b expr.Value) (int, bool) {
	x, okX := decimal(a)
	y, okY := decimal(b)
	if okX && okY {
		return x.Cmp(y), true
	}
	_, textA := a.(string)
	_, textB := b.(string)
	return strings.Compare(expr.String(a), expr.String(b)), textA && textB
}
