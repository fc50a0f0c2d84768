package schedule

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// parser reads six fields: second, minute, hour, day of the month, month and day of the week. Only the
// library's parser is used; its runner keeps timers in memory.
var parser = cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

const (
	fieldDay     = 3
	fieldWeekday = 5
	cronFields   = 6
)

// entries is a list such as 1,4-6,*/2: the library takes an empty entry for none, and special for what
// Quartz has and the library has not.
var (
	entries = regexp.MustCompile(`^[^,]+(,[^,]+)*$`)
	special = regexp.MustCompile(`(?i)(^|[,\d-])(LW?|W)([^A-Z]|$)|#`)
)

// parseCron reads a cron expression of five fields, or Quartz's six with the second first, or seven with
// the year last, which must be *.
func parseCron(text string) (cron.Schedule, error) {
	wrong := func(why string) (cron.Schedule, error) {
		return nil, fmt.Errorf("%s is neither a cycle such as R3/PT10S nor a cron expression: %s", quoted(text), why)
	}
	fields := strings.Fields(text)
	sunday := 1 // what Quartz calls Sunday; of five fields it is 0, or 7
	switch len(fields) {
	case cronFields - 1:
		fields, sunday = append([]string{"0"}, fields...), 0
	case cronFields:
	case cronFields + 1:
		if year := fields[cronFields]; year != "*" && year != "?" {
			return wrong("the year must be *")
		}
		fields = fields[:cronFields]
	default:
		return wrong("it has not five, six or seven fields")
	}
	for i, field := range fields {
		if !entries.MatchString(field) {
			return wrong("a list has an empty entry")
		}
		if (i == fieldDay || i == fieldWeekday) && special.MatchString(field) {
			return wrong("L, W and # are not supported; write the days as numbers or names")
		}
	}
	var err error
	if fields[fieldWeekday], err = weekdays(fields[fieldWeekday], sunday); err != nil {
		return wrong(err.Error())
	}
	schedule, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return wrong(err.Error())
	}
	// The 30th of February: the library looks five years ahead, which holds a leap year.
	if schedule.Next(time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return wrong("it is never due")
	}
	return schedule, nil
}

// weekdays turns the numbers of the days of the week, of which the first is sunday, into the library's,
// 0 to 6. Steps stay as they are.
func weekdays(field string, sunday int) (string, error) {
	list := strings.Split(field, ",")
	for i, entry := range list {
		days, step, stepped := strings.Cut(entry, "/")
		ends := strings.Split(days, "-")
		for j, day := range ends {
			number, err := strconv.Atoi(day)
			if err != nil {
				continue // a name, * or ?
			}
			if number < sunday || number > 7 {
				return "", errors.New("a day of the week is " + strconv.Itoa(sunday) + " to 7, or a name")
			}
			if number -= sunday; len(ends) == 1 {
				number %= 7
			}
			ends[j] = strconv.Itoa(number)
		}
		list[i] = strings.Join(ends, "-")
		if stepped {
			list[i] += "/" + step
		}
	}
	return strings.Join(list, ","), nil
}
