package expr

import (
	"math"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// decimals computes with the precision of IEEE 754 decimal128; what does not fit is rounded half to
// even, as Java's MathContext.DECIMAL128.
var decimals = func() *apd.Context {
	c := apd.BaseContext.WithPrecision(34)
	c.Rounding = apd.RoundHalfEven
	return c
}()

// maxExponent and maxDigits bound a decimal: its plain notation and each step of arithmetic stay short.
const (
	maxExponent = 400
	maxDigits   = 400
)

var (
	errRange = failure(CodeNumberOverflow, "", "a number is out of range")
	errZero  = failure(CodeDivisionByZero, "", "division by zero")
)

func bounded(d *apd.Decimal) bool {
	return d != nil && d.Form == apd.Finite && d.Exponent <= maxExponent && d.Exponent >= -maxExponent && d.NumDigits() <= maxDigits
}

// appendDecimal writes plain notation; beyond the bounds, which no number made here is, with an exponent.
func appendDecimal(b []byte, d *apd.Decimal) []byte {
	switch {
	case d == nil:
		return b
	case bounded(d):
		return d.Append(b, 'f')
	}
	return d.Append(b, 'E')
}

// parseNumber reads an optional sign, digits, a fraction and an exponent: int64 when it is a whole
// number in 64 bits without the latter two, else an exact decimal.
func parseNumber(text string) (Value, error) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	if !isNumeral(text) {
		return nil, mismatch("%q is not a number", clip(text))
	}
	if len(text) > 2*maxDigits {
		return nil, errRange
	}
	d, _, err := apd.NewFromString(text)
	if err != nil || !bounded(d) {
		return nil, errRange
	}
	return d, nil
}

// isNumeral keeps out what apd would read too: NaN, Infinity and signs in odd places.
func isNumeral(text string) bool {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "-"), "+")
	whole := digits(text)
	at, fraction := whole, 0
	if at < len(text) && text[at] == '.' {
		fraction = digits(text[at+1:])
		at += 1 + fraction
	}
	if whole+fraction == 0 {
		return false
	}
	if at < len(text) && (text[at] == 'e' || text[at] == 'E') {
		at++
		if at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		exponent := digits(text[at:])
		at += exponent
		return exponent > 0 && at == len(text)
	}
	return at == len(text)
}

// digits counts the ASCII digits at the beginning.
func digits(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// decimal takes what number returned.
func decimal(v Value) *apd.Decimal {
	if d, ok := v.(*apd.Decimal); ok {
		return d
	}
	i, _ := v.(int64)
	return apd.New(i, 0)
}

// truncate drops the fraction, as Java's longValue; unlike it, a number beyond 64 bits is an error.
func truncate(d *apd.Decimal) (int64, error) {
	if !bounded(d) {
		return 0, errRange
	}
	whole, fraction := new(apd.Decimal), new(apd.Decimal)
	d.Modf(whole, fraction)
	i, err := whole.Int64()
	if err != nil {
		return 0, errRange
	}
	return i, nil
}

// arithmetic applies an operator (EL 2.2 §1.7); two nulls give 0. Whole numbers stay whole and exact.
// Where 64 bits do not hold the result it is a decimal (Java would wrap round), and every quotient is.
func arithmetic(o operator, a, b Value) (Value, error) {
	if a == nil && b == nil {
		return int64(0), nil
	}
	x, err := number(a)
	if err != nil {
		return nil, err
	}
	y, err := number(b)
	if err != nil {
		return nil, err
	}
	i, wholeX := x.(int64)
	j, wholeY := y.(int64)
	if wholeX && wholeY && o != opDivide {
		if o == opModulo && j == 0 {
			return nil, errZero
		}
		if result, ok := whole(o, i, j); ok {
			return result, nil
		}
	}
	return exact(o, decimal(x), decimal(y))
}

func exact(o operator, x, y *apd.Decimal) (Value, error) {
	result := new(apd.Decimal)
	var err error
	switch {
	case o == opAdd:
		_, err = decimals.Add(result, x, y)
	case o == opSubtract:
		_, err = decimals.Sub(result, x, y)
	case o == opMultiply:
		_, err = decimals.Mul(result, x, y)
	case y.IsZero():
		return nil, errZero
	case o == opDivide:
		_, err = decimals.Quo(result, x, y)
		result.Reduce(result)
	default:
		_, err = decimals.Rem(result, x, y)
	}
	if err != nil || !bounded(result) {
		return nil, errRange
	}
	return result, nil
}

// whole computes in 64 bits; false when they do not hold the result.
func whole(o operator, i, j int64) (int64, bool) {
	switch o {
	case opAdd:
		sum := i + j
		return sum, (sum >= i) == (j >= 0)
	case opSubtract:
		difference := i - j
		return difference, (difference <= i) == (j >= 0)
	case opMultiply:
		if i == 0 || j == 0 {
			return 0, true
		}
		product := i * j
		return product, product/j == i && (i != math.MinInt64 || j != -1) && (j != math.MinInt64 || i != -1)
	case opModulo:
		if j == -1 {
			return 0, true // the one quotient that 64 bits may not hold
		}
		return i % j, true
	}
	return 0, false
}

// negate is the sign: null and "" become 0.
func negate(v Value) (Value, error) {
	n, err := number(v)
	if err != nil {
		return nil, err
	}
	if i, ok := n.(int64); ok && i != math.MinInt64 {
		return -i, nil
	}
	return new(apd.Decimal).Neg(decimal(n)), nil
}
