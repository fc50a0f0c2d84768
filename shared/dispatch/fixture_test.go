package dispatch_test

import (
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/dispatch"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/telemetry"
	"diom.io/workflow/shared/workflow"
)

// model is a service task with boundary events; %s are its attributes and its extension elements.
const model = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" xmlns:d="https://diom.io/schema/bpmn/1.0" targetNamespace="t">
<error id="e" errorCode="declined"/><escalation id="s" escalationCode="late"/><process id="%[3]s" isExecutable="true"><startEvent id="start"/><subProcess id="sub"><startEvent id="in"/>
<serviceTask id="work" %[1]s><extensionElements>%[2]s</extensionElements></serviceTask><boundaryEvent id="declined" attachedToRef="work"><errorEventDefinition errorRef="e"/></boundaryEvent>
<userTask id="review" c:assignee="lina"/><sequenceFlow id="g1" sourceRef="in" targetRef="work"/><sequenceFlow id="g2" sourceRef="declined" targetRef="review"/></subProcess>
<boundaryEvent id="late" attachedToRef="sub" cancelActivity="false"><escalationEventDefinition escalationRef="s"/></boundaryEvent><userTask id="call" c:assignee="lina"/>
<userTask id="after" c:assignee="wangfang"/><sequenceFlow id="f1" sourceRef="start" targetRef="sub"/><sequenceFlow id="f2" sourceRef="sub" targetRef="after"/>
<sequenceFlow id="f3" sourceRef="late" targetRef="call"/></process></definitions>`

// rig is the use cases over a database of the test's own, and the settings of each process.
type rig struct {
	*faas.App
	t   *testing.T
	cfg config.Config
}

// open opens a process that may call this machine unless change says otherwise.
func open(t *testing.T, change func(*config.Config)) *rig {
	t.Helper()
	r := &rig{t: t, cfg: config.Config{
		Environment: "test", MySQLDSN: databasetest.DSN(t), RedisURL: databasetest.Redis(t), SecretsDir: t.TempDir(), TimeZone: "UTC",
		AccessTokenLife: time.Hour, RefreshTokenLife: time.Hour, BcryptCost: 4, HTTPAllow: []string{"127.0.0.1"},
	}}
	if change != nil {
		change(&r.cfg)
	}
	if err := access.GenerateKeys(r.cfg.SecretsDir); err != nil {
		t.Fatal(err)
	}
	r.App = r.process()
	if err := r.Access.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// process opens the use cases anew.
func (r *rig) process() *faas.App {
	r.t.Helper()
	app, err := faas.OpenApp(r.t.Context(), r.cfg, telemetry.New(io.Discard, "ERROR"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = app.Close() })
	app.Consume(nil) // its events are nobody's
	return app
}

func (r *rig) secret(name, content string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.cfg.SecretsDir, name), []byte(content+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) deploy(model string) {
	r.t.Helper()
	request := workflow.DeploymentRequest{Resources: []store.Resource{{Name: "model.bpmn", Kind: "bpmn", Content: []byte(model)}}}
	if _, err := r.Workflow.Deploy(r.t.Context(), workflow.Call{}, request); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) start(key string, variables engine.Variables) engine.ID {
	r.t.Helper()
	raw, err := r.Workflow.StartProcess(r.t.Context(), workflow.Call{Principal: access.Principal{Username: "zhangwei"}}, key, workflow.StartRequest{BusinessKey: "B1", Variables: variables})
	var started workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &started)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return started.Instance.ID
}

func (r *rig) bind(b dispatch.NewBinding) store.TopicBinding {
	r.t.Helper()
	made, err := r.Dispatch.CreateBinding(r.t.Context(), b, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// look lets a process do what there is to do now, and waits for it.
func (r *rig) look() {
	r.t.Helper()
	lookIn(r.t, r.App)
}

func lookIn(t *testing.T, app *faas.App) {
	t.Helper()
	if err := app.Dispatch.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	app.Dispatch.Wait()
}

// at returns the nodes at which the tasks of an instance wait, and the instance.
func (r *rig) at(id engine.ID) (nodes []string, in *engine.Instance) {
	r.t.Helper()
	in, err := r.Store.LoadInstance(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	nodes = []string{}
	for _, task := range in.Tasks {
		nodes = append(nodes, task.Node)
	}
	slices.Sort(nodes)
	return nodes, in
}

// value returns a variable of the process scope.
func value(in *engine.Instance, name string) any { return in.Scopes[0].Variables[name] }

func (r *rig) job(id engine.ID) store.Job {
	r.t.Helper()
	list, err := r.Store.Jobs(r.t.Context(), store.JobFilter{InstanceID: id}, page.Request{Limit: 10})
	if err != nil || len(list.Items) != 1 {
		r.t.Fatalf("%+v %v", list, err)
	}
	return list.Items[0]
}

// release ends the leases and pauses of all jobs that have retries, as time would.
func (r *rig) release() {
	r.t.Helper()
	past := time.Now().Add(-time.Second).UTC()
	err := r.Store.DB.InTx(r.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(r.t.Context(), `UPDATE workflow_job SET locked_until = ? WHERE locked_until > ? AND retries > 0`, past, past)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// receiver is a server that notes what it gets and answers what it is told to.
type receiver struct {
	*httptest.Server
	mutex  sync.Mutex
	got    []got
	answer http.HandlerFunc
}

// got is one push.
type got struct {
	event  cloudevent.Received
	data   cloudevent.JobRequest
	header http.Header
	method string
}

func receive(t *testing.T, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	g := got{header: q.Header.Clone(), method: q.Method}
	if list, _, err := cloudevent.Read(q.Header, body); err == nil {
		g.event = list[0]
		_ = json.Unmarshal(g.event.Data(), &g.data)
	}
	r.mutex.Lock()
	r.got = append(r.got, g)
	answer := r.answer
	r.mutex.Unlock()
	if answer != nil {
		answer(w, q)
	}
}

// answers is a handler that answers with a status, a content type and a body.
func answers(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}
