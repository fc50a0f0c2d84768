package main

import (
	"fmt"
	"testing"
)

// small is a model of one process.
func small(key, content string) string {
	return fmt.Sprintf(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<message id="m" name="%[1]sM"/><process id="%[1]s" isExecutable="true">%[2]s</process></definitions>`, key, content)
}

func deploySmall(r *rest, models map[string]string) {
	r.t.Helper()
	files := map[string]string{}
	for key, content := range models {
		files[key+".bpmn"] = small(key, content)
	}
	r.deploy(200, nil, files)
}

const (
	inner   = `<startEvent id="s"/><userTask id="within"/><sequenceFlow id="f" sourceRef="s" targetRef="within"/>`
	failing = `<startEvent id="s"/><serviceTask id="x" camunda:expression="${gone}"/><sequenceFlow id="f" sourceRef="s" targetRef="x"/>`
)

func calling(called, mapping string) string {
	return `<startEvent id="s"/><callActivity id="call" calledElement="` + called + `"><extensionElements>` + mapping + `</extensionElements></callActivity><userTask id="after"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="call"/><sequenceFlow id="f2" sourceRef="call" targetRef="after"/>`
}

// TestEngineRestCallsAreStrict: what fails in a called instance, or when it comes back, undoes the command that called
// it or ended it.
func TestEngineRestCallsAreStrict(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	deploySmall(r, map[string]string{
		"inner": inner, "failing": failing, "nowhere": calling("unknown", ""), "fails": calling("failing", ""), "deep": calling("fails", ""),
		"back": calling("inner", `<camunda:out sourceExpression="${gone}" target="y"/>`),
	})
	for _, key := range []string{"nowhere", "fails", "deep"} {
		r.story([]step{
			{method: "POST", path: "/process-definition/key/" + key + "/start", body: `{}`, status: 500, want: `{"type": "RestException"}`},
			{method: "GET", path: "/history/process-instance/count?processDefinitionKey=" + key, status: 200, want: `{"count": 0}`},
		})
	}
	r.story([]step{
		{method: "POST", path: "/process-definition/key/back/start", body: `{}`, status: 200, keep: map[string]string{"caller": "id"}},
		{method: "GET", path: "/task?taskDefinitionKey=within", status: 200, keep: map[string]string{"task": "0/id", "called": "0/processInstanceId"}},
		{method: "POST", path: "/task/{task}/complete", body: `{}`, status: 500, want: `{"type": "RestException"}`},
		{method: "POST", path: "/task/{task}/complete", body: `{"variables": {"gone": {"value": 1}}}`, status: 204},
		{method: "GET", path: "/task/count?taskDefinitionKey=after", status: 200, want: `{"count": 1}`},
		{method: "POST", path: "/process-definition/key/back/start", body: `{}`, status: 200, keep: map[string]string{"caller": "id"}},
		{method: "PUT", path: "/process-instance/{caller}/suspended", body: `{"suspended": true}`, status: 204},
		{method: "GET", path: "/task?taskDefinitionKey=within", status: 200, keep: map[string]string{"task": "0/id"}},
		{method: "POST", path: "/task/{task}/complete", body: `{"variables": {"gone": {"value": 1}}}`, status: 500},
		{method: "GET", path: "/task/count?taskDefinitionKey=within", status: 200, want: `{"count": 1}`},
	})
}

// TestEngineRestTimerRetries: a timer that is executed by hand in vain loses its tries, and has an incident then.
func TestEngineRestTimerRetries(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	deploySmall(r, map[string]string{"timed": `<startEvent id="s"/><intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
<serviceTask id="x" camunda:expression="${gone}"/><userTask id="after"/><sequenceFlow id="f1" sourceRef="s" targetRef="wait"/><sequenceFlow id="f2" sourceRef="wait" targetRef="x"/><sequenceFlow id="f3" sourceRef="x" targetRef="after"/>`})
	r.story([]step{
		{method: "POST", path: "/process-definition/key/timed/start", body: `{}`, status: 200, keep: map[string]string{"pi": "id"}},
		{method: "GET", path: "/job?processInstanceId={pi}", status: 200, want: `[{"retries": 3}]`, keep: map[string]string{"job": "0/id"}},
		{method: "POST", path: "/job/{job}/execute", body: `{}`, status: 404},
		{method: "GET", path: "/job/{job}", status: 200, want: `{"retries": 2, "failedActivityId": "x"}`},
		{method: "GET", path: "/incident/count?processInstanceId={pi}", status: 200, want: `{"count": 0}`},
		{method: "POST", path: "/job/{job}/execute", body: `{}`, status: 404},
		{method: "POST", path: "/job/{job}/execute", body: `{}`, status: 404},
		{method: "GET", path: "/incident?processInstanceId={pi}", status: 200, want: `[{"incidentType": "failedJob", "activityId": "wait", "failedActivityId": "x", "configuration": "{job}"}]`},
		{method: "GET", path: "/history/job-log?processInstanceId={pi}&failureLog=true", status: 200, want: `[{"jobRetries": 3, "failedActivityId": "x"}, {"jobRetries": 2}, {"jobRetries": 1}]`},
		{method: "GET", path: "/history/process-instance/count?processDefinitionKey=timed&incidentStatus=open", status: 200, want: `{"count": 1}`},
		{method: "GET", path: "/history/process-instance/count?processDefinitionKey=timed&incidentStatus=resolved", status: 200, want: `{"count": 0}`},
		{method: "PUT", path: "/job/{job}/retries", body: `{"retries": 1}`, status: 204},
		{method: "GET", path: "/incident/count?processInstanceId={pi}", status: 200, want: `{"count": 0}`},
		{method: "PUT", path: "/process-instance/{pi}/variables/gone", body: `{"value": 1}`, status: 204},
		{method: "POST", path: "/job/{job}/execute", body: `{}`, status: 204},
		{method: "GET", path: "/task/count?processInstanceId={pi}", status: 200, want: `{"count": 1}`},
		{method: "GET", path: "/history/process-instance/count?startedBefore=soon", status: 400},
	})
}

const interrupted = `<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><userTask id="t"><extensionElements><camunda:inputOutput><camunda:inputParameter name="in">i</camunda:inputParameter><camunda:outputParameter name="out">${gone}</camunda:outputParameter></camunda:inputOutput>
<camunda:executionListener event="end" expression="${execution.setVariable('heard', 1)}"/></extensionElements></userTask><sequenceFlow id="f0" sourceRef="ss" targetRef="t"/></subProcess>
<boundaryEvent id="b" attachedToRef="sub"><messageEventDefinition messageRef="m"/></boundaryEvent><userTask id="after"/><sequenceFlow id="f1" sourceRef="s" targetRef="sub"/><sequenceFlow id="f2" sourceRef="b" targetRef="after"/><sequenceFlow id="f3" sourceRef="sub" targetRef="after"/>`

// TestEngineRestInterruptions: an output parameter that fails stops an interruption, a modification and a deletion,
// unless they pass over mappings.
func TestEngineRestInterruptions(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	deploySmall(r, map[string]string{"interrupted": interrupted})
	start := step{method: "POST", path: "/process-definition/key/interrupted/start", body: `{}`, status: 200, keep: map[string]string{"pi": "id"}}
	modify := func(more string, status int) step {
		return step{method: "POST", path: "/process-instance/{pi}/modification", body: `{"instructions": [{"type": "startBeforeActivity", "activityId": "after"}, {"type": "cancel", "activityId": "t"}]` + more + `}`, status: status}
	}
	variables := "/history/variable-instance/count?processInstanceId={pi}&variableName="
	r.story([]step{
		start,
		{method: "POST", path: "/message", body: `{"messageName": "interruptedM"}`, status: 500},
		modify("", 500),
		{method: "DELETE", path: "/process-instance/{pi}", status: 500},
		{method: "GET", path: "/task?processInstanceId={pi}", status: 200, want: `[{"taskDefinitionKey": "t"}]`},
		modify(`, "skipIoMappings": true`, 204),
		{method: "GET", path: "/task?processInstanceId={pi}", status: 200, want: `[{"taskDefinitionKey": "after"}]`},
		{method: "GET", path: variables + "heard", status: 200, want: `{"count": 1}`},
		{method: "GET", path: "/history/activity-instance?processInstanceId={pi}&activityId=sub", status: 200, want: `[{"canceled": true}]`},
		start,
		modify(`, "skipIoMappings": true, "skipCustomListeners": true`, 204),
		{method: "GET", path: variables + "heard", status: 200, want: `{"count": 0}`},
		start,
		{method: "DELETE", path: "/process-instance/{pi}?skipIoMappings=true&skipCustomListeners=true", status: 204},
		{method: "GET", path: variables + "heard", status: 200, want: `{"count": 0}`},
		start,
		{method: "PUT", path: "/process-instance/{pi}/variables/gone", body: `{"value": 1}`, status: 204},
		{method: "DELETE", path: "/process-instance/{pi}", status: 204},
		{method: "GET", path: variables + "out", status: 200, want: `{"count": 1}`},
	})
}

// TestEngineRestMessages: a message with variables of the event's own scope; a start by a message whose target nobody is.
func TestEngineRestMessages(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	deploySmall(r, map[string]string{
		"heard": `<startEvent id="s"/><receiveTask id="w" messageRef="m"><extensionElements><camunda:inputOutput><camunda:outputParameter name="kept">${l}</camunda:outputParameter></camunda:inputOutput></extensionElements></receiveTask><userTask id="after"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="w"/><sequenceFlow id="f2" sourceRef="w" targetRef="after"/>`,
		"begun": `<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent><userTask id="t"/><sequenceFlow id="f1" sourceRef="s" targetRef="t"/>`,
	})
	r.story([]step{
		{method: "POST", path: "/process-definition/key/heard/start", body: `{}`, status: 200, keep: map[string]string{"pi": "id"}},
		{method: "POST", path: "/message", body: `{"messageName": "heardM", "processInstanceId": "{pi}", "tenantId": "x"}`, status: 400, want: `{"type": "BadUserRequestException"}`},
		{method: "POST", path: "/message", body: `{"messageName": "heardM", "variablesInResultEnabled": true}`, status: 400, want: `{"type": "InvalidRequestException"}`},
		{method: "POST", path: "/message", body: `{"messageName": "heardM", "processVariables": {"x": {"value": "no", "type": "Integer"}}}`, status: 400,
			want: `{"type": "InvalidRequestException", "message": "Cannot deliver message: Cannot convert value 'no' of type 'Integer' to java type java.lang.Integer"}`},
		{method: "POST", path: "/message", body: `{"messageName": "heardM", "processInstanceId": "{pi}", "processVariablesLocal": {"l": {"value": 2}}}`, status: 204},
		{method: "GET", path: "/process-instance/{pi}/variables", status: 200, want: `{"kept": {"value": 2}}`},
		{method: "GET", path: "/variable-instance/count?processInstanceIdIn={pi}&variableName=l", status: 200, want: `{"count": 0}`},
		{method: "POST", path: "/message", body: `{"messageName": "begunM", "processInstanceId": "{pi}"}`, status: 204},
		{method: "GET", path: "/process-instance/count?processDefinitionKey=begun", status: 200, want: `{"count": 1}`},
	})
}
