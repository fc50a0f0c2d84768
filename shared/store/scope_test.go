package store

import (
	"testing"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/page"
)

// What the roles of people let them see is found by keys, and is what their scopes say.
func TestDataScope(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 3000)
	const number = `CAST(CONV(RIGHT(HEX(t.id), 8), 16, 10) AS UNSIGNED)`
	for _, text := range []string{
		`INSERT INTO sys_department (id, code, name, parent_id, version, created_at) SELECT UNHEX(MD5(CONCAT('d', n))), CONCAT('d', n), '', IF(n < 10, NULL, UNHEX(MD5(CONCAT('d', FLOOR(n / 10))))), 1, '2029-01-01'
 FROM (SELECT DISTINCT ` + number + ` % 100 AS n FROM workflow_task t) AS numbers WHERE n > 0`,
		`INSERT INTO sys_user (id, username, password, display_name, email, title, department_id, enabled, token_version, version, created_at, updated_at)
SELECT t.id, CONCAT('user', ` + number + `), '', '', '', '', UNHEX(MD5(CONCAT('d', ` + number + ` % 100))), 1, 1, 1, '2029-01-01', '2029-01-01' FROM workflow_task t WHERE ` + number + ` % 100 > 0`,
		`INSERT INTO sys_role (id, code, name, description, built_in, version, created_at, data_scope) VALUES (UNHEX(MD5('r1')), 'R1', '', '', 0, 1, '2029-01-01', 'department'),
 (UNHEX(MD5('r2')), 'R2', '', '', 0, 1, '2029-01-01', 'below'), (UNHEX(MD5('r3')), 'R3', '', '', 0, 1, '2029-01-01', 'chosen'), (UNHEX(MD5('r4')), 'R4', '', '', 0, 1, '2029-01-01', 'all')`,
		`INSERT INTO sys_role_department (role_id, department_id) VALUES (UNHEX(MD5('r3')), UNHEX(MD5('d5')))`,
		`INSERT INTO sys_user_role (user_id, role_id) SELECT id, UNHEX(MD5(CONCAT('r', SUBSTRING(username, 5)))) FROM sys_user WHERE username IN ('user1', 'user2', 'user3', 'user4')`,
		`INSERT INTO sys_user_post (user_id, department_id, title) SELECT id, UNHEX(MD5('d7')), '' FROM sys_user WHERE username = 'user1'`,
		"ANALYZE TABLE sys_user, sys_department, sys_user_role, sys_user_post, sys_role_department, workflow_instance, workflow_task",
	} {
		execute(t, s, text)
	}
	for who, want := range map[string]map[string]bool{
		"user1": {"user1": true, "user101": true, "user7": true, "user11": false, "user2": false},
		"user2": {"user2": true, "user20": true, "user129": true, "user3": false},
		"user3": {"user5": true, "user105": true, "user50": false},
		"user4": {"user5": true, "user99": true},
		"user9": {"user9": false, "user109": false},
	} {
		for starter, sees := range want {
			if got, err := s.Oversees(t.Context(), who, starter); err != nil || got != sees {
				t.Errorf("%s sees what %s starts: %v, %v", who, starter, got, err)
			}
		}
	}
	after := page.Request{Limit: 20, Descending: true, After: []string{person(7).ID.String()}}
	statements := []read{
		pageOf(t, instanceList, InstanceFilter{Scope: "user1"}.query(), after),
		pageOf(t, instanceList, InstanceFilter{Number: "x"}.query(), after),
		tasksOf(t, TaskFilter{View: InScope, Username: "user1"}, "createdAt"),
		{postsOf, []any{"user1", "user1"}}, {seesEverything, []any{"user1"}}, {departmentsAbove, []any{"user1"}}, {superiorAt, []any{"d7", "user1"}},
		{linkedTo, []any{person(7).ID.String(), person(7).ID.String(), 10}},
	}
	settled(t, func() []string {
		var wrong []string
		for _, q := range statements {
			for _, plan := range plans(t, s, q) {
				if plan.access == "ALL" && plan.rows > 200 || plan.access == "index" && plan.rows > 200 {
					wrong = append(wrong, q.text+" reads "+plan.table+" by "+plan.access)
				}
			}
		}
		return wrong
	})
}
