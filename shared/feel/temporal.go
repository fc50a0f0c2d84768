package feel

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Zone is where a time or a date and time is: none (local), an offset from UTC, or a named zone.
type Zone struct {
	location *time.Location // of a named zone
	offset   int            // seconds east
	fixed    bool           // there is an offset
}

func (z Zone) none() bool { return z.location == nil && !z.fixed }

// of returns the location for Go's calendar; a local time counts as UTC.
func (z Zone) of() *time.Location {
	switch {
	case z.location != nil:
		return z.location
	case z.fixed:
		return time.FixedZone("", z.offset)
	}
	return time.UTC
}

func (z Zone) String() string {
	switch {
	case z.location != nil:
		return "@" + z.location.String()
	case z.fixed && z.offset == 0:
		return "Z"
	case z.fixed:
		return offsetText(z.offset)
	}
	return ""
}

func offsetText(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d:%02d", sign, seconds/3600, seconds/60%60)
	if rest := seconds % 60; rest != 0 {
		text += fmt.Sprintf(":%02d", rest)
	}
	return text
}

var utc = Zone{fixed: true}

// maxYear is the largest year of a date (DMN §10.3.2.3.4, XML Schema).
const maxYear = 999_999_999

// Date is a day of the proleptic Gregorian calendar.
type Date struct {
	Year       int
	Month, Day int
}

func (d Date) time() time.Time {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)
}

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, int(m), d}
}

func (d Date) String() string {
	sign, year := "", d.Year
	if year < 0 {
		sign, year = "-", -year
	}
	return fmt.Sprintf("%s%04d-%02d-%02d", sign, year, d.Month, d.Day)
}

func newDate(year, month, day int) (Date, bool) {
	if year > maxYear || year < -maxYear || month < 1 || month > 12 || day < 1 {
		return Date{}, false
	}
	last := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return Date{year, month, day}, day <= last
}

// addMonths keeps the day or takes the month's last one.
func (d Date) addMonths(n int64) (Date, bool) {
	months := int64(d.Year)*12 + int64(d.Month-1) + n
	year := months / 12
	month := months % 12
	if month < 0 {
		month += 12
		year--
	}
	if year > maxYear || year < -maxYear {
		return Date{}, false
	}
	last := time.Date(int(year), time.Month(month)+2, 0, 0, 0, 0, 0, time.UTC).Day()
	return Date{int(year), int(month) + 1, min(d.Day, last)}, true
}

// Time is a time of day with its zone.
type Time struct {
	Hour, Minute, Second, Nano int
	Zone                       Zone
}

func (t Time) clock() string {
	text := fmt.Sprintf("%02d:%02d:%02d", t.Hour, t.Minute, t.Second)
	if t.Nano != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%09d", t.Nano), "0")
	}
	return text
}

func (t Time) String() string { return t.clock() + t.Zone.String() }

// nanos counts from midnight, in UTC when there is an offset. A named zone has none without a day; it
// counts as in winter of 1970.
func (t Time) nanos() int64 {
	n := int64(t.Hour*3600+t.Minute*60+t.Second)*1e9 + int64(t.Nano)
	if offset, ok := t.offset(); ok {
		n -= int64(offset) * 1e9
	}
	return n
}

func (t Time) offset() (seconds int, ok bool) {
	if t.Zone.location != nil {
		_, seconds = time.Date(1970, 1, 1, t.Hour, t.Minute, t.Second, 0, t.Zone.location).Zone()
		return seconds, true
	}
	return t.Zone.offset, t.Zone.fixed
}

// DateTime is a date with a time of day.
type DateTime struct {
	Date Date
	Time Time
}

func (d DateTime) String() string { return d.Date.String() + "T" + d.Time.String() }

func (d DateTime) time() time.Time {
	return time.Date(d.Date.Year, time.Month(d.Date.Month), d.Date.Day, d.Time.Hour, d.Time.Minute, d.Time.Second, d.Time.Nano, d.Time.Zone.of())
}

// dateTimeOf reads the calendar of t in its location, and keeps the zone.
func dateTimeOf(t time.Time, zone Zone) DateTime {
	return DateTime{dateOf(t), Time{t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone}}
}

// midnight is how a date becomes a date and time: in UTC (DMN 1.3 §10.3.2.9.4).
func (d Date) midnight() DateTime { return DateTime{d, Time{Zone: utc}} }

var (
	dateForm = regexp.MustCompile(`^(-?)([1-9]\d{4,8}|\d{4})-(\d{2})-(\d{2})$`)
	timeForm = regexp.MustCompile(`^(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2}(?::\d{2})?|@[A-Za-z0-9_+\-/]+)?$`)
)

func parseDate(text string) (Date, bool) {
	m := dateForm.FindStringSubmatch(text)
	if m == nil {
		return Date{}, false
	}
	year := number(m[2])
	if m[1] != "" {
		year = -year
	}
	return newDate(year, number(m[3]), number(m[4]))
}

func parseTime(text string) (Time, bool) {
	m := timeForm.FindStringSubmatch(text)
	if m == nil {
		return Time{}, false
	}
	t := Time{Hour: number(m[1]), Minute: number(m[2]), Second: number(m[3]), Nano: number((m[4] + "000000000")[:9])}
	if t.Hour == 24 && t.Minute == 0 && t.Second == 0 && t.Nano == 0 {
		t.Hour = 0
	}
	if t.Hour > 23 || t.Minute > 59 || t.Second > 59 {
		return Time{}, false
	}
	var ok bool
	t.Zone, ok = parseZone(m[5])
	return t, ok
}

// parseZone reads Z, an offset up to 18 hours, @Area/City or nothing.
func parseZone(text string) (Zone, bool) {
	switch {
	case text == "":
		return Zone{}, true
	case text == "Z":
		return utc, true
	case text[0] == '@':
		return namedZone(text[1:])
	}
	seconds := number(text[1:3])*3600 + number(text[4:6])*60
	if len(text) > 6 {
		seconds += number(text[7:9])
	}
	if seconds > 18*3600 || number(text[4:6]) > 59 {
		return Zone{}, false
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return Zone{offset: seconds, fixed: true}, true
}

func namedZone(id string) (Zone, bool) {
	if id == "" || id == "Local" || strings.Contains(id, "..") || id[0] == '/' {
		return Zone{}, false
	}
	if id == "Z" {
		return utc, true
	}
	location, err := time.LoadLocation(id)
	return Zone{location: location}, err == nil
}

// parseDateTime reads a date and a time; a date alone is its midnight without a zone.
func parseDateTime(text string) (DateTime, bool) {
	day, clock, has := strings.Cut(text, "T")
	date, ok := parseDate(day)
	if !ok || !has {
		return DateTime{Date: date}, ok
	}
	t, ok := parseTime(clock)
	if ok && strings.HasPrefix(clock, "24") {
		date = dateOf(date.time().AddDate(0, 0, 1))
	}
	return DateTime{date, t}, ok
}

// number takes digits that a pattern has checked.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
