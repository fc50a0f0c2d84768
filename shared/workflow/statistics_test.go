package workflow

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

func TestDurationsOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		seconds []float64
		want    Durations
	}{
		{nil, Durations{}},
		{[]float64{4}, Durations{Count: 1, Mean: 4, Median: 4, P90: 4, P95: 4}},
		{[]float64{10, 1, 2, 3}, Durations{Count: 4, Mean: 4, Median: 3, P90: 10, P95: 10}},
	} {
		if diff := cmp.Diff(c.want, durationsOf(c.seconds)); diff != "" {
			t.Errorf("%v: %s", c.seconds, diff)
		}
	}
}

// Two instances: one has left its node and failed at the next, the other waits with a task that was due.
func TestNodesOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	one, two, task, incident := engine.ID{1}, engine.ID{2}, engine.ID{3}, engine.ID{4}
	done := engine.Task{ID: engine.ID{5}, Node: "approve", DueAt: at.Add(5 * time.Second)}
	rows := []store.Row{
		{InstanceID: one, At: at, Changes: []engine.Change{{Kind: engine.TokenCreated, Token: 1, Node: "approve"}, {Kind: engine.TaskCreated, Task: &done}}},
		{InstanceID: one, At: at.Add(10 * time.Second), Changes: []engine.Change{
			{Kind: engine.TaskCompleted, TaskID: done.ID}, {Kind: engine.TokenMoved, Token: 1, Node: "check"},
			{Kind: engine.IncidentRaised, Incident: &engine.Incident{ID: incident, Node: "check"}},
		}},
		{InstanceID: two, At: at, Changes: []engine.Change{{Kind: engine.TokenCreated, Token: 1, Node: "approve"}, {Kind: engine.TaskCreated, Task: &engine.Task{ID: task, Node: "approve", DueAt: at.Add(time.Second)}}}},
	}
	want := []NodeStatistics{
		{NodeID: "approve", Visits: 2, Running: 1, Late: 1, Overdue: 1, Durations: Durations{Count: 1, Mean: 10, Median: 10, P90: 10, P95: 10}},
		{NodeID: "check", Visits: 1, Running: 1, Incidents: 1},
	}
	instances, got := nodesOf(rows, at.Add(time.Minute))
	if instances != 2 {
		t.Errorf("%d instances", instances)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
