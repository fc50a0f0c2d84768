package demo_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/demo"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// monday is a morning: what is told of working hours is the same whenever the test runs.
var monday = time.Date(2026, time.March, 9, 3, 0, 0, 0, time.UTC)

func seed(t *testing.T, d *faastest.Demo, now time.Time) {
	t.Helper()
	err := demo.History(t.Context(), demo.Options{
		Config: d.App.Config, DB: d.App.DB, Store: d.App.Store, Access: d.App.Access, Log: d.App.Telemetry.Log, Source: d.App.Source(), Now: now, Say: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// list asks for up to 100 rows.
var list = page.Request{Limit: 100, Sort: "createdAt", Count: true}

// summary counts what an installation holds.
func summary(t *testing.T, d *faastest.Demo, now time.Time) map[string]int {
	t.Helper()
	s := map[string]int{}
	count := func(what string, total *int, err error) {
		if err != nil {
			t.Fatal(err)
		}
		s[what] = *total
	}
	for _, key := range []string{demo.Leave, demo.Expense, demo.Order} {
		for _, state := range []string{"active", "completed", "cancelled"} {
			code, _ := store.StateCode(state)
			found, err := d.App.Store.Instances(t.Context(), store.InstanceFilter{ProcessKey: key, State: code}, list)
			count(key+" "+state, found.Total, err)
			for _, in := range found.Items {
				s[fmt.Sprintf("%s %s v%d of 100", key, state, in.ProcessVersion)]++
			}
		}
	}
	incidents, err := d.App.Store.Incidents(t.Context(), store.IncidentFilter{}, list)
	count("incidents", incidents.Total, err)
	for _, i := range incidents.Items {
		s["incident at "+i.NodeID]++
	}
	for _, a := range access.DemoAccounts() {
		p := d.Call(a.Username).Principal
		c, err := d.App.Store.HomeCounts(t.Context(), a.Username, p.Identities(), now)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(s, map[string]int{
			a.Username + " todo": c.Todo, a.Username + " overdue": c.Overdue, a.Username + " claimable": c.Claimable, a.Username + " copied": c.Copied,
			a.Username + " started": c.Started, a.Username + " unread": c.Notifications,
		})
		drafts, err := d.App.Store.Drafts(t.Context(), a.Username, store.DraftFilter{}, list)
		count(a.Username+" drafts", drafts.Total, err)
		notices, err := d.App.Store.Notifications(t.Context(), a.Username, false, list)
		count(a.Username+" notifications", notices.Total, err)
	}
	return s
}

// TestHistory: everybody sees what docs/demo.md says, and the database is sound.
func TestHistory(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, false)
	seed(t, d, monday)
	got := summary(t, d, monday)
	want := map[string]int{
		"zhangwei drafts": 1, "zhangwei started": 4, "zhangwei todo": 1,
		"wangfang todo": 5, "wangfang overdue": 1,
		"lina claimable": 2, "lina todo": 1,
		"zhaolei claimable": 2, "zhaolei todo": 3,
		"chenjing copied": 3, "chenjing todo": 2,
		"sunqi todo": 2, "sunqi claimable": 1,
		"incidents": 2, "incident at filing": 1, "incident at charge": 1,
		"leave-request active v1 of 100": 3, "leave-request active v2 of 100": 3,
	}
	for what, n := range want {
		if got[what] != n {
			t.Errorf("%s: %d, want %d", what, got[what], n)
		}
	}
	overdue := 0
	for _, a := range access.DemoAccounts() {
		overdue += got[a.Username+" overdue"]
	}
	finished := 0
	for _, key := range []string{demo.Leave, demo.Expense, demo.Order} {
		finished += got[key+" completed"] + got[key+" cancelled"]
	}
	if overdue != 1 || finished < 150 || finished > 160 {
		t.Errorf("%d tasks are overdue, %d instances are over", overdue, finished)
	}
	sound(t, d)
	past(t, d)
	seed(t, d, monday.Add(time.Hour))
	if diff := cmp.Diff(got, summary(t, d, monday)); diff != "" {
		t.Errorf("a second run adds:\n%s", diff)
	}
	again := faastest.OpenDemo(t, false)
	var both sync.WaitGroup
	for range 2 { // at once
		both.Go(func() { seed(t, again, monday) })
	}
	both.Wait()
	if diff := cmp.Diff(got, summary(t, again, monday)); diff != "" {
		t.Errorf("another installation has another history:\n%s", diff)
	}
}

func sound(t *testing.T, d *faastest.Demo) {
	t.Helper()
	checker := invariant.Checker{Store: d.App.Store, Found: func(v invariant.Violation) { t.Errorf("%+v", v) }, Progress: func(int, int) {}}
	counts, err := checker.Run(t.Context())
	if err != nil || counts.Instances < 160 {
		t.Fatalf("%+v: %v", counts, err)
	}
}

// past holds that nothing has happened after the end of the history, and that nothing of it is still to be sent or due.
func past(t *testing.T, d *faastest.Demo) {
	t.Helper()
	tasks, err := d.App.Store.Tasks(t.Context(), store.TaskFilter{View: store.All}, list)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks.Items {
		if task.CreatedAt.After(monday) || task.EndedAt != nil && task.EndedAt.After(monday) {
			t.Errorf("task %s is of %s to %v", task.Name, task.CreatedAt, task.EndedAt)
		}
	}
	notices, err := d.App.Store.Notifications(t.Context(), "wangfang", false, list)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notices.Items {
		if n.CreatedAt.After(monday) || n.ReadAt != nil && n.ReadAt.After(monday) {
			t.Errorf("notification %s is of %s, read %v", n.Title, n.CreatedAt, n.ReadAt)
		}
	}
	unsent, err := d.App.Store.ClaimUnsent(t.Context(), 10, monday.AddDate(1, 0, 0), time.Second)
	if err != nil || len(unsent) > 0 {
		t.Errorf("%d steps are not sent: %v", len(unsent), err)
	}
	due, err := d.App.Store.ClaimTimers(t.Context(), 10, monday, time.Millisecond)
	if err != nil || len(due) > 0 {
		t.Errorf("timers are due: %v, %v", due, err)
	}
}
