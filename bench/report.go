package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what a run found, as it is written to latest.json.
type report struct {
	At        time.Time         `json:"at"`
	Machine   machine           `json:"machine"`
	Versions  map[string]string `json:"versions"`
	Variables map[string]string `json:"variables"`
	Goals     []Goal            `json:"goals"`
}

// Goal is one line of the report. OK is nil where there is no verdict; Why says the reason.
type Goal struct {
	ID     int                `json:"id"`
	Name   string             `json:"name"`
	Value  float64            `json:"value"`
	Unit   string             `json:"unit"`
	Target string             `json:"target"`
	OK     *bool              `json:"ok"`
	Why    string             `json:"why,omitempty"`
	Rounds []round            `json:"rounds,omitempty"`
	Detail map[string]float64 `json:"detail,omitempty"`
}

// machine is where the run took place.
type machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	Memory     string `json:"memory"`
	Kernel     string `json:"kernel"`
	LoadBefore string `json:"loadBefore"`
	LoadAfter  string `json:"loadAfter"`
}

func newReport(ctx context.Context, s *servers) (*report, error) {
	r := &report{At: time.Now().UTC(), Machine: machine{
		CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Memory: field("/proc/meminfo", "MemTotal"),
		Kernel: line("/proc/sys/kernel/osrelease"), LoadBefore: line("/proc/loadavg"),
	}}
	var err error
	if r.Versions, err = s.versions(ctx); err != nil {
		return nil, err
	}
	r.Variables, err = s.variables(ctx)
	return r, err
}

func (r *report) finish() { r.Machine.LoadAfter = line("/proc/loadavg") }

func (r *report) failed() bool {
	return slices.ContainsFunc(r.Goals, func(g Goal) bool { return g.OK != nil && !*g.OK })
}

// write makes latest.json, whole or not at all.
func (r *report) write(dir string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	path := filepath.Join(dir, "latest.json")
	if err := os.WriteFile(path+".new", append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// table is the report for people.
func (r *report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d cores, %s; load %s, then %s\n", r.Machine.CPU, r.Machine.Cores, r.Machine.Memory, r.Machine.LoadBefore, r.Machine.LoadAfter)
	fmt.Fprintf(&b, "%s\n%s\n\n", pairs(r.Versions), pairs(r.Variables))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "goal\t\tvalue\tunit\ttarget\tverdict")
	for _, g := range r.Goals {
		fmt.Fprintf(w, "%d\t%s\t%.4g\t%s\t%s\t%s\n", g.ID, g.Name, g.Value, g.Unit, g.Target, g.verdict())
	}
	_ = w.Flush() // a strings.Builder does not fail
	for _, g := range r.Goals {
		if g.Detail != nil {
			fmt.Fprintf(&b, "\n%d %s\n", g.ID, g.Name)
			for _, name := range sorted(g.Detail) {
				fmt.Fprintf(&b, "  %-52s %10.5g\n", name, g.Detail[name])
			}
		}
	}
	return b.String()
}

func (g Goal) verdict() string {
	switch {
	case g.OK == nil:
		return "none: " + g.Why
	case *g.OK:
		return "met"
	}
	return "MISSED " + g.Why
}

func pairs(m map[string]string) string {
	list := make([]string, 0, len(m))
	for _, name := range sorted(m) {
		list = append(list, name+"="+m[name])
	}
	return strings.Join(list, " ")
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(list))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// line returns the first line of a file of /proc, "" where there is none.
func line(path string) string {
	raw, _ := os.ReadFile(path) //nolint:gosec // a constant of this package
	text, _, _ := strings.Cut(string(raw), "\n")
	return text
}

// field returns the first value of a name in a file of "name: value" lines.
func field(path, name string) string {
	raw, _ := os.ReadFile(path) //nolint:gosec // a constant of this package
	for text := range strings.Lines(string(raw)) {
		if key, value, ok := strings.Cut(text, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
