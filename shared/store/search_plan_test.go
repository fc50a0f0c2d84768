package store

import (
	"fmt"
	"testing"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/page"
)

// A search finds its rows by keys: those of the person, of the field, or of the variable.
func TestSearchesAreFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 3000)
	for m := range 3000 {
		if m%3 == 0 {
			id := person(m).ID
			execute(t, s, `INSERT INTO workflow_search_variable (instance_id, name, value) VALUES (?, 'amount', ?), (?, 'customer', ?)`, id[:], fmt.Sprint(m), id[:], fmt.Sprintf(`"C-%04d"`, m))
		}
	}
	for m := range 500 {
		id, user := person(m).ID, fmt.Sprintf("user%d", m)
		execute(t, s, `INSERT INTO workflow_saved_filter (id, owner, list, name, audience, content, position, preferred, version, created_at, updated_at)
VALUES (?, ?, 'tasks', 'x', ?, '{}', 1, 0, 1, '2026-01-01', '2026-01-01')`, id[:], user, "u:"+user)
	}
	execute(t, s, "ANALYZE TABLE workflow_search_variable")
	execute(t, s, "ANALYZE TABLE workflow_saved_filter")
	amount := Condition{Variable: "amount", Operator: Equal, Value: "300"}
	more := Condition{Variable: "amount", Operator: More, Value: "100", Numeric: true}
	customer := Condition{Variable: "customer", Operator: Prefix, Value: `"C-00`}
	business := Condition{Field: "businessKey", Operator: Equal, Value: "O-1"}
	me := SavedFilterReader{Username: "user7", Identities: []string{"hr", "EMPLOYEE"}, List: "tasks"}
	settled(t, func() (wrong []string) {
		for _, q := range []read{
			searchOf(t, TaskFilter{View: Todo, Username: "user7"}, amount),
			searchOf(t, TaskFilter{View: Todo, Username: "user7"}, Condition{All: []Condition{more, customer}}),
			searchOf(t, TaskFilter{View: Done, Username: "user7"}, Condition{Any: []Condition{amount, business}}),
			searchOf(t, TaskFilter{View: All}, amount),
			searchOf(t, TaskFilter{View: All}, Condition{All: []Condition{customer, {Field: "priority", Operator: AtLeast, Value: 10}}}),
			searchOf(t, TaskFilter{View: All}, business),
			instancesOf(t, InstanceFilter{}, amount),
			instancesOf(t, InstanceFilter{Starter: "user7"}, Condition{All: []Condition{more, customer}}),
			instancesOf(t, InstanceFilter{}, Condition{Field: "businessKey", Operator: OneOf, Values: []any{"a", "b"}}),
			filtersOf(t, me),
		} {
			for _, plan := range plans(t, s, q) {
				if plan.access == "ALL" || plan.access == "index" && plan.rows > 200 {
					wrong = append(wrong, fmt.Sprintf("%s reads %d rows of %s (%s)", q.text, plan.rows, plan.table, plan.access))
				}
			}
		}
		return wrong
	})
}

func searchOf(t *testing.T, f TaskFilter, c Condition) read {
	t.Helper()
	l, q := f.list("createdAt")
	q.search(&c, TaskFields, "t.instance_id")
	text, err := l.statement(&q, page.Request{Limit: 20, Sort: "createdAt", Descending: true})
	if err != nil {
		t.Fatal(err)
	}
	return read{text, q.arguments}
}

func instancesOf(t *testing.T, f InstanceFilter, c Condition) read {
	t.Helper()
	q := f.query()
	q.search(&c, InstanceFields, "id")
	text, err := instanceList.statement(&q, page.Request{Limit: 20, Descending: true})
	if err != nil {
		t.Fatal(err)
	}
	return read{text, q.arguments}
}

func filtersOf(t *testing.T, r SavedFilterReader) read {
	t.Helper()
	l, q := r.list()
	text, err := l.statement(&q, page.Request{Limit: 20})
	if err != nil {
		t.Fatal(err)
	}
	return read{text, q.arguments}
}
