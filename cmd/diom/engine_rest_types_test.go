package main

import "testing"

const typedModel = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
  <process id="typed" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="sum"/>
    <serviceTask id="sum" camunda:expression="${n / 2}" camunda:resultVariable="half"/><sequenceFlow id="b" sourceRef="sum" targetRef="call"/>
    <callActivity id="call" calledElement="typedChild"><extensionElements>
      <camunda:in source="n" target="passed"/><camunda:in sourceExpression="${n + 1}" target="more"/><camunda:in source="when" target="when"/>
      <camunda:out source="answer" target="answer"/><camunda:out sourceExpression="${passed}" target="back"/></extensionElements></callActivity>
    <sequenceFlow id="c" sourceRef="call" targetRef="end"/>
    <userTask id="end"><extensionElements><camunda:inputOutput><camunda:inputParameter name="local">${answer}</camunda:inputParameter></camunda:inputOutput></extensionElements></userTask>
  </process>
  <process id="typedChild" isExecutable="true"><startEvent id="s2"/><sequenceFlow id="a2" sourceRef="s2" targetRef="ask"/>
    <userTask id="ask"><extensionElements><camunda:inputOutput><camunda:inputParameter name="seen">${passed}</camunda:inputParameter>
      <camunda:outputParameter name="answer">${more}</camunda:outputParameter></camunda:inputOutput></extensionElements></userTask></process></definitions>`

// TestEngineRestTypes: a Long, a Double that is whole and a Date stay what they are through in and out mappings,
// parameters and expressions, as Camunda 7 has them.
func TestEngineRestTypes(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"typed.bpmn": typedModel})
	r.story([]step{
		{method: "POST", path: "/process-definition/key/typed/start", status: 200, keep: map[string]string{"instance": "id"},
			body: `{"variables": {"n": {"value": 8, "type": "Long"}, "when": {"value": "2026-01-31T10:00:00.000+0000", "type": "Date"}}}`},
		{method: "GET", path: "/process-instance/{instance}/variables/half", status: 200, want: `{"type": "Double", "value": 4}`},
		{method: "GET", path: "/process-instance?superProcessInstance={instance}", status: 200, keep: map[string]string{"child": "0/id"}},
		{method: "GET", path: "/process-instance/{child}/variables", status: 200, want: `{"passed": {"type": "Long", "value": 8}, "more": {"type": "Long", "value": 9}, "when": {"type": "Date", "value": "2026-01-31T10:00:00.000+0000"}}`},
		{method: "GET", path: "/task?processInstanceId={child}", status: 200, keep: map[string]string{"task": "0/id"}},
		{method: "GET", path: "/task/{task}/localVariables", status: 200, want: `{"seen": {"type": "Long", "value": 8}}`},
		{method: "POST", path: "/task/{task}/complete", body: `{}`, status: 204},
		{method: "GET", path: "/process-instance/{instance}/variables", status: 200, want: `{"n": {"type": "Long", "value": 8}, "answer": {"type": "Long", "value": 9}, "back": {"type": "Long", "value": 8}}`},
		{method: "GET", path: "/task?processInstanceId={instance}", status: 200, keep: map[string]string{"task": "0/id"}},
		{method: "GET", path: "/task/{task}/localVariables", status: 200, want: `{"local": {"type": "Long", "value": 9}}`},
		{method: "GET", path: "/history/variable-instance?processInstanceId={instance}&variableName=answer", status: 200, want: `[{"type": "Long", "value": 9}]`},
		{method: "GET", path: "/history/variable-instance?variableName=local", status: 200, want: `[{"type": "Long", "value": 9}]`},
	})
}
