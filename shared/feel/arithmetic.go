package feel

import (
	"math/big"
	"time"

	"github.com/cockroachdb/apd/v3"
)

// arithmetic applies + - * / and ** (DMN §10.3.2.5, table 55); what has no meaning is null.
func (r *Run) arithmetic(o byte, a, b Value) Value {
	var result Value
	switch o {
	case '+':
		result = r.add(a, b)
	case '-':
		result = r.subtract(a, b)
	case '*':
		result = r.multiply(a, b)
	case '/':
		result = r.quotient(a, b)
	default:
		x, okX := a.(*apd.Decimal)
		y, okY := b.(*apd.Decimal)
		if okX && okY {
			return r.power(x, y)
		}
	}
	if result == nil && r.err == nil {
		name := string(o)
		if o == '^' {
			name = "**"
		}
		return r.Fail("%s %s %s gives null", kindOf(a), name, kindOf(b))
	}
	return result
}

func (r *Run) add(a, b Value) Value {
	switch x := a.(type) {
	case *apd.Decimal:
		if y, ok := b.(*apd.Decimal); ok {
			return r.compute(decimals.Add, x, y)
		}
	case string:
		if y, ok := b.(string); ok {
			return r.text(x + y)
		}
	case Months:
		if y, ok := b.(Months); ok {
			return months(int64(x) + int64(y))
		}
		return move(b, x, 1)
	case Span:
		if y, ok := b.(Span); ok {
			return span(new(big.Int).Add(x.total(), y.total()))
		}
		return move(b, x, 1)
	case Date, Time, DateTime:
		return move(a, b, 1)
	}
	return nil
}

func (r *Run) subtract(a, b Value) Value {
	switch x := a.(type) {
	case *apd.Decimal:
		if y, ok := b.(*apd.Decimal); ok {
			return r.compute(decimals.Sub, x, y)
		}
	case Months:
		if y, ok := b.(Months); ok {
			return months(int64(x) - int64(y))
		}
	case Span:
		if y, ok := b.(Span); ok {
			return span(new(big.Int).Sub(x.total(), y.total()))
		}
	case Date, Time, DateTime:
		if v := move(a, b, -1); v != nil {
			return v
		}
		return difference(a, b)
	}
	return nil
}

// difference of two dates, times, or dates and times; both have a zone, or neither.
func difference(a, b Value) Value {
	if x, ok := a.(Time); ok {
		y, ok := b.(Time)
		if !ok || x.Zone.none() != y.Zone.none() {
			return nil
		}
		return span(big.NewInt(x.nanos() - y.nanos()))
	}
	x, okX := asDateTime(a)
	y, okY := asDateTime(b)
	if !okX || !okY || x.Time.Zone.none() != y.Time.Zone.none() {
		return nil
	}
	return between(x.time(), y.time())
}

// between is a - b, which time.Duration could not hold.
func between(a, b time.Time) Value {
	n := new(big.Int).Mul(big.NewInt(a.Unix()-b.Unix()), big.NewInt(1e9))
	return span(n.Add(n, big.NewInt(int64(a.Nanosecond()-b.Nanosecond()))))
}

// asDateTime turns a date into its midnight in UTC.
func asDateTime(v Value) (DateTime, bool) {
	switch d := v.(type) {
	case DateTime:
		return d, true
	case Date:
		return d.midnight(), true
	}
	return DateTime{}, false
}

func months(n int64) Value {
	if n > maxMonths || n < -maxMonths {
		return nil
	}
	return Months(n)
}

func span(nanos *big.Int) Value {
	if s, ok := spanOf(nanos); ok {
		return s
	}
	return nil
}

// move shifts a date or time by a duration; nil when it cannot.
func move(v, by Value, sign int64) Value {
	switch d := by.(type) {
	case Months:
		return moveMonths(v, int64(d)*sign)
	case Span:
		if sign < 0 {
			d = d.negated()
		}
		return moveSpan(v, d)
	}
	return nil
}

func moveMonths(v Value, n int64) Value {
	switch t := v.(type) {
	case Date:
		if d, ok := t.addMonths(n); ok {
			return d
		}
	case DateTime:
		if d, ok := t.Date.addMonths(n); ok {
			return DateTime{d, t.Time}
		}
	}
	return nil
}

func moveSpan(v Value, s Span) Value {
	switch t := v.(type) {
	case Date:
		if moved, ok := shift(t.time(), s); ok {
			return dateOf(moved)
		}
	case DateTime:
		if moved, ok := shift(t.time(), s); ok {
			return dateTimeOf(moved, t.Time.Zone)
		}
	case Time:
		const day = 86400 * int64(1e9)
		n := int64(t.Hour*3600+t.Minute*60+t.Second)*1e9 + int64(t.Nano)
		rest := new(big.Int).Mod(new(big.Int).Add(big.NewInt(n), s.total()), big.NewInt(day)).Int64()
		seconds := int(rest / 1e9)
		return Time{seconds / 3600, seconds / 60 % 60, seconds % 60, int(rest % 1e9), t.Zone}
	}
	return nil
}

// shift moves a time by a span that time.Duration might not hold.
func shift(t time.Time, s Span) (time.Time, bool) {
	at := t.Unix() + s.Seconds
	moved := time.Unix(at, int64(t.Nanosecond())+int64(s.Nanos)).In(t.Location())
	return moved, moved.Year() <= maxYear && moved.Year() >= -maxYear
}

func (r *Run) multiply(a, b Value) Value {
	x, okX := a.(*apd.Decimal)
	y, okY := b.(*apd.Decimal)
	switch {
	case okX && okY:
		return r.compute(decimals.Mul, x, y)
	case okX:
		return r.times(b, x)
	case okY:
		return r.times(a, y)
	}
	return nil
}

// times multiplies a duration; months drop their fraction.
func (r *Run) times(v Value, factor *apd.Decimal) Value {
	switch d := v.(type) {
	case Months:
		product, _ := r.compute(decimals.Mul, integer(int64(d)), factor).(*apd.Decimal)
		return wholeMonths(product)
	case Span:
		product, _ := r.compute(decimals.Mul, d.seconds(), factor).(*apd.Decimal)
		return spanFrom(product)
	}
	return nil
}

func wholeMonths(d *apd.Decimal) Value {
	if d == nil {
		return nil
	}
	if n, ok := truncated(d); ok {
		return months(n)
	}
	return nil
}

func spanFrom(seconds *apd.Decimal) Value {
	if seconds == nil {
		return nil
	}
	if s, ok := spanOfSeconds(seconds); ok {
		return s
	}
	return nil
}

func (r *Run) quotient(a, b Value) Value {
	switch x := a.(type) {
	case *apd.Decimal:
		if y, ok := b.(*apd.Decimal); ok {
			return r.divide(x, y)
		}
	case Months:
		switch y := b.(type) {
		case *apd.Decimal:
			n, _ := r.divide(integer(int64(x)), y).(*apd.Decimal)
			return wholeMonths(n)
		case Months:
			return r.divide(integer(int64(x)), integer(int64(y)))
		}
	case Span:
		switch y := b.(type) {
		case *apd.Decimal:
			n, _ := r.divide(x.seconds(), y).(*apd.Decimal)
			return spanFrom(n)
		case Span:
			return r.divide(x.seconds(), y.seconds())
		}
	}
	return nil
}

// negate is the sign.
func (r *Run) negate(v Value) Value {
	switch x := v.(type) {
	case *apd.Decimal:
		n := new(apd.Decimal).Neg(x)
		n.Negative = n.Negative && !n.IsZero()
		return n
	case Months:
		return -x
	case Span:
		return x.negated()
	}
	return r.Fail("a %s has no negative", kindOf(v))
}
