// Package schedule says when something is due: dates, durations, cycles and retries, as BPMN timers and
// Camunda 7's attributes write them (ISO 8601 and cron). It is pure: whoever calls it knows the time and
// the zone of the installation, in which a text without a zone is read and days and months are counted; a
// nil zone is UTC. Every result is in UTC, truncated to milliseconds, and lies in the years 1000 to 9999,
// which is what the database holds.
package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// layouts are the ways to write a date, from the most precise; the last two are without a zone.
var layouts = [...]string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04",
	"2006-01-02",
}

const (
	firstYear = 1000
	lastYear  = 9999
)

// Date reads an ISO 8601 date or date-time ("2026-12-01T08:00:00+08:00", "2026-12-01T08:00",
// "2026-12-01"). White space around it does not count.
func Date(text string, loc *time.Location) (time.Time, error) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return time.Time{}, errors.New("the date is empty")
	}
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, trimmed, zone(loc)); err == nil {
			return bounded(at)
		}
	}
	return time.Time{}, fmt.Errorf("%s is not an ISO 8601 date such as 2026-12-01T08:00:00", quoted(trimmed))
}

// After adds an ISO 8601 duration ("PT15M", "P1M", "P1DT12H", "PT0.5S") to a time: years, months, weeks and
// days by the calendar of the zone, the rest by the clock. A month later than the 31st of January is the
// last of February (Camunda 7, by XML Schema 1.0 part 2, appendix E).
func After(at time.Time, text string, loc *time.Location) (time.Time, error) {
	p, err := parsePeriod(text)
	if err != nil {
		return time.Time{}, err
	}
	due, ok := p.after(at.In(zone(loc)), 1)
	if !ok {
		return time.Time{}, errYear
	}
	return bounded(due)
}

var errYear = fmt.Errorf("the date is not in the years %d to %d", firstYear, lastYear)

// bounded gives a result its form.
func bounded(at time.Time) (time.Time, error) {
	at = at.UTC().Truncate(time.Millisecond)
	if year := at.Year(); year < firstYear || year > lastYear {
		return time.Time{}, errYear
	}
	return at, nil
}

func zone(loc *time.Location) *time.Location {
	if loc == nil {
		return time.UTC
	}
	return loc
}

// quoted bounds a text that an error repeats: it may be the value of a variable.
func quoted(text string) string {
	const bound = 100
	if len(text) > bound {
		end := bound
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "…"
	}
	return `"` + text + `"`
}
