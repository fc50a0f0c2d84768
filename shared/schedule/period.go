package schedule

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/sosodev/duration"
)

// period is a duration by its parts: a month is no number of days, nor a day a number of hours.
type period struct {
	months, days int64
	clock        time.Duration
}

// The longest period. The clock's part is bounded by what a time.Duration holds.
const (
	maxMonths = 12 * 1000
	maxDays   = 366 * 1000
	maxHours  = 24 * 365 * 290
)

// shape is the grammar of ISO 8601-1:2019 §5.5.2.2 with at least one part; the package duration accepts
// more than that: no parts, the same one twice, any order.
var shape = regexp.MustCompile(`^P(?:\d+Y)?(?:\d+M)?(?:\d+(?:\.\d+)?W)?(?:\d+(?:\.\d+)?D)?(?:T(?:\d+(?:\.\d+)?H)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?S)?)?$`)

func parsePeriod(text string) (period, error) {
	text = strings.TrimSpace(text)
	if !shape.MatchString(text) || strings.HasSuffix(text, "P") || strings.HasSuffix(text, "T") {
		return period{}, fmt.Errorf("%s is not an ISO 8601 duration such as PT15M or P1D", quoted(text))
	}
	tooLong := fmt.Errorf("%s is longer than 1000 years, or than 290 by the clock", quoted(text))
	d, err := duration.Parse(text)
	if err != nil {
		return period{}, tooLong // a number of hundreds of digits
	}
	// A part of a week is days, a part of a day is hours.
	days, part := math.Modf(7*d.Weeks + d.Days)
	months, hours := 12*d.Years+d.Months, 24*part+d.Hours
	if months > maxMonths || days > maxDays || hours+d.Minutes/60+d.Seconds/3600 > maxHours {
		return period{}, tooLong
	}
	clock := duration.Duration{Hours: hours, Minutes: d.Minutes, Seconds: d.Seconds}
	return period{months: int64(months), days: int64(days), clock: clock.ToTimeDuration()}, nil
}

// short reports whether a cycle of the period would be due more often than once a second.
func (p period) short() bool { return p.months == 0 && p.days == 0 && p.clock < time.Second }

// after adds the period times over, which is not the same as adding it again and again: the third month
// after the 31st of January ends with the 30th of April, not with the 28th. It is not ok when the sum is
// beyond what a time can be. The result grows with times unless the period is zero.
func (p period) after(at time.Time, times int64) (_ time.Time, ok bool) {
	const years = lastYear + 1
	if exceeds(p.months, times, 12*years) || exceeds(p.days, times, 366*years) || exceeds(int64(p.clock), times, math.MaxInt64) {
		return time.Time{}, false
	}
	// Time.AddDate gives another of two like times at the end of summer time even when it adds nothing.
	if p.months > 0 {
		at = addMonths(at, int(p.months*times))
	}
	if p.days > 0 {
		at = at.AddDate(0, 0, int(p.days*times))
	}
	return at.Add(p.clock * time.Duration(times)), true
}

func exceeds(value, times, bound int64) bool { return value > 0 && times > bound/value }

// addMonths is Time.AddDate that stays in the month it comes to.
func addMonths(at time.Time, months int) time.Time {
	year, month, day := at.Date()
	hour, minute, second := at.Clock()
	last := time.Date(year, month+time.Month(months)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(year, month+time.Month(months), min(day, last), hour, minute, second, at.Nanosecond(), at.Location())
}
