package main

import "testing"

const asking = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
  <process id="asking" isExecutable="true">
    <startEvent id="s"><extensionElements><camunda:formData><camunda:formField id="days" type="long"><camunda:validation><camunda:constraint name="max" config="30"/></camunda:validation></camunda:formField></camunda:formData></extensionElements></startEvent>
    <sequenceFlow id="a" sourceRef="s" targetRef="fill"/>
    <userTask id="fill"><extensionElements><camunda:formData>
      <camunda:formField id="why" type="string"><camunda:validation><camunda:constraint name="required"/></camunda:validation></camunda:formField>
      <camunda:formField id="level" type="long" defaultValue="3"/>
    </camunda:formData></extensionElements></userTask>
  </process></definitions>`

// TestEngineRestForm: what is submitted is held against the fields of the form.
func TestEngineRestForm(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"asking.bpmn": asking})
	r.story([]step{
		{method: "POST", path: "/process-definition/key/asking/submit-form", body: `{"variables": {"days": {"value": 30, "type": "Long"}}}`, status: 500, want: `{"type": "RestException"}`},
		{method: "POST", path: "/process-definition/key/asking/submit-form", body: `{"variables": {"days": {"value": "many", "type": "String"}}}`, status: 500, want: `{"type": "RestException"}`},
		{method: "POST", path: "/process-definition/key/nothing/submit-form", body: `{}`, status: 404, want: `{"type": "RestException"}`},
		{method: "POST", path: "/process-definition/key/asking/start", body: `{"variables": {"days": {"value": 31, "type": "Long"}}}`, status: 200},
		{method: "POST", path: "/process-definition/key/asking/submit-form", body: `{"variables": {"days": {"value": 29, "type": "Long"}}}`, status: 200, keep: map[string]string{"instance": "id"}},
		{method: "GET", path: "/task?processInstanceId={instance}", status: 200, keep: map[string]string{"task": "0/id"}},
		{method: "POST", path: "/task/{task}/submit-form", body: `{"variables": {}}`, status: 500, want: `{"type": "RestException"}`},
		{method: "POST", path: "/task/{task}/submit-form", body: `{"variables": {"why": {"value": "x"}, "level": {"value": "1.5"}}}`, status: 500, want: `{"type": "NumberFormatException"}`},
		{method: "POST", path: "/task/{task}/submit-form", body: `{"variables": {"why": {"value": "rest"}}}`, status: 204},
		{method: "GET", path: "/history/variable-instance?processInstanceId={instance}&variableName=level", status: 200, want: `[{"value": 3, "type": "Long"}]`},
	})
}
