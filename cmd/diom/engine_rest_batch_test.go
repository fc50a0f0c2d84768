package main

import (
	"strings"
	"testing"
)

const waiting = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
  <message id="m" name="paid"/>
  <process id="waiting" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="decide"/>
    <businessRuleTask id="decide" camunda:decisionRef="discount" camunda:mapDecisionResult="singleEntry" camunda:resultVariable="percent"/>
    <sequenceFlow id="b" sourceRef="decide" targetRef="wait"/>
    <intermediateCatchEvent id="wait"><messageEventDefinition messageRef="m"/></intermediateCatchEvent><sequenceFlow id="c" sourceRef="wait" targetRef="e"/>
    <endEvent id="e"/>
  </process></definitions>`

// TestEngineRestPast: the decisions of business rule tasks and each value of a variable are in the history.
func TestEngineRestPast(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"discount.dmn": discount, "waiting.bpmn": waiting})
	r.story([]step{
		{method: "POST", path: "/process-definition/key/waiting/start", body: `{"variables": {"amount": {"value": 150, "type": "Integer"}}}`, status: 200, keep: map[string]string{"instance": "id", "process": "definitionId"}},
		{method: "GET", path: "/decision-definition/key/discount", status: 200, keep: map[string]string{"discount": "id"}},
		{method: "GET", path: "/history/decision-instance?processInstanceId={instance}&includeInputs=true&includeOutputs=true", status: 200, keep: map[string]string{"decision": "0/id"},
			want: `[{"decisionDefinitionId": "{discount}", "decisionDefinitionKey": "discount", "decisionDefinitionName": "Discount", "processDefinitionId": "{process}", "processInstanceId": "{instance}", "activityId": "decide",
				"rootDecisionInstanceId": null, "inputs": [{"type": "Integer", "value": 150}], "outputs": [{"variableName": "percent", "ruleId": "much", "ruleOrder": 1, "value": 10}]}]`},
		{method: "GET", path: "/history/decision-instance/{decision}", status: 200, want: `{"decisionDefinitionKey": "discount", "inputs": null}`},
		{method: "GET", path: "/history/decision-instance/nothing", status: 404},
		{method: "GET", path: "/history/decision-instance/count?decisionDefinitionKey=discount&rootDecisionInstancesOnly=true&activityIdIn=decide", status: 200, want: `{"count": 1}`},
		{method: "GET", path: "/history/decision-instance/count?decisionDefinitionKey=other", status: 200, want: `{"count": 0}`},
		{method: "PUT", path: "/process-instance/{instance}/variables/amount", body: `{"value": 7, "type": "Short"}`, status: 204},
		{method: "GET", path: "/history/detail?processInstanceId={instance}&sortBy=variableRevision&sortOrder=desc", status: 200, keep: map[string]string{"detail": "0/id"},
			want: `[{"type": "variableUpdate", "variableName": "amount", "variableType": "Short", "value": 7, "revision": 1, "initial": false}, {}, {}]`},
		{method: "GET", path: "/history/detail/{detail}", status: 200, want: `{"variableName": "amount"}`},
		{method: "GET", path: "/history/detail/count?variableNameIn=amount&initial=true", status: 200, want: `{"count": 1}`},
		{method: "GET", path: "/history/detail/nothing", status: 404},
	})
}

// TestEngineRestBatches: what Camunda does with many instances in the background is a batch of the product's.
func TestEngineRestBatches(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"discount.dmn": discount, "waiting.bpmn": waiting})
	start := step{method: "POST", path: "/process-definition/key/waiting/start", body: `{"variables": {"amount": {"value": 150}}}`, status: 200}
	one, two := start, start
	one.keep, two.keep = map[string]string{"one": "id", "definition": "definitionId"}, map[string]string{"two": "id"}
	both := `"processInstanceIds": ["{one}", "{two}"]`
	r.story([]step{
		one, two,
		{method: "POST", path: "/process-instance/suspended-async", body: `{` + both + `, "suspended": true}`, status: 200, want: `{"type": "instance-update-suspension-state", "totalJobs": 2}`, keep: map[string]string{"batch": "id"}},
		{method: "GET", path: "/process-instance/count?suspended=true", status: 200, want: `{"count": 2}`},
		{method: "GET", path: "/batch/{batch}", status: 404},
		{method: "GET", path: "/history/batch/{batch}", status: 200, want: `{"type": "instance-update-suspension-state", "totalJobs": 2}`},
		{method: "POST", path: "/process-instance/suspended-async", body: `{"processInstanceQuery": {"processDefinitionKey": "waiting"}, "suspended": false}`, status: 200, want: `{"totalJobs": 2}`},
		{method: "GET", path: "/process-instance/count?suspended=true", status: 200, want: `{"count": 0}`},
		{method: "POST", path: "/process-instance/variables-async", body: `{` + both + `, "variables": {"x": {"value": 5}}}`, status: 200, want: `{"type": "set-variables"}`},
		{method: "GET", path: "/process-instance/{two}/variables/x", status: 200, want: `{"value": 5}`},
		{method: "POST", path: "/process-instance/message-async", body: `{` + both + `, "messageName": "unpaid"}`, status: 200, want: `{"type": "correlate-message"}`, keep: map[string]string{"failed": "id"}},
		{method: "GET", path: "/batch/statistics?type=correlate-message", status: 200, want: `[{"id": "{failed}", "failedJobs": 2, "completedJobs": 0, "remainingJobs": 2}]`},
		{method: "GET", path: "/batch/count?withFailures=true", status: 200, want: `{"count": 1}`},
		{method: "GET", path: "/history/batch/count?completed=true", status: 200, want: `{"count": 3}`},
		{method: "PUT", path: "/batch/{failed}/suspended", body: `{"suspended": true}`, status: 204},
		{method: "DELETE", path: "/batch/{failed}", status: 204},
		{method: "DELETE", path: "/batch/nothing", status: 400},
		{method: "POST", path: "/modification/executeAsync", body: `{` + both + `, "processDefinitionId": "{definition}", "instructions": [{"type": "startBeforeActivity", "activityId": "wait"}]}`, status: 200, want: `{"type": "instance-modification"}`},
		{method: "GET", path: "/event-subscription/count?processInstanceId={one}", status: 200, want: `{"count": 2}`},
		{method: "POST", path: "/process-instance/{one}/modification-async", body: `{"instructions": [{"type": "cancel", "activityId": "wait"}]}`, status: 200, want: `{"totalJobs": 1}`},
		{method: "POST", path: "/modification/execute", body: `{"processInstanceIds": ["{two}"], "processDefinitionId": "{definition}", "instructions": [{"type": "startBeforeActivity", "activityId": "wait"}]}`, status: 204},
		{method: "POST", path: "/process-definition/{definition}/restart-async", body: `{"processInstanceIds": ["{one}"], "instructions": [{"type": "startBeforeActivity", "activityId": "wait"}]}`, status: 200, want: `{"type": "instance-restart"}`},
		{method: "GET", path: "/process-instance/count", status: 200, want: `{"count": 2}`},
		{method: "POST", path: "/migration/executeAsync", body: `{"migrationPlan": {"sourceProcessDefinitionId": "{definition}", "targetProcessDefinitionId": "{definition}", "instructions": [{"sourceActivityIds": ["gone"], "targetActivityIds": ["wait"]}]}, "processInstanceIds": ["{two}"]}`, status: 400, want: `{"type": "MigrationPlanValidationException"}`},
		{method: "POST", path: "/job/retries", body: `{"jobQuery": {}, "retries": 3}`, status: 400},
		{method: "POST", path: "/process-instance/job-retries", body: `{"processInstances": ["{two}"]}`, status: 400},
		{method: "POST", path: "/process-instance/delete", body: `{"processInstanceQuery": {"processDefinitionKey": "waiting"}, "deleteReason": "enough"}`, status: 200, want: `{"type": "instance-deletion", "totalJobs": 2}`},
		{method: "GET", path: "/process-instance/count", status: 200, want: `{"count": 0}`},
		{method: "POST", path: "/process-instance/delete", body: `{}`, status: 400, want: `{"type": "InvalidRequestException"}`},
	})
	if _, answer := r.ask("GET", "/history/process-instance/{two}", "", ""); !strings.Contains(string(answer), `"deleteReason":"enough"`) {
		t.Errorf("the reason of the batch is lost: %s", answer)
	}
}
