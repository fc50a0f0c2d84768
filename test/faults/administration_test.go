package faults_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"testing"
	"time"
)

// record is what administrators make, change and delete. What differs between two of them is named by a word
// of the point.
type record struct {
	name, path string
	table, key string // the column of the word
	missing    string // the code where there is none
	body       func(word string) map[string]any
	change     map[string]any
	guarded    bool   // a change needs If-Match
	changed    string // a condition that holds of a changed row
	made       string // the beginning of the statement that writes a new one; and so on
	written    []string
	deleted    []string
}

var records = []record{
	{
		name: "user", path: "/api/v1/users", table: "sys_user", key: "username", missing: "user_not_found",
		body: func(word string) map[string]any {
			return map[string]any{"username": word, "password": "a long password of " + word, "displayName": word, "roles": []string{"EMPLOYEE"}, "groups": []string{"finance"}}
		},
		change: map[string]any{"displayName": "changed", "password": "another long password", "roles": []string{"EMPLOYEE"}, "groups": []string{"finance"}}, changed: "display_name = 'changed' AND token_version > 0",
		made:    "INSERT INTO sys_user\n",
		written: []string{"UPDATE sys_user SET display_name", "INSERT INTO sys_password_history", "UPDATE sys_user SET password", "UPDATE sys_user SET must_change", "INSERT INTO sys_audit", "UPDATE sys_user SET token_version", "UPDATE sys_session SET revoked_at", "DELETE FROM sys_user_role", "DELETE FROM sys_user_group", "INSERT INTO sys_user_role", "INSERT INTO sys_user_group"},
		deleted: []string{"DELETE FROM sys_user_post WHERE user_id", "DELETE FROM sys_session WHERE user_id", "DELETE FROM sys_api_token WHERE user_id", "DELETE FROM sys_password_history WHERE user_id", "UPDATE sys_department d", "DELETE FROM sys_user WHERE"},
	},
	{
		name: "role", path: "/api/v1/roles", table: "sys_role", key: "code", missing: "role_not_found",
		body: func(word string) map[string]any {
			return map[string]any{"code": word, "name": word, "permissions": []string{"WORKFLOW_JOB"}}
		},
		change: map[string]any{"name": "changed", "permissions": []string{"WORKFLOW_JOB"}}, changed: "name = 'changed'",
		made: "INSERT INTO sys_role ", written: []string{"UPDATE sys_role SET name", "DELETE FROM sys_role_permission WHERE role_id", "INSERT INTO sys_role_permission"}, deleted: []string{"DELETE FROM sys_role_department WHERE role_id", "DELETE FROM sys_role WHERE"},
	},
	{
		name: "permission", path: "/api/v1/permissions", table: "sys_permission", key: "code", missing: "permission_not_found",
		body:   func(word string) map[string]any { return map[string]any{"code": word, "name": word} },
		change: map[string]any{"name": "changed"}, changed: "name = 'changed'",
		made: "INSERT INTO sys_permission ", written: []string{"UPDATE sys_permission SET name"}, deleted: []string{"DELETE FROM sys_role_permission WHERE permission_id", "DELETE FROM sys_permission WHERE"},
	},
	{
		name: "department", path: "/api/v1/departments", table: "sys_department", key: "code", missing: "department_not_found",
		body:   func(word string) map[string]any { return map[string]any{"code": word, "name": word} },
		change: map[string]any{"name": "changed", "head": "lina"}, changed: "name = 'changed'",
		made: "INSERT INTO sys_department ", written: []string{"UPDATE sys_department SET name"}, deleted: []string{"DELETE FROM sys_department WHERE"},
	},
	{
		name: "group", path: "/api/v1/groups", table: "sys_group", key: "group_key", missing: "group_not_found",
		body:   func(word string) map[string]any { return map[string]any{"key": word, "name": word} },
		change: map[string]any{"name": "changed"}, changed: "name = 'changed'",
		made: "INSERT INTO sys_group ", written: []string{"UPDATE sys_group SET name"}, deleted: []string{"DELETE FROM sys_group WHERE"},
	},
	{
		name: "event source", path: "/api/v1/event-sources", table: "workflow_event_source", key: "source", missing: "event_source_not_found",
		body: func(word string) map[string]any {
			return map[string]any{"source": word, "types": []string{"faults." + word}, "keyId": "k", "key": "a key of the administration", "mappings": []any{}}
		},
		change: map[string]any{"keyId": "changed", "key": "another key of the administration"}, changed: "key_id = 'changed'",
		made: "INSERT INTO workflow_event_source", written: []string{"UPDATE workflow_event_source SET source"}, deleted: []string{"DELETE FROM workflow_event_source WHERE"},
	},
	{
		name: "topic binding", path: "/api/v1/topic-bindings", table: "workflow_topic_binding", key: "topic", missing: "topic_binding_not_found",
		body: func(word string) map[string]any {
			return map[string]any{"topic": word, "kind": "url", "target": "http://example.com/" + word}
		},
		change: map[string]any{"method": "PUT"}, changed: "method = 'PUT'",
		made: "INSERT INTO workflow_topic_binding", written: []string{"UPDATE workflow_topic_binding SET topic"}, deleted: []string{"DELETE FROM workflow_topic_binding WHERE"},
	},
	{
		name: "category", path: "/api/v1/categories", table: "workflow_category", key: "code", missing: "category_not_found", guarded: true,
		body:   func(word string) map[string]any { return map[string]any{"code": word, "name": word} },
		change: map[string]any{"name": "changed"}, changed: "name = 'changed'",
		made: "INSERT INTO workflow_category", written: []string{"UPDATE workflow_category SET name"}, deleted: []string{"DELETE FROM workflow_category WHERE"},
	},
	{
		name: "template", path: "/api/v1/templates", table: "workflow_template", key: "name", missing: "template_not_found", guarded: true,
		body: func(word string) map[string]any {
			return map[string]any{"name": word, "processKey": "leave", "values": map[string]any{"days": 3}}
		},
		change: map[string]any{"description": "changed"}, changed: "description = 'changed'",
		made: "INSERT INTO workflow_template", written: []string{"UPDATE workflow_template SET name"}, deleted: []string{"DELETE FROM workflow_template WHERE"},
	},
	{
		name: "draft", path: "/api/v1/drafts", table: "workflow_draft", key: "name", missing: "draft_not_found", guarded: true,
		body: func(word string) map[string]any {
			return map[string]any{"name": word, "processKey": "leave", "values": map[string]any{"days": 3}}
		},
		change: map[string]any{"values": map[string]any{"days": 4}}, changed: "version = 2",
		made: "INSERT INTO workflow_draft", written: []string{"UPDATE workflow_draft SET name"}, deleted: []string{"DELETE FROM workflow_draft WHERE"},
	},
	{
		name: "design", path: "/api/v1/designs", table: "workflow_process_design", key: "process_key", missing: "design_not_found", guarded: true,
		body: func(word string) map[string]any {
			return map[string]any{"kind": "form", "key": word, "name": word, "content": `{"type": "default", "components": []}`}
		},
		change: map[string]any{"name": "changed"}, changed: "name = 'changed'",
		made: "INSERT INTO workflow_process_design\n", written: []string{"UPDATE workflow_process_design SET name", "INSERT INTO workflow_process_design_history"},
		deleted: []string{"DELETE FROM workflow_process_design_history WHERE", "DELETE FROM workflow_process_design WHERE"},
	},
	{
		name: "delegation", path: "/api/v1/delegations", table: "workflow_delegation", key: "reason", missing: "delegation_not_found",
		body: func(word string) map[string]any {
			return map[string]any{
				"owner": "chenjing", "substitute": "lina", "processKeys": []string{word}, "reason": word, "from": "2026-01-01T00:00:00Z", "to": time.Now().Add(time.Hour).Format(time.RFC3339),
			}
		},
		change: map[string]any{"substitute": "zhaolei"}, changed: "substitute = 'zhaolei'",
		made: "INSERT INTO workflow_delegation", written: []string{"UPDATE workflow_delegation SET substitute"}, deleted: []string{"DELETE FROM workflow_delegation WHERE"},
	},
	{
		name: "channel", path: "/api/v1/channels", table: "workflow_channel", key: "name", missing: "channel_not_found",
		body:   func(word string) map[string]any { return map[string]any{"name": word, "kind": "mail"} },
		change: map[string]any{"enabled": false}, changed: "enabled = 0",
		made: "INSERT INTO workflow_channel", written: []string{"UPDATE workflow_channel SET name"}, deleted: []string{"DELETE FROM workflow_channel WHERE"},
	},
	{
		name: "saved filter", path: "/api/v1/filters", table: "workflow_saved_filter", key: "name", missing: "saved_filter_not_found", guarded: true,
		body: func(word string) map[string]any {
			return map[string]any{"list": "tasks", "name": word, "preferred": true, "parameters": map[string]any{}}
		},
		change: map[string]any{"position": 2}, changed: "position = 2",
		made: "INSERT INTO workflow_saved_filter", written: []string{"UPDATE workflow_saved_filter SET name", "UPDATE workflow_saved_filter SET preferred"}, deleted: []string{"DELETE FROM workflow_saved_filter WHERE"},
	},
	{
		name: "webhook", path: "/api/v1/webhooks", table: "workflow_webhook", key: "name", missing: "webhook_not_found",
		body: func(word string) map[string]any {
			return map[string]any{"name": word, "url": "https://" + word + ".example/hooks", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "types": []string{"io.diom.workflow.task.created.v1"}}
		},
		change: map[string]any{"enabled": false}, changed: "enabled = 0",
		made: "INSERT INTO workflow_webhook", written: []string{"UPDATE workflow_webhook SET name"}, deleted: []string{"DELETE FROM workflow_webhook WHERE"},
	},
}

// match is the version that a change of a new record names.
func (r record) match() int {
	if r.guarded {
		return 1
	}
	return 0
}

// wordOf is a name that no other point has.
func wordOf(point string) string { return fmt.Sprintf("W%08x", crc32.ChecksumIEEE([]byte(point))) }

// operations are the making, the change and the deletion of a record.
func (r record) operations() []operation {
	count := func(f *fixture, point, and string) int {
		return f.judge.Count("SELECT COUNT(*) FROM "+r.table+" WHERE "+r.key+" = ?"+and, wordOf(point))
	}
	return []operation{
		{
			name: "make a " + r.name, essential: []string{r.made},
			prepare: func(_ *fixture, point, key string) request {
				return request{user: "admin", path: r.path, body: r.body(wordOf(point)), key: key, status: http.StatusCreated}
			},
			effects: func(f *fixture, point string) (int, []string) { return count(f, point, ""), nil },
		},
		{
			name: "change a " + r.name, unkeyed: true, shared: true, once: "stale", late: "stale", essential: r.written,
			prepare: func(f *fixture, point, _ string) request {
				return request{method: http.MethodPut, user: "admin", path: r.path + "/" + f.made(r, point), body: r.change, version: r.match(), status: http.StatusOK}
			},
			effects: func(f *fixture, point string) (int, []string) { return count(f, point, " AND "+r.changed), nil },
		},
		{
			name: "delete a " + r.name, unkeyed: true, once: r.missing, late: r.missing, essential: r.deleted,
			prepare: func(f *fixture, point, _ string) request {
				return request{method: http.MethodDelete, user: "admin", path: r.path + "/" + f.made(r, point), version: r.match(), status: http.StatusNoContent}
			},
			effects: func(f *fixture, point string) (int, []string) { return 1 - count(f, point, ""), nil },
		},
	}
}

// made makes a record and returns its id.
func (f *fixture) made(r record, point string) string {
	f.t.Helper()
	a := f.must(request{user: "admin", path: r.path, body: r.body(wordOf(point)), status: http.StatusCreated})
	var one struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(a.Body, &one); err != nil {
		f.t.Fatalf("%s: %v %s", r.path, err, a.Body)
	}
	return one.ID
}

// TestCrashOfAdministration interrupts what administrators and operators write beside instances, at each
// statement that writes: all of it is there, once, or nothing.
func TestCrashOfAdministration(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	var all []operation
	for _, r := range records {
		all = append(all, r.operations()...)
	}
	all = slices.Concat(all, upkeep, designing, discussions)
	tried, n, ways := 0, 0, map[string]int{}
	var found []string
	for _, o := range all {
		texts := o.essential
		for _, text := range texts {
			o.essential = []string{text}
			c := crash{fixture: f, operation: o, interruptions: two(n), keyed: !o.unkeyed, texts: true, series: tried, ways: ways}
			c.run()
			n++
			tried += c.tried
			found = append(found, c.found...)
		}
	}
	f.drain()
	f.verify()
	conclude(t, conclusion{command: "crash", runs: tried, found: found, faults: kinds(ways, n/len(disturbances))})
}
