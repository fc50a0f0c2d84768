package schedule_test

import (
	"testing"
	"time"

	"diom.io/workflow/shared/schedule"
)

// National Day of 2026 as an office has it: off from Thursday, 1 October, to Wednesday, 7 October; the Sunday before and the
// Saturday after are worked on for it.
func TestWorkingAfter(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	w := schedule.OfficeHours(shanghai)
	w.Days = map[string]bool{"2026-09-27": true, "2026-10-10": true}
	for day := 1; day <= 7; day++ {
		w.Days[time.Date(2026, 10, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)] = false
	}
	for _, c := range []struct{ from, span, want string }{
		{"2026-09-28 10:00", "PT1H", "2026-09-28 11:00"},
		{"2026-09-28 11:30", "PT1H", "2026-09-28 13:30"}, // over noon
		{"2026-09-28 20:00", "PT1H", "2026-09-29 10:00"}, // begins when work does
		{"2026-09-28 17:30", "PT8H", "2026-09-29 17:30"},
		{"2026-09-26 10:00", "PT1H", "2026-09-27 10:00"}, // a Sunday that is worked on
		{"2026-09-30 17:00", "PT2H", "2026-10-08 10:00"}, // over the holiday
		{"2026-09-30 10:00", "P1D", "2026-10-08 10:00"},
		{"2026-10-09 10:00", "P1D", "2026-10-10 10:00"}, // a Saturday that is worked on
		{"2026-10-10 10:00", "P1D", "2026-10-12 10:00"},
		{"2026-10-03 15:00", "P1D", "2026-10-09 09:00"}, // on a day off it begins at the next hour that is worked
		{"2026-09-28 10:00", "P1DT2H", "2026-09-29 12:00"},
		{"2026-09-28 18:00", "PT0S", "2026-09-29 09:00"},
	} {
		from, err := time.ParseInLocation("2006-01-02 15:04", c.from, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.After(from.UTC(), c.span)
		if err != nil || got.Format("2006-01-02 15:04") != c.want {
			t.Errorf("%s after %s is %s, want %s, %v", c.span, c.from, got.Format("2006-01-02 15:04"), c.want, err)
		}
	}
	for _, span := range []string{"P1M", "nonsense", "P5000D"} {
		if at, err := w.After(time.Now(), span); err == nil {
			t.Errorf("%s is taken for work until %s", span, at)
		}
	}
	if _, err := (schedule.Working{Location: shanghai}).After(time.Now(), "PT1H"); err == nil {
		t.Error("where nobody works an hour passes")
	}
}
