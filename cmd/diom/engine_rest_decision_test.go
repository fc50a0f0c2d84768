package main

import (
	"strings"
	"testing"
)

const discount = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" namespace="http://example.com/m">
  <decision id="discount" name="Discount"><decisionTable id="t" hitPolicy="UNIQUE">
    <input id="i"><inputExpression id="e" typeRef="number"><text>amount</text></inputExpression></input>
    <output id="o" name="percent" typeRef="number"/>
    <rule id="much"><inputEntry id="a"><text>&gt;= 100</text></inputEntry><outputEntry id="b"><text>10</text></outputEntry></rule>
    <rule id="more"><inputEntry id="c"><text>&gt;= 1000</text></inputEntry><outputEntry id="d"><text>20</text></outputEntry></rule>
  </decisionTable></decision></definitions>`

// TestEngineRestDecisions: a deployed table is listed, read and evaluated as Camunda 7 does it.
func TestEngineRestDecisions(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	answer := string(r.deploy(200, map[string]string{"deployment-name": "rules"}, map[string]string{"discount.dmn": discount}))
	if !strings.Contains(answer, `"deployedDecisionDefinitions":{"discount:1:`) {
		t.Error(answer)
	}
	r.story([]step{
		{method: "GET", path: "/decision-definition?key=discount", status: 200, want: `[{"key": "discount", "name": "Discount", "version": 1, "resource": "discount.dmn"}]`, keep: map[string]string{"id": "0/id"}},
		{method: "GET", path: "/decision-definition/count?latestVersion=true&key=discount", status: 200, want: `{"count": 1}`},
		{method: "GET", path: "/decision-definition/{id}", status: 200, want: `{"key": "discount"}`},
		{method: "GET", path: "/decision-definition/key/discount", status: 200, want: `{"id": "{id}"}`},
		{method: "GET", path: "/decision-definition/key/discount/xml", status: 200, want: `{"id": "{id}"}`},
		{method: "POST", path: "/decision-definition/key/discount/evaluate", body: `{"variables": {"amount": {"value": 150, "type": "Integer"}}}`, status: 200, want: `[{"percent": {"value": 10}}]`},
		{method: "POST", path: "/decision-definition/{id}/evaluate", body: `{"variables": {"amount": {"value": 5}}}`, status: 200, want: `[]`},
		{method: "POST", path: "/decision-definition/{id}/evaluate", body: `{"variables": {"amount": {"value": 5000}}}`, status: 500, want: `{"type": "RestException"}`},
		{method: "POST", path: "/decision-definition/key/nobody/evaluate", body: `{}`, status: 404, want: `{"type": "InvalidRequestException"}`},
		{method: "GET", path: "/decision-definition/nobody", status: 404},
	})
}

// TestEngineRestEvaluationHistory: what was evaluated is a part of the history, as Camunda 7 writes it; what has
// failed is none.
func TestEngineRestEvaluationHistory(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"discount.dmn": discount})
	r.story([]step{
		{method: "POST", path: "/decision-definition/key/discount/evaluate", body: `{"variables": {"amount": {"value": 150, "type": "Integer"}}}`, status: 200},
		{method: "POST", path: "/decision-definition/key/discount/evaluate", body: `{"variables": {"amount": {"value": 5000}}}`, status: 500},
		{method: "GET", path: "/history/decision-instance?decisionDefinitionKey=discount&includeInputs=true&includeOutputs=true", status: 200, keep: map[string]string{"made": "0/id"},
			want: `[{"decisionDefinitionKey": "discount", "decisionDefinitionName": "Discount", "processInstanceId": null, "processDefinitionKey": null, "activityId": null, "activityInstanceId": null,
				"rootProcessInstanceId": null, "rootDecisionInstanceId": null, "userId": "admin", "inputs": [{"value": 150}], "outputs": [{"value": 10, "variableName": "percent", "ruleId": "much", "ruleOrder": 1}]}]`},
		{method: "GET", path: "/history/decision-instance/count", status: 200, want: `{"count": 1}`},
		{method: "GET", path: "/history/decision-instance/{made}", status: 200, want: `{"id": "{made}"}`},
		{method: "GET", path: "/history/decision-instance?userId=admin&rootDecisionInstancesOnly=true", status: 200, want: `[{"id": "{made}"}]`},
		{method: "GET", path: "/history/decision-instance/count?processDefinitionKey=discount", status: 200, want: `{"count": 0}`},
		{method: "GET", path: "/history/decision-instance/count?activityIdIn=discount", status: 200, want: `{"count": 0}`},
	})
	r.user = "zhangwei"
	r.story([]step{{method: "GET", path: "/history/decision-instance/count", status: 200, want: `{"count": 0}`}})
}
