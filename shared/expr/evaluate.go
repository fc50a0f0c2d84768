package expr

import (
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
)

// Object is a host object that an expression may use, such as execution or task. What it returns is a
// Value or another Object; its errors come back from Evaluate as they are.
type Object interface {
	Property(name string) (Value, error)
	Call(method string, arguments []Value) (Value, error)
}

// Environment is all that an evaluation can see. Variable reports false for a name that does not
// exist; one that holds null exists. Objects hide variables of their names. Now is the only clock;
// Location, if any, is the zone in which now() and dateTime() show it. User is empty for nobody.
type Environment struct {
	Variable func(name string) (Value, bool)
	// Type, where there is one, is the type of a variable whose value alone does not say it, or "".
	Type     func(name string) string
	Objects  map[string]Object
	Now      time.Time
	User     string
	Groups   []string
	Location *time.Location
}

// evaluation is one run of an expression with what it may still spend.
type evaluation struct {
	*Environment
	budget
	origin node // where the last operand came from
}

// Evaluate runs the expression. The error is an *EvaluationError, or what an Object returned.
func (e *Expression) Evaluate(env *Environment) (Value, error) {
	if env == nil {
		env = &Environment{}
	}
	v := &evaluation{Environment: env, budget: budget{maxSteps, maxMade}}
	if len(e.parts) == 1 {
		return operand(v, e.parts[0])
	}
	var joined strings.Builder
	for _, part := range e.parts {
		result, err := operand(v, part)
		if err != nil {
			return nil, err
		}
		text, err := v.text(result)
		if err != nil {
			return nil, err
		}
		if err := v.grow(len(text)); err != nil {
			return nil, err
		}
		joined.WriteString(text)
	}
	return joined.String(), nil
}

// EvaluateBool runs a condition: anything but a boolean, null and texts too, is a type_mismatch
// (Camunda 7, UelExpressionCondition).
func (e *Expression) EvaluateBool(env *Environment) (bool, error) {
	result, err := e.Evaluate(env)
	if err != nil {
		return false, err
	}
	b, ok := result.(bool)
	if !ok {
		return false, mismatch("the condition %s gives a %s, not a boolean", clip(e.source), kindOf(result))
	}
	return b, nil
}

// operand evaluates to a value.
func operand(v *evaluation, n node) (Value, error) {
	result, err := given(v, n)
	if err != nil {
		return nil, err
	}
	return plain(result)
}

// plain turns what lives only during an evaluation into a value.
func plain(result any) (Value, error) {
	switch x := result.(type) {
	case nil, bool, int64, string, *apd.Decimal, time.Time, Duration, []Value, map[string]Value:
		return x, nil
	case spin:
		return x.value, nil
	case spinList:
		return []Value(x), nil
	}
	return nil, mismatch("a %s is not a value", kindOf(result))
}

func operands(v *evaluation, nodes []node) ([]Value, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	values := make([]Value, len(nodes))
	for i, n := range nodes {
		var err error
		if values[i], err = operand(v, n); err != nil {
			return nil, err
		}
	}
	return values, nil
}
