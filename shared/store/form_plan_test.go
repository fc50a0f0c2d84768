package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/page"
)

// Every statement about forms and their files that runs while processes do finds its rows by a key.
func TestFormsAreFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	at, id := time.Now().UTC(), person(7).ID
	for begin := 0; begin < 3000; begin += 500 {
		var forms, files []string
		var ofForms, ofFiles []any
		for m := begin; m < begin+500; m++ {
			own := person(m).ID
			forms = append(forms, `(?, ?, ?, ?, ?, ?, 'f.form', 'x', ?)`)
			ofForms = append(ofForms, own[:], fmt.Sprintf("key%d", m/10), 1+m%10, m%10/9, strings.Repeat("h", 32), own[:], at)
			files = append(files, `(?, ?, ?, 'n', 't', 1, ?, '', 'c', ?)`)
			ofFiles = append(ofFiles, own[:], fmt.Sprintf("user%d", m/10), own[:], strings.Repeat("h", 32), at)
		}
		execute(t, s, `INSERT INTO workflow_form (id, form_key, version, latest, hash, deployment_id, resource_name, deployed_by, deployed_at) VALUES `+strings.Join(forms, ", "), ofForms...)
		execute(t, s, `INSERT INTO workflow_file (id, owner, instance_id, name, content_type, size, sha256, place, content, created_at) VALUES `+strings.Join(files, ", "), ofFiles...)
	}
	execute(t, s, "ANALYZE TABLE workflow_form, workflow_file")
	byKey, latest := query{}, query{}
	byKey.equal("d.form_key", "key7")
	latest.where("d.latest = 1")
	after := page.Request{Limit: 20, Descending: true, After: []string{id.String()}}
	reads := []read{
		{formByID, []any{id[:]}}, {latestForm, []any{"key7"}}, {formOfDeployment, []any{"key7", id[:]}}, {formOfVersion, []any{"key7", 1}}, {formOfFile, []any{id[:], "f.form"}},
		{`SELECT ` + fileColumns, []any{id[:]}}, {`SELECT id FROM workflow_file WHERE instance_id IS NULL AND created_at < ? LIMIT ?`, []any{at, 10}},
		pageOf(t, formList, query{}, after), pageOf(t, formList, byKey, after), pageOf(t, formList, latest, after),
	}
	settled(t, func() (wrong []string) {
		for _, q := range reads {
			for _, plan := range plans(t, s, q) {
				if plan.access == "ALL" || plan.access == "index" && plan.rows > 200 {
					wrong = append(wrong, fmt.Sprintf("%s reads %d rows of %s (%s)", q.text, plan.rows, plan.table, plan.access))
				}
			}
		}
		return wrong
	})
}
