package manifest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"diom.io/workflow/shared/faas"
)

// timeZone is the one in which schedules are meant: that of shared/config.
const timeZone = "Asia/Shanghai"

// offset is how many hours timeZone is ahead of UTC. It has no summer time.
const offset = 8

// scheduledPattern is the route that the schedulers of both platforms call: the function's root.
const scheduledPattern = "/{$}"

// pingSources are one for each function with a schedule. The event goes to the function itself, not
// through the Broker.
func pingSources(functions []faas.Function) []object {
	var list []object
	for _, f := range functions {
		if f.Schedule == "" {
			continue
		}
		list = append(list, object{
			"apiVersion": "sources.knative.dev/v1", "kind": "PingSource",
			"metadata": object{"name": f.Name, "labels": labelsOf(f.Name)},
			"spec":     object{"schedule": f.Schedule, "timezone": timeZone, "sink": serviceReference(f.Name, "")},
		})
	}
	return list
}

// checkSchedule wants of a scheduled function the route that schedulers call, and a schedule that both
// platforms understand.
func checkSchedule(f faas.Function) error {
	if f.Schedule == "" {
		return nil
	}
	if !slices.ContainsFunc(f.Routes, func(r faas.Route) bool { return r.Method == http.MethodPost && r.Pattern == scheduledPattern }) {
		return fmt.Errorf("function %s: it has a schedule and no route POST %s", f.Name, scheduledPattern)
	}
	if _, err := inUTC(f.Schedule); err != nil {
		return fmt.Errorf("function %s: %w", f.Name, err)
	}
	return nil
}

// inUTC returns a five-field cron expression of timeZone as cron-connector reads it, in UTC. An hour is
// moved where the expression holds on every day; what would fall on another day is refused.
func inUTC(schedule string) (string, error) {
	fields := strings.Fields(schedule)
	if len(fields) != 5 || fields[2] != "*" || fields[3] != "*" || fields[4] != "*" {
		return "", fmt.Errorf("schedule %q: it has five fields and holds on every day, since OpenFaaS reads it in UTC", schedule)
	}
	hours, every := strings.CutPrefix(fields[1], "*")
	if hours == "" {
		return schedule, nil
	}
	hour, err := strconv.Atoi(strings.TrimPrefix(hours, "/"))
	switch {
	case err != nil || hour < 0 || hour > 23:
		return "", fmt.Errorf("schedule %q: the hour is a number, * or */n, since OpenFaaS reads it in UTC", schedule)
	case every && (hour == 0 || 24%hour != 0 || offset%hour != 0):
		return "", fmt.Errorf("schedule %q: every %d hours in %s are other hours in UTC", schedule, hour, timeZone)
	case every:
		return schedule, nil
	}
	fields[1] = strconv.Itoa((hour + 24 - offset) % 24)
	return strings.Join(fields, " "), nil
}
