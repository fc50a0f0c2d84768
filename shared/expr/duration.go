package expr

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// Duration is a span of ISO 8601: calendar months, whose length depends on where they begin, and an
// exact part (a day is 24 hours). Either may be zero.
type Duration struct {
	Months int64
	Exact  time.Duration
}

// String writes the span, such as P1Y2M, P3DT4H or PT0.5S. A minus stands before the P when no part
// is positive, else before the months or before each number of the exact part.
func (d Duration) String() string {
	if d.Months == 0 && d.Exact == 0 {
		return "PT0S"
	}
	var b strings.Builder
	sign := "-"
	if d.Months <= 0 && d.Exact <= 0 {
		b.WriteByte('-')
		sign = ""
	}
	b.WriteByte('P')
	part := func(n uint64, negative bool, unit byte) {
		if n == 0 {
			return
		}
		if negative {
			b.WriteString(sign)
		}
		b.WriteString(strconv.FormatUint(n, 10))
		b.WriteByte(unit)
	}
	months, negative := magnitude(d.Months)
	part(months/12, negative, 'Y')
	part(months%12, negative, 'M')
	exact, negative := magnitude(int64(d.Exact))
	seconds := exact / uint64(time.Second)
	part(seconds/86400, negative, 'D')
	if exact %= uint64(24 * time.Hour); exact == 0 {
		return b.String()
	}
	b.WriteByte('T')
	part(seconds/3600%24, negative, 'H')
	part(seconds/60%60, negative, 'M')
	fraction := exact % uint64(time.Second)
	if fraction == 0 {
		part(seconds%60, negative, 'S')
		return b.String()
	}
	if negative {
		b.WriteString(sign)
	}
	b.WriteString(strconv.FormatUint(seconds%60, 10) + ".")
	b.WriteString(strings.TrimRight(strconv.FormatUint(fraction+uint64(time.Second), 10)[1:], "0") + "S")
	return b.String()
}

func magnitude(n int64) (uint64, bool) {
	if n < 0 {
		return -uint64(n), true
	}
	return uint64(n), false
}

// compare orders two spans of one sort; months and days have no common measure.
func (d Duration) compare(other Duration) (int, error) {
	if d == other {
		return 0, nil
	}
	switch {
	case d.Exact == other.Exact:
		return cmp.Compare(d.Months, other.Months), nil
	case d.Months == other.Months:
		return cmp.Compare(d.Exact, other.Exact), nil
	}
	return 0, mismatch("the durations %s and %s have no order", d, other)
}
