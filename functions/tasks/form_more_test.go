package tasks

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

const teamForm = `{"id": "trip", "type": "default", "components": [{"type": "textfield", "key": "city"}, {"type": "textfield", "key": "salary"},
{"type": "textfield", "key": "comment"}, {"type": "people", "key": "companion"},
{"type": "dynamiclist", "path": "legs", "components": [{"type": "department", "key": "payer"}, {"type": "people", "key": "guides", "multiple": true}]}]}`

func TestPickedPeopleAndDepartmentsExist(t *testing.T) {
	t.Parallel()
	r := openForms(t, "latest")
	r.deploy(store.Resource{Name: "trip.form", Content: []byte(teamForm)})
	leg := func(payer string, guides ...any) []any {
		return []any{map[string]any{"payer": payer, "guides": guides}}
	}
	r.start(workflow.StartRequest{Variables: engine.Variables{"companion": "nobody"}}, "person_unknown /variables/companion")
	r.start(workflow.StartRequest{Variables: engine.Variables{"legs": leg("nowhere")}}, "department_unknown /variables/legs/0/payer")
	r.start(workflow.StartRequest{Variables: engine.Variables{"legs": leg("", "lina", "nobody")}}, "person_unknown /variables/legs/0/guides/1")
	departments, err := r.App.Store.KnownDepartments(t.Context(), []string{"nowhere", "rd", "finance"})
	if err != nil || len(departments) == 0 {
		t.Fatal(departments, err)
	}
	r.start(workflow.StartRequest{Variables: engine.Variables{"companion": "lina", "legs": leg(departments[0], "wangfang")}}, "")
}

// What a form named before may stay although it is not there any more.
func TestPickedPeopleWhoHaveLeftMayStay(t *testing.T) {
	t.Parallel()
	r := openForms(t, "latest")
	task := r.start(workflow.StartRequest{Variables: paris}, "").Tasks[0].ID
	r.deploy(store.Resource{Name: "trip.form", Content: []byte(strings.Replace(tripForm, `{"type": "textfield", "key": "comment"}`, `{"type": "people", "key": "comment"}`, 1))})
	r.complete(task, workflow.Completion{Variables: engine.Variables{"comment": "gone"}}, "person_unknown /variables/comment")
	if _, err := r.App.Workflow.SetTaskVariables(t.Context(), r.Call("wangfang"), task, engine.SetVariables{Variables: engine.Variables{"comment": "gone"}}); err != nil {
		t.Fatal(err)
	}
	r.complete(task, workflow.Completion{Variables: engine.Variables{"comment": "gone"}}, "")
}

// secret is a process whose gateway reads the salary, which wangfang does not see.
const secret = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" xmlns:d="https://diom.io/schema/bpmn/1.0" targetNamespace="t">
<process id="trip" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="split"/><exclusiveGateway id="split" default="f3"/>
<sequenceFlow id="f2" sourceRef="split" targetRef="decide"><conditionExpression>${salary == 'confidential'}</conditionExpression></sequenceFlow>
<sequenceFlow id="f3" sourceRef="split" targetRef="decide"/>
<userTask id="decide" c:assignee="wangfang"><extensionElements><d:fields default="read"><d:field name="salary" access="hidden"/></d:fields></extensionElements></userTask></process></definitions>`

func TestHiddenFieldsAreNotInTheHistory(t *testing.T) {
	t.Parallel()
	r := openForms(t, "latest")
	r.deploy(store.Resource{Name: "secret.bpmn", Content: []byte(secret)})
	id := r.start(workflow.StartRequest{Variables: engine.Variables{"salary": "confidential", "city": "Paris"}}, "").Instance.ID
	for username, shown := range map[string]bool{"wangfang": false, "zhangwei": true, "wuqiang": true} {
		who := r.Call(username).Principal
		history, err := r.App.Workflow.History(t.Context(), who, id, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		why, err := r.App.Workflow.Why(t.Context(), who, id)
		if err != nil {
			t.Fatal(err)
		}
		query := camunda.ParseQuery(url.Values{"processInstanceId": {id.String()}})
		past, _, err := r.App.Camunda.PastVariables(t.Context(), who, query)
		if err != nil {
			t.Fatal(err)
		}
		details, _, err := r.App.Camunda.PastDetails(t.Context(), who, query)
		if err != nil {
			t.Fatal(err)
		}
		for view, of := range map[string]any{"history": history, "why": why, "past variables": past, "details": details} {
			text, err := json.Marshal(of)
			// The model's own expression names the value, too; what was read does so with quotes of JSON.
			if got := strings.Contains(string(text), `"confidential"`); err != nil || got != shown {
				t.Errorf("%s of %s: the salary is shown: %v: %s", view, username, got, text)
			}
			// Who only has a task does not find the instance among those of /engine-rest.
			if (view == "history" || view != "why" && shown) && !strings.Contains(string(text), "Paris") {
				t.Errorf("%s of %s: %s", view, username, text)
			}
		}
		if len(why) == 0 || !shown && string(why[0].Why[0].Result) != "" {
			t.Errorf("why of %s: %+v", username, why)
		}
	}
}

func TestFormThatAnExpressionNames(t *testing.T) {
	t.Parallel()
	r := openForms(t, "latest")
	r.deploy(store.Resource{Name: "trip.bpmn", Content: []byte(strings.NewReplacer(`c:formRef="trip"`, `c:formRef="${kind}"`, "BINDING", "latest").Replace(strings.Replace(trip, `c:formRef="trip"`, "", 1)))})
	started := r.start(workflow.StartRequest{Variables: engine.Variables{"kind": "trip", "city": "Paris"}}, "")
	task := started.Tasks[0].ID
	if f := r.form(task); f.Form == nil || f.Form.Key != "trip" {
		t.Fatalf("%+v", f)
	}
	content, err := r.App.Camunda.DeployedForm(t.Context(), r.Call("wangfang").Principal, task.String())
	if err != nil || string(content) != tripForm {
		t.Errorf("%s, %v", content, err)
	}
	r.complete(task, workflow.Completion{Variables: engine.Variables{"comment": "ok", "other": "x"}}, "unknown_field /variables/other")
	r.complete(task, workflow.Completion{Variables: engine.Variables{"comment": "ok"}}, "")
	none := r.start(workflow.StartRequest{}, "") // nothing says which form: variables are taken as they come
	if f := r.form(none.Tasks[0].ID); f.Form != nil {
		t.Errorf("%+v", f.Form)
	}
}
