package workflow

import (
	"cmp"
	"slices"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// nodes gathers what has happened at flow nodes.
type nodes struct {
	now     time.Time
	by      map[string]*NodeStatistics
	seconds map[string][]float64
}

// nodesOf folds the histories of several instances, those of each together, into what has happened at each node;
// with the number of instances. The busiest nodes are first.
func nodesOf(rows []store.Row, now time.Time) (int, []NodeStatistics) {
	n := nodes{now: now, by: map[string]*NodeStatistics{}, seconds: map[string][]float64{}}
	instances := 0
	for len(rows) > 0 {
		end := slices.IndexFunc(rows, func(r store.Row) bool { return r.InstanceID != rows[0].InstanceID })
		if end < 0 {
			end = len(rows)
		}
		instances++
		n.visits(rows[:end])
		n.troubles(rows[:end])
		rows = rows[end:]
	}
	list := make([]NodeStatistics, 0, len(n.by))
	for node, s := range n.by {
		s.Durations = durationsOf(n.seconds[node])
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b NodeStatistics) int {
		return cmp.Or(cmp.Compare(b.Visits, a.Visits), cmp.Compare(a.NodeID, b.NodeID))
	})
	return instances, list
}

func (n nodes) at(node string) *NodeStatistics {
	if n.by[node] == nil {
		n.by[node] = &NodeStatistics{NodeID: node}
	}
	return n.by[node]
}

func (n nodes) visits(rows []store.Row) {
	for _, v := range visits(rows) {
		s := n.at(v.NodeID)
		s.Visits++
		if v.LeftAt == nil {
			s.Running++
			continue
		}
		n.seconds[v.NodeID] = append(n.seconds[v.NodeID], v.LeftAt.Sub(v.EnteredAt).Seconds())
	}
}

// troubles counts incidents that are open, and tasks that were or are late.
func (n nodes) troubles(rows []store.Row) {
	incidents := map[engine.ID]string{}
	tasks := map[engine.ID]engine.Task{}
	for _, row := range rows {
		for _, c := range row.Changes {
			switch c.Kind {
			case engine.IncidentRaised:
				incidents[c.Incident.ID] = c.Incident.Node
			case engine.IncidentResolved:
				delete(incidents, c.IncidentID)
			case engine.TaskCreated:
				tasks[c.Task.ID] = *c.Task
			case engine.TaskCompleted, engine.TaskCancelled:
				if t, open := tasks[c.TaskID]; open && c.Kind == engine.TaskCompleted && late(t, row.At) {
					n.at(t.Node).Late++
				}
				delete(tasks, c.TaskID)
			}
		}
	}
	for _, node := range incidents {
		n.at(node).Incidents++
	}
	for _, t := range tasks {
		if late(t, n.now) {
			n.at(t.Node).Overdue++
		}
	}
}

func late(t engine.Task, at time.Time) bool { return !t.DueAt.IsZero() && t.DueAt.Before(at) }
