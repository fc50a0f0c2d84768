package telemetry_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/telemetry"
)

// described finds the metrics that a page describes, a row of a table each.
var described = regexp.MustCompile("(?m)^\\| `(diom_[a-z_]+)(?:\\{[a-z, ]+\\})?` \\|")

// What docs/operations/metrics.md describes is what a process tells, by name.
func TestMetricsAreDescribed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range described.FindAllStringSubmatch(string(page), -1) {
		names = append(names, row[1])
	}
	slices.Sort(names)
	if diff := cmp.Diff(telemetry.Names(), names); diff != "" {
		t.Errorf("docs/operations/metrics.md (+) and the process (-):\n%s", diff)
	}
}

// required are the metrics that alerts, dashboards and operators rely on: a name that goes is a break.
var required = []string{
	"diom_active_users", "diom_advance_duration_seconds", "diom_auth_failures_total", "diom_backup_last_success_timestamp",
	"diom_cold_start_seconds", "diom_db_query_duration_seconds", "diom_fence_conflicts_total", "diom_http_request_duration_seconds",
	"diom_inbox_duplicates_total", "diom_inbox_parked", "diom_incidents_open", "diom_instances_archived_total", "diom_instances_ended_total", "diom_instances_started_total",
	"diom_lock_hold_seconds", "diom_lock_wait_seconds", "diom_outbox_oldest_seconds", "diom_outbox_pending", "diom_stuck_instances",
	"diom_tasks_completed_total", "diom_timer_lag_seconds",
}

func TestMetricsRequired(t *testing.T) {
	t.Parallel()
	names := telemetry.Names()
	for _, name := range required {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing", name)
		}
	}
}
