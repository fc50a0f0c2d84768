package feel

import (
	"slices"
	"time"

	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/expr"
)

// FromValue turns a value of shared/expr into one of FEEL: a date becomes a date and time with its
// offset, a span of months and days the part that it has. What is no value of either becomes null.
func FromValue(v expr.Value) Value { return fromValue(v, 0) }

func fromValue(v expr.Value, depth int) Value {
	if depth > maxWalk {
		return nil
	}
	switch x := v.(type) {
	case bool, string, *apd.Decimal:
		return x
	case int64:
		return integer(x)
	case int:
		return integer(int64(x))
	case time.Time:
		return dateTimeOf(x, zoneOf(x))
	case expr.Duration:
		if x.Months != 0 {
			return Months(x.Months)
		}
		return Span{int64(x.Exact / time.Second), int32(x.Exact % time.Second)}
	case []expr.Value:
		l := make(List, len(x))
		for i, e := range x {
			l[i] = fromValue(e, depth+1)
		}
		return l
	case map[string]expr.Value:
		c := NewContext(len(x))
		for _, k := range sortedKeys(x) {
			c.Put(Name(k), fromValue(x[k], depth+1))
		}
		return c
	}
	return nil
}

// ToValue turns a value of FEEL into one of shared/expr: a whole number of 64 bits is int64; a date is
// its midnight in UTC, a date and time without a zone is in UTC; a time of day, a range and what
// shared/expr cannot hold become their text; a function becomes null.
func ToValue(v Value) expr.Value { return toValue(v, 0) }

func toValue(v Value, depth int) expr.Value {
	if depth > maxWalk {
		return nil
	}
	switch x := v.(type) {
	case bool, string:
		return x
	case *apd.Decimal:
		return toNumber(x)
	case Date:
		return toTime(x.time(), v)
	case DateTime:
		return toTime(x.time(), v)
	case Months:
		return expr.Duration{Months: int64(x)}
	case Span:
		const limit = 1 << 33 // seconds that time.Duration holds
		if x.Seconds > limit || x.Seconds < -limit {
			return x.String()
		}
		return expr.Duration{Exact: time.Duration(x.Seconds)*time.Second + time.Duration(x.Nanos)}
	case List:
		l := make([]expr.Value, len(x))
		for i, e := range x {
			l[i] = toValue(e, depth+1)
		}
		return l
	case *Context:
		m := make(map[string]expr.Value, len(x.keys))
		for k, e := range x.values {
			m[k] = toValue(e, depth+1)
		}
		return m
	case Time, *Range:
		return String(v)
	}
	return nil
}

func toNumber(d *apd.Decimal) expr.Value {
	if n, ok := whole(d); ok {
		return n
	}
	if a := adjusted(d); a > 300 || a < -300 || d.Exponent < -390 {
		return d.Text('E')
	}
	return d
}

// toTime keeps to the years that can be stored.
func toTime(t time.Time, v Value) expr.Value {
	if t.Year() < 1 || t.Year() > 9999 {
		return String(v)
	}
	return t
}

func sortedKeys(m map[string]expr.Value) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
