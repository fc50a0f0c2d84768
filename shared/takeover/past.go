package takeover

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/foreign"
	"diom.io/workflow/shared/store"
)

// past is the history of an instance, as far as it is over: its steps, its tasks, and what they fold to.
type past struct {
	rows  []store.Row
	done  []store.DoneTask
	state *engine.Instance
}

// moment is something that happened.
type moment struct {
	at     time.Time
	ends   bool
	visit  foreign.Row
	number int // of the token
}

// told are the rows of the history of instances, by instance.
type told struct{ activities, tasks, variables map[string][]foreign.Row }

// history reads what is known of the past of instances.
func (r *run) history(ctx context.Context, ids []string) (told, error) {
	t := told{map[string][]foreign.Row{}, map[string][]foreign.Row{}, map[string][]foreign.Row{}}
	for table, into := range map[string]map[string][]foreign.Row{
		"ACT_HI_ACTINST": t.activities, "ACT_HI_TASKINST": t.tasks, "ACT_HI_VARINST": t.variables,
	} {
		rows, err := r.rows(ctx, foreign.Query{Table: table, Column: "PROC_INST_ID_", In: ids, Order: "ID_"})
		if err != nil {
			return t, err
		}
		for _, row := range rows {
			id := row.Text("PROC_INST_ID_")
			into[id] = append(into[id], row)
		}
	}
	return t, nil
}

// past makes steps of what is over, one for each moment, the start of the instance first.
func (r *run) past(begin engine.Started, t told, id string) (*past, error) {
	p := &past{state: &engine.Instance{}}
	tasks := map[string]foreign.Row{}
	for _, row := range t.tasks[id] {
		tasks[row.Text("ACT_INST_ID_")] = row
	}
	var moments []moment
	for n, row := range visits(t.activities[id]) {
		moments = append(moments, moment{row.Time("START_TIME_"), false, row, n + 1}, moment{row.Time("END_TIME_"), true, row, n + 1})
	}
	slices.SortStableFunc(moments, func(a, b moment) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.number, b.number))
	})
	steps := [][]engine.Change{{{Kind: engine.InstanceStarted, Instance: &begin}}}
	times := []time.Time{begin.At}
	for _, m := range moments {
		if m.at.After(times[len(times)-1]) {
			steps, times = append(steps, nil), append(times, m.at)
		}
		last := len(steps) - 1
		steps[last] = append(steps[last], p.happened(m, tasks[m.visit.Text("ID_")])...)
	}
	seed := newID()
	for n, changes := range steps {
		if err := p.state.Fold(changes); err != nil {
			return nil, err
		}
		p.rows = append(p.rows, store.Row{
			InstanceID: begin.ID, Seq: int64(n + 1), CommandID: seed.Derive(n + 1), Command: "past", Actor: begin.Starter, At: times[n], Changes: changes,
		})
	}
	return p, nil
}

// visits are the activities that are over, in the order in which they began.
func visits(rows []foreign.Row) []foreign.Row {
	list := slices.DeleteFunc(slices.Clone(rows), func(row foreign.Row) bool {
		return !row.Is("END_TIME_") || strings.HasSuffix(row.Text("ACT_ID_"), engine.WholeSuffix)
	})
	slices.SortStableFunc(list, func(a, b foreign.Row) int {
		return cmp.Or(a.Time("START_TIME_").Compare(b.Time("START_TIME_")), cmp.Compare(a.Int("SEQUENCE_COUNTER_"), b.Int("SEQUENCE_COUNTER_")))
	})
	return list
}

func (p *past) happened(m moment, task foreign.Row) []engine.Change {
	node := m.visit.Text("ACT_ID_")
	var open *engine.Task
	if task != nil {
		open = pastTask(task, node, m.number)
	}
	if !m.ends {
		changes := []engine.Change{{Kind: engine.TokenCreated, Token: m.number, Node: node}}
		if open != nil {
			changes = append(changes, engine.Change{Kind: engine.TaskCreated, Task: open})
		}
		return changes
	}
	var changes []engine.Change
	if open != nil {
		done := store.DoneTask{Task: *open, Completed: task.Text("DELETE_REASON_") == "completed", EndedAt: m.at}
		if done.Completed {
			done.EndedBy = open.Assignee
			changes = append(changes, engine.Change{Kind: engine.TaskCompleted, TaskID: open.ID, Node: node, Assignee: open.Assignee, At: m.at})
		} else {
			changes = append(changes, engine.Change{Kind: engine.TaskCancelled, TaskID: open.ID, Node: node, Reason: task.Text("DELETE_REASON_")})
		}
		p.done = append(p.done, done)
	}
	return append(changes, engine.Change{Kind: engine.TokenConsumed, Token: m.number, Node: node})
}

func pastTask(row foreign.Row, node string, token int) *engine.Task {
	return &engine.Task{
		ID: ident("task", row.Text("ID_")), Token: token, Node: node, Name: clip(cmp.Or(row.Text("NAME_"), node)), Assignee: row.Text("ASSIGNEE_"),
		Owner: row.Text("OWNER_"), Priority: int(row.Int("PRIORITY_")), DueAt: row.Time("DUE_DATE_"), FollowUpAt: row.Time("FOLLOW_UP_DATE_"),
		CreatedAt: row.Time("START_TIME_"),
	}
}
