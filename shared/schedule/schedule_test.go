package schedule

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func load(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// at reads a time that a test names.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	result, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// show writes a result as a test expects it: in UTC, with its milliseconds.
func show(at time.Time) string { return at.Format(time.RFC3339Nano) }

func TestDate(t *testing.T) {
	t.Parallel()
	shanghai := load(t, "Asia/Shanghai")
	for text, want := range map[string]string{
		"2026-12-01T08:00:00Z":           "2026-12-01T08:00:00Z",
		"2026-12-01T08:00:00+08:00":      "2026-12-01T00:00:00Z",
		"2026-12-01T08:00:00.123456789Z": "2026-12-01T08:00:00.123Z",
		"2026-12-01T08:00:00.5+0800":     "2026-12-01T00:00:00.5Z",
		"2026-12-01T08:00:00+0800":       "2026-12-01T00:00:00Z",
		"2026-12-01T08:00:00":            "2026-12-01T00:00:00Z",
		"2026-12-01T08:00:00.25":         "2026-12-01T00:00:00.25Z",
		"2026-12-01T08:00":               "2026-12-01T00:00:00Z",
		" 2026-12-01\n":                  "2026-11-30T16:00:00Z",
		"1000-01-02":                     "1000-01-01T15:54:17Z",
		"9999-12-31T23:59:59Z":           "9999-12-31T23:59:59Z",
	} {
		got, err := Date(text, shanghai)
		if err != nil || show(got) != want {
			t.Errorf("%q: %s, %v; want %s", text, show(got), err, want)
		}
	}
	if got, err := Date("2026-12-01", nil); err != nil || show(got) != "2026-12-01T00:00:00Z" {
		t.Errorf("without a zone: %s, %v", show(got), err)
	}
	for _, text := range []string{
		"", " ", "tomorrow", "2026-13-01", "2026-02-30", "PT5M", "2026-12-01T25:00", "0000-01-01", "0999-12-31",
		"9999-12-31T23:59:59-01:00", "01.12.2026", "2026-12-01 08:00", strings.Repeat("时", 1000),
	} {
		if got, err := Date(text, nil); err == nil || !got.IsZero() || len(err.Error()) > 200 {
			t.Errorf("%q is %s, %v", text, show(got), err)
		}
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	shanghai, berlin := load(t, "Asia/Shanghai"), load(t, "Europe/Berlin")
	for _, c := range []struct {
		from, text string
		loc        *time.Location
		want       string
	}{
		{"2026-01-31T10:00:00Z", "PT0S", nil, "2026-01-31T10:00:00Z"},
		{"2026-01-31T10:00:00.0009Z", "PT0.5S", nil, "2026-01-31T10:00:00.5Z"},
		{"2026-01-31T10:00:00Z", " PT15M ", nil, "2026-01-31T10:15:00Z"},
		{"2026-01-31T10:00:00Z", "PT1.5H", nil, "2026-01-31T11:30:00Z"},
		{"2026-01-31T10:00:00Z", "P1DT12H", nil, "2026-02-01T22:00:00Z"},
		{"2026-01-31T10:00:00Z", "P0.5D", nil, "2026-01-31T22:00:00Z"},
		{"2026-01-31T10:00:00Z", "P1.5W", nil, "2026-02-10T22:00:00Z"},
		{"2026-01-31T10:00:00Z", "P1Y2M3W4DT5H6M7S", nil, "2027-04-25T15:06:07Z"},
		{"2026-01-31T10:00:00Z", "P1M", nil, "2026-02-28T10:00:00Z"},
		{"2026-08-31T10:00:00Z", "P6M", nil, "2027-02-28T10:00:00Z"},
		{"2024-02-29T10:00:00Z", "P1Y", nil, "2025-02-28T10:00:00Z"},
		{"2026-12-31T10:00:00Z", "P2M", nil, "2027-02-28T10:00:00Z"},
		// In Shanghai it is the 31st already.
		{"2026-01-30T17:00:00Z", "P1M", shanghai, "2026-02-27T17:00:00Z"},
		// A day has 23 hours when summer time begins; 24 hours are 24 hours.
		{"2026-03-28T11:00:00Z", "P1D", berlin, "2026-03-29T10:00:00Z"},
		{"2026-03-28T11:00:00Z", "PT24H", berlin, "2026-03-29T11:00:00Z"},
		// The day on which it ends has half past two twice.
		{"2026-10-25T00:30:00Z", "PT1S", berlin, "2026-10-25T00:30:01Z"},
		{"2026-10-25T01:30:00Z", "PT1S", berlin, "2026-10-25T01:30:01Z"},
		{"2026-01-31T10:00:00Z", "P1000Y", nil, "3026-01-31T10:00:00Z"},
	} {
		got, err := After(at(t, c.from), c.text, c.loc)
		if err != nil || show(got) != c.want {
			t.Errorf("%s and %q: %s, %v; want %s", c.from, c.text, show(got), err, c.want)
		}
	}
	for _, text := range []string{
		"", "P", "PT", "P1DT", "1D", "-PT5M", "P-1D", "PT5", "P1H", "PT1D", "P1D1D", "P1D1Y", "PT1S1M", "P0.5Y", "P0.5M",
		"PP1D", "P1DP1D", "PT1TS", "PT٣S", "PT½S", "P.5D", "P1.D", "P1e3D", "P1001Y", "P12001M", "P366001D", "PT9999999H",
		"PT" + strings.Repeat("9", 400) + "S", "P" + strings.Repeat("9", 400) + "D", "R3/PT10S",
	} {
		if got, err := After(at(t, "2026-01-31T10:00:00Z"), text, nil); err == nil || !got.IsZero() || len(err.Error()) > 250 {
			t.Errorf("%q: %s, %v", text, show(got), err)
		}
	}
	if got, err := After(at(t, "9999-01-01T00:00:00Z"), "P1Y", nil); err == nil {
		t.Errorf("after the year 9999: %s", show(got))
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		Count  int
		Delays []string
	}{
		"R5/PT5M":       {5, []string{"PT5M"}},
		" R1/PT0S ":     {1, []string{"PT0S"}},
		"R/PT5M":        {1<<31 - 1, []string{"PT5M"}},
		"PT1M,PT5M":     {3, []string{"PT1M", "PT5M"}},
		"PT1M , P1DT2H": {3, []string{"PT1M", "P1DT2H"}},
		"PT1M":          {2, []string{"PT1M"}},
	} {
		count, delays, err := Retries(text)
		if err != nil || count != want.Count || !cmp.Equal(delays, want.Delays) {
			t.Errorf("%q: %d, %q, %v", text, count, delays, err)
		}
	}
	for _, text := range []string{
		"", "R5", "R5/", "R0/PT5M", "R-1/PT5M", "R+1/PT5M", "Rx/PT5M", "R5/PT5M,PT6M", "R5/2026-01-01/PT5M", "R5/PT5M/2026-01-01",
		"5", "PT1M,", ",PT1M", "PT1M,x", "PT1M;PT5M", "0 0 8 * * ?", "R99999999999/PT1M",
	} {
		if count, delays, err := Retries(text); err == nil || count != 0 || delays != nil {
			t.Errorf("%q: %d, %q", text, count, delays)
		}
	}
}
