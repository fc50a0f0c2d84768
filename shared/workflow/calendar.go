package workflow

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/schedule"
	"diom.io/workflow/shared/store"
)

// DefaultCalendar is the code of the calendar by which everybody works who has no other; where there is none, it is
// Monday to Friday, 9 to 12 and 13 to 18, where the installation is.
const DefaultCalendar = "default"

// ErrCalendar: a calendar cannot be understood.
var ErrCalendar = fault.New(fault.Invalid, "bad_calendar", "The calendar cannot be understood.")

// CalendarBody is what an administrator gives of a calendar.
type CalendarBody struct {
	Name       string              `json:"name" api:"required"`
	Department string              `json:"department,omitempty"`
	TimeZone   string              `json:"timeZone,omitempty"`
	Hours      map[string][]string `json:"hours" api:"required"`
	Days       map[string]string   `json:"days,omitempty"`
}

// PutCalendar makes or changes a calendar. Errors: ErrCalendar, store.ErrPeopleStale, store.ErrTwoForOne,
// store.ErrUnknownDepartment.
func (s *Service) PutCalendar(ctx context.Context, code string, b CalendarBody, match int64) (store.Calendar, error) {
	c := store.Calendar{
		Code: code, Name: b.Name, Department: b.Department, TimeZone: b.TimeZone, Hours: b.Hours, Days: b.Days, UpdatedAt: instant(),
	}
	if c.TimeZone == "" {
		c.TimeZone = s.today().Location().String()
	}
	if c.Days == nil {
		c.Days = map[string]string{}
	}
	if _, err := workingOf(c); err != nil {
		return c, err
	}
	if len(code) > 64 || len(c.Name) > 255 || c.Name == "" || (code == DefaultCalendar) != (c.Department == "") {
		return c, ErrCalendar.Withf("The calendar default is everybody's, every other one that of a department, and has a name.")
	}
	var err error
	c.Version, err = s.store.PutCalendar(ctx, newID(), c, match)
	return c, err
}

// Calendars returns all calendars.
func (s *Service) Calendars(ctx context.Context) ([]store.Calendar, error) {
	return s.store.Calendars(ctx)
}

// Calendar returns a calendar. Errors: store.ErrNoCalendar.
func (s *Service) Calendar(ctx context.Context, code string) (store.Calendar, error) {
	return s.store.Calendar(ctx, code)
}

// DeleteCalendar removes a calendar. Errors: store.ErrNoCalendar.
func (s *Service) DeleteCalendar(ctx context.Context, code string) error {
	return s.store.DeleteCalendar(ctx, code)
}

var (
	weekdays = map[string]time.Weekday{"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 0}
	spanForm = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$`)
)

const maxDays = 2000

// workingOf reads a calendar.
func workingOf(c store.Calendar) (schedule.Working, error) {
	location, err := time.LoadLocation(c.TimeZone)
	if err != nil || c.TimeZone == "Local" {
		return schedule.Working{}, ErrCalendar.Withf("There is no time zone %s.", c.TimeZone)
	}
	w := schedule.Working{Location: location, Days: map[string]bool{}}
	some := false
	for day, texts := range c.Hours {
		number, known := weekdays[day]
		if !known {
			return w, ErrCalendar.Withf("The days of a week are mon to sun, not %s.", day)
		}
		if w.Hours[number], err = spansOf(texts); err != nil {
			return w, err
		}
		some = some || len(texts) > 0
	}
	for date, word := range c.Days {
		if _, err := time.Parse(time.DateOnly, date); err != nil || word != "off" && word != "work" || len(c.Days) > maxDays {
			return w, ErrCalendar.Withf("A date such as 2026-10-01 is off or work; there are at most %d.", maxDays)
		}
		w.Days[date] = word == "work"
	}
	if !some {
		return w, ErrCalendar.Withf("Nobody works by the calendar.")
	}
	return w, nil
}

// spansOf reads the hours of a day.
func spansOf(texts []string) ([]schedule.Span, error) {
	var list []schedule.Span
	last := 0
	for _, text := range texts {
		span, ok := spanOf(text)
		if !ok || span.From < last {
			return nil, ErrCalendar.Withf("%s is no span such as 09:00-12:00, or comes before the one in front of it.", text)
		}
		last, list = span.To, append(list, span)
	}
	return list, nil
}

func spanOf(text string) (schedule.Span, bool) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return schedule.Span{}, false
	}
	var n [4]int
	for i := range n {
		_, _ = fmt.Sscanf(m[i+1], "%d", &n[i]) // two digits
	}
	span := schedule.Span{From: n[0]*60 + n[1], To: n[2]*60 + n[3]}
	return span, span.From < span.To && span.To <= 24*60
}

// workingBy returns how a person works: by the calendar of the nearest department around him that has one, else by the
// default one.
func (s *Service) workingBy(ctx context.Context, username string) (schedule.Working, error) {
	calendars, err := s.store.Calendars(ctx)
	if err != nil || len(calendars) == 0 {
		return schedule.OfficeHours(s.today().Location()), err
	}
	departments, err := s.store.DepartmentsAbove(ctx, username)
	if err != nil {
		return schedule.Working{}, err
	}
	for _, department := range append(departments, "") {
		for _, c := range calendars {
			if c.Department == department {
				return workingOf(c)
			}
		}
	}
	return schedule.OfficeHours(s.today().Location()), nil
}

// workingAfter answers the question of the engine when so much has been worked; nothing where the duration is none.
func (s *Service) workingAfter(ctx context.Context, q engine.Question) ([]string, error) {
	from, err := time.Parse(time.RFC3339Nano, q.From)
	if err != nil {
		return nil, err
	}
	w, err := s.workingBy(ctx, q.Of)
	if err != nil {
		return nil, err
	}
	at, err := w.After(from, q.Span)
	if err != nil {
		return nil, nil //nolint:nilerr // the engine makes an incident of it
	}
	return []string{at.UTC().Format(time.RFC3339Nano)}, nil
}
