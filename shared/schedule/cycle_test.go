package schedule

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// times lists when a cycle is due, up to four times, as an engine asks for it.
func times(c Cycle, anchor time.Time, loc *time.Location) []string {
	var list []string
	var previous time.Time
	for n := range 4 {
		due, ok := c.Due(anchor, n, previous, loc)
		if !ok {
			return append(list, "over")
		}
		list = append(list, show(due))
		previous = due
	}
	return list
}

func TestCycle(t *testing.T) {
	t.Parallel()
	shanghai, berlin := load(t, "Asia/Shanghai"), load(t, "Europe/Berlin")
	for _, c := range []struct {
		text, anchor string
		loc          *time.Location
		want         string
	}{
		{"R3/PT10S", "2026-01-01T00:00:00.0005Z", nil, "2026-01-01T00:00:10Z 2026-01-01T00:00:20Z 2026-01-01T00:00:30Z over"},
		{"R/PT1.5S", "2026-01-01T00:00:00Z", nil, "2026-01-01T00:00:01.5Z 2026-01-01T00:00:03Z 2026-01-01T00:00:04.5Z 2026-01-01T00:00:06Z"},
		{"R/P1M", "2026-01-31T08:00:00Z", nil, "2026-02-28T08:00:00Z 2026-03-31T08:00:00Z 2026-04-30T08:00:00Z 2026-05-31T08:00:00Z"},
		{"R2/P1W", "2026-01-01T00:00:00Z", nil, "2026-01-08T00:00:00Z 2026-01-15T00:00:00Z over"},
		// Noon stays noon when summer time begins.
		{"R/P1D", "2026-03-28T11:00:00Z", berlin, "2026-03-29T10:00:00Z 2026-03-30T10:00:00Z 2026-03-31T10:00:00Z 2026-04-01T10:00:00Z"},
		{"R3/2026-02-01T08:00/P1D", "2026-01-01T00:00:00Z", shanghai, "2026-02-01T00:00:00Z 2026-02-02T00:00:00Z 2026-02-03T00:00:00Z over"},
		{"R2/2020-02-01T00:00:00Z/P1D", "2026-01-01T00:00:00Z", nil, "2020-02-01T00:00:00Z 2020-02-02T00:00:00Z over"},
		{"R/2020-01-31T06:00:00Z/P1M", "2026-01-31T06:00:00.001Z", nil, "2026-02-28T06:00:00Z 2026-03-31T06:00:00Z 2026-04-30T06:00:00Z 2026-05-31T06:00:00Z"},
		{"R/2020-01-01T00:00:00Z/PT1S", "2026-01-01T00:00:00Z", nil, "2026-01-01T00:00:00Z 2026-01-01T00:00:01Z 2026-01-01T00:00:02Z 2026-01-01T00:00:03Z"},
		{"R/1000-01-02T00:00:00Z/P1D", "2026-01-01T00:00:00.5Z", nil, "2026-01-02T00:00:00Z 2026-01-03T00:00:00Z 2026-01-04T00:00:00Z 2026-01-05T00:00:00Z"},
		{"R/PT1H/2026-01-01T02:00:00Z", "2026-01-01T00:00:00Z", nil, "2026-01-01T01:00:00Z 2026-01-01T02:00:00Z over"},
		{"R/PT1H/2026-01-01T10:00", "2026-01-01T00:30:00Z", shanghai, "2026-01-01T01:30:00Z over"},
		{"R9/2026-01-01/P1D/2026-01-02", "2025-01-01T00:00:00Z", nil, "2026-01-01T00:00:00Z 2026-01-02T00:00:00Z over"},
		{"R/P1000Y", "2026-01-01T00:00:00Z", nil, "3026-01-01T00:00:00Z 4026-01-01T00:00:00Z 5026-01-01T00:00:00Z 6026-01-01T00:00:00Z"},
		{"R/P1000Y", "7500-01-01T00:00:00Z", nil, "8500-01-01T00:00:00Z 9500-01-01T00:00:00Z over"},
		// Cron of five fields: the day of the week is 0 to 7.
		{"30 8 * * 1", "2026-01-01T00:00:00Z", shanghai, "2026-01-05T00:30:00Z 2026-01-12T00:30:00Z 2026-01-19T00:30:00Z 2026-01-26T00:30:00Z"},
		{"0 0 * * 7", "2026-01-01T00:00:00Z", nil, "2026-01-04T00:00:00Z 2026-01-11T00:00:00Z 2026-01-18T00:00:00Z 2026-01-25T00:00:00Z"},
		// Quartz counts the days of the week from Sunday, 1: 2-6 is Monday to Friday.
		{"0 0 8 ? * 2-6", "2026-01-01T09:00:00Z", nil, "2026-01-02T08:00:00Z 2026-01-05T08:00:00Z 2026-01-06T08:00:00Z 2026-01-07T08:00:00Z"},
		{"0 0 8 ? * MON-FRI", "2026-01-01T09:00:00Z", nil, "2026-01-02T08:00:00Z 2026-01-05T08:00:00Z 2026-01-06T08:00:00Z 2026-01-07T08:00:00Z"},
		{"0 0 8 ? * wed,7/1 *", "2026-01-01T09:00:00Z", nil, "2026-01-03T08:00:00Z 2026-01-07T08:00:00Z 2026-01-10T08:00:00Z 2026-01-14T08:00:00Z"},
		{"0/10 * * * * ?", "2026-01-01T00:00:05.5Z", nil, "2026-01-01T00:00:10Z 2026-01-01T00:00:20Z 2026-01-01T00:00:30Z 2026-01-01T00:00:40Z"},
		{"0 0 12 1 JAN,jul ? *", "2026-01-01T12:00:00Z", nil, "2026-07-01T12:00:00Z 2027-01-01T12:00:00Z 2027-07-01T12:00:00Z 2028-01-01T12:00:00Z"},
		{"0 0 0 29 2 ?", "2026-01-01T12:00:00Z", nil, "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z 2036-02-29T00:00:00Z 2040-02-29T00:00:00Z"},
	} {
		cycle, err := ParseCycle("  " + c.text + "\n")
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if diff := cmp.Diff(c.want, strings.Join(times(cycle, at(t, c.anchor), c.loc), " ")); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
}

// What is counted from the anchor does not ask when it was due before, or should have been.
func TestCycleDoesNotDrift(t *testing.T) {
	t.Parallel()
	c, err := ParseCycle("R/PT10S")
	if err != nil {
		t.Fatal(err)
	}
	anchor := at(t, "2026-01-01T00:00:00Z")
	got, ok := c.Due(anchor, 1_000_000, anchor.Add(time.Hour), nil)
	if want := "2026-04-26T17:46:50Z"; !ok || show(got) != want {
		t.Errorf("%s, %v; want %s", show(got), ok, want)
	}
}

func TestCycleOver(t *testing.T) {
	t.Parallel()
	anchor := at(t, "2026-01-01T00:00:00Z")
	for text, n := range map[string]int{"R3/PT10S": 3, "R/PT10S": -1, "R/P1D": 1 << 62, "R/P1M": 1 << 62, "R/PT1S": 1<<63 - 2, "R1/P1D/2026-01-01": 0} {
		c, err := ParseCycle(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Due(anchor, n, time.Time{}, nil); ok || !got.IsZero() {
			t.Errorf("%s for the %d. time: %s", text, n, show(got))
		}
	}
	if got, ok := (Cycle{}).Due(anchor, 0, time.Time{}, nil); ok {
		t.Errorf("no cycle: %s", show(got))
	}
}

func TestParseCycleRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "five, six or seven fields",
		"PT10S":                            "begins with R",
		"R3":                               "no duration",
		"R3/":                              "not an ISO 8601 duration",
		"R0/PT10S":                         "number of times",
		"R-1/PT10S":                        "number of times",
		"R+1/PT10S":                        "number of times",
		"R3000000000/PT10S":                "number of times",
		"Repeat/PT10S":                     "number of times",
		"R3/PT10S/":                        "the end is empty",
		"R3/PT10S/x":                       "not an ISO 8601 date",
		"R3/x/PT10S":                       "not an ISO 8601 date",
		"R3/2026-01-01/2026-01-02":         "not an ISO 8601 duration",
		"R3/2026-01-01/P1D/2026-01-02/P1D": "more than",
		"R3/PT0.9S":                        "shortest cycle",
		"R/PT0S":                           "shortest cycle",
		"R/P0D":                            "shortest cycle",
		"* * * *":                          "five, six or seven fields",
		"* * * * * * * *":                  "five, six or seven fields",
		"0 0 12 L * ?":                     "L, W and #",
		"0 0 12 L-3 * ?":                   "L, W and #",
		"0 0 12 LW * ?":                    "L, W and #",
		"0 0 12 15W * ?":                   "L, W and #",
		"0 0 12 ? * 6L":                    "L, W and #",
		"0 0 12 ? * MON#2":                 "L, W and #",
		"0 0 12 * * ? 2027":                "the year must be *",
		"0 0 12 ? * 0":                     "day of the week",
		"0 0 12 ? * 8":                     "day of the week",
		"0 12 * * 8":                       "day of the week",
		"0 0 12 ? * 6-2":                   "beyond end of range",
		"60 * * * *":                       "above maximum",
		"0 0 0 30 2 ?":                     "never due",
		", * * * *":                        "empty entry",
		"1,,2 * * * *":                     "empty entry",
		"*/0 * * * *":                      "step",
		"TZ=UTC * * * *":                   "TZ=UTC",
		"TZ=":                              "five, six or seven fields",
		"@daily":                           "five, six or seven fields",
		strings.Repeat("x", 5000):          "five, six or seven fields",
	} {
		_, err := ParseCycle(text)
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 400 {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// Whatever the cycle, the zone and the anchor, a time comes after the one before and is a whole
// number of milliseconds.
func TestDueIncreases(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{nil, load(t, "Asia/Shanghai"), load(t, "Europe/Berlin"), load(t, "America/Sao_Paulo"), load(t, "Australia/Lord_Howe")}
	texts := []string{
		"R/PT1S", "R/PT1.001S", "R/PT36H", "R/P1D", "R/P1DT1H", "R/P1M", "R/P1M1D", "R/P1Y", "R/P1W", "R5/P0.5D", "R/2026-01-31T02:30/P1M",
		"R/2026-01-31/P1D/2030-01-01", "* * * * *", "30 2 * * *", "0 0 * * *", "0 0/20 * * * ?", "0 30 1 ? * SUN", "* * * * * *",
	}
	rapid.Check(t, func(t *rapid.T) {
		c, err := ParseCycle(rapid.SampledFrom(texts).Draw(t, "cycle"))
		if err != nil {
			t.Fatal(err)
		}
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		anchor := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "anchor")).UTC()
		first := rapid.IntRange(0, 100).Draw(t, "first")
		previous := anchor
		for n := first; n < first+20; n++ {
			due, ok := c.Due(anchor, n, previous, loc)
			if !ok {
				return
			}
			if n > first && !due.After(previous) {
				t.Fatalf("%d: %s is not after %s", n, show(due), show(previous))
			}
			if due.Location() != time.UTC || !due.Equal(due.Truncate(time.Millisecond)) {
				t.Fatalf("%d: %s", n, show(due))
			}
			previous = due
		}
	})
}

// FuzzSchedule reads any text as everything: nothing panics or takes long, and what is accepted is due in
// order.
func FuzzSchedule(f *testing.F) {
	for _, text := range []string{
		"R3/PT10S", "R/2026-01-01T00:00/P1M/2027-01-01", "0 0/5 * ? * MON-FRI *", "30 8 * * 1,7", "PT1M,PT5M", "R5/PT5M",
		"2026-12-01T08:00:00.5+08:00", "P1Y2M3W4DT5H6M7.8S", "TZ= ", "* * 31 2 *",
	} {
		f.Add(text, int64(1767225600000))
	}
	f.Fuzz(func(t *testing.T, text string, milli int64) {
		anchor := time.UnixMilli(milli % 4e12)
		if at, err := Date(text, nil); (err == nil) == at.IsZero() {
			t.Errorf("Date: %s, %v", show(at), err)
		}
		if at, err := After(anchor, text, nil); (err == nil) == at.IsZero() {
			t.Errorf("After: %s, %v", show(at), err)
		}
		if count, delays, err := Retries(text); err == nil && (count < 1 || len(delays) == 0) {
			t.Errorf("Retries: %d, %q", count, delays)
		}
		c, err := ParseCycle(text)
		if err != nil {
			return
		}
		var previous time.Time
		for n := range 3 {
			due, ok := c.Due(anchor, n, previous, nil)
			if !ok {
				return
			}
			if !due.After(previous) {
				t.Errorf("%q: %s is not after %s", text, show(due), show(previous))
			}
			previous = due
		}
	})
}
