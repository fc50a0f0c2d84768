package feel

import "github.com/cockroachdb/apd/v3"

// node is one place of a compiled text. It gives null, with a diagnostic, instead of failing.
type node interface {
	evaluate(r *Run, s *Scope) Value
}

type constant struct{ value Value }

func (n constant) evaluate(*Run, *Scope) Value { return n.value }

// failed is a literal that cannot be: null with its reason.
type failed struct{ reason string }

func (n failed) evaluate(r *Run, _ *Scope) Value { return r.Fail("%s", n.reason) }

type variable struct{ name string }

func (n variable) evaluate(r *Run, s *Scope) Value {
	if !r.step(1) {
		return nil
	}
	if v, ok := s.Get(n.name); ok {
		return v
	}
	if f, ok := builtins[n.name]; ok {
		return f
	}
	return r.Fail("there is no %s", n.name)
}

type listNode []node

func (n listNode) evaluate(r *Run, s *Scope) Value {
	if !r.step(1) {
		return nil
	}
	l := make(List, len(n))
	for i, e := range n {
		l[i] = e.evaluate(r, s)
	}
	return r.list(l)
}

type contextNode struct {
	keys   []string
	values []node
}

// evaluate puts the entries into one scope, so that functions among them see each other.
func (n contextNode) evaluate(r *Run, s *Scope) Value {
	if !r.step(1) || !r.grow(64*len(n.keys)) {
		return nil
	}
	c, inner := NewContext(len(n.keys)), NewScope(s)
	for i, key := range n.keys {
		if _, twice := c.values[key]; twice {
			return r.Fail("a context has the entry %s twice", key)
		}
		v := n.values[i].evaluate(r, inner)
		c.Put(key, v)
		inner.Put(key, v)
	}
	return c
}

type rangeNode struct {
	start, end                 node // one may be nil
	startIncluded, endIncluded bool
	point                      bool // it is written with =
}

func (n rangeNode) evaluate(r *Run, s *Scope) Value {
	g := &Range{StartIncluded: n.startIncluded, EndIncluded: n.endIncluded, hasStart: n.start != nil, hasEnd: n.end != nil, point: n.point}
	if n.start != nil {
		g.Start = n.start.evaluate(r, s)
	}
	if n.end != nil {
		g.End = n.end.evaluate(r, s)
	}
	return r.newRange(g)
}

// newRange refuses ends that have no order, or are null: only an end that is not there is unbounded.
func (r *Run) newRange(g *Range) Value {
	if g.Start == nil && (g.hasStart || g.StartIncluded) || g.End == nil && (g.hasEnd || g.EndIncluded) {
		return r.Fail("null is no end of a range")
	}
	if !g.hasStart && !g.hasEnd {
		return r.Fail("a range has no end")
	}
	low, high := g.Start, g.End
	if !g.hasStart {
		low = high
	}
	if !g.hasEnd {
		high = low
	}
	if _, ok := order(low, high); !ok || kindOf(low) != kindOf(high) {
		return r.Fail("%s and %s are no ends of a range", kindOf(low), kindOf(high))
	}
	return g
}

// unequal is the comparison (!= x) as a value, which only a test can use.
type unequal struct{ value node }

func (n unequal) evaluate(r *Run, _ *Scope) Value { return r.Fail("!= is no range") }

type arithmetic struct {
	operator    byte
	left, right node
}

func (n arithmetic) evaluate(r *Run, s *Scope) Value {
	if !r.step(1) {
		return nil
	}
	return r.arithmetic(n.operator, n.left.evaluate(r, s), n.right.evaluate(r, s))
}

type relation struct {
	sign        string
	left, right node
}

func (n relation) evaluate(r *Run, s *Scope) Value {
	if !r.step(1) {
		return nil
	}
	return r.relation(n.sign, n.left.evaluate(r, s), n.right.evaluate(r, s))
}

type logic struct {
	or          bool
	left, right node
}

func (n logic) evaluate(r *Run, s *Scope) Value {
	left := n.left.evaluate(r, s)
	if left == n.or {
		return left
	}
	right := n.right.evaluate(r, s)
	if n.or {
		return or(left, right)
	}
	return and(left, right)
}

type negation struct{ operand node }

func (n negation) evaluate(r *Run, s *Scope) Value { return r.negate(n.operand.evaluate(r, s)) }

type between3 struct{ value, low, high node }

func (n between3) evaluate(r *Run, s *Scope) Value {
	v := n.value.evaluate(r, s)
	return and(r.relation(">=", v, n.low.evaluate(r, s)), r.relation("<=", v, n.high.evaluate(r, s)))
}

type instanceOf struct {
	value node
	kind  *Type
}

func (n instanceOf) evaluate(r *Run, s *Scope) Value {
	return r.instance(n.value.evaluate(r, s), n.kind)
}

type choice struct{ condition, yes, no node }

func (n choice) evaluate(r *Run, s *Scope) Value {
	c := n.condition.evaluate(r, s)
	if c == true {
		return n.yes.evaluate(r, s)
	}
	if c != false {
		r.Fail("the condition of an if is %s", kindOf(c))
	}
	if _, isBool := c.(bool); !isBool && c != nil {
		return nil
	}
	return n.no.evaluate(r, s)
}

type path struct {
	base node
	name string
}

func (n path) evaluate(r *Run, s *Scope) Value {
	if !r.step(1) {
		return nil
	}
	return r.member(n.base.evaluate(r, s), n.name, 0)
}

// member is an entry of a context, a property, or those of each element of a list.
func (r *Run) member(v Value, name string, depth int) Value {
	switch x := v.(type) {
	case nil:
		return r.Fail("null has no %s", name)
	case *Context:
		if entry, ok := x.Get(name); ok {
			return entry
		}
		return r.Fail("the context has no entry %s", name)
	case List:
		if !r.step(len(x)) || depth > maxWalk {
			return nil
		}
		l := make(List, len(x))
		for i, e := range x {
			l[i] = r.member(e, name, depth+1)
		}
		return r.list(l)
	}
	if p, ok := property(v, name); ok {
		return p
	}
	return r.Fail("a %s has no property %s", kindOf(v), name)
}

type filter struct {
	base, condition node
	// test is set when the condition can only be a boolean, at when only a position.
	test, position bool
}

func newFilter(base, condition node) node {
	f := filter{base: base, condition: condition, test: isBoolean(condition)}
	switch c := condition.(type) {
	case constant:
		f.position = isNumber(c.value)
	case negation:
		k, ok := c.operand.(constant)
		f.position = ok && isNumber(k.value)
	}
	return f
}

// isBoolean reports whether a place can give nothing but a boolean or null.
func isBoolean(n node) bool {
	switch x := n.(type) {
	case relation, logic, between3, inside, instanceOf, quantified:
		return true
	case constant:
		_, ok := x.value.(bool)
		return ok
	}
	return false
}

func (n filter) evaluate(r *Run, s *Scope) Value {
	if !r.step(1) {
		return nil
	}
	base := n.base.evaluate(r, s)
	list, ok := base.(List)
	if !ok {
		if list = (List{base}); base == nil {
			list = List{}
		}
	}
	if !n.test {
		// A condition that is a number without an item is a position (DMN §10.3.2.5).
		if !n.position {
			r.quiet++
		}
		at := n.condition.evaluate(r, s)
		if !n.position {
			r.quiet--
		}
		if d, isPosition := at.(*apd.Decimal); isPosition {
			return r.at(list, d)
		}
	}
	return n.matching(r, s, list)
}

func (n filter) matching(r *Run, s *Scope, list List) Value {
	found := List{}
	for _, item := range list {
		if !r.step(1) {
			return nil
		}
		inner := NewScope(s)
		inner.Put("item", item)
		inner.item, _ = item.(*Context)
		switch v := n.condition.evaluate(r, inner).(type) {
		case nil:
		case bool:
			if v {
				found = append(found, item)
			}
		default:
			// Nor has a position that depends on the item a meaning.
			return r.Fail("the condition of a filter is %s", kindOf(v))
		}
	}
	return r.list(found)
}

// at is an element by its position; a negative one counts from the end.
func (r *Run) at(list List, position *apd.Decimal) Value {
	i, ok := whole(position)
	switch {
	case ok && i > 0 && i <= int64(len(list)):
		return list[i-1]
	case ok && i < 0 && -i <= int64(len(list)):
		return list[int64(len(list))+i]
	}
	return r.Fail("there is no element %s in a list of %d", plain(position), len(list))
}
