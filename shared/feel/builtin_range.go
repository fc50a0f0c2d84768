package feel

import "slices"

// ranges are the functions on ranges and points (DMN §10.3.4.10, table 78).
var ranges = map[string][]signature{
	"range":           {sig("from s", rangeFrom)},
	"before":          either(func(r *Run, a, b ends) Value { return r.before(a, b) }),
	"after":           either(func(r *Run, a, b ends) Value { return r.before(b, a) }),
	"coincides":       either(func(r *Run, a, b ends) Value { return a.same(r, b) }),
	"meets":           both(func(r *Run, a, b ends) Value { return r.meets(a, b) }),
	"met by":          both(func(r *Run, a, b ends) Value { return r.meets(b, a) }),
	"overlaps":        both(func(r *Run, a, b ends) Value { return not(or(r.before(a, b), r.before(b, a))) }),
	"overlaps before": both(func(r *Run, a, b ends) Value { return r.overlapsBefore(a, b) }),
	"overlaps after":  both(func(r *Run, a, b ends) Value { return r.overlapsAfter(a, b) }),
	"finishes":        pointed("point", func(r *Run, a, b ends) Value { return r.finishes(a, b) }),
	"finished by":     pointed("range", func(r *Run, a, b ends) Value { return r.finishes(b, a) }),
	"includes":        pointed("range", func(r *Run, a, b ends) Value { return r.encloses(a, b) }),
	"during":          pointed("point", func(r *Run, a, b ends) Value { return r.encloses(b, a) }),
	"starts":          pointed("point", func(r *Run, a, b ends) Value { return r.begins(a, b) }),
	"started by":      pointed("range", func(r *Run, a, b ends) Value { return r.begins(b, a) }),
}

// ends is a range, or a point as the range of itself.
type ends struct {
	*Range
	point bool
}

func endsOf(v Value) ends {
	v = single(v)
	if g, ok := v.(*Range); ok {
		return ends{g, false}
	}
	return ends{&Range{Start: v, End: v, StartIncluded: true, EndIncluded: true, hasStart: true, hasEnd: true}, true}
}

type comparison func(r *Run, a, b ends) Value

// run fails on null and on what has no order.
func (c comparison) run(r *Run, a []Value) Value {
	if a[0] == nil || a[1] == nil {
		return r.Fail("null is no point and no range")
	}
	if v := c(r, endsOf(a[0]), endsOf(a[1])); v != nil {
		return v
	}
	return r.Fail("%s and %s have no order", kindOf(a[0]), kindOf(a[1]))
}

// either takes two points, two ranges or one of each, under all the names of the specification.
func either(c comparison) []signature {
	var list []signature
	for _, names := range [][2]string{{"point1", "point2"}, {"range1", "range2"}, {"point", "range"}, {"range", "point"}} {
		list = append(list, sig(names[0]+" a, "+names[1]+" a", c.run))
	}
	return list
}

// both takes two ranges.
func both(c comparison) []signature {
	return []signature{sig("range1 a, range2 a", c.ranges)}
}

func (c comparison) ranges(r *Run, a []Value) Value {
	if endsOf(a[0]).point || endsOf(a[1]).point {
		return r.Fail("a %s and a %s are not two ranges", kindOf(a[0]), kindOf(a[1]))
	}
	return c.run(r, a)
}

// pointed takes two ranges, or a range and a point, which is the first argument or the second.
func pointed(first string, c comparison) []signature {
	second := map[string]string{"point": "range", "range": "point"}[first]
	at := map[string]int{"point": 1, "range": 0}[first]
	run := func(r *Run, a []Value) Value {
		if endsOf(a[at]).point {
			return r.Fail("a %s is no range", kindOf(a[at]))
		}
		return c.run(r, a)
	}
	return []signature{sig(first+" a, "+second+" a", run), sig("range1 a, range2 a", run)}
}

// lowerThan and its like compare two ends, of which one may be unbounded: low ends are below everything,
// high ends above.
func (r *Run) compareEnds(a Value, hasA bool, b Value, hasB bool) (int, bool) {
	if !hasA || !hasB {
		return 0, !hasA && !hasB
	}
	return order(a, b)
}

// before: everything in a is before everything in b.
func (r *Run) before(a, b ends) Value {
	if !a.hasEnd || !b.hasStart {
		return false
	}
	c, ok := order(a.End, b.Start)
	if !ok {
		return nil
	}
	return c < 0 || c == 0 && !(a.EndIncluded && b.StartIncluded)
}

func (r *Run) meets(a, b ends) Value {
	if !a.hasEnd || !b.hasStart {
		return false
	}
	c, ok := order(a.End, b.Start)
	if !ok {
		return nil
	}
	return c == 0 && a.EndIncluded && b.StartIncluded
}

func (a ends) same(r *Run, b ends) Value {
	if a.point != b.point {
		return nil
	}
	if a.point {
		c, ok := order(a.Start, b.Start)
		if !ok {
			return nil
		}
		return c == 0
	}
	return r.equalRanges(a.Range, b.Range, 0)
}

// lows compares where two ranges begin, highs where they end: what is included begins earlier and ends
// later.
func (r *Run) lows(a, b ends) (int, bool) {
	switch {
	case !a.hasStart || !b.hasStart:
		return map[bool]int{true: 1}[a.hasStart] - map[bool]int{true: 1}[b.hasStart], true
	}
	c, ok := r.compareEnds(a.Start, true, b.Start, true)
	if c == 0 && a.StartIncluded != b.StartIncluded {
		c = map[bool]int{true: -1, false: 1}[a.StartIncluded]
	}
	return c, ok
}

func (r *Run) highs(a, b ends) (int, bool) {
	switch {
	case !a.hasEnd || !b.hasEnd:
		return map[bool]int{true: 1}[b.hasEnd] - map[bool]int{true: 1}[a.hasEnd], true
	}
	c, ok := r.compareEnds(a.End, true, b.End, true)
	if c == 0 && a.EndIncluded != b.EndIncluded {
		c = map[bool]int{true: 1, false: -1}[a.EndIncluded]
	}
	return c, ok
}

func (r *Run) overlapsBefore(a, b ends) Value {
	low, okLow := r.lows(a, b)
	high, okHigh := r.highs(a, b)
	if !okLow || !okHigh {
		return nil
	}
	return and(and(low < 0, high <= 0), not(r.before(a, b)))
}

func (r *Run) overlapsAfter(a, b ends) Value {
	low, okLow := r.lows(a, b)
	high, okHigh := r.highs(a, b)
	if !okLow || !okHigh {
		return nil
	}
	return and(and(low > 0, high >= 0), not(r.before(b, a)))
}

func (r *Run) finishes(a, b ends) Value {
	low, okLow := r.lows(a, b)
	high, okHigh := r.highs(a, b)
	if !okLow || !okHigh {
		return nil
	}
	return high == 0 && (low >= 0 || a.point)
}

func (r *Run) begins(a, b ends) Value {
	low, okLow := r.lows(a, b)
	high, okHigh := r.highs(a, b)
	if !okLow || !okHigh {
		return nil
	}
	return low == 0 && (high <= 0 || a.point)
}

func (r *Run) encloses(a, b ends) Value {
	low, okLow := r.lows(a, b)
	high, okHigh := r.highs(a, b)
	if !okLow || !okHigh {
		return nil
	}
	return low <= 0 && high >= 0
}

// literalNames are the functions that may stand in the text of a range.
var literalNames = func() index {
	x := index{}
	for _, name := range []string{"date", "time", "date and time", "duration"} {
		x.add(name)
	}
	return x
}()

// isLiteral tells a value that is written out, or none at all.
func isLiteral(n node) bool {
	switch x := n.(type) {
	case nil, constant, failed:
		return true
	case negation:
		_, ok := x.operand.(constant)
		return ok
	case call:
		v, ok := x.function.(variable)
		if !ok || literalNames[words(v.name)[0]] == nil {
			return false
		}
		return !slices.ContainsFunc(x.arguments, func(a node) bool { return !isLiteral(a) })
	}
	return false
}

// rangeFrom reads a range or a comparison from a text: its ends are literals.
func rangeFrom(r *Run, a []Value) Value {
	var root node
	p := newParser(asText(a[0]), nil, literalNames)
	err := p.run(func() { root = p.element() })
	g, ok := root.(rangeNode)
	if err != nil || !ok || !isLiteral(g.start) || !isLiteral(g.end) {
		return r.Fail("range: %q is no range", clip(asText(a[0])))
	}
	return g.evaluate(r, nil)
}
