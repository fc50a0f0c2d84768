package schedule

import (
	"errors"
	"fmt"
	"time"
)

// Span is a part of a day, from the minute From until before To.
type Span struct{ From, To int }

// Working says when people work: spans for each day of the week, and dates on which it is otherwise. A date that is
// worked on without being a working day has the hours of the first weekday that has any.
type Working struct {
	Location *time.Location
	Hours    [7][]Span // by time.Weekday; those of a day in order, apart from one another
	Days     map[string]bool
}

// ErrNoWork: nobody works for years.
var ErrNoWork = errors.New("the calendar has no working time within ten years")

// maxWorkingDays is how many days are looked at.
const maxWorkingDays = 3660

// OfficeHours are Monday to Friday, nine to twelve and one to six.
func OfficeHours(location *time.Location) Working {
	w := Working{Location: zone(location)}
	for day := time.Monday; day <= time.Friday; day++ {
		w.Hours[day] = []Span{{9 * 60, 12 * 60}, {13 * 60, 18 * 60}}
	}
	return w
}

// spans are those of a date.
func (w Working) spans(day time.Time) []Span {
	own := w.Hours[day.Weekday()]
	works, said := w.Days[day.Format(time.DateOnly)]
	switch {
	case said && !works:
		return nil
	case said && len(own) == 0:
		for _, spans := range append(w.Hours[1:], w.Hours[0]) {
			if len(spans) > 0 {
				return spans
			}
		}
	}
	return own
}

// CheckDuration returns what is wrong with an ISO 8601 duration.
func CheckDuration(text string) error {
	_, err := parsePeriod(text)
	return err
}

// After returns the time that is a duration of work after another: its days are working days, its hours working
// hours. A time outside of working hours counts as the beginning of the next ones; days keep the time of the day, as
// far as it is worked then. Months and weeks are none of work: they are refused.
func (w Working) After(at time.Time, text string) (time.Time, error) {
	p, err := parsePeriod(text)
	if err != nil {
		return time.Time{}, err
	}
	if p.months != 0 || p.days < 0 || p.clock < 0 || p.days > maxWorkingDays {
		return time.Time{}, fmt.Errorf("%s is no duration of working days and hours", quoted(text))
	}
	at, err = w.ahead(at.In(zone(w.Location)), int(p.days))
	if err != nil {
		return time.Time{}, err
	}
	return w.work(at, p.clock)
}

// ahead returns the same time of the day some working days later; for none, the next time that is worked.
func (w Working) ahead(at time.Time, days int) (time.Time, error) {
	at, err := w.work(at, 0)
	for n, idle := 0, 0; err == nil && n < days; {
		at = at.AddDate(0, 0, 1)
		if len(w.spans(at)) > 0 {
			n, idle = n+1, 0
		} else if idle++; idle > maxWorkingDays {
			err = ErrNoWork
		}
	}
	return at, err
}

// work returns when so much has been worked from a time on.
func (w Working) work(at time.Time, left time.Duration) (time.Time, error) {
	for range maxWorkingDays {
		midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
		for _, s := range w.spans(at) {
			from, to := clock(midnight, s.From), clock(midnight, s.To)
			if at.After(from) {
				from = at
			}
			if !from.Before(to) {
				continue
			}
			if left <= to.Sub(from) {
				return from.Add(left), nil
			}
			left -= to.Sub(from)
		}
		at = midnight.AddDate(0, 0, 1)
	}
	return time.Time{}, ErrNoWork
}

func clock(midnight time.Time, minute int) time.Time {
	return time.Date(midnight.Year(), midnight.Month(), midnight.Day(), 0, minute, 0, 0, midnight.Location())
}
