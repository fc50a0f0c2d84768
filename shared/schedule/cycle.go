package schedule

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Cycle is something that is due again and again, at most once a second. The zero value is none.
type Cycle struct {
	times      int // 0: without an end
	start, end string
	period     period
	cron       cron.Schedule
}

// ParseCycle reads an ISO 8601 repeating interval, R[n]/[start/]duration[/end] ("R3/PT10S", "R/P1D",
// "R/2026-12-01T08:00/P1W/2027-12-01"), or a cron expression: of five fields, or of the six or seven that
// Quartz has and Camunda 7 with it ("0 0 8 ? * MON-FRI"). See Cycle.Due for what they mean.
func ParseCycle(text string) (Cycle, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "R") {
		return parseInterval(text)
	}
	if strings.HasPrefix(text, "P") {
		return Cycle{}, fmt.Errorf("%s is a duration; a cycle begins with R and the number of times, such as R3/PT10S", quoted(text))
	}
	schedule, err := parseCron(text)
	return Cycle{cron: schedule}, err
}

// parseInterval reads a repeating interval (ISO 8601-1:2019 §5.6).
func parseInterval(text string) (Cycle, error) {
	parts := strings.Split(text, "/")
	wrong := func(why string) (Cycle, error) {
		return Cycle{}, fmt.Errorf("%s is not a cycle such as R3/PT10S: %s", quoted(text), why)
	}
	times, err := parseTimes(parts[0])
	if err != nil {
		return wrong(err.Error())
	}
	c := Cycle{times: times}
	parts = parts[1:]
	if len(parts) > 1 && !strings.HasPrefix(parts[0], "P") {
		c.start, parts = parts[0], parts[1:]
	}
	if len(parts) == 2 {
		c.end, parts = parts[1], parts[:1]
		if c.end == "" {
			return wrong("the end is empty")
		}
	}
	if len(parts) != 1 {
		return wrong("it has no duration, or more than a start, a duration and an end")
	}
	if c.period, err = parsePeriod(parts[0]); err != nil {
		return wrong(err.Error())
	}
	if c.period.short() {
		return wrong("the shortest cycle is one second")
	}
	for _, date := range [...]string{c.start, c.end} {
		if date == "" {
			continue
		}
		if _, err := Date(date, nil); err != nil {
			return wrong(err.Error())
		}
	}
	return c, nil
}

// parseTimes reads R and the number of times; 0 means without an end.
func parseTimes(text string) (int, error) {
	if text == "R" {
		return 0, nil
	}
	times, err := strconv.ParseInt(text[1:], 10, 32)
	if err != nil || times < 1 || text[1] == '+' {
		return 0, errors.New("a number of times from 1 follows R, or none for a cycle without an end")
	}
	return int(times), nil
}

// Due returns when the cycle is due for the n-th time, counting from 0, and false when it is over. anchor is
// when the cycle began and previous when it was due before (the zero time for the first).
//
// A repeating interval without a start is due one period after the anchor, then two, and so on; with a
// start at the start, then one period later, and so on. Nothing drifts: what was late does not count. When
// the start of a cycle without an end lies before the anchor, the times before the anchor are left out. An
// interval is due as often as it says and never after its end. A cron expression is due at the next
// time after previous, or after the anchor.
func (c Cycle) Due(anchor time.Time, n int, previous time.Time, loc *time.Location) (at time.Time, ok bool) {
	switch {
	case n < 0 || (c.times > 0 && n >= c.times):
		return time.Time{}, false
	case c.cron != nil:
		if previous.IsZero() {
			previous = anchor
		}
		at = c.cron.Next(previous.In(zone(loc)))
	default:
		if at, ok = c.repeat(anchor, int64(n), zone(loc)); !ok {
			return time.Time{}, false
		}
	}
	at, err := bounded(at)
	return at, err == nil
}

func (c Cycle) repeat(anchor time.Time, n int64, loc *time.Location) (at time.Time, ok bool) {
	begin, times := anchor.In(loc), n+1
	if c.start != "" {
		start, err := Date(c.start, loc)
		if err != nil {
			return time.Time{}, false
		}
		begin, times = start.In(loc), n
		if c.times == 0 {
			times += c.passed(begin, anchor)
		}
	}
	at, ok = c.period.after(begin, times)
	if !ok || c.end == "" {
		return at, ok && c.period != period{}
	}
	end, err := Date(c.end, loc)
	return at, err == nil && !at.After(end)
}

// passed counts the times from start that lie before the anchor.
func (c Cycle) passed(start, anchor time.Time) int64 {
	if !start.Before(anchor) {
		return 0
	}
	return int64(sort.Search(math.MaxInt, func(times int) bool {
		at, ok := c.period.after(start, int64(times))
		return !ok || !at.Before(anchor)
	}))
}
