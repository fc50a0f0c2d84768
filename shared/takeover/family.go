package takeover

import (
	"context"
	"fmt"

	"diom.io/workflow/shared/foreign"
)

// family is a process instance with all that it has called: they are taken over together or not at all.
type family struct {
	members []*member // callers before those whom they call
}

// member is one process instance of the source.
type member struct {
	id         string
	definition string
	super      string // the execution that called it
	past       foreign.Row
	executions []*execution
	rows       map[string][]foreign.Row // by table
}

// execution is one of Camunda's executions: a place in the tree of an instance.
type execution struct {
	id, parent, activity, instance      string
	scope, concurrent, event, suspended bool
	children                            []*execution

	level level // what a scope is of, once it is placed
	token int   // that stands for the level
	inner int   // the scope here, of the level
	leaf  int   // the token at the activity
	own   int   // the scope of that token, 0: it has none
}

// The tables of running instances, with the column that names the instance.
var running = map[string]string{
	"ACT_RU_TASK": "PROC_INST_ID_", "ACT_RU_VARIABLE": "PROC_INST_ID_", "ACT_RU_EVENT_SUBSCR": "PROC_INST_ID_",
	"ACT_RU_JOB": "PROCESS_INSTANCE_ID_", "ACT_RU_EXT_TASK": "PROC_INST_ID_", "ACT_RU_INCIDENT": "PROC_INST_ID_",
}

// family reads all of the instances that one root has, and itself.
func (r *run) family(ctx context.Context, root string) (*family, error) {
	f := &family{}
	for level := []string{root}; len(level) > 0; {
		rows, err := r.source.Rows(ctx, foreign.Query{Table: "ACT_RU_EXECUTION", Column: "PROC_INST_ID_", In: level, Order: "ID_"})
		if err != nil {
			return nil, err
		}
		members := gather(level, rows)
		if err := r.fill(ctx, level, members); err != nil {
			return nil, err
		}
		var executions []string
		for _, m := range members {
			f.members = append(f.members, m)
			for _, e := range m.executions {
				executions = append(executions, e.id)
			}
		}
		called, err := r.source.Rows(ctx, foreign.Query{Table: "ACT_RU_EXECUTION", Column: "SUPER_EXEC_", In: executions, Order: "ID_"})
		if err != nil {
			return nil, err
		}
		level = nil
		for _, row := range called {
			level = append(level, row.Text("PROC_INST_ID_"))
		}
	}
	return f, nil
}

// gather makes members of executions.
func gather(ids []string, rows []foreign.Row) []*member {
	byID := map[string]*member{}
	var list []*member
	for _, id := range ids {
		byID[id] = &member{id: id, rows: map[string][]foreign.Row{}}
		list = append(list, byID[id])
	}
	for _, row := range rows {
		m := byID[row.Text("PROC_INST_ID_")]
		if m == nil {
			continue
		}
		m.executions = append(m.executions, &execution{
			id: row.Text("ID_"), parent: row.Text("PARENT_ID_"), activity: row.Text("ACT_ID_"), instance: row.Text("ACT_INST_ID_"),
			scope: row.Int("IS_SCOPE_") == 1, concurrent: row.Int("IS_CONCURRENT_") == 1, event: row.Int("IS_EVENT_SCOPE_") == 1,
			suspended: row.Int("SUSPENSION_STATE_") == 2,
		})
		if row.Text("ID_") == m.id {
			m.definition, m.super = row.Text("PROC_DEF_ID_"), row.Text("SUPER_EXEC_")
			m.past = row
		}
	}
	return list
}

// fill reads what instances wait for.
func (r *run) fill(ctx context.Context, ids []string, members []*member) error {
	byID := map[string]*member{}
	for _, m := range members {
		byID[m.id] = m
	}
	for table, column := range running {
		rows, err := r.rows(ctx, foreign.Query{Table: table, Column: column, In: ids, Order: "ID_"})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if m := byID[row.Text(column)]; m != nil {
				m.rows[table] = append(m.rows[table], row)
			}
		}
	}
	return r.fillLinks(ctx, members)
}

// fillLinks reads the candidates of tasks.
func (r *run) fillLinks(ctx context.Context, members []*member) error {
	var tasks []string
	owners := map[string]*member{}
	for _, m := range members {
		for _, t := range m.rows["ACT_RU_TASK"] {
			tasks = append(tasks, t.Text("ID_"))
			owners[t.Text("ID_")] = m
		}
	}
	links, err := r.rows(ctx, foreign.Query{Table: "ACT_RU_IDENTITYLINK", Column: "TASK_ID_", In: tasks, Order: "ID_"})
	if err != nil {
		return err
	}
	for _, link := range links {
		if m := owners[link.Text("TASK_ID_")]; m != nil {
			m.rows["ACT_RU_IDENTITYLINK"] = append(m.rows["ACT_RU_IDENTITYLINK"], link)
		}
	}
	return nil
}

// tree links the executions of an instance and returns them by their ids.
func (m *member) tree() (map[string]*execution, error) {
	byID := map[string]*execution{}
	for _, e := range m.executions {
		byID[e.id] = e
	}
	if byID[m.id] == nil {
		return nil, fmt.Errorf("the execution of the process instance itself is missing")
	}
	for _, e := range m.executions {
		if e.id == m.id {
			continue
		}
		parent := byID[e.parent]
		if parent == nil {
			return nil, fmt.Errorf("the execution %s has a parent %q that is not there", e.id, e.parent)
		}
		parent.children = append(parent.children, e)
	}
	return byID, nil
}
