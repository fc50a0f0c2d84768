package definitions

import (
	"encoding/json"
	"maps"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

const bonus = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" namespace="http://example.com/m">
  <decision id="bonus" name="奖金"><decisionTable id="t" hitPolicy="UNIQUE">
    <input id="i"><inputExpression id="e" typeRef="number"><text>years</text></inputExpression></input>
    <output id="o" name="percent" typeRef="number"/>
    <rule id="long"><inputEntry id="a"><text>&gt;= 5</text></inputEntry><outputEntry id="b"><text>10</text></outputEntry></rule>
    <rule id="all"><inputEntry id="c"><text>&gt;= 9</text></inputEntry><outputEntry id="d"><text>20</text></outputEntry></rule>
  </decisionTable></decision></definitions>`

func TestDecisions(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	zhouming, zhangwei := d.As("zhouming"), d.As("zhangwei")
	body, contentType := faastest.Multipart(t, "bonus.dmn", bonus)
	header := maps.Clone(zhouming)
	header["Content-Type"] = contentType
	suite := faastest.Suite{App: d.App, Function: Function, Handle: Handle}
	suite.Run(t, []faastest.Call{{
		Name: "deploy", Method: "POST", Path: "/api/v1/deployments", Header: header, Body: body, Status: 201,
		JSON: `{"definitions": [], "decisions": [{"key": "bonus", "name": "奖金", "modelKey": "m", "latest": true, "deployedBy": "zhouming"}], "warnings": []}`,
	}})
	latest, err := d.App.Store.Decisions(t.Context(), store.DefinitionFilter{Key: "bonus", Latest: true}, page.Request{Limit: 1, Descending: true})
	if err != nil || len(latest.Items) != 1 {
		t.Fatal(latest, err)
	}
	one, none := "/api/v1/decisions/"+latest.Items[0].ID.String(), "/api/v1/decisions/"+engine.ID{1}.String()
	evaluate := func(name, key, body string, status int, code, answer string) faastest.Call {
		return faastest.Call{Name: name, Method: "POST", Path: "/api/v1/decisions/" + key + "/evaluate", Header: zhangwei, Body: body, Status: status, Code: code, JSON: answer}
	}
	suite.Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: "/api/v1/decisions?latest=true&key=bonus&count=true", Header: zhangwei, Status: 200, JSON: `{"items": [{"key": "bonus", "version": 2}], "total": 1}`},
		{Name: "get", Method: "GET", Path: one, Header: zhangwei, Status: 200, JSON: `{"key": "bonus", "resource": "bonus.dmn"}`},
		{Name: "xml", Method: "GET", Path: one + "/xml", Header: zhangwei, Status: 200, Check: func(t *testing.T, a faastest.Answer) {
			if string(a.Body) != bonus || a.Header.Get("Content-Type") != "application/xml" {
				t.Errorf("%s %s", a.Header.Get("Content-Type"), a.Body)
			}
		}},
		{Name: "unknown", Method: "GET", Path: none, Header: zhangwei, Status: 404, Code: "decision_not_found"},
		{Name: "unknown xml", Method: "GET", Path: none + "/xml", Header: zhangwei, Status: 404, Code: "decision_not_found"},
		{Name: "no id", Method: "GET", Path: "/api/v1/decisions/x", Header: zhangwei, Status: 404},
		evaluate("evaluate", "bonus", `{"variables": {"years": 7}}`, 200, "", `{"decision": {"version": 2}, "results": [{"percent": 10}], "evaluated": [{"key": "bonus", "inputs": [7], "matched": ["long"]}], "diagnostics": []}`),
		evaluate("nothing matches", "bonus", `{"variables": {"years": 1}, "version": 1}`, 200, "", `{"decision": {"version": 1}, "results": []}`),
		evaluate("two rules", "bonus", `{"variables": {"years": 10}}`, 422, "decision_evaluation_failed", `{"errors": [{"element": "bonus", "pointer": "/variables", "line": 2}]}`),
		evaluate("no such version", "bonus", `{"version": 9}`, 404, "decision_not_found", ""),
		evaluate("no such decision", "nobody", `{}`, 404, "decision_not_found", ""),
		{Name: "nobody asks", Method: "GET", Path: "/api/v1/decisions", Status: 401},
	})
}

// TestDeletedDecisions: with its deployment a decision is gone, and the version before it is the latest again.
func TestDeletedDecisions(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	deploy := func() engine.ID {
		request := workflow.DeploymentRequest{Resources: []store.Resource{{Name: "bonus.dmn", Content: []byte(bonus)}}}
		raw, err := d.App.Workflow.Deploy(t.Context(), d.Call("zhouming"), request)
		if err != nil {
			t.Fatal(err)
		}
		var answer workflow.DeploymentAnswer
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatal(err)
		}
		return answer.ID
	}
	deploy()
	second := deploy()
	if err := d.App.Workflow.DeleteDeployment(t.Context(), d.Call("admin"), second, false); err != nil {
		t.Fatal(err)
	}
	left, err := d.App.Store.Decisions(t.Context(), store.DefinitionFilter{Key: "bonus"}, page.Request{Limit: 5})
	if err != nil || len(left.Items) != 1 || left.Items[0].Version != 1 || !left.Items[0].Latest {
		t.Errorf("%+v %v", left, err)
	}
}
