package store

import (
	"testing"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/page"
)

// Every statement of batches and of deletions finds its rows by a key.
func TestBatchesAreFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 3000)
	fillEvents(t, s)
	for _, text := range []string{
		`INSERT INTO workflow_batch (id, kind, state, request, total, done, failed, created_by, created_at, locked_until)
SELECT i.id, 'cancel', 3, '', 10, 10, 0, 'wuqiang', '2029-01-01', '9999-12-31' FROM workflow_instance i`,
		`INSERT INTO workflow_batch_item (batch_id, instance_id, state, attempts) SELECT i.id, i.id, 2, 1 FROM workflow_instance i`,
		`INSERT IGNORE INTO workflow_batch_item (batch_id, instance_id, state, attempts) SELECT j.id, i.id, 2, 1 FROM workflow_instance i JOIN (SELECT id FROM workflow_instance LIMIT 1) j`,
		`UPDATE workflow_inbox SET instance_id = UNHEX(event_id)`,
		"ANALYZE TABLE workflow_batch, workflow_batch_item, workflow_inbox",
	} {
		execute(t, s, text)
	}
	id := person(7).ID
	after := page.Request{Limit: 20, Descending: true, After: []string{id.String()}}
	statements := []read{
		{dueBatches, []any{noon, 50}}, {pendingItems, []any{id[:], 40}},
		{readBatches + byIDs(1) + freeBatches, []any{id[:], noon}}, {markBatches + byIDs(1), []any{noon, id[:]}},
		{`UPDATE workflow_batch_item SET state = ?, attempts = ?, code = ?, message = ? WHERE batch_id = ? AND instance_id = ? AND state = 1`, []any{2, 1, nil, nil, id[:], id[:]}},
		listOf(t, list[Batch]{columns: batchColumns, sort: byID("b.id")}, query{}, after),
		listOf(t, list[BatchItem]{columns: itemColumns, sort: byID("i.instance_id")}, query{conditions: []string{"i.batch_id = ?", "i.state = ?"}, arguments: []any{id[:], 3}}, after),
	}
	for _, text := range deletions {
		statements = append(statements, read{text, []any{id[:]}})
	}
	for _, q := range statements {
		for _, plan := range plans(t, s, q) {
			if plan.access == "ALL" || plan.access == "index" && plan.rows > 200 {
				t.Errorf("%s reads %d rows of %s (%s)", q.text, plan.rows, plan.table, plan.access)
			}
		}
	}
}
