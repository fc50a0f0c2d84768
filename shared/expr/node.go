package expr

import "time"

// node is one place of a compiled expression. What it gives is a Value, an Object or a JSON node.
type node interface {
	evaluate(v *evaluation) (any, error)
}

type constant struct{ value Value }

func (n constant) evaluate(*evaluation) (any, error) { return n.value, nil }

type identifier string

func (n identifier) evaluate(v *evaluation) (any, error) {
	if err := v.step(1); err != nil {
		return nil, err
	}
	value, ok := n.find(v)
	if !ok {
		return nil, failure(CodeUnknownVariable, string(n), "there is no variable %s", clip(string(n)))
	}
	return value, nil
}

// find looks where Camunda 7's VariableScopeElResolver does: objects, the user, variables.
func (n identifier) find(v *evaluation) (any, bool) {
	if object, ok := v.Objects[string(n)]; ok {
		return object, true
	}
	if n == "authenticatedUserId" {
		return user(v), true
	}
	if v.Variable == nil {
		return nil, false
	}
	return v.Variable(string(n))
}

// root returns the identifier at the beginning of a.b[c], or "". It looks through method calls when
// asked to.
func root(n node, calls bool) string {
	for {
		switch x := n.(type) {
		case identifier:
			return string(x)
		case access:
			n = x.base
		case method:
			if !calls {
				return ""
			}
			n = x.base
		default:
			return ""
		}
	}
}

type choice struct{ condition, yes, no node }

func (n choice) evaluate(v *evaluation) (any, error) {
	condition, err := truth(v, n.condition)
	if err != nil {
		return nil, err
	}
	if condition {
		return given(v, n.yes)
	}
	return given(v, n.no)
}

func truth(v *evaluation, n node) (bool, error) {
	value, err := operand(v, n)
	if err != nil {
		return false, err
	}
	return boolean(value)
}

// operation makes the node of a binary operator.
func operation(o operator, left, right node) node {
	switch o {
	case opOr, opAnd:
		return logic{o == opOr, left, right}
	case opEqual, opUnequal:
		return equality{o == opUnequal, left, right}
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		return order{o, left, right}
	}
	return sum{o, left, right}
}

// logic is && and ||; a left side that is stop decides alone.
type logic struct {
	stop        bool
	left, right node
}

func (n logic) evaluate(v *evaluation) (any, error) {
	left, err := truth(v, n.left)
	if err != nil || left == n.stop {
		return left, err
	}
	right, err := truth(v, n.right)
	return right, err
}

func both(v *evaluation, left, right node) (a, b Value, err error) {
	if err = v.step(1); err != nil {
		return nil, nil, err
	}
	if a, err = operand(v, left); err != nil {
		return nil, nil, err
	}
	b, err = operand(v, right)
	return a, b, err
}

type equality struct {
	unequal     bool
	left, right node
}

func (n equality) evaluate(v *evaluation) (any, error) {
	a, b, err := both(v, n.left, n.right)
	if err != nil {
		return nil, err
	}
	same, err := v.equal(a, b)
	return same != n.unequal, err
}

type order struct {
	op          operator
	left, right node
}

// evaluate knows that null has no order, and that two nulls are less or equal (EL 2.2 §1.8.1).
func (n order) evaluate(v *evaluation) (any, error) {
	a, b, err := both(v, n.left, n.right)
	if err != nil {
		return nil, err
	}
	if a == nil || b == nil {
		return a == nil && b == nil && (n.op == opLessEqual || n.op == opGreaterEqual), nil
	}
	c, err := v.compare(a, b)
	if err != nil {
		return nil, err
	}
	switch n.op {
	case opLess:
		return c < 0, nil
	case opLessEqual:
		return c <= 0, nil
	case opGreater:
		return c > 0, nil
	}
	return c >= 0, nil
}

type sum struct {
	op          operator
	left, right node
}

func (n sum) evaluate(v *evaluation) (any, error) {
	a, b, err := both(v, n.left, n.right)
	if err != nil {
		return nil, err
	}
	return arithmetic(n.op, a, b)
}

type negation struct{ operand node }

func (n negation) evaluate(v *evaluation) (any, error) {
	b, err := truth(v, n.operand)
	return !b, err
}

type minus struct{ operand node }

func (n minus) evaluate(v *evaluation) (any, error) {
	value, err := operand(v, n.operand)
	if err != nil {
		return nil, err
	}
	return negate(value)
}

// emptiness is the operator empty. A variable that does not exist is empty, and so is what a path of
// names and indexes finds in it (Camunda 7 fails there); any other unknown name is an error as
// everywhere. variable is the beginning of such a path, or "".
type emptiness struct {
	operand  node
	variable string
}

func (n emptiness) evaluate(v *evaluation) (any, error) {
	if n.variable != "" {
		if _, ok := identifier(n.variable).find(v); !ok {
			return true, v.step(1)
		}
	}
	value, err := n.operand.evaluate(v)
	if err != nil {
		return nil, err
	}
	if s, ok := value.(spin); ok {
		value = s.value
	}
	return empty(value), nil
}

// access is base.name and base[key] (EL 2.2 §1.6): null has no members and gives null, as do a key
// that a map does not have and an index outside of a list.
type access struct{ base, key node }

func (n access) evaluate(v *evaluation) (any, error) {
	if err := v.step(1); err != nil {
		return nil, err
	}
	base, err := n.base.evaluate(v)
	if err != nil || base == nil {
		return nil, err
	}
	key, err := operand(v, n.key)
	if err != nil || key == nil {
		return nil, err
	}
	switch b := base.(type) {
	case []Value:
		i, err := position(key)
		if err != nil || i < 0 || i >= int64(len(b)) {
			return nil, err
		}
		return b[i], nil
	case spinList:
		i, err := position(key)
		if err != nil || i < 0 || i >= int64(len(b)) {
			return nil, err
		}
		return spin{b[i]}, nil
	}
	name, err := v.text(key)
	if err != nil {
		return nil, err
	}
	return property(v, base, name)
}

func property(v *evaluation, base any, name string) (any, error) {
	switch b := base.(type) {
	case map[string]Value:
		return b[name], nil
	case Object:
		return b.Property(name)
	case spin:
		return b.property(v, name)
	case time.Time:
		if name == "time" {
			return b.UnixMilli(), nil
		}
	}
	return nil, failure(CodeUnknownProperty, name, "a %s has no property %s", kindOf(base), clip(name))
}
