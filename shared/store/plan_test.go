package store

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/page"
)

// Every statement that runs while people work, or in the relay, finds its rows by a key: no table that
// grows is read whole.
func TestWorkIsFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 3000)
	id := person(7)
	rows := []Unsent{{Row: Row{InstanceID: id.ID, Seq: 1}}, {Row: Row{InstanceID: person(8).ID, Seq: 1}}}
	sent, sentArguments := update(`unsent = NULL, locked_until = NULL`, rows)
	claimed, claimedArguments := these(rows)
	after := page.Request{Limit: 20, Descending: true, After: []string{id.ID.String()}}
	for _, q := range []read{
		{`SELECT body FROM workflow_instance WHERE id = ?`, []any{id.ID[:]}},
		{`SELECT ` + taskColumns + `, i.body FROM workflow_task t JOIN workflow_instance i ON i.id = t.instance_id WHERE t.id = ?`, []any{id.ID[:]}},
		{`SELECT command_id FROM workflow_history WHERE instance_id = ? AND seq = ?`, []any{id.ID[:], 1}},
		{`SELECT ` + taskColumns + ` FROM workflow_task t WHERE t.instance_id = ? ORDER BY t.id LIMIT ?`, []any{id.ID[:], 10}},
		{claimText, []any{time.Now(), time.Now(), 200}},
		{claimedText + claimed + claimedOrder, claimedArguments},
		{sent, sentArguments},
		tasksOf(t, TaskFilter{View: Todo, Username: "user7"}, "createdAt"),
		tasksOf(t, TaskFilter{View: Todo, Username: "user7"}, "priority"),
		tasksOf(t, TaskFilter{View: Claimable, Username: "user7", Identities: []string{"hr", "EMPLOYEE"}}, "createdAt"),
		tasksOf(t, TaskFilter{View: Done, Username: "user7"}, "createdAt"),
		tasksOf(t, TaskFilter{View: Started, Username: "user7"}, "createdAt"),
		{evaluationColumns + ` WHERE actor = ? ORDER BY id DESC LIMIT ?`, []any{"user7", 10}},
		{commentColumns + ` WHERE task_id = ? ORDER BY id DESC LIMIT ?`, []any{id.ID[:], 10}},
		{commentColumns + ` WHERE instance_id = ? ORDER BY id DESC LIMIT ?`, []any{id.ID[:], 10}},
		{`SELECT ` + attachmentColumns + ` WHERE task_id = ? ORDER BY id LIMIT ?`, []any{id.ID[:], 10}},
		pageOf(t, instanceList, query{}, after),
		pageOf(t, instanceList, InstanceFilter{ParentID: id.ID}.query(), after),
		{ended, []any{"other", 100}},
		{occupied, []any{"other", id.ID[:], id.ID[:], 500}},
	} {
		for _, plan := range plans(t, s, q) {
			if plan.access == "ALL" || plan.access == "index" && plan.rows > 200 {
				t.Errorf("%s reads %d rows of %s (%s)", q.text, plan.rows, plan.table, plan.access)
			}
		}
	}
}

// Of a process that has many instances, few of them active, a page of those is read along one key. MariaDB would intersect
// two, read all of their rows and sort them.
func TestNoKeysAreIntersected(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 9000)
	execute(t, s, "UPDATE workflow_instance SET state = IF(state = 1, 1, 3)")
	execute(t, s, "ANALYZE TABLE workflow_instance")
	q := pageOf(t, instanceList, InstanceFilter{ProcessKey: "leave", State: 1}.query(), page.Request{Limit: 20, Descending: true})
	if sorts(t, s, q) {
		t.Errorf("the rows must be sorted: %+v", plans(t, s, q))
	}
	for _, plan := range plans(t, s, q) {
		if plan.access == "index_merge" {
			t.Errorf("%+v", plan)
		}
	}
}

func tasksOf(t *testing.T, f TaskFilter, sort string) read {
	t.Helper()
	l, q := f.list(sort)
	text, err := l.statement(&q, page.Request{Limit: 20, Sort: sort, Descending: true})
	if err != nil {
		t.Fatal(err)
	}
	return read{text, q.arguments}
}

type plan struct {
	table, access, key string
	rows               int
}

func plans(t *testing.T, s *Store, q read) []plan {
	t.Helper()
	rows, err := s.DB.Query(t.Context(), "EXPLAIN "+q.text, q.arguments...)
	if err != nil {
		t.Fatalf("%s: %v", q.text, err)
	}
	defer rows.Close()
	var list []plan
	for rows.Next() {
		var id, kind, table, access, possible, key, length, reference, n, extra *string
		if err := rows.Scan(&id, &kind, &table, &access, &possible, &key, &length, &reference, &n, &extra); err != nil {
			t.Fatal(err)
		}
		if table != nil && access != nil && n != nil && !strings.HasPrefix(*table, "<") {
			count, _, _ := strings.Cut(*n, " ") // with a filter it is "1 (0%)"
			number, err := strconv.Atoi(count)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, plan{*table, *access, orEmptyText(key), number})
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// settled looks at plans until nothing is wrong with them, for a time: the optimizer counts rows that the
// server has still to purge.
func settled(t *testing.T, look func() []string) {
	t.Helper()
	var wrong []string
	for range 40 {
		if wrong = look(); len(wrong) == 0 {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

func orEmptyText(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// fill writes n instances of a hundred people, each with a task, a candidate and a history row.
func fill(t *testing.T, s *Store, n int) {
	t.Helper()
	at := time.Now().UTC()
	for begin := 0; begin < n; begin += 500 {
		var instances, tasks, candidates, histories []string
		var i, k, c, h []any
		for m := begin; m < begin+500; m++ {
			id, user := person(m).ID, fmt.Sprintf("user%d", m%100)
			instances, i = append(instances, "(?, ?, 'leave', 1, ?, 1, ?, ?, '')"), append(i, id[:], id[:], 1+m%4, user, at)
			tasks, k = append(tasks, "(?, ?, 'leave', 'approve', 'approve', 1, ?, 50, ?, 1)"), append(k, id[:], id[:], user, at)
			candidates, c = append(candidates, "(?, ?)"), append(c, "g:"+user, id[:])
			histories, h = append(histories, "(?, 1, ?, 'start', ?, ?, '')"), append(h, id[:], id[:], user, at)
		}
		for _, w := range []struct {
			text      string
			values    []string
			arguments []any
		}{
			{`INSERT INTO workflow_instance (id, definition_id, process_key, process_version, state, version, starter, started_at, body) VALUES `, instances, i},
			{`INSERT INTO workflow_task (id, instance_id, process_key, node_id, name, state, assignee, priority, created_at, version) VALUES `, tasks, k},
			{`INSERT INTO workflow_task_candidate (identity, task_id) VALUES `, candidates, c},
			{`INSERT INTO workflow_history (instance_id, seq, command_id, command, actor, at, changes) VALUES `, histories, h},
		} {
			execute(t, s, w.text+strings.Join(w.values, ", "), w.arguments...)
		}
	}
	for _, table := range []string{"workflow_instance", "workflow_task", "workflow_task_candidate", "workflow_history"} {
		execute(t, s, "ANALYZE TABLE "+table)
	}
}

func execute(t *testing.T, s *Store, text string, arguments ...any) {
	t.Helper()
	if err := s.DB.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), text, arguments...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
