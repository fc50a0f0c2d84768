package feel

import (
	"github.com/cockroachdb/apd/v3"
)

// decimals computes as IEEE 754 decimal128 does (DMN §10.3.2.3.1).
var decimals = func() *apd.Context {
	c := apd.BaseContext.WithPrecision(34)
	c.Rounding = apd.RoundHalfEven
	c.MaxExponent, c.MinExponent = 6144, -6143
	return c
}()

// maxExponent bounds what is computed digit by digit.
const maxExponent = 6176

func integer(n int64) *apd.Decimal { return apd.New(n, 0) }

// parseNumber reads a literal within the range of the decimals.
func parseNumber(text string) (*apd.Decimal, bool) {
	if len(text) > 2000 {
		return nil, false
	}
	d, _, err := apd.NewFromString(text)
	if err != nil || d.Form != apd.Finite {
		return nil, false
	}
	result := new(apd.Decimal)
	if _, err := decimals.Round(result, d); err != nil {
		return nil, false
	}
	return result, true
}

// operation is one of apd's.
type operation func(d, x, y *apd.Decimal) (apd.Condition, error)

// compute runs an operation of apd; what is out of range is null.
func (r *Run) compute(f operation, x, y *apd.Decimal) Value {
	d := new(apd.Decimal)
	if _, err := f(d, x, y); err != nil || d.Form != apd.Finite {
		return r.Fail("a number is out of range")
	}
	return d
}

func (r *Run) divide(x, y *apd.Decimal) Value {
	if y.IsZero() {
		return r.Fail("division by zero")
	}
	v := r.compute(decimals.Quo, x, y)
	if d, ok := v.(*apd.Decimal); ok {
		d.Reduce(d)
	}
	return v
}

// power is **; a whole exponent is exact where 34 digits hold it.
func (r *Run) power(x, y *apd.Decimal) Value {
	if x.IsZero() && y.Negative && !y.IsZero() {
		return r.Fail("division by zero")
	}
	if y.IsZero() {
		return integer(1)
	}
	if adjusted(y) > 6 || adjusted(y) < -400 {
		return r.Fail("the exponent is out of range")
	}
	v := r.compute(decimals.Pow, x, y)
	if d, ok := v.(*apd.Decimal); ok {
		d.Reduce(d)
	}
	return v
}

// adjusted is the exponent of the first digit.
func adjusted(d *apd.Decimal) int64 { return int64(d.Exponent) + d.NumDigits() - 1 }

// whole returns a number without fraction as an int64.
func whole(d *apd.Decimal) (int64, bool) {
	if adjusted(d) > 18 || d.Exponent < -maxExponent {
		return 0, false
	}
	i, err := d.Int64()
	return i, err == nil
}

// truncated drops the fraction of a number.
func truncated(d *apd.Decimal) (int64, bool) {
	if d.Exponent >= 0 {
		return whole(d)
	}
	n, ok := scaled(d, 0, apd.RoundDown)
	if !ok {
		return 0, false
	}
	return whole(n)
}

// scaled rounds to a number of digits behind the point, which may be negative.
func scaled(d *apd.Decimal, scale int64, rounding apd.Rounder) (*apd.Decimal, bool) {
	if scale > 6176 || scale < -6111 {
		return nil, false
	}
	if !d.IsZero() && adjusted(d) < -scale-1 {
		// apd.Quantize takes what is less than a tenth of a unit for nothing; a tenth rounds the same way.
		d = &apd.Decimal{Negative: d.Negative, Exponent: int32(-scale - 1)}
		d.Coeff.SetInt64(1)
	}
	c := *decimals
	c.Precision = uint32(max(34, min(adjusted(d)+scale+2, 7000))) // enough for every digit that is left
	c.Rounding = rounding
	result := new(apd.Decimal)
	if _, err := c.Quantize(result, d, int32(-scale)); err != nil || result.Form != apd.Finite {
		return nil, false
	}
	if result.IsZero() {
		result.Negative = false
	}
	if result.NumDigits() > 34 {
		if _, err := decimals.Round(result, result); err != nil {
			return nil, false
		}
	}
	return result, true
}

// plain writes a number without trailing zeros, with an exponent only when it is very long.
func plain(d *apd.Decimal) string {
	n := new(apd.Decimal)
	n.Reduce(d)
	if n.IsZero() {
		return "0"
	}
	if a := adjusted(n); a > 400 || a < -400 {
		return n.Text('E')
	}
	return n.Text('f')
}
