package feel

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Months is a years and months duration.
type Months int64

// Span is a days and time duration: whole seconds, and nanoseconds of the same sign.
type Span struct {
	Seconds int64
	Nanos   int32
}

const (
	maxMonths  = 12 * 10_000_000_000
	maxSeconds = 1 << 58
)

func (m Months) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	years, months := m/12, m%12
	switch {
	case years == 0 && months == 0:
		return "P0M"
	case months == 0:
		return fmt.Sprintf("%sP%dY", sign, years)
	case years == 0:
		return fmt.Sprintf("%sP%dM", sign, months)
	}
	return fmt.Sprintf("%sP%dY%dM", sign, years, months)
}

func (s Span) String() string {
	if s == (Span{}) {
		return "PT0S"
	}
	var b strings.Builder
	if s.Seconds < 0 || s.Nanos < 0 {
		b.WriteByte('-')
		s = s.negated()
	}
	b.WriteByte('P')
	if days := s.Seconds / 86400; days > 0 {
		fmt.Fprintf(&b, "%dD", days)
	}
	rest := s.Seconds % 86400
	if rest == 0 && s.Nanos == 0 {
		return b.String()
	}
	b.WriteByte('T')
	if h := rest / 3600; h > 0 {
		fmt.Fprintf(&b, "%dH", h)
	}
	if m := rest / 60 % 60; m > 0 {
		fmt.Fprintf(&b, "%dM", m)
	}
	switch seconds := rest % 60; {
	case s.Nanos != 0:
		fmt.Fprintf(&b, "%d.%sS", seconds, strings.TrimRight(fmt.Sprintf("%09d", s.Nanos), "0"))
	case seconds > 0:
		fmt.Fprintf(&b, "%dS", seconds)
	}
	return b.String()
}

func (s Span) negated() Span { return Span{-s.Seconds, -s.Nanos} }

// total counts nanoseconds.
func (s Span) total() *big.Int {
	n := new(big.Int).Mul(big.NewInt(s.Seconds), big.NewInt(1e9))
	return n.Add(n, big.NewInt(int64(s.Nanos)))
}

// spanOf is a span of nanoseconds; false when it is out of range.
func spanOf(nanos *big.Int) (Span, bool) {
	q, m := new(big.Int).QuoRem(nanos, big.NewInt(1e9), new(big.Int))
	if !q.IsInt64() || q.Int64() > maxSeconds || q.Int64() < -maxSeconds {
		return Span{}, false
	}
	return Span{q.Int64(), int32(m.Int64())}, true
}

// seconds is a span as a number of seconds.
func (s Span) seconds() *apd.Decimal {
	d := apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(s.total()), -9)
	d.Reduce(d)
	return d
}

// spanOfSeconds drops what is finer than a nanosecond.
func spanOfSeconds(d *apd.Decimal) (Span, bool) {
	if adjusted(d) > 18 {
		return Span{}, false
	}
	n, ok := scaled(d, 9, apd.RoundDown)
	if !ok {
		return Span{}, false
	}
	nanos := new(big.Int).Set(n.Coeff.MathBigInt())
	if n.Exponent > -9 {
		nanos.Mul(nanos, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n.Exponent)+9), nil))
	}
	if n.Negative {
		nanos.Neg(nanos)
	}
	return spanOf(nanos)
}

var (
	monthsForm = regexp.MustCompile(`^(-?)P(?:(\d{1,11})Y)?(?:(\d{1,11})M)?$`)
	spanForm   = regexp.MustCompile(`^(-?)P(?:(\d{1,16})D)?(T)?(?:(\d{1,16})H)?(?:(\d{1,16})M)?(?:(\d{1,16})(?:\.(\d{0,9})\d*)?S)?$`)
)

// parseDuration reads ISO 8601: Months, or a Span; a mixture is none (DMN §10.3.2.3.7, .8).
func parseDuration(text string) (Value, bool) {
	if m := monthsForm.FindStringSubmatch(text); m != nil && m[2]+m[3] != "" {
		n := int64(number(m[2]))*12 + int64(number(m[3]))
		if n > maxMonths {
			return nil, false
		}
		if m[1] != "" {
			n = -n
		}
		return Months(n), true
	}
	m := spanForm.FindStringSubmatch(text)
	if m == nil || m[2]+m[4]+m[5]+m[6] == "" || (m[3] != "") != (m[4]+m[5]+m[6] != "") {
		return nil, false
	}
	total := new(big.Int)
	for i, unit := range map[int]int64{2: 86400, 4: 3600, 5: 60, 6: 1} {
		total.Add(total, new(big.Int).Mul(big.NewInt(int64(number(m[i]))), big.NewInt(unit)))
	}
	total.Mul(total, big.NewInt(1e9))
	total.Add(total, big.NewInt(int64(number((m[7] + "000000000")[:9]))))
	if m[1] != "" {
		total.Neg(total)
	}
	s, ok := spanOf(total)
	return s, ok
}
