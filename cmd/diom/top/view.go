package top

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// rows is how many functions and statements are shown at most.
const rows = 12

// Render writes what happened from one sample to the next.
func Render(before, now Sample) string {
	seconds := max(now.At.Sub(before.At).Seconds(), 0.001)
	var out strings.Builder
	fmt.Fprintf(&out, "%s   %d of %d processes answer   %s of memory   %.0f goroutines\n",
		now.At.Format(time.TimeOnly), len(now.families), now.Processes, size(now.sum("process_resident_memory_bytes")), now.sum("go_goroutines"))
	for _, err := range now.Failures {
		fmt.Fprintf(&out, "  %v\n", err)
	}
	rate := func(name string) float64 { return max(0, now.sum(name)-before.sum(name)) / seconds }
	steps := between(before, now, "diom_advance_duration_seconds", "")[""]
	fmt.Fprintf(&out, "\nInstances  %.0f active   %.1f/s started   %.1f/s ended   %.1f/s tasks completed\n",
		now.most("diom_instances_active"), rate("diom_instances_started_total"), rate("diom_instances_ended_total"), rate("diom_tasks_completed_total"))
	fmt.Fprintf(&out, "Steps      P50 %s   P99 %s   %.1f/s made again\n", duration(steps.quantile(0.5)), duration(steps.quantile(0.99)), rate("diom_fence_conflicts_total"))
	fmt.Fprintf(&out, "Waiting    outbox %.0f (%s)   timers late %s   parked %.0f   incidents %.0f   dead letters %.0f   stuck %.0f\n",
		now.most("diom_outbox_pending"), duration(now.most("diom_outbox_oldest_seconds")), duration(now.most("diom_timer_lag_seconds")),
		now.most("diom_inbox_parked"), now.most("diom_incidents_open"), now.most("diom_dead_letters"), now.most("diom_stuck_instances"))
	fmt.Fprintf(&out, "People     %.0f active   %.1f/s refused log-ins and tokens   %.1f/s without the right\n",
		now.most("diom_active_users"), rate("diom_auth_failures_total"), rate("diom_authz_denied_total"))
	fmt.Fprintf(&out, "Database   %.0f of %.0f connections in use   %.2f s/s waiting   Redis %s\n\n",
		now.sum("go_sql_in_use_connections"), now.sum("go_sql_max_open_connections"), rate("go_sql_wait_duration_seconds_total"), up(now.most("diom_redis_down")))
	table(&out, "FUNCTION", between(before, now, "diom_http_request_duration_seconds", "fn"), seconds, true)
	out.WriteByte('\n')
	table(&out, "STATEMENT", between(before, now, "diom_db_query_duration_seconds", "stmt"), seconds, false)
	return out.String()
}

// table lists the busiest first: those that took most time together.
func table(out *strings.Builder, title string, list map[string]*spread, seconds float64, failures bool) {
	names := slices.Collect(maps.Keys(list))
	names = slices.DeleteFunc(names, func(name string) bool { return list[name].count <= 0 })
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(list[b].seconds, list[a].seconds), strings.Compare(a, b))
	})
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s\t/s\tP50\tP95\t", title)
	if failures {
		fmt.Fprint(w, "5xx/s\t")
	}
	fmt.Fprintln(w)
	for _, name := range names[:min(rows, len(names))] {
		h := list[name]
		fmt.Fprintf(w, "%s\t%.1f\t%s\t%s\t", name, h.count/seconds, duration(h.quantile(0.5)), duration(h.quantile(0.95)))
		if failures {
			fmt.Fprintf(w, "%.1f\t", h.failed/seconds)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // a strings.Builder takes everything
}

// duration writes seconds as people read them; a quantile is a bound of its histogram.
func duration(seconds float64) string {
	switch {
	case math.IsInf(seconds, 1):
		return "more"
	case seconds >= 100:
		return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
	}
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Microsecond).String()
}

func size(bytes float64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", bytes/(1<<30))
	}
	return fmt.Sprintf("%.0f MiB", bytes/(1<<20))
}

func up(down float64) string {
	if down > 0 {
		return "DOWN"
	}
	return "up"
}
