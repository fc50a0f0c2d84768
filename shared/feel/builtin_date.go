package feel

import (
	"math/big"
	"time"
)

var zeroTime time.Time

// dates make and take apart dates and times (DMN §10.3.4.1, §10.3.4.6, §10.3.4.7).
var dates = map[string][]signature{
	"date":                      {sig("from a", dateFrom), sig("year n, month n, day n", dateOfParts)},
	"time":                      {sig("from a", timeFrom), sig("hour n, minute n, second n, offset a?", timeOfParts)},
	"date and time":             {sig("from a", dateTimeFrom), sig("date d, time a", joinDateTime), sig("year n, month n, day n, hour n, minute n, second n, offset a?", dateTimeOfParts)},
	"years and months duration": {sig("from d, to d", monthsBetween)},
	"now":                       {sig("", func(r *Run, _ []Value) Value { return dateTimeOf(r.Now, zoneOf(r.Now)) })},
	"today":                     {sig("", func(r *Run, _ []Value) Value { return dateOf(r.Now) })},
	"day of year":               {sig("date d", onDay(func(t time.Time) Value { return integer(int64(t.YearDay())) }))},
	"day of week":               {sig("date d", onDay(func(t time.Time) Value { return t.Weekday().String() }))},
	"month of year":             {sig("date d", onDay(func(t time.Time) Value { return t.Month().String() }))},
	"week of year": {sig("date d", onDay(func(t time.Time) Value {
		_, week := t.ISOWeek()
		return integer(int64(week))
	}))},
	"last day of month": {sig("date d", onDay(func(t time.Time) Value {
		return integer(int64(time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()))
	}))},
}

func onDay(f func(t time.Time) Value) func(*Run, []Value) Value {
	return func(_ *Run, a []Value) Value {
		d, _ := asDateTime(a[0])
		return f(d.Date.time())
	}
}

func zoneOf(t time.Time) Zone {
	_, offset := t.Zone()
	return Zone{offset: offset, fixed: true}
}

func dateFrom(r *Run, a []Value) Value {
	switch v := single(a[0]).(type) {
	case Date:
		return v
	case DateTime:
		return v.Date
	case string:
		if d, ok := parseDate(v); ok {
			return d
		}
		return r.Fail("date: %q is no date", clip(v))
	}
	return r.Fail("date: a %s is no date", kindOf(a[0]))
}

// parts reads whole numbers, false when one is none.
func (r *Run) parts(a []Value) ([]int, bool) {
	list := make([]int, len(a))
	for i, v := range a {
		n, ok := whole(asNumber(v))
		if !ok || n > maxYear || n < -maxYear {
			r.Fail("a part of a date is no whole number")
			return nil, false
		}
		list[i] = int(n)
	}
	return list, true
}

func dateOfParts(r *Run, a []Value) Value {
	p, ok := r.parts(a)
	if !ok {
		return nil
	}
	if d, ok := newDate(p[0], p[1], p[2]); ok {
		return d
	}
	return r.Fail("date: there is no such day")
}

func timeFrom(r *Run, a []Value) Value {
	switch v := single(a[0]).(type) {
	case Time:
		return v
	case DateTime:
		return v.Time
	case Date:
		return v.midnight().Time
	case string:
		if t, ok := parseTime(v); ok {
			return t
		}
		return r.Fail("time: %q is no time", clip(v))
	}
	return r.Fail("time: a %s is no time", kindOf(a[0]))
}

// timeOfParts takes seconds with a fraction, and an offset as a duration or null.
func timeOfParts(r *Run, a []Value) Value {
	if t, ok := r.clock(a); ok {
		return t
	}
	return r.Fail("time: there is no such time")
}

func (r *Run) clock(a []Value) (Time, bool) {
	p, ok := r.parts(a[:2])
	seconds, inRange := spanOfSeconds(asNumber(a[2]))
	if !ok || !inRange || p[0] < 0 || p[0] > 23 || p[1] < 0 || p[1] > 59 || seconds.Seconds < 0 || seconds.Nanos < 0 || seconds.Seconds > 59 {
		return Time{}, false
	}
	t := Time{Hour: p[0], Minute: p[1], Second: int(seconds.Seconds), Nano: int(seconds.Nanos)}
	switch offset := a[3].(type) {
	case nil:
	case Span:
		if offset.Seconds > 18*3600 || offset.Seconds < -18*3600 {
			return Time{}, false
		}
		t.Zone = Zone{offset: int(offset.Seconds), fixed: true}
	case string:
		var known bool
		if t.Zone, known = namedZone(offset); !known {
			return Time{}, false
		}
	default:
		return Time{}, false
	}
	return t, true
}

func dateTimeFrom(r *Run, a []Value) Value {
	switch v := single(a[0]).(type) {
	case DateTime:
		return v
	case Date:
		return v.midnight()
	case string:
		if d, ok := parseDateTime(v); ok {
			return d
		}
		return r.Fail("date and time: %q is no date and time", clip(v))
	}
	return r.Fail("date and time: a %s is no date and time", kindOf(a[0]))
}

// joinDateTime takes the day of one and the time of the other; with a zone in place of a time it shows
// the instant there.
func joinDateTime(r *Run, a []Value) Value {
	d, _ := asDateTime(a[0])
	switch t := single(a[1]).(type) {
	case Time:
		return DateTime{d.Date, t}
	case string:
		zone, ok := namedZone(t)
		if !ok {
			return r.Fail("date and time: there is no zone %s", clip(t))
		}
		return dateTimeOf(d.time().In(zone.of()), zone)
	}
	return r.Fail("date and time: a %s is no time", kindOf(a[1]))
}

func dateTimeOfParts(r *Run, a []Value) Value {
	p, ok := r.parts(a[:3])
	if !ok {
		return nil
	}
	d, isDay := newDate(p[0], p[1], p[2])
	t, isTime := r.clock(a[3:])
	if !isDay || !isTime {
		return r.Fail("date and time: there is no such time")
	}
	return DateTime{d, t}
}

// monthsBetween counts whole months.
func monthsBetween(_ *Run, a []Value) Value {
	x, _ := asDateTime(a[0])
	y, _ := asDateTime(a[1])
	n := int64(y.Date.Year-x.Date.Year)*12 + int64(y.Date.Month-x.Date.Month)
	late := clockOf(x).Cmp(clockOf(y))
	switch {
	case n > 0 && late > 0:
		n--
	case n < 0 && late < 0:
		n++
	}
	return Months(n)
}

// clockOf counts nanoseconds within the month, without regard to zones.
func clockOf(d DateTime) *big.Int {
	t := d.Time
	t.Zone = Zone{}
	return new(big.Int).Add(big.NewInt(t.nanos()), new(big.Int).Mul(big.NewInt(int64(d.Date.Day)), big.NewInt(86400*1e9)))
}

var propertyNames = func() index {
	x := index{}
	for _, name := range []string{
		"year", "month", "day", "weekday", "hour", "minute", "second", "time offset", "timezone", "years", "months",
		"days", "hours", "minutes", "seconds", "start", "end", "start included", "end included", "item",
	} {
		x.add(name)
	}
	return x
}()

// property is what a path reads of a value that is no context (DMN table 65).
func property(v Value, name string) (Value, bool) {
	switch x := v.(type) {
	case Date:
		return dayProperty(x, name)
	case DateTime:
		if p, ok := dayProperty(x.Date, name); ok {
			return p, true
		}
		if name == "time offset" && x.Time.Zone.location != nil {
			_, offset := x.time().Zone()
			return Span{Seconds: int64(offset)}, true
		}
		return timeProperty(x.Time, name)
	case Time:
		return timeProperty(x, name)
	case Months:
		switch name {
		case "years":
			return integer(int64(x / 12)), true
		case "months":
			return integer(int64(x % 12)), true
		}
	case Span:
		return spanProperty(x, name)
	case *Range:
		return rangeProperty(x, name)
	}
	return nil, false
}

func dayProperty(d Date, name string) (Value, bool) {
	switch name {
	case "year":
		return integer(int64(d.Year)), true
	case "month":
		return integer(int64(d.Month)), true
	case "day":
		return integer(int64(d.Day)), true
	case "weekday":
		return integer(int64(d.time().Weekday()+6)%7 + 1), true
	}
	return nil, false
}

func timeProperty(t Time, name string) (Value, bool) {
	switch name {
	case "hour":
		return integer(int64(t.Hour)), true
	case "minute":
		return integer(int64(t.Minute)), true
	case "second":
		return Span{Seconds: int64(t.Second), Nanos: int32(t.Nano)}.seconds(), true
	case "time offset":
		if offset, ok := t.offset(); ok {
			return Span{Seconds: int64(offset)}, true
		}
		return nil, true
	case "timezone":
		if t.Zone.location != nil {
			return t.Zone.location.String(), true
		}
		return nil, true
	}
	return nil, false
}

func spanProperty(s Span, name string) (Value, bool) {
	switch name {
	case "days":
		return integer(s.Seconds / 86400), true
	case "hours":
		return integer(s.Seconds / 3600 % 24), true
	case "minutes":
		return integer(s.Seconds / 60 % 60), true
	case "seconds":
		return Span{s.Seconds % 60, s.Nanos}.seconds(), true
	}
	return nil, false
}

func rangeProperty(g *Range, name string) (Value, bool) {
	switch name {
	case "start":
		return g.Start, true
	case "end":
		return g.End, true
	case "start included":
		return g.StartIncluded, true
	case "end included":
		return g.EndIncluded, true
	}
	return nil, false
}
