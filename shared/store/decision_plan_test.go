package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/page"
)

// Every statement about decisions that runs while processes do finds its rows by a key.
func TestDecisionsAreFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	at, id := time.Now().UTC(), person(7).ID
	for begin := 0; begin < 3000; begin += 500 {
		var rows []string
		var arguments []any
		for m := begin; m < begin+500; m++ {
			own := person(m).ID
			rows = append(rows, `(?, ?, ?, ?, '', ?, 'm', ?, 'f.dmn', 'x', ?)`)
			arguments = append(arguments, own[:], fmt.Sprintf("key%d", m/10), 1+m%10, m%10/9, fmt.Sprintf("tag%d", m%10), own[:], at)
		}
		execute(t, s, `INSERT INTO workflow_decision (id, decision_key, version, latest, name, version_tag, model_key, deployment_id, resource_name, deployed_by, deployed_at) VALUES `+
			strings.Join(rows, ", "), arguments...)
	}
	execute(t, s, "ANALYZE TABLE workflow_decision")
	byKey, latest := query{}, query{}
	byKey.equal("d.decision_key", "key7")
	latest.where("d.latest = 1")
	after := page.Request{Limit: 20, Descending: true, After: []string{id.String()}}
	reads := []read{
		{decisionByID, []any{id[:]}}, {latestDecision, []any{"key7"}}, {decisionOfDeployment, []any{"key7", id[:]}}, {decisionOfVersion, []any{"key7", 1}},
		{decisionsOfTag, []any{"key7", "tag3"}}, {isDecisionDeployed, []any{"key7"}}, {decisionFiles, []any{id[:]}},
		pageOf(t, decisionList, query{}, after), pageOf(t, decisionList, byKey, after), pageOf(t, decisionList, latest, after),
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
