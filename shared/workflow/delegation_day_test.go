package workflow

import (
	"errors"
	"testing"
	"time"

	"diom.io/workflow/shared/store"
)

// A day is that of the office, whole, and not one of UTC; the last one is included.
func TestDelegationsByDays(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	s := New(nil, nil, shanghai, nil)
	var d store.Delegation
	if err := s.days(&d, "2026-02-01", "2026-02-28", false, false); err != nil {
		t.Fatal(err)
	}
	from, to := time.Date(2026, 1, 31, 16, 0, 0, 0, time.UTC), time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC)
	if !d.From.Equal(from) || !d.To.Equal(to) {
		t.Errorf("%s to %s, want %s to %s", d.From, d.To, from, to)
	}
	d = store.Delegation{From: from, To: to}
	if err := s.days(&d, "", "2026-03-01", true, false); err != nil || !d.From.Equal(from) || !d.To.Equal(to.Add(24*time.Hour)) {
		t.Errorf("%s to %s: %v", d.From, d.To, err)
	}
	for name, err := range map[string]error{
		"no day": s.days(&d, "2026-02-30", "", false, false), "a time": s.days(&d, "2026-02-01T00:00:00Z", "", false, false),
		"twice": s.days(&d, "2026-02-01", "", true, false), "twice at the end": s.days(&d, "", "2026-02-01", true, true),
	} {
		if !errors.Is(err, ErrDay) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
