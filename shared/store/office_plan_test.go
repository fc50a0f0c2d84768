package store

import (
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/page"
)

// Every statement about copies, delegations and what waits for a person finds its rows by a key.
func TestPeoplesWorkIsFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 3000)
	const number = `CAST(CONV(RIGHT(HEX(t.id), 8), 16, 10) AS UNSIGNED)`
	for _, text := range []string{
		`INSERT INTO workflow_copy (username, task_id, instance_id, copied_by, comment, copied_at, read_at)
SELECT CONCAT('user', ` + number + ` % 100), t.id, t.instance_id, 'x', '', '2029-01-01', IF(` + number + ` % 300 < 100, NULL, '2029-01-01') FROM workflow_task t`,
		`INSERT INTO workflow_delegation (id, owner, substitute, begins_at, ends_at, reason, created_by, version, created_at, updated_at)
SELECT t.id, CONCAT('user', ` + number + ` % 100), CONCAT('user', ` + number + ` % 99), '2029-01-01', IF(` + number + ` % 50 = 0, '2031-01-01', '2029-02-01'), '', 'x', 1, '2029-01-01', '2029-01-01' FROM workflow_task t`,
		`INSERT INTO workflow_comment (id, instance_id, task_id, kind, author, text, created_at) SELECT t.id, t.instance_id, t.id, 'comment', 'x', 'x', '2029-01-01' FROM workflow_task t`,
		`UPDATE workflow_task SET owner = assignee WHERE priority = 50 AND RIGHT(assignee, 1) = '7'`,
		`INSERT INTO sys_user (id, username, password, display_name, email, title, enabled, token_version, version, created_at, updated_at)
SELECT t.id, CONCAT('user', ` + number + `), '', '', '', '', 1, 1, 1, '2029-01-01', '2029-01-01' FROM workflow_task t`,
		"ANALYZE TABLE sys_user, workflow_copy, workflow_delegation, workflow_comment, workflow_task",
	} {
		execute(t, s, text)
	}
	id := person(7).ID
	after := page.Request{Limit: 20, Descending: true, After: []string{id.String()}}
	statements := []read{
		tasksOf(t, TaskFilter{View: Copied, Username: "user7"}, "createdAt"),
		tasksOf(t, TaskFilter{View: Copied, Username: "user7", Unread: true}, "createdAt"),
		tasksOf(t, TaskFilter{View: Copied, Username: "user7"}, "dueAt"),
		{copied, []any{id[:], "user7"}}, {unreadCopy, []any{"user7", id[:]}}, {readCopy, []any{noon, "user7", id[:]}},
		{`DELETE FROM workflow_copy WHERE instance_id = ?`, []any{id[:]}},
		{commentColumns + ` WHERE task_id = ? ORDER BY id DESC LIMIT ?`, []any{id[:], 10}},
		{delegationsFrom, []any{time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), 10}}, {delegationsOfOne, []any{"user7", noon}},
		{`SELECT COUNT(DISTINCT process_key) FROM workflow_task WHERE id IN (?, ?)`, []any{id[:], id[:]}},
	}
	for _, view := range []string{OwnDelegations, Substituting, EveryDelegation} {
		l, q := delegationsOf(view, "user7")
		statements = append(statements, pageOf(t, l, q, after))
	}
	for _, way := range waiting {
		statements = append(statements, read{way.text + ` AND t.process_key IN (?) LIMIT ?`, []any{id[:], way.prefix + "user7", "leave", 100}})
	}
	settled(t, func() []string {
		var wrong []string
		for _, q := range statements {
			for _, plan := range plans(t, s, q) {
				if plan.access == "ALL" || plan.access == "index" && plan.rows > 200 {
					wrong = append(wrong, q.text+" reads "+plan.table+" by "+plan.access)
				}
			}
		}
		return wrong
	})
}

// Who is above a person heads his department, or the next one above that somebody else heads.
func TestSuperior(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	for _, text := range []string{
		`INSERT INTO sys_department (id, code, name, parent_id, head, version, created_at) VALUES
 (UNHEX(MD5('all')), 'all', '', NULL, 'boss', 1, '2029-01-01'), (UNHEX(MD5('rd')), 'rd', '', UNHEX(MD5('all')), 'head', 1, '2029-01-01'), (UNHEX(MD5('team')), 'team', '', UNHEX(MD5('rd')), NULL, 1, '2029-01-01')`,
		`INSERT INTO sys_user (id, username, password, display_name, email, title, department_id, enabled, token_version, version, created_at, updated_at) VALUES
 (UNHEX(MD5('boss')), 'boss', '', '', '', '', UNHEX(MD5('all')), 1, 1, 1, '2029-01-01', '2029-01-01'), (UNHEX(MD5('head')), 'head', '', '', '', '', UNHEX(MD5('rd')), 1, 1, 1, '2029-01-01', '2029-01-01'),
 (UNHEX(MD5('one')), 'one', '', '', '', '', UNHEX(MD5('team')), 1, 1, 1, '2029-01-01', '2029-01-01'), (UNHEX(MD5('free')), 'free', '', '', '', '', NULL, 1, 1, 1, '2029-01-01', '2029-01-01')`,
	} {
		execute(t, s, text)
	}
	for username, want := range map[string]string{"one": "head", "head": "boss", "boss": "", "free": "", "nobody": ""} {
		if got, err := s.Superior(t.Context(), username); err != nil || got != want {
			t.Errorf("above %s is %q, not %q, %v", username, got, want, err)
		}
	}
}
