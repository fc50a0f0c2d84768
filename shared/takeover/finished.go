package takeover

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/foreign"
)

// finished takes over the instances that are over, callers first.
func (r *run) finished(ctx context.Context) error {
	for after := ""; ; {
		rows, err := r.rows(ctx, foreign.Query{Table: "ACT_HI_PROCINST", Order: "ID_", After: after, Limit: historyPage})
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].Text("ID_")
		var ids []string
		rows = slices.DeleteFunc(rows, func(row foreign.Row) bool { return !row.Is("END_TIME_") || r.taken[row.Text("PROC_INST_ID_")] })
		slices.SortStableFunc(rows, func(a, b foreign.Row) int {
			return cmp.Or(a.Time("START_TIME_").Compare(b.Time("START_TIME_")), cmp.Compare(len(a.Text("SUPER_PROCESS_INSTANCE_ID_")), len(b.Text("SUPER_PROCESS_INSTANCE_ID_"))))
		})
		for _, row := range rows {
			ids = append(ids, row.Text("PROC_INST_ID_"))
		}
		history, err := r.history(ctx, ids)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := r.finish(ctx, row, history); err != nil {
				return fmt.Errorf("instance %s: %w", row.Text("PROC_INST_ID_"), err)
			}
		}
	}
}

func (r *run) finish(ctx context.Context, row foreign.Row, history told) error {
	id := row.Text("PROC_INST_ID_")
	d, known := r.definitions[row.Text("PROC_DEF_ID_")]
	l := Line{Kind: "finished instance", ID: id, Name: cmp.Or(d.key, row.Text("PROC_DEF_ID_")), Outcome: LeftOut}
	if !known || d.process == nil {
		l.Problems = []string{fmt.Sprintf("its definition %q was not taken over", row.Text("PROC_DEF_ID_"))}
		r.tell(l)
		return nil
	}
	if row.Text("SUPER_PROCESS_INSTANCE_ID_") != "" {
		l.Notes = append(l.Notes, "that "+row.Text("SUPER_PROCESS_INSTANCE_ID_")+" called it is not kept")
	}
	begin := engine.Started{
		ID: ident("instance", id), DefinitionID: d.id, ProcessKey: d.key, ProcessVersion: d.version, BusinessKey: clip(row.Text("BUSINESS_KEY_")),
		Starter: row.Text("START_USER_ID_"), At: row.Time("START_TIME_"),
	}
	p, err := r.past(begin, history, id)
	if err != nil {
		l.Problems = []string{"its history does not fold: " + err.Error()}
		r.tell(l)
		return nil //nolint:nilerr // it is told, and left out
	}
	content, err := r.bytes(ctx, history.variables[id])
	if err != nil {
		return err
	}
	kept := newValues()
	for _, v := range history.variables[id] {
		if v.Text("EXECUTION_ID_") != id || v.Text("TASK_ID_") != "" || v.Text("STATE_") == "DELETED" {
			continue
		}
		value, kind, problem := variable(v, content)
		if problem != "" {
			l.Notes = append(l.Notes, "the variable "+v.Text("NAME_")+" is not taken: "+problem)
			continue
		}
		kept.set(v.Text("NAME_"), value, kind)
	}
	made, problem := r.step(d, p, ending(row, kept))
	if problem != "" {
		l.Problems = []string{problem}
		r.tell(l)
		return nil
	}
	if err = r.write(ctx, made, &l); err == nil {
		r.tell(l)
	}
	return err
}

// ending is how an instance went to its end.
func ending(row foreign.Row, kept *values) []engine.Change {
	end := engine.Change{Kind: engine.InstanceCompleted, At: row.Time("END_TIME_")}
	if state := row.Text("STATE_"); state != "" && state != "COMPLETED" {
		end.Kind, end.Reason = engine.InstanceCancelled, row.Text("DELETE_REASON_")
	}
	var changes []engine.Change
	if len(kept.values) > 0 {
		changes = append(changes, engine.Change{Kind: engine.VariablesSet, Variables: kept.values, Types: kept.types})
	}
	return append(changes, engine.Change{Kind: engine.InstanceTakenOver, Reason: fromCamunda, Message: row.Text("PROC_INST_ID_")}, end)
}
