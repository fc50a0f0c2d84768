package dispatch_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/dispatch"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

var operator = access.Principal{Username: "wuqiang", Permissions: []string{"WORKFLOW_OPERATE"}}

const external = `c:type="external" c:topic="pay"`

// A job arrives as a signed CloudEvent with the headers of its binding, and its result lets the process
// go on.
func TestPush(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	s := receive(t, answers(200, "application/json", `{"variables": {"receipt": "R-1", "sum": 12.5}}`))
	key := "a key of the receiver"
	r.secret("crm-token", "Bearer xyz")
	r.bind(dispatch.NewBinding{
		Topic: "pay", Kind: dispatch.URL, Target: s.URL + "/jobs?x=1", Method: "PUT", KeyID: "k1", Key: &key,
		Headers: []store.BindingHeader{{Name: "Authorization", Secret: "crm-token"}, {Name: "X-Team", Value: "财务"}},
	})
	r.deploy(fmt.Sprintf(model, external, "", "order"))
	id := r.start("order", engine.Variables{"amount": int64(7)})
	job := r.job(id)
	r.look()
	nodes, in := r.at(id)
	if diff := cmp.Diff([]string{"after"}, nodes); diff != "" || value(in, "receipt") != "R-1" {
		t.Fatalf("%s %+v", diff, in.Scopes)
	}
	if len(s.got) != 1 {
		t.Fatalf("pushed %d times", len(s.got))
	}
	g := s.got[0]
	want := cloudevent.JobRequest{
		JobID: job.ID, Topic: "pay", WorkerID: workflow.PushWorker, InstanceID: id, ProcessKey: "order", BusinessKey: "B1", NodeID: "work", Retries: 3,
		Variables: engine.Variables{"amount": int64(7)},
	}
	if diff := cmp.Diff(want, g.data); diff != "" {
		t.Error(diff)
	}
	if g.event.ID() != job.ID.String() || g.event.Type() != cloudevent.TypeJobRequested || g.event.Source() != "/diom/test" || g.method != "PUT" {
		t.Errorf("%s %v", g.method, g.event)
	}
	if err := g.event.Verify(func(id string) []byte { return []byte(map[string]string{"k1": key}[id]) }, time.Now()); err != nil {
		t.Error(err)
	}
	if g.header.Get("Authorization") != "Bearer xyz" || g.header.Get("X-Team") != "财务" {
		t.Error(g.header)
	}
}

// What an answer means, each for an instance of its own.
func TestAnswers(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	s := receive(t, nil)
	r.bind(dispatch.NewBinding{Topic: "pay", Kind: dispatch.URL, Target: s.URL})
	r.deploy(fmt.Sprintf(model, external, "", "order"))
	const isJSON, problem = "application/json", "application/problem+json"
	event := func(kind, data string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":"1","source":"/f","type":%q,"datacontenttype":"application/json","data":%s}`, kind, data)
	}
	for name, tc := range map[string]struct {
		status     int
		kind, body string
		nodes      []string
		retries    int // of the job that is still there; -1: it is not
		incident   bool
	}{
		"variables":           {200, isJSON, `{"variables": {"a": 1}}`, []string{"after"}, -1, false},
		"nothing":             {200, "", "", []string{"after"}, -1, false},
		"no content":          {204, "", "", []string{"after"}, -1, false},
		"no content type":     {200, "", `{"variables": {"a": 1}}`, []string{"after"}, -1, false},
		"error":               {200, isJSON, `{"error": {"code": "declined", "message": "no", "variables": {"a": 1}}}`, []string{"review"}, -1, false},
		"escalation":          {200, isJSON, `{"escalation": {"code": "late"}, "variables": {"a": 1}}`, []string{"after", "call"}, -1, false},
		"event":               {200, "application/cloudevents+json", event(cloudevent.TypeJobCompleted, `{"variables": {"a": 1}}`), []string{"after"}, -1, false},
		"event of any type":   {200, "application/cloudevents+json", event("x", `{"variables": {"a": 1}}`), []string{"after"}, -1, false},
		"failed event":        {200, "application/cloudevents+json", event(cloudevent.TypeJobFailed, `{"message": "no", "retries": 5}`), []string{}, 5, false},
		"later":               {202, "", "", []string{}, 3, false},
		"unavailable":         {503, "", "down", []string{}, 2, false},
		"internal":            {500, "text/html", "<h1>", []string{}, 2, false},
		"busy":                {429, problem, `{"code": "busy"}`, []string{}, 2, false},
		"not there":           {404, "text/plain", "no such function", []string{}, 2, false},
		"forbidden":           {403, "", "", []string{}, 2, false},
		"moved":               {307, "", "", []string{}, 2, false},
		"bad request":         {400, problem, `{"code": "bad", "detail": "no amount"}`, []string{}, 0, true},
		"refused with a code": {404, problem, `{"code": "no_customer"}`, []string{}, 0, true},
		"unprocessable":       {422, "", "", []string{}, 0, true},
		"unknown field":       {200, isJSON, `{"result": 1}`, []string{}, 0, true},
		"no JSON":             {200, isJSON, `OK`, []string{}, 0, true},
		"two values":          {200, isJSON, `{} {}`, []string{}, 0, true},
		"a page":              {200, "text/html", `<h1>OK</h1>`, []string{}, 0, true},
		"bad event":           {200, "application/cloudevents+json", `{}`, []string{}, 0, true},
		"bad code":            {200, isJSON, `{"error": {"code": ""}}`, []string{}, 0, true},
		"large variable":      {200, isJSON, `{"variables": {"a": "` + strings.Repeat("x", 300<<10) + `"}}`, []string{}, 0, true},
		"large answer":        {200, isJSON, `{"variables": {"a": "` + strings.Repeat("x", 2<<20) + `"}}`, []string{}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			s.answer = answers(tc.status, tc.kind, tc.body)
			if tc.status == http.StatusTemporaryRedirect {
				s.answer = func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Location", s.URL)
					w.WriteHeader(tc.status)
				}
			}
			id, before := r.start("order", nil), len(s.got)
			r.look()
			nodes, in := r.at(id)
			retries := -1
			if len(in.Jobs) > 0 {
				retries = in.Jobs[0].Retries
			}
			if diff := cmp.Diff(tc.nodes, nodes); diff != "" || retries != tc.retries || (len(in.Incidents) > 0) != tc.incident || len(s.got) != before+1 {
				t.Errorf("%s retries %d, incidents %+v, pushed %d times", diff, retries, in.Incidents, len(s.got)-before)
			}
			// On a slow machine its next attempt would come into the next case.
			if _, err := r.Workflow.CancelInstance(t.Context(), workflow.Call{Principal: operator}, id, ""); err != nil && !errors.Is(err, engine.ErrEnded) {
				t.Error(err)
			}
		})
	}
}

// A receiver that fails is asked again, by the same event, as often as the model or else the binding
// says; then an incident waits, and its retry is one more attempt.
func TestRetries(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	s := receive(t, answers(500, "", ""))
	r.bind(dispatch.NewBinding{Topic: "pay", Kind: dispatch.URL, Target: s.URL, Retries: 4})
	r.deploy(fmt.Sprintf(model, external, "", "order"))
	r.deploy(fmt.Sprintf(model, external, "<c:failedJobRetryTimeCycle>R2/PT1H</c:failedJobRetryTimeCycle>", "twice"))
	for key, want := range map[string]int{"order": 4, "twice": 2} {
		id, before := r.start(key, nil), len(s.got)
		event := r.job(id).ID.String()
		for range 6 {
			r.look()
			r.look() // not before its time
			r.release()
		}
		_, in := r.at(id)
		if pushed := len(s.got) - before; pushed != want || len(in.Incidents) != 1 || in.Jobs[0].Retries != 0 {
			t.Errorf("%s: pushed %d times, %+v", key, pushed, in.Incidents)
		}
		for _, g := range s.got[before:] {
			if g.event.ID() != event {
				t.Errorf("another event %s", g.event.ID())
			}
		}
		if _, err := r.Workflow.RetryIncidents(t.Context(), workflow.Call{Principal: operator}, id, nil); err != nil {
			t.Fatal(err)
		}
		r.look()
		if pushed := len(s.got) - before; pushed != want+1 {
			t.Errorf("%s: pushed %d times after the retry", key, pushed)
		}
	}
	s.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7000")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	id := r.start("order", nil)
	r.look()
	if due := r.job(id).DueAt; due == nil || time.Until(*due) < time.Hour {
		t.Errorf("Retry-After: due at %v", due)
	}
}

// The process that pushed dies before it can say so: the job is pushed again when the lease is over, by
// the same event, and completed once.
func TestCrashBetweenPushAndCommit(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	s := receive(t, nil)
	first := r.process()
	s.answer = func(http.ResponseWriter, *http.Request) { _ = first.DB.Close() }
	r.bind(dispatch.NewBinding{Topic: "pay", Kind: dispatch.URL, Target: s.URL})
	r.deploy(fmt.Sprintf(model, external, "", "order"))
	id := r.start("order", nil)
	lookIn(t, first)
	if nodes, in := r.at(id); len(nodes) != 0 || len(in.Jobs) != 1 || len(s.got) != 1 {
		t.Fatalf("%v %+v", nodes, in.Jobs)
	}
	s.answer = nil
	r.look()
	if len(s.got) != 1 {
		t.Fatal("pushed while the lease runs")
	}
	r.release()
	r.look()
	nodes, _ := r.at(id)
	if diff := cmp.Diff([]string{"after"}, nodes); diff != "" || len(s.got) != 2 || s.got[0].event.ID() != s.got[1].event.ID() {
		t.Errorf("%s pushed %d times", diff, len(s.got))
	}
}

// Two processes look at the same time: no job is pushed twice.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	s := receive(t, nil)
	r.bind(dispatch.NewBinding{Topic: "pay", Kind: dispatch.URL, Target: s.URL})
	r.deploy(fmt.Sprintf(model, external, "", "order"))
	const n = 40
	for range n {
		r.start("order", nil)
	}
	apps := []interface{ Wait() }{}
	for _, app := range []*rig{r, {App: r.process(), t: t}} {
		if err := app.Dispatch.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		apps = append(apps, app.Dispatch)
	}
	for _, app := range apps {
		app.Wait()
	}
	r.look()
	seen := map[string]bool{}
	for _, g := range s.got {
		seen[g.event.ID()] = true
	}
	if len(s.got) != n || len(seen) != n {
		t.Errorf("%d pushes of %d jobs", len(s.got), len(seen))
	}
}

// A target that fails is left alone for a while; the jobs that wait for it lose no try.
func TestBreaker(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	s := receive(t, answers(500, "", ""))
	r.bind(dispatch.NewBinding{Topic: "pay", Kind: dispatch.URL, Target: s.URL})
	r.deploy(fmt.Sprintf(model, external, "", "order"))
	var ids []engine.ID
	for range 60 {
		ids = append(ids, r.start("order", nil))
	}
	r.look()
	tried := 0
	for _, id := range ids {
		tried += 3 - r.job(id).Retries
	}
	if tried != len(s.got) || tried < 10 || tried >= len(ids) {
		t.Errorf("%d attempts are counted of %d pushes", tried, len(s.got))
	}

}

// An internal address is not reached by a binding, neither by its number nor by its name. The same
// server is reached in every other test of this file, which allow it.
func TestBindingsAreGuarded(t *testing.T) {
	t.Parallel()
	r := open(t, func(c *config.Config) { c.HTTPAllow = nil })
	s := receive(t, nil)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	r.deploy(fmt.Sprintf(model, external, "", "order"))
	b := r.bind(dispatch.NewBinding{Topic: "pay", Kind: dispatch.URL, Target: s.URL})
	for _, target := range []string{s.URL, "http://localhost:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://127.0.0.1"} {
		if _, err := r.Dispatch.UpdateBinding(t.Context(), b.ID, dispatch.BindingChange{Target: &target}, 0); err != nil {
			t.Fatal(err)
		}
		id := r.start("order", nil)
		lookIn(t, r.process()) // which does not remember the binding
		if _, in := r.at(id); len(in.Incidents) != 1 || !strings.Contains(in.Incidents[0].Message, "DIOM_HTTP_ALLOW") || len(s.got) > 0 {
			t.Errorf("%s: %+v, pushed %d times", target, in.Incidents, len(s.got))
		}
	}
}

// diom:function needs no binding: the setting says where functions are, and their events are signed as
// our others.
func TestFunctions(t *testing.T) {
	t.Parallel()
	s := receive(t, answers(200, "", `{"variables": {"a": 1}}`))
	var path string
	answer := s.answer
	s.answer = func(w http.ResponseWriter, q *http.Request) { path = q.URL.Path; answer(w, q) }
	r := open(t, func(c *config.Config) { c.TaskFunctions, c.HTTPAllow = s.URL+"/function/{function}", nil })
	r.deploy(fmt.Sprintf(model, `d:function="send-invoice"`, "", "order"))
	id := r.start("order", nil)
	r.look()
	if nodes, _ := r.at(id); !cmp.Equal([]string{"after"}, nodes) || path != "/function/send-invoice" {
		t.Fatalf("%v %s", nodes, path)
	}
	if err := r.Access.VerifyEvent(&s.got[0].event); err != nil {
		t.Error(err)
	}
}

// Jobs of topics that nobody has bound, and those of a binding that is switched off, are the workers'.
func TestOtherTopicsAreLeftAlone(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	s := receive(t, nil)
	off := false
	r.bind(dispatch.NewBinding{Topic: "pay", Kind: dispatch.URL, Target: s.URL, Enabled: &off})
	r.bind(dispatch.NewBinding{Topic: "notify", Kind: dispatch.Builtin, Target: "notify", Enabled: &off})
	for i, topic := range []string{"pay", "notify", "mail", "other", "function:UP/../x"} {
		key := fmt.Sprint("p", i)
		r.deploy(fmt.Sprintf(model, `c:type="external" c:topic="`+topic+`"`, "", key))
		id := r.start(key, nil)
		r.look()
		if job := r.job(id); job.WorkerID != nil || job.Retries != 3 {
			t.Errorf("%s: %+v", topic, job)
		}
		if served, err := r.Workflow.Served(t.Context(), topic); err != nil || served {
			t.Errorf("%s is served: %v", topic, err)
		}
	}
	for _, topic := range []string{"http-connector", "function:a"} {
		if served, err := r.Workflow.Served(t.Context(), topic); err != nil || !served {
			t.Errorf("%s is not served: %v", topic, err)
		}
	}
}

// No log tells a secret.
func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := open(t, nil)
	r.secret("crm-token", "very-secret")
	s := receive(t, nil)
	s.Close()
	r.bind(dispatch.NewBinding{Topic: "pay", Kind: dispatch.URL, Target: s.URL + "/?token=very-secret", Headers: []store.BindingHeader{{Name: "X", Secret: "crm-token"}}})
	r.deploy(fmt.Sprintf(model, external, "", "order"))
	id := r.start("order", nil)
	r.look()
	rows, err := r.Store.History(t.Context(), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&log, "%+v", rows)
	if _, in := r.at(id); in.Jobs[0].Retries != 2 || strings.Contains(log.String(), "very-secret") {
		t.Errorf("%+v\n%s", in.Jobs, log.String())
	}
}
