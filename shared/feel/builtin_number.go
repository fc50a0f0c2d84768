package feel

import "github.com/cockroachdb/apd/v3"

// numbers are the numeric functions (DMN §10.3.4.5).
var numbers = map[string][]signature{
	"decimal":         {sig("n n, scale n", rounding(apd.RoundHalfEven))},
	"floor":           {sig("n n, scale n?", rounding(apd.RoundFloor))},
	"ceiling":         {sig("n n, scale n?", rounding(apd.RoundCeiling))},
	"round up":        {sig("n n, scale n", rounding(apd.RoundUp))},
	"round down":      {sig("n n, scale n", rounding(apd.RoundDown))},
	"round half up":   {sig("n n, scale n", rounding(apd.RoundHalfUp))},
	"round half down": {sig("n n, scale n", rounding(apd.RoundHalfDown))},
	"abs":             {sig("n a", absolute)},
	"modulo":          {sig("dividend n, divisor n", modulo)},
	"sqrt":            {sig("number n", func(r *Run, a []Value) Value { return r.root(asNumber(a[0])) })},
	"log":             {sig("number n", logarithm)},
	"exp":             {sig("number n", exponential)},
	"odd":             {sig("number n", parity(1))},
	"even":            {sig("number n", parity(0))},
}

func rounding(how apd.Rounder) func(*Run, []Value) Value {
	return func(r *Run, a []Value) Value {
		var scale int64
		if a[1] != nil {
			var ok bool
			if scale, ok = r.position(a[1]); !ok {
				return nil
			}
		}
		if d, ok := scaled(asNumber(a[0]), scale, how); ok {
			return d
		}
		return r.Fail("the scale is out of range")
	}
}

func absolute(r *Run, a []Value) Value {
	switch x := single(a[0]).(type) {
	case *apd.Decimal:
		return new(apd.Decimal).Abs(x)
	case Months:
		return max(x, -x)
	case Span:
		if x.Seconds < 0 || x.Nanos < 0 {
			return x.negated()
		}
		return x
	}
	return r.Fail("abs: a %s is no number", kindOf(a[0]))
}

// modulo has the sign of the divisor.
func modulo(r *Run, a []Value) Value {
	x, y := asNumber(a[0]), asNumber(a[1])
	if y.IsZero() {
		return r.Fail("division by zero")
	}
	rest, ok := r.compute(decimals.Rem, x, y).(*apd.Decimal)
	if !ok {
		return nil
	}
	if !rest.IsZero() && rest.Negative != y.Negative {
		return r.compute(decimals.Add, rest, y)
	}
	rest.Negative = rest.Negative && !rest.IsZero()
	return rest
}

func (r *Run) root(d *apd.Decimal) Value {
	if d.Negative && !d.IsZero() {
		return r.Fail("a negative number has no square root")
	}
	result := new(apd.Decimal)
	if _, err := decimals.Sqrt(result, d); err != nil {
		return r.Fail("a number is out of range")
	}
	result.Reduce(result)
	return result
}

func logarithm(r *Run, a []Value) Value {
	d := asNumber(a[0])
	if d.Negative || d.IsZero() {
		return r.Fail("only a positive number has a logarithm")
	}
	result := new(apd.Decimal)
	if _, err := decimals.Ln(result, d); err != nil {
		return r.Fail("a number is out of range")
	}
	return result
}

func exponential(r *Run, a []Value) Value {
	d := asNumber(a[0])
	if adjusted(d) > 4 {
		return r.Fail("a number is out of range")
	}
	result := new(apd.Decimal)
	if _, err := decimals.Exp(result, d); err != nil {
		return r.Fail("a number is out of range")
	}
	return result
}

func parity(rest int64) func(*Run, []Value) Value {
	return func(r *Run, a []Value) Value {
		d, ok := r.compute(decimals.Rem, asNumber(a[0]), integer(2)).(*apd.Decimal)
		if !ok {
			return nil
		}
		d.Negative = false
		return d.Cmp(integer(rest)) == 0
	}
}

// Truncate drops the fraction of a number; anything else stays as it is.
func Truncate(v Value) Value {
	if d, ok := v.(*apd.Decimal); ok {
		if n, ok := scaled(d, 0, apd.RoundDown); ok {
			return n
		}
	}
	return v
}
