package schedule

import (
	"testing"
	"time"
)

func TestParsePattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, text, want string }{
		{"dd/MM/yyyy", "24/12/2030", "2030-12-24T00:00:00Z"},
		{"dd/MM/yyyy", "32/13/2030", "2031-02-01T00:00:00Z"},
		{"dd/MM/yyyy", "1/2/2030 and more", "2030-02-01T00:00:00Z"},
		{"yyyyMMdd'T'HH:mm:ss.SSS", "20301224T10:20:30.456", "2030-12-24T10:20:30.456Z"},
		{"dd.MM.yy", "24.12.30", "2030-12-24T00:00:00Z"},
		{"dd/MM/yyyy", "2030-12-24", ""},
		{"dd/MM/yyyy", "", ""},
		{"dd MMM yyyy", "24 Dec 2030", ""},
	} {
		at, err := ParsePattern(c.pattern, c.text, time.UTC)
		if got := at.Format(time.RFC3339Nano); err == nil && got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s %q: %s, %v, want %q", c.pattern, c.text, got, err, c.want)
		}
	}
}
