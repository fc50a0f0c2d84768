package camunda

import (
	"context"
	"slices"
	"strings"
)

// checkDates refuses a query whose dates cannot be read.
func (q Query) checkDates() error {
	for name := range q.values {
		dated := slices.ContainsFunc([]string{"Before", "After", "On"}, func(end string) bool { return strings.HasSuffix(name, end) })
		if !dated || !q.Has(name) {
			continue
		}
		if _, err := ParseDate(q.Text(name)); err != nil {
			return BadRequest("Cannot set query parameter '%s' to value '%s': %s", name, q.Text(name), Failure(err).Message)
		}
	}
	return nil
}

var incidentFilters = []string{"withIncidents", "withRootIncidents", "incidentStatus", "incidentType", "incidentMessage", "incidentMessageLike"}

// asksIncidents reports whether a query is about the incidents of instances.
func (q Query) asksIncidents() bool { return slices.ContainsFunc(incidentFilters, q.Has) }

// withIncidents holds what a query says of the incidents of an instance: one of them must be as it says.
func (s *Service) withIncidents(ctx context.Context, q Query, x scene) bool {
	if !q.asksIncidents() {
		return true
	}
	f, err := s.past(ctx, x, nil)
	return err == nil && slices.ContainsFunc(f.incidents, func(i PastIncident) bool {
		status := q.Text("incidentStatus")
		return (status == "" || status == "open" && i.Open || status == "resolved" && i.Resolved) && q.is("incidentType", i.Type) &&
			q.is("incidentMessage", textOf(i.Message)) && q.like("incidentMessageLike", textOf(i.Message))
	})
}
