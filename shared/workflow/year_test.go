package workflow_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// A year goes by in the clock of a synctest bubble, with a real database: timers of instances and of
// start events, by date, duration, cycle and cron, fire on time, none early, none lost, none twice,
// although two look at the clock, and nobody does for a week in summer.
func TestYear(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	model, err := os.ReadFile("testdata/year.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		db, err := database.Open(dsn, database.Options{Pool: 8})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := store.New(db)
		two := [2]*workflow.Service{workflow.New(s, nil, time.UTC, nil), workflow.New(s, nil, time.UTC, nil)}
		begin := time.Now().UTC() // midnight of the 1st of January 2000, a leap year
		request := workflow.DeploymentRequest{Resources: []store.Resource{{Name: "year.bpmn", Kind: "bpmn", Content: model}}}
		if _, err := two[0].Deploy(t.Context(), workflow.Call{Principal: operator}, request); err != nil {
			t.Fatal(err)
		}
		raw, err := two[0].StartProcess(t.Context(), workflow.Call{Principal: employee}, "year", workflow.StartRequest{})
		started := decode[workflow.Started](t, raw, err)
		tick := func(n int) {
			for range 100 { // until nothing is due any more
				done, err := two[n%2].Tick(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if done.Fired == 0 {
					return
				}
			}
		}
		for n := 0; time.Now().Before(begin.AddDate(1, 0, 0)); n++ {
			time.Sleep(4 * time.Hour)
			if asleep := time.Since(begin) > 180*24*time.Hour && time.Since(begin) < 187*24*time.Hour; !asleep {
				tick(n)
			}
		}
		tick(0)
		fired := map[string]int{}
		rows, err := s.History(t.Context(), started.Instance.ID, 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		due := map[engine.ID]time.Time{}
		for _, row := range rows {
			for _, c := range row.Changes {
				switch {
				case c.Kind == engine.TimerCreated:
					due[c.Timer.ID] = c.Timer.DueAt
				case c.Kind == engine.TimerFired:
					fired[c.Node]++
					if row.At.Before(due[c.TimerID]) {
						t.Errorf("%s fired at %s, due at %s", c.Node, row.At, due[c.TimerID])
					}
				}
			}
		}
		total := 0
		for node, want := range map[string]int{
			"daily":      366,          // R/P1D
			"mondays":    52,           // cron, from the 3rd of January to the 25th of December
			"month_ends": 12,           // R/P1M from the 1st
			"ten":        10,           // R10/P20D
			"half":       1, "date": 1, // a duration and a date
			"over": 0, // the next year
		} {
			total += fired[node]
			if fired[node] != want {
				t.Errorf("%s fired %d times, want %d", node, fired[node], want)
			}
		}
		for key, want := range map[string]int{"weekly": 52, "once": 1} {
			n := 0
			total += want
			if err := db.QueryRow(t.Context(), []any{&n}, `SELECT COUNT(*) FROM workflow_instance WHERE process_key = ?`, key); err != nil || n != want {
				t.Errorf("%s was started %d times, want %d (%v)", key, n, want, err)
			}
		}
		violations := 0
		if t.Failed() {
			violations = 1
		}
		t.Logf("timers: runs=1 fired=%d days=366 violations=%d seed=0", total, violations)
	})
}
