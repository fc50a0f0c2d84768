package store

import (
	"fmt"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/page"
)

// Designs, their versions, templates and drafts are read a page at a time by a key, however many there are.
func TestDesignsAreFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	now := time.Now().UTC()
	design := person(7).ID
	for n := range 1500 {
		id, of, owner := person(n).ID, person(n%10).ID, fmt.Sprintf("user%d", n%100)
		execute(t, s, `INSERT INTO workflow_process_design (id, kind, process_key, name, description, content, version, deprecated, created_by, created_at, updated_by, updated_at)
VALUES (?, 'bpmn', ?, 'x', '', '', 1, 0, ?, ?, ?, ?)`, id[:], fmt.Sprint(n), owner, now, owner, now)
		execute(t, s, `INSERT INTO workflow_process_design_history (design_id, version, action, content, comment, saved_by, saved_at) VALUES (?, ?, 'update', '', '', ?, ?)`, of[:], n, owner, now)
		execute(t, s, `INSERT INTO workflow_template (id, name, description, process_key, owner, public, use_count, content, version, created_at, updated_at) VALUES (?, 'x', '', 'leave', ?, ?, 0, '{}', 1, ?, ?)`,
			id[:], owner, n%50 == 0, now, now)
		execute(t, s, `INSERT INTO workflow_draft (id, name, process_key, owner, content, version, created_at, updated_at) VALUES (?, 'x', 'leave', ?, '{}', 1, ?, ?)`, id[:], owner, now, now)
	}
	for _, table := range []string{"workflow_process_design", "workflow_process_design_history", "workflow_template", "workflow_draft"} {
		execute(t, s, "ANALYZE TABLE "+table)
	}
	after := page.Request{Limit: 20, Descending: true, After: []string{design.String()}}
	version := page.Request{Limit: 20, Descending: true, After: []string{"900"}}
	settled(t, func() []string {
		var wrong []string
		for _, q := range []read{
			pageOf(t, designList, query{}, after),
			pageOf(t, designList, DesignFilter{Kind: DesignBPMN, Key: "7"}.query(), after),
			pageOf(t, designList, DesignFilter{CategoryID: design}.query(), after),
			pageOf(t, designVersionList, versionsOf(design), version),
			pageOf(t, categoryList, query{}, page.Request{Limit: 20, After: []string{"a"}}),
			pageOf(t, templateList, TemplateFilter{Owner: "user7"}.query(), after),
			pageOf(t, templateList, TemplateFilter{Public: true, ProcessKey: "leave"}.query(), after),
			pageOf(t, draftList, draftsOf("user7", DraftFilter{ProcessKey: "leave"}), after),
			{designVersion, []any{design[:], 7}},
			{templateSeen, []any{design[:], "user7"}},
			{ownDraft, []any{design[:], "user7"}},
		} {
			for _, plan := range plans(t, s, q) {
				if plan.access == "ALL" && plan.rows > 20 || plan.access == "index" && plan.rows > 200 {
					wrong = append(wrong, fmt.Sprintf("%s reads %d rows of %s (%s)", q.text, plan.rows, plan.table, plan.access))
				}
			}
		}
		return wrong
	})
}
