package feel

import (
	"github.com/cockroachdb/apd/v3"
)

type loop struct {
	iterators []iterator
	result    node
}

func (n loop) evaluate(r *Run, s *Scope) Value {
	results := List{}
	ok := r.iterate(n.iterators, s, func(inner *Scope) bool {
		inner = NewScope(inner)
		inner.Put("partial", results[:len(results):len(results)])
		results = append(results, n.result.evaluate(r, inner))
		return r.grow(16)
	})
	if !ok {
		return nil
	}
	return results
}

type quantified struct {
	every     bool
	iterators []iterator
	condition node
}

func (n quantified) evaluate(r *Run, s *Scope) Value {
	var result Value = n.every
	ok := r.iterate(n.iterators, s, func(inner *Scope) bool {
		v := n.condition.evaluate(r, inner)
		if _, isBool := v.(bool); !isBool && v != nil {
			result = r.Fail("what a quantified expression asks is %s", kindOf(v))
			return false
		}
		if n.every {
			result = and(result, v)
			return result != false
		}
		result = or(result, v)
		return result != true
	})
	if !ok && result != (!n.every) {
		return nil
	}
	return result
}

// iterate calls visit for each combination, the last iterator running fastest; false when a domain is
// none, the budget is spent, or visit has had enough.
func (r *Run) iterate(iterators []iterator, s *Scope, visit func(inner *Scope) bool) bool {
	if len(iterators) == 0 {
		return visit(s)
	}
	it := iterators[0]
	return r.domain(it, s, func(v Value) bool {
		if !r.step(1) {
			return false
		}
		inner := NewScope(s)
		inner.Put(it.name, v)
		return r.iterate(iterators[1:], inner, visit)
	})
}

// domain calls visit for each element of a list, each whole number or day of a range, or a lone value.
func (r *Run) domain(it iterator, s *Scope, visit func(v Value) bool) bool {
	from := it.from.evaluate(r, s)
	if it.to != nil {
		return r.span(from, it.to.evaluate(r, s), visit)
	}
	switch d := from.(type) {
	case nil:
		r.Fail("null cannot be iterated")
		return false
	case List:
		for _, v := range d {
			if !visit(v) {
				return false
			}
		}
		return true
	case *Range:
		return r.spanRange(d, visit)
	}
	return visit(from)
}

// spanRange leaves out the ends that do not belong to the range, which never runs downwards.
func (r *Run) spanRange(g *Range, visit func(v Value) bool) bool {
	if c, ok := order(g.Start, g.End); ok && c > 0 {
		r.Fail("the range ends before it begins")
		return false
	}
	return r.span(g.Start, g.End, func(v Value) bool {
		if !g.StartIncluded && r.Equal(v, g.Start) || !g.EndIncluded && r.Equal(v, g.End) {
			return true
		}
		return visit(v)
	})
}

// span counts from one value to another, up or down: whole numbers, or days.
func (r *Run) span(from, to Value, visit func(v Value) bool) bool {
	var first, last int64
	element := func(n int64) Value { return integer(n) }
	x, okX := single(from).(*apd.Decimal)
	y, okY := single(to).(*apd.Decimal)
	a, dayA := from.(Date)
	b, dayB := to.(Date)
	switch {
	case okX && okY:
		var wholeX, wholeY bool
		first, wholeX = whole(x)
		last, wholeY = whole(y)
		if !wholeX || !wholeY {
			r.Fail("an iteration counts whole numbers")
			return false
		}
	case dayA && dayB:
		first, last = a.time().Unix()/86400, b.time().Unix()/86400
		element = func(n int64) Value { return dateOf(a.time().AddDate(0, 0, int(n-first))) }
	default:
		r.Fail("an iteration cannot count from %s to %s", kindOf(from), kindOf(to))
		return false
	}
	step := int64(1)
	if first > last {
		step = -1
	}
	for n := first; ; n += step {
		if !r.step(1) || !visit(element(n)) {
			return false
		}
		if n == last {
			return true
		}
	}
}
