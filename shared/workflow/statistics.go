package workflow

import (
	"cmp"
	"context"
	"slices"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Overview is how the work of the whole product goes. Each count ends at 10,000.
type Overview struct {
	Running   []store.RunningCount  `json:"running"`
	Incidents []store.IncidentGroup `json:"incidents"`
	Timers    store.Lag             `json:"timers"` // due and not fired
	Events    store.Lag             `json:"events"` // not sent
	Hours     []store.HourCount     `json:"hours"`  // of the last day
}

// Overview counts what runs, what has failed and what is late. The route asks for the permission.
func (s *Service) Overview(ctx context.Context) (*Overview, error) {
	now := s.instant()
	var o Overview
	var err error
	for _, read := range []func() error{
		func() error { o.Running, err = s.store.RunningCounts(ctx); return err },
		func() error { o.Incidents, err = s.store.IncidentGroups(ctx); return err },
		func() error { o.Timers, err = s.store.LateTimers(ctx, now); return err },
		func() error { o.Events, err = s.store.Unsent(ctx); return err },
		func() error { o.Hours, err = s.store.HourCounts(ctx, now.Add(-24*time.Hour)); return err },
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	o.Running, o.Incidents = listed(o.Running), listed(o.Incidents)
	return &o, nil
}

// listed makes a list of none an empty one, which is [] in JSON.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Durations are lengths of time in seconds: how many there are, the middle one, and those that all but a tenth and
// all but a twentieth stay below.
type Durations struct {
	Count  int     `json:"count"`
	Mean   float64 `json:"meanSeconds"`
	Median float64 `json:"medianSeconds"`
	P90    float64 `json:"p90Seconds"`
	P95    float64 `json:"p95Seconds"`
}

// NodeStatistics is what has happened at a flow node.
type NodeStatistics struct {
	NodeID    string    `json:"nodeId"`
	Visits    int       `json:"visits"`
	Running   int       `json:"running"`   // tokens that are there
	Incidents int       `json:"incidents"` // open ones
	Late      int       `json:"late"`      // tasks that ended after they were due
	Overdue   int       `json:"overdue"`   // tasks that are open and were due
	Durations Durations `json:"durations"` // of the visits that are over
}

// VersionStatistics counts the instances of a version by state.
type VersionStatistics struct {
	DefinitionID   engine.ID `json:"definitionId"`
	ProcessVersion int       `json:"processVersion"`
	Active         int       `json:"active"`
	Suspended      int       `json:"suspended"`
	Completed      int       `json:"completed"`
	Cancelled      int       `json:"cancelled"`
}

// DayStatistics are the instances that began on a day, in UTC: how many, how many of them have ended, and how long
// the middle one took.
type DayStatistics struct {
	Day    string  `json:"day"` // YYYY-MM-DD
	Start  int     `json:"started"`
	Ended  int     `json:"ended"`
	Median float64 `json:"medianSeconds"`
}

// ProcessStatistics is how a process has gone since a moment. Counts and lengths are of the newest 5,000 instances
// that began since then; what is told of nodes is of Sampled of them, running ones first.
type ProcessStatistics struct {
	ProcessKey string              `json:"processKey"`
	Since      time.Time           `json:"since"`
	Instances  int                 `json:"instances"`
	Sampled    int                 `json:"sampled"`
	Capped     bool                `json:"capped"` // there are more instances than were counted
	Versions   []VersionStatistics `json:"versions"`
	Durations  Durations           `json:"durations"` // of instances that have completed
	Days       []DayStatistics     `json:"days"`
	Nodes      []NodeStatistics    `json:"nodes"`
}

const (
	maxCourses        = 5000
	maxSampled        = 300
	maxSteps          = 20_000
	maxStatisticsDays = 366
)

// ErrDays: statistics were asked for of too many days, or of none.
var ErrDays = fault.New(fault.Malformed, "bad_days", "Statistics are of 1 to 366 days.")

// ProcessStatistics tells how a process, or one version of it, has gone in the last days. The route asks for the
// permission. Errors: ErrDays, store.ErrNoDefinition.
func (s *Service) ProcessStatistics(ctx context.Context, key string, definition engine.ID, days int) (*ProcessStatistics, error) {
	if days < 1 || days > maxStatisticsDays {
		return nil, ErrDays
	}
	now := s.instant()
	since := now.AddDate(0, 0, -days)
	courses, err := s.store.Courses(ctx, key, since, maxCourses)
	if err == nil && len(courses) == 0 { // where there are instances there is the process
		_, _, err = s.store.LatestDefinition(ctx, key)
	}
	if err != nil {
		return nil, err
	}
	p := &ProcessStatistics{ProcessKey: key, Since: since, Capped: len(courses) == maxCourses, Versions: versionsOf(courses)}
	if !definition.IsZero() {
		courses = slices.DeleteFunc(courses, func(c store.Course) bool { return c.DefinitionID != definition })
	}
	p.Instances = len(courses)
	p.Durations = durationsOf(lengths(courses))
	p.Days = daysOf(courses)
	sample := sampleOf(courses)
	rows, err := s.store.Histories(ctx, sample, maxSteps)
	if err != nil {
		return nil, err
	}
	p.Sampled, p.Nodes = nodesOf(rows, now)
	return p, nil
}

func versionsOf(courses []store.Course) []VersionStatistics {
	list := []VersionStatistics{}
	at := map[engine.ID]int{}
	for _, c := range courses {
		i, known := at[c.DefinitionID]
		if !known {
			i = len(list)
			at[c.DefinitionID] = i
			list = append(list, VersionStatistics{DefinitionID: c.DefinitionID, ProcessVersion: c.ProcessVersion})
		}
		switch c.State {
		case engine.Active:
			list[i].Active++
		case engine.Suspended:
			list[i].Suspended++
		case engine.Completed:
			list[i].Completed++
		default:
			list[i].Cancelled++
		}
	}
	slices.SortFunc(list, func(a, b VersionStatistics) int { return b.ProcessVersion - a.ProcessVersion })
	return list
}

func lengths(courses []store.Course) []float64 {
	var list []float64
	for _, c := range courses {
		if c.State == engine.Completed && c.EndedAt != nil {
			list = append(list, c.EndedAt.Sub(c.StartedAt).Seconds())
		}
	}
	return list
}

func durationsOf(seconds []float64) Durations {
	n := len(seconds)
	if n == 0 {
		return Durations{}
	}
	slices.Sort(seconds)
	sum := 0.0
	for _, x := range seconds {
		sum += x
	}
	rank := func(percent int) float64 { return seconds[min(n-1, n*percent/100)] }
	return Durations{Count: n, Mean: sum / float64(n), Median: rank(50), P90: rank(90), P95: rank(95)}
}

func daysOf(courses []store.Course) []DayStatistics {
	by := map[string][]store.Course{}
	for _, c := range courses {
		day := c.StartedAt.UTC().Format(time.DateOnly)
		by[day] = append(by[day], c)
	}
	list := make([]DayStatistics, 0, len(by))
	for day, of := range by {
		d := DayStatistics{Day: day, Start: len(of), Median: durationsOf(lengths(of)).Median}
		for _, c := range of {
			if c.EndedAt != nil {
				d.Ended++
			}
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b DayStatistics) int { return cmp.Compare(a.Day, b.Day) })
	return list
}

// sampleOf chooses the instances whose histories are read: those that run, then the newest that have ended.
func sampleOf(courses []store.Course) []engine.ID {
	ids := []engine.ID{}
	for _, ended := range []bool{false, true} {
		for _, c := range courses {
			if (c.EndedAt != nil) == ended && len(ids) < maxSampled {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids
}
