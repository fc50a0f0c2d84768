package feel

import (
	"cmp"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// equal is the operator = (DMN §10.3.2.13, table 53): known is false when the two are of different
// kinds, which compares to null.
func (r *Run) equal(a, b Value) (same, known bool) { return r.equalAt(a, b, 0) }

func (r *Run) equalAt(a, b Value, depth int) (same, known bool) {
	if !r.step(1) || depth > maxWalk {
		return false, false
	}
	if a == nil || b == nil {
		return a == nil && b == nil, true
	}
	if t, ok := a.(Time); ok {
		if u, both := b.(Time); both && t.Zone.none() != u.Zone.none() {
			return false, true
		}
	}
	if d, ok := a.(DateTime); ok {
		if e, both := b.(DateTime); both {
			return d.Time.Zone.none() == e.Time.Zone.none() && d.time().Equal(e.time()), true
		}
	}
	return r.equalShapes(a, b, depth)
}

func (r *Run) equalShapes(a, b Value, depth int) (same, known bool) {
	switch x := a.(type) {
	case bool:
		y, ok := b.(bool)
		return x == y, ok
	case List:
		y, ok := b.(List)
		return ok && r.equalLists(x, y, depth), ok
	case *Context:
		y, ok := b.(*Context)
		return ok && r.equalContexts(x, y, depth), ok
	case *Range:
		y, ok := b.(*Range)
		return ok && r.equalRanges(x, y, depth), ok
	case *Function:
		y, ok := b.(*Function)
		return x == y, ok
	}
	c, ok := order(a, b)
	return ok && c == 0, ok
}

func (r *Run) equalLists(x, y List, depth int) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if same, _ := r.equalAt(x[i], y[i], depth+1); !same {
			return false
		}
	}
	return true
}

func (r *Run) equalContexts(x, y *Context, depth int) bool {
	if len(x.keys) != len(y.keys) {
		return false
	}
	for _, k := range x.keys {
		other, ok := y.values[k]
		if !ok {
			return false
		}
		if same, _ := r.equalAt(x.values[k], other, depth+1); !same {
			return false
		}
	}
	return true
}

func (r *Run) equalRanges(x, y *Range, depth int) bool {
	if x.StartIncluded != y.StartIncluded || x.EndIncluded != y.EndIncluded || x.hasStart != y.hasStart || x.hasEnd != y.hasEnd || x.point != y.point {
		return false
	}
	start, _ := r.equalAt(x.Start, y.Start, depth+1)
	end, _ := r.equalAt(x.End, y.End, depth+1)
	return start && end
}

// order compares two values of one kind that has an order; false when there is none.
func order(a, b Value) (int, bool) {
	switch x := a.(type) {
	case *apd.Decimal:
		if y, ok := b.(*apd.Decimal); ok {
			return x.Cmp(y), true
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), true
		}
	case Months:
		if y, ok := b.(Months); ok {
			return cmp.Compare(x, y), true
		}
	case Span:
		if y, ok := b.(Span); ok {
			return cmp.Or(cmp.Compare(x.Seconds, y.Seconds), cmp.Compare(x.Nanos, y.Nanos)), true
		}
	case Time:
		if y, ok := b.(Time); ok && x.Zone.none() == y.Zone.none() {
			return cmp.Compare(x.nanos(), y.nanos()), true
		}
	case Date:
		if y, ok := b.(Date); ok {
			return x.time().Compare(y.time()), true
		}
		return orderInstants(a, b)
	case DateTime:
		return orderInstants(a, b)
	}
	return 0, false
}

func orderInstants(a, b Value) (int, bool) {
	x, okX := asDateTime(a)
	y, okY := asDateTime(b)
	if !okX || !okY || x.Time.Zone.none() != y.Time.Zone.none() {
		return 0, false
	}
	return x.time().Compare(y.time()), true
}

// relation applies = != < <= > >=.
func (r *Run) relation(o string, a, b Value) Value {
	if o == "=" || o == "!=" {
		same, known := r.equal(a, b)
		if !known {
			return r.Fail("%s and %s cannot be compared", kindOf(a), kindOf(b))
		}
		return same == (o == "=")
	}
	if a == nil || b == nil {
		return r.Fail("null has no order")
	}
	c, ok := order(sameZone(a, b))
	if !ok {
		return r.Fail("%s and %s have no order", kindOf(a), kindOf(b))
	}
	switch o {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// sameZone gives a local time the zone of the one that it is ordered with (DMN table 54).
func sameZone(a, b Value) (Value, Value) {
	switch x := a.(type) {
	case Time:
		if y, ok := b.(Time); ok {
			x.Zone, y.Zone = common(x.Zone, y.Zone)
			return x, y
		}
	case DateTime:
		if y, ok := b.(DateTime); ok {
			x.Time.Zone, y.Time.Zone = common(x.Time.Zone, y.Time.Zone)
			return x, y
		}
	}
	return a, b
}

func common(a, b Zone) (Zone, Zone) {
	switch {
	case a.none():
		return b, b
	case b.none():
		return a, a
	}
	return a, b
}

// Equal reports whether two values are the same as = says; what cannot be compared is not.
func (r *Run) Equal(a, b Value) bool {
	same, known := r.equal(a, b)
	return same && known
}

// includes reports whether a range holds a value: true, false, or nil where they have no order.
func (r *Run) includes(g *Range, v Value) Value {
	low, high := Value(true), Value(true)
	if g.hasStart {
		low = r.relation(map[bool]string{true: ">=", false: ">"}[g.StartIncluded], v, g.Start)
	}
	if g.hasEnd {
		high = r.relation(map[bool]string{true: "<=", false: "<"}[g.EndIncluded], v, g.End)
	}
	return and(low, high)
}

// and and or are Kleene's; what is no boolean counts as null.
func and(a, b Value) Value {
	if a == false || b == false {
		return false
	}
	if a == true && b == true {
		return true
	}
	return nil
}

func or(a, b Value) Value {
	if a == true || b == true {
		return true
	}
	if a == false && b == false {
		return false
	}
	return nil
}

func not(a Value) Value {
	if b, ok := a.(bool); ok {
		return !b
	}
	return nil
}
