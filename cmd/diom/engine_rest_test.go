package main

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas/faastest"
)

// rest is a caller of /engine-rest before the whole product in one process. Texts in {braces} of paths and
// bodies are replaced by what earlier answers had.
type rest struct {
	t      *testing.T
	demo   *faastest.Demo
	server *httptest.Server
	known  map[string]string
	user   string
}

func newRest(t *testing.T) *rest {
	t.Helper()
	demo := faastest.OpenDemo(t, false)
	h, err := handler(demo.App, functions)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &rest{t: t, demo: demo, server: server, known: map[string]string{}, user: "admin"}
}

func (r *rest) fill(text string) string {
	for name, value := range r.known {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// ask sends a request as the user, whose password is the demo's.
func (r *rest) ask(method, path, kind, body string) (int, []byte) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.server.URL+"/engine-rest"+r.fill(path), strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if r.user != "" {
		request.SetBasicAuth(r.user, access.DemoPassword)
	}
	response, err := r.server.Client().Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode, content
}

// step is one request of a story.
type step struct {
	method, path, body string
	status             int
	want               string            // a subset of the answer
	keep               map[string]string // name → where in the answer: 0/id is the id of the first item
}

func (r *rest) story(steps []step) {
	r.t.Helper()
	for _, s := range steps {
		status, answer := r.ask(s.method, s.path, "application/json", r.fill(s.body))
		if status != s.status {
			r.t.Fatalf("%s %s: %d, want %d: %s", s.method, r.fill(s.path), status, s.status, answer)
		}
		if s.want != "" {
			r.t.Logf("%s %s", s.method, r.fill(s.path))
			faastest.Subset(r.t, r.fill(s.want), answer)
		}
		for name, at := range s.keep {
			r.known[name] = find(r.t, answer, at)
		}
	}
}

func find(t *testing.T, answer []byte, at string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal(answer, &value); err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(at, "/") {
		switch v := value.(type) {
		case map[string]any:
			value = v[part]
		case []any:
			if len(v) == 0 {
				t.Fatalf("nothing at %s in %s", at, answer)
			}
			value = v[0]
		}
	}
	text, _ := value.(string)
	return text
}

// deploy sends files as Camunda Modeler does: plain parts and a part for each file, named as the file.
func (r *rest) deploy(status int, plain map[string]string, files map[string]string) []byte {
	r.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range plain {
		if err := w.WriteField(name, value); err != nil {
			r.t.Fatal(err)
		}
	}
	for name, content := range files {
		part, err := w.CreateFormFile(name, name)
		if err == nil {
			_, err = io.WriteString(part, content)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		r.t.Fatal(err)
	}
	got, answer := r.ask("POST", "/deployment/create", w.FormDataContentType(), b.String())
	if got != status {
		r.t.Fatalf("deployment: %d, want %d: %s", got, status, answer)
	}
	return answer
}

func restModel(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "engine-rest", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// An order goes from its deployment to its end through the routes that Camunda's clients and scripts use.
func TestEngineRestOrder(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	answer := r.deploy(200, map[string]string{"deployment-name": "order", "deployment-source": "Camunda Modeler", "enable-duplicate-filtering": "true", "deploy-changed-only": "true"},
		map[string]string{"order.bpmn": restModel(t, "order.bpmn"), "note.form": `{"id": "note", "components": []}`})
	faastest.Subset(t, `{"name": "order", "source": "Camunda Modeler", "tenantId": null, "deployedDecisionDefinitions": null}`, answer)
	r.known["deployment"] = find(t, answer, "id")
	same := r.deploy(200, map[string]string{"deployment-name": "order", "enable-duplicate-filtering": "true"}, map[string]string{"order.bpmn": restModel(t, "order.bpmn")})
	if find(t, same, "id") != r.known["deployment"] {
		t.Errorf("what has not changed was deployed again: %s", same)
	}
	broken := r.deploy(400, nil, map[string]string{"broken.bpmn": strings.Replace(restModel(t, "order.bpmn"), `targetRef="charge"`, `targetRef="gone"`, 1)})
	faastest.Subset(t, `{"type": "ParseException", "details": {"broken.bpmn": {"warnings": []}}}`, broken)
	r.story(orderSteps)
}

var orderSteps = []step{
	{method: "GET", path: "/process-definition?key=order&latestVersion=true", status: 200, want: `[{"key": "order", "name": "Order", "version": 1, "suspended": false, "resource": "order.bpmn", "historyTimeToLive": 180, "tenantId": null}]`, keep: map[string]string{"definition": "0/id"}},
	{method: "GET", path: "/process-definition/count", status: 200, want: `{"count": 1}`},
	{method: "GET", path: "/process-definition/key/order", status: 200, want: `{"id": "{definition}"}`},
	{method: "GET", path: "/process-definition/{definition}/xml", status: 200, want: `{"id": "{definition}"}`},
	{method: "GET", path: "/process-definition/key/order/xml", status: 200, want: `{"id": "{definition}"}`},
	{method: "GET", path: "/process-definition/nothing", status: 404, want: `{"type": "InvalidRequestException", "message": "No matching definition with id nothing", "code": 0}`},
	{method: "GET", path: "/deployment/{deployment}/resources", status: 200, keep: map[string]string{"resource": "0/id"}},
	{method: "GET", path: "/deployment/{deployment}/resources/{resource}/data", status: 200},
	{method: "POST", path: "/process-definition/key/nothing/start", body: `{}`, status: 404},
	{method: "POST", path: "/process-definition/key/order/start", body: `{"variables": {"n": {"value": "x", "type": "Integer"}}}`, status: 400, want: `{"type": "InvalidRequestException"}`},
	{method: "POST", path: "/process-definition/key/order/start", body: `{"variables": {"n": {"value": 1, "type": "Odd"}}}`, status: 400},
	{method: "POST", path: "/engine/default/process-definition/key/order/start", status: 200, body: `{"businessKey": "B-1", "withVariablesInReturn": true, "variables": {"total": {"value": 12, "type": "Long"}, "rate": {"value": 3, "type": "Double"},
		"when": {"value": "2026-01-31T10:00:00.000+0100", "type": "Date"}, "who": {"value": "a"}, "list": {"value": "[1,2]", "type": "Object", "valueInfo": {"objectTypeName": "java.util.ArrayList", "serializationDataFormat": "application/json"}},
		"doc": {"value": "{\"a\":[1]}", "type": "Json"}, "raw": {"value": "AQI=", "type": "Bytes"}, "none": {"value": null, "type": "Null"}, "yes": {"value": true}}}`,
		want: `{"definitionId": "{definition}", "definitionKey": "order", "businessKey": "B-1", "ended": false, "suspended": false, "tenantId": null, "variables": {"total": {"type": "Long", "value": 12}}}`, keep: map[string]string{"instance": "id"}},
	{method: "GET", path: "/process-instance/{instance}/variables", status: 200, want: `{"total": {"type": "Long", "value": 12, "valueInfo": {}}, "rate": {"type": "Double", "value": 3.0}, "when": {"type": "Date", "value": "2026-01-31T09:00:00.000+0000"},
		"who": {"type": "String", "value": "a"}, "list": {"type": "Object", "value": [1, 2], "valueInfo": {"objectTypeName": "java.util.ArrayList"}}, "doc": {"type": "Json", "value": "{\"a\":[1]}"}, "raw": {"type": "Bytes", "value": "AQI="}, "none": {"type": "Null", "value": null}, "yes": {"type": "Boolean", "value": true}}`},
	{method: "GET", path: "/process-instance/{instance}/variables/list?deserializeValue=false", status: 200, want: `{"type": "Object", "value": "[1,2]"}`},
	{method: "PUT", path: "/process-instance/{instance}/variables/late", body: `{"value": 7, "type": "Short"}`, status: 204},
	{method: "GET", path: "/process-instance/{instance}/variables/late", status: 200, want: `{"type": "Short", "value": 7}`},
	{method: "POST", path: "/process-instance/{instance}/variables", body: `{"modifications": {"who": {"value": "b"}}, "deletions": ["late"]}`, status: 204},
	{method: "GET", path: "/process-instance/{instance}/variables/late", status: 404},
	{method: "GET", path: "/process-instance?businessKey=B-1&variables=total_gt_11,who_eq_b", status: 200, want: `[{"id": "{instance}"}]`},
	{method: "GET", path: "/process-instance?variables=total_lt_11", status: 200, want: `[]`},
	{method: "POST", path: "/process-instance/count", body: `{"processDefinitionKey": "order", "variables": [{"name": "who", "operator": "like", "value": "b%"}]}`, status: 200, want: `{"count": 1}`},
	{method: "GET", path: "/process-instance/{instance}/activity-instances", status: 200, want: `{"id": "{instance}", "activityId": "{definition}", "parentActivityInstanceId": null, "childActivityInstances": [{"activityId": "check", "activityType": "userTask", "childActivityInstances": []}], "childTransitionInstances": []}`},
	{method: "GET", path: "/task?processInstanceId={instance}", status: 200, want: `[{"name": "Check order", "assignee": "kermit", "taskDefinitionKey": "check", "priority": 50, "description": "Look at it", "delegationState": null, "processDefinitionId": "{definition}", "suspended": false}]`, keep: map[string]string{"task": "0/id", "execution": "0/executionId"}},
	{method: "GET", path: "/task?sortBy=created", status: 400, want: `{"type": "InvalidRequestException"}`},
	{method: "POST", path: "/task", body: `{"assignee": "kermit", "sorting": [{"sortBy": "created", "sortOrder": "desc"}]}`, status: 200, want: `[{"id": "{task}"}]`},
	{method: "GET", path: "/task/count?assignee=fozzie", status: 200, want: `{"count": 0}`},
	{method: "GET", path: "/execution?activityId=check", status: 200, want: `[{"id": "{execution}", "processInstanceId": "{instance}", "ended": false}]`},
	{method: "POST", path: "/task/{task}/claim", body: `{"userId": "fozzie"}`, status: 500, want: `{"type": "ProcessEngineException"}`},
	{method: "POST", path: "/task/{task}/unclaim", body: `{}`, status: 204},
	{method: "GET", path: "/task?candidateGroup=sales", status: 200, want: `[{"id": "{task}", "assignee": null}]`},
	{method: "POST", path: "/task/{task}/claim", body: `{"userId": "fozzie"}`, status: 204},
	{method: "POST", path: "/task/{task}/delegate", body: `{"userId": "gonzo"}`, status: 204},
	{method: "GET", path: "/task/{task}", status: 200, want: `{"assignee": "gonzo", "owner": "fozzie", "delegationState": "PENDING"}`},
	{method: "POST", path: "/task/{task}/resolve", body: `{"variables": {"note": {"value": "fine"}}}`, status: 204},
	{method: "GET", path: "/task/{task}", status: 200, want: `{"assignee": "fozzie", "delegationState": "RESOLVED"}`},
	{method: "POST", path: "/task/{task}/identity-links", body: `{"userId": "piggy", "type": "candidate"}`, status: 204},
	{method: "GET", path: "/task/{task}/identity-links?type=candidate", status: 200, want: `[{"userId": "piggy", "groupId": null, "type": "candidate"}, {"userId": null, "groupId": "sales"}]`},
	{method: "POST", path: "/task/{task}/localVariables", body: `{"modifications": {"mine": {"value": 1}}}`, status: 204},
	{method: "GET", path: "/task/{task}/localVariables", status: 200, want: `{"mine": {"type": "Integer", "value": 1}}`},
	{method: "GET", path: "/task/{task}/form-variables", status: 200, want: `{"note": {"type": "String", "value": "fine"}, "mine": {"value": 1}}`},
	{method: "GET", path: "/task/{task}/form", status: 200},
	{method: "PUT", path: "/task/{task}", body: `{"name": "Check it", "assignee": "kermit", "priority": 80, "due": "2030-01-01T00:00:00.000+0000"}`, status: 204},
	{method: "GET", path: "/task/{task}", status: 200, want: `{"name": "Check it", "assignee": "kermit", "priority": 80, "due": "2030-01-01T00:00:00.000+0000"}`},
	{method: "PUT", path: "/process-instance/{instance}/suspended", body: `{"suspended": true}`, status: 204},
	{method: "POST", path: "/task/{task}/complete", body: `{}`, status: 500, want: `{"type": "RestException"}`},
	{method: "PUT", path: "/process-instance/{instance}/suspended", body: `{"suspended": false}`, status: 204},
	{method: "POST", path: "/task/nothing/complete", body: `{}`, status: 500, want: `{"type": "RestException"}`},
	{method: "POST", path: "/task/{task}/complete", body: `{"withVariablesInReturn": true, "variables": {"amount": {"value": 5, "type": "Long"}}}`, status: 200, want: `{"amount": {"type": "Long", "value": 5}}`},
	{method: "POST", path: "/external-task/fetchAndLock", body: `{"workerId": "w", "maxTasks": 5, "asyncResponseTimeout": 1800001, "topics": []}`, status: 400},
	{method: "POST", path: "/external-task/fetchAndLock", body: `{"workerId": "w", "maxTasks": 5, "topics": [{"topicName": "charge", "lockDuration": 10000, "businessKey": "other"}]}`, status: 200, want: `[]`},
	{method: "POST", path: "/external-task/fetchAndLock", body: `{"workerId": "w", "maxTasks": 5, "topics": [{"topicName": "charge", "lockDuration": 10000, "processDefinitionId": "{definition}", "variables": ["amount"]}]}`, status: 200,
		want: `[{"topicName": "charge", "workerId": "w", "activityId": "charge", "processInstanceId": "{instance}", "processDefinitionKey": "order", "businessKey": "B-1", "retries": null, "errorMessage": null, "priority": 0, "variables": {"amount": {"type": "Long", "value": 5}}}]`, keep: map[string]string{"job": "0/id"}},
	{method: "POST", path: "/external-task/{job}/complete", body: `{"workerId": "other"}`, status: 400},
	{method: "POST", path: "/external-task/{job}/extendLock", body: `{"workerId": "w", "newDuration": 20000}`, status: 204},
	{method: "POST", path: "/external-task/{job}/failure", body: `{"workerId": "w", "errorMessage": "down", "errorDetails": "long", "retries": 0, "retryTimeout": 0}`, status: 204},
	{method: "GET", path: "/external-task/{job}/errorDetails", status: 200},
	{method: "GET", path: "/incident?processInstanceId={instance}", status: 200, want: `[{"incidentType": "failedExternalTask", "configuration": "{job}", "incidentMessage": "down", "activityId": "charge"}]`},
	{method: "GET", path: "/process-instance?withIncident=true", status: 200, want: `[{"id": "{instance}"}]`},
	{method: "PUT", path: "/external-task/{job}/retries", body: `{"retries": 2}`, status: 204},
	{method: "PUT", path: "/external-task/{job}/priority", body: `{"priority": 9}`, status: 204},
	{method: "GET", path: "/external-task/{job}", status: 200, want: `{"retries": 2, "priority": 9, "errorMessage": "down", "workerId": null}`},
	{method: "GET", path: "/incident", status: 200, want: `[]`},
	{method: "POST", path: "/external-task/fetchAndLock", body: `{"workerId": "w", "maxTasks": 5, "topics": [{"topicName": "charge", "lockDuration": 10000}]}`, status: 200, want: `[{"id": "{job}", "retries": 2, "errorDetails": "long"}]`},
	{method: "POST", path: "/external-task/{job}/lock", body: `{"workerId": "v", "lockDuration": 20000}`, status: 400},
	{method: "POST", path: "/external-task/{job}/lock", body: `{"lockDuration": 20000}`, status: 500, want: `{"type": "NullValueException"}`},
	{method: "POST", path: "/external-task/{job}/unlock", status: 204},
	{method: "POST", path: "/external-task/{job}/lock", body: `{"workerId": "v", "lockDuration": 20000}`, status: 204},
	{method: "POST", path: "/external-task/{job}/unlock", status: 204},
	{method: "POST", path: "/external-task/fetchAndLock", body: `{"workerId": "v", "maxTasks": 5, "topics": [{"topicName": "charge", "lockDuration": 10000}]}`, status: 200, want: `[{"id": "{job}"}]`},
	{method: "POST", path: "/external-task/{job}/complete", body: `{"workerId": "v", "variables": {"receipt": {"value": "R"}}}`, status: 204},
	{method: "POST", path: "/external-task/{job}/complete", body: `{"workerId": "v"}`, status: 404},
	{method: "GET", path: "/job?processInstanceId={instance}&timers=true", status: 200, want: `[{"retries": 3, "processInstanceId": "{instance}", "exceptionMessage": null}]`, keep: map[string]string{"timer": "0/id"}},
	{method: "GET", path: "/job?processInstanceId={instance}&executable=true", status: 200, want: `[]`},
	{method: "PUT", path: "/job/{timer}/duedate", body: `{"duedate": "2031-01-01T00:00:00.000+0000"}`, status: 204},
	{method: "GET", path: "/job/{timer}", status: 200, want: `{"dueDate": "2031-01-01T00:00:00.000+0000"}`},
	{method: "POST", path: "/job/{timer}/execute", status: 204},
	{method: "POST", path: "/job/{timer}/execute", status: 404},
	{method: "GET", path: "/event-subscription?processInstanceId={instance}", status: 200, want: `[{"eventType": "message", "eventName": "payment", "activityId": "paid"}]`, keep: map[string]string{"paid": "0/executionId"}},
	{method: "GET", path: "/execution/{paid}/messageSubscriptions/payment", status: 200, want: `{"eventName": "payment"}`},
	{method: "POST", path: "/message", body: `{"messageName": ""}`, status: 400},
	{method: "POST", path: "/message", body: `{"messageName": "payment", "businessKey": "other"}`, status: 400, want: `{"type": "RestException"}`},
	{method: "POST", path: "/message", body: `{"messageName": "payment", "businessKey": "B-1", "correlationKeys": {"who": {"value": "b"}}, "processVariables": {"paid": {"value": true}}, "resultEnabled": true}`, status: 200, want: `[{"resultType": "Execution", "execution": {"id": "{paid}", "processInstanceId": "{instance}"}, "processInstance": null}]`},
	{method: "GET", path: "/process-instance/{instance}/activity-instances", status: 200, want: `{"childActivityInstances": [], "childTransitionInstances": [{"activityId": "ship"}]}`},
	{method: "GET", path: "/job?processInstanceId={instance}&messages=true", status: 200, want: `[{"retries": 3}]`, keep: map[string]string{"ship": "0/id"}},
	{method: "POST", path: "/job/{ship}/execute", status: 204},
	{method: "GET", path: "/process-instance/{instance}", status: 404},
	{method: "GET", path: "/history/process-instance/{instance}", status: 200, want: `{"state": "COMPLETED", "startActivityId": "start", "businessKey": "B-1", "startUserId": "admin", "deleteReason": null}`},
	{method: "GET", path: "/history/activity-instance?processInstanceId={instance}&sortBy=startTime&sortOrder=asc&activityIdIn=check,charge,done", status: 200, want: `[{"activityId": "check", "activityType": "userTask", "canceled": false}, {"activityId": "charge"}, {"activityId": "done", "activityType": "noneEndEvent"}]`},
	{method: "GET", path: "/history/task?processInstanceId={instance}", status: 200, want: `[{"id": "{task}", "name": "Check it", "deleteReason": "completed"}]`},
	{method: "GET", path: "/history/variable-instance?processInstanceId={instance}&variableName=total", status: 200, want: `[{"name": "total", "type": "Long", "value": 12, "state": "CREATED"}]`},
	{method: "GET", path: "/history/incident?processInstanceId={instance}", status: 200, want: `[{"incidentType": "failedExternalTask", "open": false, "resolved": true}]`},
	{method: "GET", path: "/history/external-task-log?processInstanceId={instance}&failureLog=true", status: 200, want: `[{"errorMessage": "down", "externalTaskId": "{job}"}]`},
	{method: "GET", path: "/history/external-task-log?processInstanceId={instance}&failureLog=true", status: 200, keep: map[string]string{"log": "0/id"}},
	{method: "GET", path: "/history/external-task-log/{log}", status: 200, want: `{"errorMessage": "down", "failureLog": true}`},
	{method: "GET", path: "/history/external-task-log/{log}/error-details", status: 200},
	{method: "GET", path: "/history/job-log/nothing", status: 404},
	{method: "DELETE", path: "/incident/nothing", status: 404},
	{method: "GET", path: "/history/job-log/count?processInstanceId={instance}&successLog=true", status: 200, want: `{"count": 2}`},
	{method: "GET", path: "/process-definition/statistics", status: 200, want: `[{"id": "{definition}", "instances": 0}]`},
	{method: "POST", path: "/signal", body: `{"name": "nobody"}`, status: 204},
	{method: "GET", path: "/engine", status: 200, want: `[{"name": "default"}]`},
	{method: "GET", path: "/version", status: 200, want: `{"version": "7.24.0"}`},
	{method: "GET", path: "/filter", status: 501, want: `{"type": "RestException"}`},
	{method: "GET", path: "/nothing", status: 404, want: `{"type": "NotFoundException"}`},
	{method: "DELETE", path: "/deployment/{deployment}", status: 500},
	{method: "DELETE", path: "/deployment/{deployment}?cascade=true", status: 204},
	{method: "GET", path: "/process-definition/count", status: 200, want: `{"count": 0}`},
	{method: "GET", path: "/history/process-instance/{instance}", status: 404},
}

// docs/camunda7.md lists what is answered with 501.
func TestEngineRestAbsenceIsDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/camunda7.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range camunda.Absent {
		if !strings.Contains(string(doc), "| `"+a.Path+"` | "+a.What+" |") {
			t.Errorf("docs/camunda7.md does not say: %s %s", a.Path, a.What)
		}
	}
}

// Who calls is proved by a name and a password; a wrong one is not remembered as right, and a new password
// counts at once.
func TestEngineRestCallers(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	for _, c := range []struct {
		user   string
		status int
	}{{"", 401}, {"admin", 200}, {"admin", 200}, {"nobody", 401}, {"lina", 200}} {
		r.user = c.user
		if status, answer := r.ask("GET", "/process-instance", "", ""); status != c.status {
			t.Errorf("%q: %d %s", c.user, status, answer)
		}
	}
	r.user = "lina"
	if status, _ := r.ask("GET", "/incident", "", ""); status != http.StatusForbidden {
		t.Errorf("incidents for an employee: %d", status)
	}
	if _, err := r.demo.App.Access.ChangePassword(t.Context(), r.demo.Call("lina").Principal, access.DemoPassword, "Another-Passw0rd!", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if status, answer := r.ask("GET", "/process-instance", "", ""); status != http.StatusUnauthorized {
		t.Errorf("with the old password: %d %s", status, answer)
	}
}
