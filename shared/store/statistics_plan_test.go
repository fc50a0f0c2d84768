package store

import (
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

// Every statement of the statistics finds its rows by a key, and none reads more than it says.
func TestStatisticsAreFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 3000)
	id := person(7).ID
	least := firstID(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	after := page.Request{Limit: 20, Descending: true, After: []string{id.String()}}
	for _, q := range []read{
		{runningCounts, []any{stateCode(engine.Active), stateCode(engine.Suspended), maxCount}},
		{incidentGroups, []any{maxCount}},
		{lateTimers, []any{noon, maxCount, noon}},
		{unsentRows, []any{maxCount}},
		{hourlyCount, []any{least[:], maxCount}},
		{coursesText, []any{"other", least[:], 5000}},
		{historySelect + ` WHERE instance_id IN (?, ?)` + historiesOrder, []any{id[:], id[:], 20_000}},
		pageOf(t, waitingList, query{}, after),
	} {
		if !strings.Contains(q.text, "LIMIT ?") {
			t.Errorf("%s has no bound", q.text)
		}
		for _, plan := range plans(t, s, q) {
			if plan.access == "ALL" || plan.access == "index" && plan.key != "PRIMARY" {
				t.Errorf("%s reads %d rows of %s (%s)", q.text, plan.rows, plan.table, plan.access)
			}
		}
	}
}
