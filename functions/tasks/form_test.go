package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// trip is a process whose start and task are filled in with the form trip; wangfang decides, and does not see the salary.
const trip = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" xmlns:d="https://diom.io/schema/bpmn/1.0" targetNamespace="t">
<process id="trip" name="出差" isExecutable="true"><startEvent id="start" c:formRef="trip" c:formRefBinding="BINDING"/><sequenceFlow id="f1" sourceRef="start" targetRef="decide"/>
<userTask id="decide" c:assignee="wangfang" c:formRef="trip" c:formRefBinding="BINDING"><extensionElements><d:fields default="read"><d:field name="salary" access="hidden"/>
<d:field name="comment" access="write" required="true"/></d:fields></extensionElements></userTask><sequenceFlow id="f2" sourceRef="decide" targetRef="book"/>
<userTask id="book" c:assignee="lina" c:formRef="unknown"/></process></definitions>`

const tripForm = `{"id": "trip", "type": "default", "components": [
{"type": "textfield", "key": "city", "validate": {"required": true, "maxLength": 20}}, {"type": "number", "key": "days", "validate": {"min": 1}},
{"type": "textfield", "key": "salary"}, {"type": "textfield", "key": "comment"}, {"type": "attachments", "key": "files"}]}`

func formBinding(binding string) []store.Resource {
	return []store.Resource{{Name: "trip.bpmn", Content: []byte(strings.ReplaceAll(trip, "BINDING", binding))}, {Name: "trip.form", Content: []byte(tripForm)}}
}

// formRig is the demo with the process of trips.
type formRig struct {
	*faastest.Demo
	t *testing.T
}

func openForms(t *testing.T, binding string) *formRig {
	t.Helper()
	r := &formRig{faastest.OpenDemo(t, true), t}
	answer := r.deploy(formBinding(binding)...)
	if len(answer.Forms) != 1 || answer.Forms[0].Version != 1 || len(answer.Warnings) == 0 || answer.Warnings[len(answer.Warnings)-1].Code != "form_unknown" {
		t.Fatalf("%+v", answer)
	}
	return r
}

func (r *formRig) deploy(files ...store.Resource) workflow.DeploymentAnswer {
	r.t.Helper()
	raw, err := r.App.Workflow.Deploy(r.t.Context(), r.Call("zhouming"), workflow.DeploymentRequest{Resources: files})
	var answer workflow.DeploymentAnswer
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	if err != nil {
		r.t.Fatalf("%v: %+v", err, fault.From(err))
	}
	return answer
}

// start starts the process as zhangwei, who is refused when code is not empty.
func (r *formRig) start(request workflow.StartRequest, code string) workflow.Started {
	r.t.Helper()
	raw, err := r.App.Workflow.StartProcess(r.t.Context(), r.Call("zhangwei"), "trip", request)
	r.refused(err, code)
	var started workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &started)
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return started
}

// refused holds an error against the code of its first detail, or its own; an empty code is none.
func (r *formRig) refused(err error, code string) {
	r.t.Helper()
	got := ""
	if f := fault.From(err); f != nil {
		if got = f.Code; len(f.Details) > 0 {
			got = f.Details[0].Code + " " + f.Details[0].Pointer
		}
	} else if err != nil {
		got = err.Error()
	}
	if got != code {
		r.t.Errorf("%q, want %q", got, code)
	}
}

func (r *formRig) complete(task engine.ID, c workflow.Completion, code string) {
	r.t.Helper()
	_, err := r.App.Workflow.CompleteTask(r.t.Context(), r.Call("wangfang"), task, c)
	r.refused(err, code)
}

var paris = engine.Variables{"city": "Paris", "days": int64(3), "salary": "much"}

func TestFormOfStartAndTask(t *testing.T) {
	t.Parallel()
	r := openForms(t, "latest")
	r.start(workflow.StartRequest{}, "field_required /variables/city")
	r.start(workflow.StartRequest{Variables: engine.Variables{"city": "P", "days": int64(0), "x": true}}, "unknown_field /variables/x")
	started := r.start(workflow.StartRequest{Variables: paris}, "")
	task := started.Tasks[0].ID
	form, err := r.App.Workflow.TaskForm(t.Context(), r.Call("wangfang").Principal, task)
	if err != nil {
		t.Fatal(err)
	}
	if form.Form == nil || form.Form.Key != "trip" || !bytes.Equal(form.Schema, []byte(tripForm)) || form.Variables["salary"] != nil || form.Variables["city"] != "Paris" {
		t.Errorf("%+v", form)
	}
	want := []workflow.FieldAccess{
		{Name: "city", Visible: true, Required: true}, {Name: "days", Visible: true}, {Name: "salary"},
		{Name: "comment", Visible: true, Editable: true, Required: true}, {Name: "files", Visible: true},
	}
	for n, a := range form.Access {
		if a != want[n] {
			t.Errorf("%+v, want %+v", a, want[n])
		}
	}
	all, err := r.App.Workflow.Variables(t.Context(), r.Call("wangfang").Principal, started.Instance.ID)
	if err != nil || all["salary"] != nil || all["city"] != "Paris" {
		t.Errorf("%v, %v", all, err)
	}
	if own, err := r.App.Workflow.TaskForm(t.Context(), r.Call("zhangwei").Principal, task); err != nil || own.Variables["salary"] != "much" {
		t.Errorf("the starter does not see his own: %v, %v", own, err)
	}
	at := "/engine-rest/task/" + task.String()
	wangfang, zhangwei := r.As("wangfang"), r.As("zhangwei")
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "deployed form", Method: "GET", Path: at + "/deployed-form", Header: wangfang, Status: 200, JSON: tripForm},
		{Name: "form", Method: "GET", Path: at + "/form", Header: wangfang, Status: 200, JSON: `{"key": null, "camundaFormRef": {"key": "trip", "binding": "latest", "version": null}}`},
		{Name: "a hidden variable", Method: "GET", Path: at + "/variables/salary", Header: wangfang, Status: 404},
		{Name: "the starter's variable", Method: "GET", Path: at + "/variables/salary", Header: zhangwei, Status: 200, JSON: `{"value": "much"}`},
		{Name: "a variable", Method: "GET", Path: at + "/variables/city", Header: wangfang, Status: 200, JSON: `{"value": "Paris"}`},
	})
	for _, path := range []string{"/variables", "/form-variables"} {
		faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
			{Name: path, Method: "GET", Path: at + path, Header: wangfang, Status: 200, JSON: `{"city": {"value": "Paris"}}`, Check: func(t *testing.T, a faastest.Answer) {
				if bytes.Contains(a.Body, []byte("salary")) {
					t.Errorf("%s", a.Body)
				}
			}},
		})
	}
}

func TestFormIsCheckedAtTheTask(t *testing.T) {
	t.Parallel()
	r := openForms(t, "latest")
	task := r.start(workflow.StartRequest{Variables: paris}, "").Tasks[0].ID
	r.complete(task, workflow.Completion{}, "field_required /variables/comment")
	r.complete(task, workflow.Completion{Variables: engine.Variables{"comment": "ok", "salary": "more"}}, "hidden_field /variables/salary")
	r.complete(task, workflow.Completion{Variables: engine.Variables{"comment": "ok", "city": "Rome"}}, "read_only_field /variables/city")
	r.complete(task, workflow.Completion{Lenient: true, Variables: engine.Variables{"comment": "ok", "city": "Rome"}}, "read_only_field /variables/city")
	_, err := r.App.Workflow.SetTaskVariables(t.Context(), r.Call("wangfang"), task, engine.SetVariables{Variables: engine.Variables{"salary": "more"}})
	r.refused(err, "hidden_field /variables/salary")
	_, err = r.App.Workflow.ThrowTaskError(t.Context(), r.Call("wangfang"), task, workflow.TaskError{Code: "X", Variables: engine.Variables{"city": "Rome"}})
	r.refused(err, "read_only_field /variables/city")
	old := r.form(task).Form.ID
	r.deploy(store.Resource{Name: "trip.form", Content: []byte(strings.Replace(tripForm, `"key": "days"`, `"key": "nights"`, 1))})
	if now := r.form(task).Form; now.Version != 2 {
		t.Errorf("the latest form is %+v", now)
	}
	r.complete(task, workflow.Completion{FormID: old, Variables: engine.Variables{"comment": "ok"}}, "form_changed")
	again := r.deploy(store.Resource{Name: "again.form", Content: []byte(strings.Replace(tripForm, `"key": "days"`, `"key": "nights"`, 1))}).Forms[0]
	if again.Version != 2 {
		t.Errorf("what is unchanged got the version %d", again.Version)
	}
	r.complete(task, workflow.Completion{FormID: again.ID, Variables: engine.Variables{"comment": "ok", "city": "Paris"}}, "")
	_, err = r.App.Workflow.Deploy(t.Context(), r.Call("zhouming"), workflow.DeploymentRequest{Resources: []store.Resource{{Name: "x.form", Content: []byte(`{"id": "x", "components": [{"type": "a"}]}`)}}})
	r.refused(err, "form_type_unknown /resources/x.form#/components/0/type")
}

func (r *formRig) form(task engine.ID) *workflow.TaskForm {
	r.t.Helper()
	f, err := r.App.Workflow.TaskForm(r.t.Context(), r.Call("wangfang").Principal, task)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// A task whose form is bound to its deployment keeps it.
func TestFormOfTheDeploymentStays(t *testing.T) {
	t.Parallel()
	r := openForms(t, "deployment")
	task := r.start(workflow.StartRequest{Variables: paris}, "").Tasks[0].ID
	r.deploy(store.Resource{Name: "trip.form", Content: []byte(`{"id": "trip", "components": []}`)})
	if f := r.form(task).Form; f.Version != 1 {
		t.Errorf("%+v", f)
	}
}

func TestDraftOfATask(t *testing.T) {
	t.Parallel()
	r := openForms(t, "latest")
	task := r.start(workflow.StartRequest{Variables: paris}, "").Tasks[0].ID
	d, err := r.App.Design.CreateDraft(t.Context(), r.Call("wangfang"), design.NewDraft{TaskID: task, Values: engine.Variables{"comment": "half"}})
	if err != nil || d.ProcessKey != "trip" || d.FormID != r.form(task).Form.ID {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, err := r.App.Design.CreateDraft(t.Context(), r.Call("lina"), design.NewDraft{TaskID: task, Values: engine.Variables{}}); !errors.Is(err, workflow.ErrNotYours) {
		t.Errorf("another's draft: %v", err)
	}
	r.deploy(store.Resource{Name: "trip.form", Content: []byte(strings.Replace(tripForm, `"key": "days"`, `"key": "nights"`, 1))})
	now, err := r.App.Design.Draft(t.Context(), r.Call("wangfang").Principal, d.ID)
	if err != nil || !now.FormChanged || len(now.Vanished) != 1 || now.Vanished[0] != "days" || now.Values["comment"] != "half" {
		t.Errorf("%+v, %v", now, err)
	}
	now, err = r.App.Design.UpdateDraft(t.Context(), r.Call("wangfang"), d.ID, design.DraftChange{Values: &engine.Variables{"comment": "more"}}, 1)
	if err != nil || now.FormChanged || now.FormID == d.FormID {
		t.Errorf("%+v, %v", now, err)
	}
	if n, err := r.App.Store.PurgeDrafts(t.Context(), time.Now().Add(-time.Hour), 10); n != 0 || err != nil {
		t.Error(n, err)
	}
	if n, err := r.App.Store.PurgeDrafts(t.Context(), time.Now().Add(time.Hour), 10); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestFilesOfForms(t *testing.T) {
	t.Parallel()
	r := openForms(t, "latest")
	upload := func(user, name string, content string) (store.File, error) {
		raw, err := r.App.Workflow.UploadFile(t.Context(), r.Call(user), workflow.Upload{Name: name, Content: []byte(content)})
		var f store.File
		if err == nil {
			err = json.Unmarshal(raw, &f)
		}
		return f, err
	}
	f, err := upload("zhangwei", `C:\a/../plan.txt`, "a plan")
	if err != nil || f.Name != "plan.txt" || !f.InstanceID.IsZero() {
		t.Fatalf("%+v, %v", f, err)
	}
	for name, content := range map[string]string{"a.txt": "<html><script>1</script></html>", "b.png": "MZ\x90\x00", "c.sh": "#!/bin/sh\nrm", "d.bin": "\x00\x01\x02", "e.txt": "<?xml version=\"1.0\"?><svg/>"} {
		if _, err := upload("zhangwei", name, content); !errors.Is(err, workflow.ErrFileType) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = upload("zhangwei", "big.txt", strings.Repeat("x", 5<<20))
	r.refused(err, "attachment_too_large")
	other, err := upload("lina", "x.txt", "x")
	r.refused(err, "")
	with := func(id engine.ID) workflow.StartRequest {
		return workflow.StartRequest{Variables: engine.Variables{"city": "P", "files": []any{id.String()}}}
	}
	r.start(with(other.ID), "file_unknown /variables/files/0")
	r.start(with(engine.ID{1}), "file_unknown /variables/files/0")
	_, _, err = r.App.Workflow.File(t.Context(), r.Call("wangfang").Principal, f.ID)
	r.refused(err, "file_not_found")
	r.start(with(f.ID), "")
	if _, content, err := r.App.Workflow.File(t.Context(), r.Call("wangfang").Principal, f.ID); err != nil || string(content) != "a plan" {
		t.Errorf("%q, %v", content, err)
	}
	_, _, err = r.App.Workflow.File(t.Context(), r.Call("lina").Principal, f.ID)
	r.refused(err, "not_your_instance")
	r.start(with(f.ID), "file_unknown /variables/files/0") // it is another instance's
	r.refused(r.App.Workflow.DeleteFile(t.Context(), r.Call("zhangwei").Principal, f.ID), "file_not_found")
	if n, err := r.App.Store.PurgeFiles(t.Context(), time.Now().Add(time.Hour), 10); n != 1 || err != nil {
		t.Errorf("%d were purged, %v", n, err)
	}
	zhangwei, body := multipartOf(r.As("zhangwei"), "text/plain", "x.txt", "x")
	page, pageBody := multipartOf(r.As("zhangwei"), "text/plain", "x.txt", "<html></html>")
	content := "/api/v1/files/" + f.ID.String() + "/content"
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "upload", Method: "POST", Path: "/api/v1/files", Header: zhangwei, Body: body, Status: 201, JSON: `{"name": "x.txt", "owner": "zhangwei", "size": 1, "contentType": "text/plain"}`},
		{Name: "no form", Method: "POST", Path: "/api/v1/files", Header: r.As("zhangwei"), Body: "{}", Status: 400, Code: "bad_form"},
		{Name: "download", Method: "GET", Path: content, Header: r.As("wangfang"), Status: 200},
		{Name: "another's", Method: "GET", Path: content, Header: r.As("lina"), Status: 403, Code: "not_your_instance"},
		{Name: "bound", Method: "DELETE", Path: "/api/v1/files/" + f.ID.String(), Header: r.As("zhangwei"), Status: 404, Code: "file_not_found"},
		{Name: "upload of a page", Method: "POST", Path: "/api/v1/files", Header: page, Body: pageBody, Status: 422, Code: "file_type_refused"},
		{Name: "no token", Method: "GET", Path: content, Status: 401, Code: "token_missing"},
	})
}
