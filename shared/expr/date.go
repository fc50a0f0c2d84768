package expr

import (
	"strings"
	"time"
)

// maxSpan is how far one call moves a date, in its unit.
const maxSpan = 1_000_000

// spans are what plusDays and its like count in: calendar units, or an exact time.
var spans = map[string]struct {
	months, days int
	exact        time.Duration
}{
	"Years": {months: 12}, "Months": {months: 1}, "Weeks": {days: 7}, "Days": {days: 1}, "Hours": {exact: time.Hour},
	"Minutes": {exact: time.Minute}, "Seconds": {exact: time.Second}, "Millis": {exact: time.Millisecond},
}

// callDate runs a method of java.util.Date or of Joda's DateTime, which are one type here.
func callDate(v *evaluation, t time.Time, name string, a []Value) (any, error) {
	if len(a) == 0 {
		switch name {
		case "toDate":
			return t, nil
		case "getTime":
			return t.UnixMilli(), nil
		case "toString":
			return v.text(t)
		}
		return nil, unknownMethod(t, name, 0)
	}
	if len(a) > 1 {
		return nil, unknownMethod(t, name, len(a))
	}
	switch name {
	case "before", "after":
		other, err := instant(a[0])
		if err != nil {
			return nil, err
		}
		return name == "before" && t.Before(other) || name == "after" && t.After(other), nil
	case "equals":
		return v.same(t, a[0], 0)
	case "toString":
		pattern, err := v.text(a[0])
		if err != nil {
			return nil, err
		}
		return format(v, t, pattern)
	}
	return move(t, name, a[0])
}

func move(t time.Time, name string, by Value) (any, error) {
	unit, plus := strings.CutPrefix(name, "plus")
	minus := false
	if !plus {
		unit, minus = strings.CutPrefix(name, "minus")
	}
	span, ok := spans[unit]
	if !ok || !plus && !minus {
		return nil, unknownMethod(t, name, 1)
	}
	n, err := position(by)
	if err != nil {
		return nil, err
	}
	if n > maxSpan || n < -maxSpan {
		return nil, failure(CodeNumberOverflow, name, "%s takes a number up to a million", name)
	}
	if minus {
		n = -n
	}
	moved := addMonths(t, int(n)*span.months).AddDate(0, 0, int(n)*span.days).Add(time.Duration(n) * span.exact)
	if moved.Year() < 1 || moved.Year() > 9999 {
		return nil, failure(CodeNumberOverflow, name, "the date is out of range")
	}
	return moved, nil
}

// addMonths keeps the day, or takes the month's last one where it has none such: a month after January
// 31st is the end of February (Joda; time.AddDate would go on to March).
func addMonths(t time.Time, n int) time.Time {
	if n == 0 {
		return t
	}
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	last := time.Date(year, month+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(year, month+time.Month(n), min(day, last), hour, minute, second, t.Nanosecond(), t.Location())
}
