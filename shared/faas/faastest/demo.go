package faastest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/telemetry"
	"diom.io/workflow/shared/workflow"
)

// Demo is an App over a database and a Redis of the test's own, with the demo people.
type Demo struct {
	App *faas.App
	t   *testing.T
}

// Leave is a model that starts at a none start event, asks wangfang to approve, offers a second task to
// the group finance, and ends.
const Leave = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="leave" name="请假" isExecutable="true"><startEvent id="start" c:initiator="starter"/><userTask id="approve" name="审批" c:assignee="wangfang"/>
<userTask id="file" name="备案" c:candidateGroups="finance"/><endEvent id="end"/><sequenceFlow id="f1" sourceRef="start" targetRef="approve"/>
<sequenceFlow id="f2" sourceRef="approve" targetRef="file"/><sequenceFlow id="f3" sourceRef="file" targetRef="end"/></process></definitions>`

// OpenDemo opens an App for the test; secure says whether cookies are for https only.
func OpenDemo(t *testing.T, secure bool) *Demo {
	t.Helper()
	cfg := config.Config{
		Environment: "test", MySQLDSN: databasetest.DSN(t), RedisURL: databasetest.Redis(t), SecretsDir: t.TempDir(), TimeZone: "UTC",
		AccessTokenLife: time.Hour, RefreshTokenLife: time.Hour, BcryptCost: 4, CookieSecure: secure,
	}
	if err := access.GenerateKeys(cfg.SecretsDir); err != nil {
		t.Fatal(err)
	}
	app, err := faas.OpenApp(t.Context(), cfg, telemetry.New(io.Discard, "ERROR"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	app.Consume(nil) // its events are nobody's
	if err := app.Access.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &Demo{App: app, t: t}
}

// Token returns an access token of a demo user.
func (d *Demo) Token(username string) string {
	d.t.Helper()
	l, err := d.App.Access.Login(d.t.Context(), username, access.DemoPassword, "192.0.2.1")
	if err != nil {
		d.t.Fatal(err)
	}
	return l.AccessToken
}

// As returns the header by which a demo user calls.
func (d *Demo) As(username string) map[string]string {
	d.t.Helper()
	return map[string]string{"Authorization": "Bearer " + d.Token(username)}
}

// Call returns a use case's caller.
func (d *Demo) Call(username string) workflow.Call {
	d.t.Helper()
	p, err := d.App.Access.Authenticate(d.t.Context(), d.Token(username))
	if err != nil {
		d.t.Fatal(err)
	}
	return workflow.Call{Principal: p}
}

// Deploy deploys a model.
func (d *Demo) Deploy(model string) {
	d.t.Helper()
	request := workflow.DeploymentRequest{Resources: []store.Resource{{Name: "model.bpmn", Kind: "bpmn", Content: []byte(model)}}}
	if _, err := d.App.Workflow.Deploy(d.t.Context(), d.Call("zhouming"), request); err != nil {
		d.t.Fatal(err)
	}
}

// Start starts the process leave as zhangwei and returns the instance and its first task.
func (d *Demo) Start(variables engine.Variables) (instance, task engine.ID) {
	d.t.Helper()
	raw, err := d.App.Workflow.StartProcess(d.t.Context(), d.Call("zhangwei"), "leave", workflow.StartRequest{Variables: variables})
	if err != nil {
		d.t.Fatal(err)
	}
	var started workflow.Started
	if err := json.Unmarshal(raw, &started); err != nil {
		d.t.Fatal(err)
	}
	return started.Instance.ID, started.Tasks[0].ID
}

// Complete completes a task as username and returns the next one, if any.
func (d *Demo) Complete(username string, task engine.ID) engine.ID {
	d.t.Helper()
	raw, err := d.App.Workflow.CompleteTask(d.t.Context(), d.Call(username), task, workflow.Completion{})
	if err != nil {
		d.t.Fatal(err)
	}
	var answer workflow.TaskAnswer
	if err := json.Unmarshal(raw, &answer); err != nil {
		d.t.Fatal(err)
	}
	if len(answer.Next) == 0 {
		return engine.ID{}
	}
	return answer.Next[0].ID
}

// Multipart returns a body of files (name, content, name, content, …) and its content type.
func Multipart(t *testing.T, files ...string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		part, err := w.CreateFormFile("file", files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}
