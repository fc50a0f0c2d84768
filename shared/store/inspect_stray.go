package store

import (
	"context"
	"database/sql"

	"diom.io/workflow/shared/engine"
)

// Stray is a row that should not be, found by a rule.
type Stray struct {
	Rule       string
	InstanceID engine.ID // zero where no instance is concerned
	ID         engine.ID // of the row, zero where it has none
	Detail     string
}

// strayRule is a statement that finds rows that should not be: the id of an instance, that of the row, a word
// about it.
type strayRule struct{ name, text string }

// orphan is a rule for rows whose instance is not there.
func orphan(name, table, id, word string) strayRule {
	return strayRule{name, `SELECT r.instance_id, ` + id + `, ` + word + ` FROM ` + table + ` r LEFT JOIN workflow_instance i ON i.id = r.instance_id WHERE r.instance_id IS NOT NULL AND i.id IS NULL LIMIT ?`}
}

// member is a rule for pairs of which one is not there.
func member(name, table, column, other string) strayRule {
	return strayRule{name, `SELECT NULL, r.` + column + `, '` + table + `' FROM ` + table + ` r LEFT JOIN ` + other + ` o ON o.id = r.` + column + ` WHERE o.id IS NULL LIMIT ?`}
}

// lacking is a rule for rows whose content is in an object that they do not have.
func lacking(name, table string) strayRule {
	return strayRule{name, `SELECT r.instance_id, r.id, r.place FROM ` + table + ` r LEFT JOIN workflow_object o ON o.name = r.place AND o.state = 2 WHERE r.place <> '' AND o.name IS NULL LIMIT ?`}
}

// idText is an id of a column as ID.String writes it.
func idText(column string) string {
	return `INSERT(INSERT(INSERT(INSERT(LOWER(HEX(` + column + `)), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-')`
}

var strayRules = []strayRule{
	orphan("task_without_instance", "workflow_task", "r.id", "r.node_id"),
	orphan("job_without_instance", "workflow_job", "r.id", "r.node_id"),
	orphan("timer_without_instance", "workflow_timer", "r.id", "r.node_id"),
	orphan("subscription_without_instance", "workflow_subscription", "r.id", "r.message"),
	orphan("incident_without_instance", "workflow_incident", "r.id", "r.code"),
	orphan("search_variable_without_instance", "workflow_search_variable", "NULL", "r.name"),
	orphan("comment_without_instance", "workflow_comment", "r.id", "r.author"),
	orphan("attachment_without_instance", "workflow_attachment", "r.id", "r.author"),
	lacking("attachment_without_object", "workflow_attachment"),
	lacking("file_without_object", "workflow_file"),
	{"object_of_nobody", `SELECT NULL, NULL, o.name FROM workflow_object o LEFT JOIN workflow_attachment a ON a.id = UNHEX(REPLACE(o.name, '-', ''))
 LEFT JOIN workflow_file f ON f.id = UNHEX(REPLACE(o.name, '-', '')) WHERE o.state = 2 AND a.id IS NULL AND f.id IS NULL LIMIT ?`},
	orphan("history_without_instance", "workflow_history", "NULL", "r.seq"),
	orphan("delivery_without_instance", "workflow_inbox", "NULL", "r.event_id"),
	{"candidate_without_open_task", `SELECT NULL, c.task_id, c.identity FROM workflow_task_candidate c LEFT JOIN workflow_task t ON t.id = c.task_id AND t.state = 1 WHERE t.id IS NULL LIMIT ?`},
	{"instance_without_definition", `SELECT i.id, i.definition_id, i.process_key FROM workflow_instance i LEFT JOIN workflow_definition d ON d.id = i.definition_id WHERE d.id IS NULL LIMIT ?`},
	{"called_by_nobody", `SELECT i.id, i.parent_id, i.process_key FROM workflow_instance i LEFT JOIN workflow_instance p ON p.id = i.parent_id WHERE i.parent_id IS NOT NULL AND p.id IS NULL LIMIT ?`},
	{"definition_without_file", `SELECT NULL, d.id, d.process_key FROM workflow_definition d LEFT JOIN workflow_resource r ON r.deployment_id = d.deployment_id AND r.name = d.resource_name WHERE r.name IS NULL LIMIT ?`},
	{"not_one_latest_version", `SELECT NULL, NULL, process_key FROM workflow_definition GROUP BY process_key HAVING SUM(latest) <> 1 OR MAX(version) <> MAX(IF(latest = 1, version, 0)) LIMIT ?`},
	{"start_timer_of_old_version", `SELECT NULL, r.id, r.node_id FROM workflow_timer r LEFT JOIN workflow_definition d ON d.id = r.definition_id AND d.latest = 1 WHERE r.instance_id IS NULL AND d.id IS NULL LIMIT ?`},
	{"start_message_of_old_version", `SELECT NULL, r.id, r.message FROM workflow_subscription r LEFT JOIN workflow_definition d ON d.id = r.definition_id AND d.latest = 1 WHERE r.instance_id IS NULL AND d.id IS NULL LIMIT ?`},
	{"outbox_mark_unknown", `SELECT instance_id, NULL, CONCAT('step ', seq) FROM workflow_history WHERE unsent NOT IN (1, 2) LIMIT ?`},
	{"outbox_lease_without_mark", `SELECT instance_id, NULL, CONCAT('step ', seq) FROM workflow_history WHERE unsent IS NULL AND locked_until IS NOT NULL LIMIT ?`},
	{"dead_step_without_letter", `SELECT h.instance_id, NULL, CONCAT('step ', h.seq) FROM workflow_history h WHERE h.unsent = 2 AND NOT EXISTS (SELECT 1 FROM workflow_dead_letter d
 WHERE d.direction = 'out' AND d.event_id LIKE CONCAT(` + idText("h.instance_id") + `, '/', h.seq, '/%')) LIMIT ?`},
	{"inbox_state_unknown", `SELECT instance_id, NULL, event_id FROM workflow_inbox WHERE state NOT IN (1, 2, 3) LIMIT ?`},
	{"parked_without_content", `SELECT NULL, NULL, event_id FROM workflow_inbox WHERE state = 1 AND (message IS NULL OR variables IS NULL OR correlation_keys IS NULL OR expires_at IS NULL OR instance_id IS NOT NULL) LIMIT ?`},
	member("role_of_no_user", "sys_user_role", "user_id", "sys_user"),
	member("role_unknown", "sys_user_role", "role_id", "sys_role"),
	member("group_of_no_user", "sys_user_group", "user_id", "sys_user"),
	member("group_unknown", "sys_user_group", "group_id", "sys_group"),
	member("permission_of_no_role", "sys_role_permission", "role_id", "sys_role"),
	member("permission_unknown", "sys_role_permission", "permission_id", "sys_permission"),
	member("post_of_no_user", "sys_user_post", "user_id", "sys_user"),
	member("post_in_no_department", "sys_user_post", "department_id", "sys_department"),
	member("scope_of_no_role", "sys_role_department", "role_id", "sys_role"),
	member("scope_of_no_department", "sys_role_department", "department_id", "sys_department"),
	member("session_of_no_user", "sys_session", "user_id", "sys_user"),
	member("item_of_no_batch", "workflow_batch_item", "batch_id", "workflow_batch"),
	{"batch_miscounted", `SELECT NULL, b.id, b.kind FROM workflow_batch b WHERE b.total <> (SELECT COUNT(*) FROM workflow_batch_item i WHERE i.batch_id = b.id)
 OR b.done <> (SELECT COUNT(*) FROM workflow_batch_item i WHERE i.batch_id = b.id AND i.state = 2)
 OR b.failed <> (SELECT COUNT(*) FROM workflow_batch_item i WHERE i.batch_id = b.id AND i.state = 3) LIMIT ?`},
	{"user_of_no_department", `SELECT NULL, u.id, u.username FROM sys_user u LEFT JOIN sys_department d ON d.id = u.department_id WHERE u.department_id IS NOT NULL AND d.id IS NULL LIMIT ?`},
}

// StrayRules returns how many rules Strays has.
func StrayRules() int { return len(strayRules) }

// Strays returns up to limit rows that the n-th rule finds.
func (x *Inspection) Strays(ctx context.Context, n, limit int) ([]Stray, error) {
	rule := strayRules[n]
	rows, err := x.tx.QueryContext(ctx, rule.text, limit)
	return collect(rows, err, func(rows *sql.Rows) (Stray, error) {
		s := Stray{Rule: rule.name}
		err := rows.Scan(&s.InstanceID, &s.ID, &s.Detail)
		return s, err
	})
}
