package main

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"

	"diom.io/workflow/shared/faas/faastest"
)

const discussed = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
  <process id="discussed" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="ask"/><userTask id="ask" camunda:assignee="zhangwei"/>
  </process></definitions>`

const nobody = "019cadc6-9a80-7000-8000-000000000009"

// discussion starts an instance with a task of zhangwei's.
func discussion(t *testing.T) *rest {
	t.Helper()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"discussed.bpmn": discussed})
	r.known["nobody"] = nobody
	r.story([]step{
		{method: "POST", path: "/process-definition/key/discussed/start", body: `{}`, status: 200, keep: map[string]string{"instance": "id"}},
		{method: "GET", path: "/task?processInstanceId={instance}", status: 200, keep: map[string]string{"task": "0/id"}},
	})
	return r
}

// TestEngineRestComments: comments on a task and on its instance, while the task is open and after it.
func TestEngineRestComments(t *testing.T) {
	t.Parallel()
	r := discussion(t)
	r.user = "zhangwei"
	r.story([]step{
		{method: "GET", path: "/task/{task}/comment", status: 200, want: `[]`},
		{method: "POST", path: "/task/{task}/comment/create", body: `{"message": "为什么？"}`, status: 200, keep: map[string]string{"first": "id"},
			want: `{"message": "为什么？", "userId": "zhangwei", "taskId": "{task}", "processInstanceId": "{instance}", "rootProcessInstanceId": "{instance}", "removalTime": null, "links": [{"method": "GET", "rel": "self"}]}`},
	})
	r.user = "admin"
	r.story([]step{
		{method: "POST", path: "/task/{task}/comment/create", body: `{"message": "b", "processInstanceId": "{instance}"}`, status: 200, keep: map[string]string{"second": "id"}},
		{method: "GET", path: "/task/{task}/comment", status: 200, want: `[{"id": "{second}", "links": []}, {"id": "{first}", "message": "为什么？"}]`},
		{method: "GET", path: "/process-instance/{instance}/comment", status: 200, want: `[{"id": "{second}"}, {"id": "{first}"}]`},
		{method: "GET", path: "/task/{task}/comment/{second}", status: 200, want: `{"id": "{second}", "userId": "admin"}`},
		{method: "GET", path: "/task/{task}/comment/{nobody}", status: 404, want: `{"type": "InvalidRequestException", "message": "Task comment with id {nobody} does not exist for task id '{task}'."}`},
		{method: "GET", path: "/task/{nobody}/comment/{second}", status: 404, want: `{"message": "No task found for task id {nobody}"}`},
		{method: "GET", path: "/task/{nobody}/comment", status: 404, want: `{"type": "InvalidRequestException"}`},
		{method: "GET", path: "/task/none/comment", status: 404},
		{method: "GET", path: "/process-instance/{nobody}/comment", status: 404},
		{method: "POST", path: "/task/{nobody}/comment/create", body: `{"message": "b"}`, status: 400, want: `{"message": "No task found for task id {nobody}"}`},
		{method: "POST", path: "/task/{task}/comment/create", body: `{}`, status: 400, want: `{"type": "InvalidRequestException", "message": "Not enough parameters submitted"}`},
		{method: "PUT", path: "/task/{task}/comment", body: `{"id": "{second}", "message": "c"}`, status: 204},
		{method: "PUT", path: "/task/{task}/comment", body: `{"id": "{nobody}", "message": "c"}`, status: 400},
		{method: "PUT", path: "/task/{task}/comment", body: `{"message": "c"}`, status: 400},
		{method: "GET", path: "/task/{task}/comment/{second}", status: 200, want: `{"message": "c"}`},
	})
	r.user = "zhangwei"
	r.story([]step{{method: "DELETE", path: "/task/{task}/comment/{second}", status: 403, want: `{"type": "AuthorizationException"}`}})
	r.user = "lina"
	r.story([]step{
		{method: "GET", path: "/task/{task}/comment", status: 403},
		{method: "POST", path: "/task/{task}/comment/create", body: `{"message": "b"}`, status: 403},
	})
	r.user = "admin"
	r.story([]step{
		{method: "POST", path: "/task/{task}/complete", body: `{}`, status: 204},
		{method: "POST", path: "/task/{task}/comment/create", body: `{"message": "too late"}`, status: 200},
		{method: "DELETE", path: "/task/{task}/comment/{second}", status: 204},
		{method: "DELETE", path: "/task/{task}/comment/{second}", status: 404},
		{method: "DELETE", path: "/process-instance/{instance}/comment/{first}", status: 204},
		{method: "GET", path: "/task/{task}/comment", status: 200, want: `[{"message": "too late"}]`},
		{method: "DELETE", path: "/task/{task}/comment", status: 204},
		{method: "GET", path: "/task/{task}/comment", status: 200, want: `[]`},
	})
}

// attach uploads an attachment; a part called content is a file.
func (r *rest) attach(status int, parts map[string]string) []byte {
	r.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range parts {
		part, err := w.CreateFormField(name)
		if name == "content" {
			part, err = w.CreateFormFile(name, "scan.bin")
		}
		if err == nil {
			_, err = part.Write([]byte(value))
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		r.t.Fatal(err)
	}
	got, answer := r.ask("POST", "/task/{task}/attachment/create", w.FormDataContentType(), b.String())
	if got != status {
		r.t.Fatalf("%v: %d, want %d: %s", parts, got, status, answer)
	}
	return answer
}

// TestEngineRestAttachments: a file and an address are attached to a task, read and removed; one that is too
// large, or nothing, is not.
func TestEngineRestAttachments(t *testing.T) {
	t.Parallel()
	r := discussion(t)
	r.user = "zhangwei"
	content := strings.Repeat("\x00\x01ü", 1000)
	made := r.attach(200, map[string]string{"attachment-name": "扫描.bin", "attachment-description": "d", "attachment-type": "scan", "content": content})
	r.known["file"] = find(t, made, "id")
	faastest.Subset(t, r.fill(`{"name": "扫描.bin", "description": "d", "type": "scan", "taskId": "{task}", "url": null, "links": [{"rel": "self"}]}`), made)
	r.known["page"] = find(t, r.attach(200, map[string]string{"attachment-name": "page", "url": "https://example.org/"}), "id")
	faastest.Subset(t, `{"type": "InvalidRequestException"}`, r.attach(400, map[string]string{"attachment-name": "nothing"}))
	r.attach(400, map[string]string{"attachment-name": "\xff", "url": "https://example.org/"})
	r.attach(413, map[string]string{"content": strings.Repeat("x", 4<<20+1)})
	r.story([]step{
		{method: "GET", path: "/task/{task}/attachment", status: 200, want: `[{"id": "{file}"}, {"id": "{page}", "url": "https://example.org/"}]`},
		{method: "GET", path: "/task/{task}/attachment/{page}", status: 200, want: `{"id": "{page}", "links": []}`},
		{method: "GET", path: "/task/{task}/attachment/{nobody}", status: 404, want: `{"message": "Task attachment with id {nobody} does not exist for task id '{task}'."}`},
		{method: "GET", path: "/task/{task}/attachment/{page}/data", status: 404, want: `{"message": "Attachment content for attachment with id '{page}' does not exist for task id '{task}'."}`},
		{method: "GET", path: "/task/{nobody}/attachment/{file}/data", status: 404},
	})
	if status, got := r.ask("GET", "/task/{task}/attachment/{file}/data", "", ""); status != 200 || string(got) != content {
		t.Errorf("%d, %d bytes", status, len(got))
	}
	r.user = "lina"
	if status, _ := r.ask("GET", "/task/{task}/attachment/{file}/data", "", ""); status != 403 {
		t.Errorf("somebody else reads it: %d", status)
	}
	r.user = "zhangwei"
	r.story([]step{
		{method: "DELETE", path: "/task/{task}/attachment/{file}", status: 204},
		{method: "DELETE", path: "/task/{task}/attachment/{file}", status: 404, want: `{"message": "Deletion is not possible. No attachment exists for the task id '{task}' and attachment id '{file}'."}`},
		{method: "GET", path: "/task/{task}/attachment", status: 200, want: `[{"id": "{page}"}]`},
	})
	r.user = "admin"
	r.story([]step{{method: "DELETE", path: "/process-instance/{instance}", status: 204}, {method: "GET", path: "/task/{task}/attachment", status: 200}})
}
