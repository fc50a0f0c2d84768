package expr

import "github.com/cockroachdb/apd/v3"

// The types of numbers that their values do not tell: a whole number of 32 bits may be a Long, and a Double may
// be whole. The names are those of Camunda 7.
const (
	TypeLong   = "Long"
	TypeDouble = "Double"
)

// EvaluateTyped is Evaluate, with the type of what comes out where its value alone does not say it: that of the
// variable where the expression, or the branch of it that was taken, only names one, and what EL makes of numbers
// (EL 2.2 §1.3, §1.7): literals and sums of whole numbers are Long, quotients Double.
func (e *Expression) EvaluateTyped(env *Environment) (Value, string, error) {
	if env == nil {
		env = &Environment{}
	}
	if len(e.parts) != 1 {
		value, err := e.Evaluate(env)
		return value, "", err
	}
	v := &evaluation{Environment: env, budget: budget{maxSteps, maxMade}}
	value, err := operand(v, e.parts[0])
	if err != nil {
		return nil, "", err
	}
	return value, v.typeOf(v.origin, value), nil
}

// typeOf is the type of the value that a node has given.
func (v *evaluation) typeOf(from node, value Value) string {
	if name, ok := from.(identifier); ok {
		if v.Type == nil {
			return ""
		}
		return v.Type(string(name))
	}
	switch x := value.(type) {
	case int64:
		return v.wholeType(from, x)
	case *apd.Decimal:
		if x.Exponent >= 0 { // it is written as a whole number
			return TypeDouble
		}
	}
	return ""
}

// wholeType is the type of a whole number: what a method, a property or an element gives is the Integer that it
// is in Java, but for milliseconds and conversions.
func (v *evaluation) wholeType(from node, n int64) string {
	switch x := from.(type) {
	case constant:
		return TypeLong
	case sum:
		if v.isDouble(x) {
			return TypeDouble
		}
		return TypeLong
	case minus: // a sign keeps the type
		return v.typeOf(x.operand, n)
	case method:
		if x.name == "longValue" || x.name == "getTime" {
			return TypeLong
		}
	case access:
		if key, ok := x.key.(constant); ok && key.value == "time" {
			return TypeLong
		}
	}
	return ""
}

// isDouble reports whether EL computes a node as a Double although its operands are whole here.
func (v *evaluation) isDouble(n node) bool {
	switch x := n.(type) {
	case identifier:
		return v.Type != nil && v.Type(string(x)) == TypeDouble
	case sum:
		return x.op == opDivide || v.isDouble(x.left) || v.isDouble(x.right)
	case minus:
		return v.isDouble(x.operand)
	}
	return false
}

// given evaluates a node and remembers it as where a value comes from: of a choice the branch.
func given(v *evaluation, n node) (any, error) {
	result, err := n.evaluate(v)
	if _, branches := n.(choice); !branches {
		v.origin = n
	}
	return result, err
}
