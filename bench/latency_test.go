package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLatencies(t *testing.T) {
	t.Parallel()
	var watch stopwatch
	for i := range 100 {
		watch.note(time.Duration(100-i)*time.Millisecond, nil)
	}
	watch.note(time.Hour, &statusError{"/x", 429, nil})
	watch.note(time.Hour, errors.Join(errors.New("wrapped"), &statusError{"/x", 500, []byte("no")}))
	l := watch.end(time.Now().Add(-10 * time.Second))
	if l.at(0.5) != 51 || l.at(0.99) != 100 || l.at(1) != 100 || l.refused != 1 || l.failed != 1 || !strings.Contains(l.first.Error(), "status 500") {
		t.Errorf("%+v, P50 %g", l, l.at(0.5))
	}
	if rate := l.perSecond(); rate < 9 || rate > 10.1 {
		t.Errorf("%g a second", rate)
	}
	if (latencies{}).at(0.99) != 0 {
		t.Error("nothing has a latency")
	}
}

// A latency of the open loop includes the time for which an operation had to wait for its turn.
func TestOpenLoopCountsTheWait(t *testing.T) {
	t.Parallel()
	l := atRate(t.Context(), 1, 100, 200*time.Millisecond, func(_, i int) error {
		if i == 0 {
			time.Sleep(100 * time.Millisecond)
		}
		return nil
	})
	if len(l.times) != 20 || l.at(0.5) < 5 || l.at(1) < 100 {
		t.Errorf("%d operations, P50 %g ms, the slowest %g ms: the ones behind the slow one do not show it", len(l.times), l.at(0.5), l.at(1))
	}
}

func TestMargin(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		value  float64
		target string
		want   float64
	}{{0.9, "≥ 0.45", 2}, {25, "≤ 50", 2}, {1000, "< 500", 0.5}, {0, "= 0", 0}, {3, "soon", 0}} {
		if got := (Goal{Value: tc.value, Target: tc.target}).margin(); got != tc.want {
			t.Errorf("%g, %s: %g, want %g", tc.value, tc.target, got, tc.want)
		}
	}
}

// What a run found stands between the marks of the page, whatever stood there; the rest of the page stays.
func TestPublish(t *testing.T) { //nolint:paralleltest // changes the directory
	t.Chdir(t.TempDir())
	if err := publish("out"); err == nil {
		t.Error("nothing is published, and nothing is said")
	}
	met := true
	r := &report{At: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC), Goals: []Goal{
		{ID: 2, Name: "ratio <of> & rates", Value: 0.6, Unit: "ratio", Target: "≥ 0.45", OK: &met, Rounds: []round{{Product: turn{PerSecond: 600}, Raw: turn{PerSecond: 1000}}}},
		{ID: 5, Name: "handler", Value: 0.3, Unit: "ratio", Target: "≥ 0.6", Why: "neighbours"},
	}}
	if err := errors.Join(r.write("out"), os.MkdirAll("docs", 0o700), os.WriteFile(page, []byte("before\n"+figures+"\nold\n"+figureEnd+"\nafter\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := publish("out"); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n", "\nafter\n", "| 2 | ratio <of> & rates | 0.6 | ratio | ≥ 0.45 | met |", "none: neighbours"} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "old") {
		t.Error("the old figures stay")
	}
	for name, want := range map[string]string{"goals.svg": "ratio &lt;of&gt; &amp; rates", "rounds.svg": "600/s"} {
		chart, err := os.ReadFile(filepath.Join(charts, name))
		if err != nil || !strings.Contains(string(chart), want) || !strings.HasSuffix(string(chart), "</svg>\n") {
			t.Errorf("%s: %v\n%s", name, err, chart)
		}
	}
}
