package e2e_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
	"diom.io/workflow/test/producttest"
)

// session is one case on one product.
type session struct {
	*testing.T
	*product
}

func (s *session) as(username string) *producttest.Client {
	s.Helper()
	token, known := s.tokens[username]
	if !known && username != "" {
		s.Fatalf("%s is no demo account", username)
	}
	return s.client.With(token)
}

// sub runs a part of the case by its name.
func (s *session) sub(name string, run func(*session)) {
	s.Helper()
	s.Run(name, func(t *testing.T) { run(&session{T: t, product: s.product}) })
}

// get reads path and decodes the answer, which must be 200.
func get[T any](s *session, username, path string) T {
	s.Helper()
	return decode[T](s, http.StatusOK, s.send(username, http.MethodGet, path, nil))
}

// post sends body and decodes the answer, which must have the status.
func post[T any](s *session, username, path string, status int, body any) T {
	s.Helper()
	return decode[T](s, status, s.send(username, http.MethodPost, path, body))
}

func (s *session) send(username, method, path string, body any, headers ...string) producttest.Answer {
	s.Helper()
	answer, err := s.as(username).Send(method, path, body, headers...)
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	return answer
}

// decode reads an answer strictly: a field that the type does not have is an error.
func decode[T any](s *session, status int, a producttest.Answer) T {
	s.Helper()
	var into T
	if a.Status != status {
		s.Fatalf("status %d, want %d: %.1000s", a.Status, status, a.Body)
	}
	if kind := a.Header.Get("Content-Type"); kind != "application/json" {
		s.Errorf("content type %q", kind)
	}
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&into); err != nil {
		s.Fatalf("%v: %.1000s", err, a.Body)
	}
	return into
}

// model returns a file of testdata under a process key of its own.
func (s *session) model(file string) (key string, content []byte) {
	s.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		s.Fatal(err)
	}
	key = "e2e-" + strings.TrimSuffix(file, ".bpmn") + "-" + strings.ToLower(rand.Text()[:8])
	return key, bytes.ReplaceAll(raw, []byte("KEY"), []byte(key))
}

// process returns the key of a deployed process of testdata, the same for every case.
func (s *session) process(file string) string {
	s.Helper()
	if key, known := s.models[file]; known {
		return key
	}
	key, content := s.model(file)
	s.deploy(file, content)
	s.models[file] = key
	return key
}

func (s *session) deploy(file string, content []byte) workflow.DeploymentAnswer {
	s.Helper()
	answer, err := s.as("zhouming").Deploy("e2e", producttest.File{Name: file, Content: content})
	if err != nil {
		s.Fatal(err)
	}
	return decode[workflow.DeploymentAnswer](s, http.StatusCreated, answer)
}

type variables = map[string]any

// start starts a process as zhangwei.
func (s *session) start(key string, v variables) workflow.Started {
	s.Helper()
	return post[workflow.Started](s, "zhangwei", "/api/v1/processes/"+key+"/start", http.StatusCreated, map[string]any{"variables": v})
}

// memo starts a memo for a reader and returns its task.
func (s *session) memo(reader string) store.Task {
	s.Helper()
	started := s.start(s.process("memo.bpmn"), variables{"reader": reader, "urgency": 50})
	if len(started.Tasks) != 1 {
		s.Fatalf("started %+v", started)
	}
	return started.Tasks[0]
}

func taskPath(t store.Task, operation string) string {
	return "/api/v1/tasks/" + t.ID.String() + operation
}

func instancePath(i store.Instance, suffix string) string {
	return "/api/v1/instances/" + i.ID.String() + suffix
}

// refusal is a request that must be refused, and change nothing.
type refusal struct {
	name    string
	user    string
	method  string // POST where it is empty
	path    string
	body    any
	headers []string
	status  int
	code    string
	detail  string // code of one of the details; "" is not compared
}

func (s *session) refuse(list []refusal) {
	s.Helper()
	for _, r := range list {
		s.sub(r.name, func(s *session) {
			method := r.method
			if method == "" {
				method = http.MethodPost
			}
			s.refused(r.status, r.code, r.detail, func() producttest.Answer { return s.send(r.user, method, r.path, r.body, r.headers...) })
		})
	}
}

// refused holds that a request is answered with a problem document and that nothing changed.
func (s *session) refused(status int, code, detail string, send func() producttest.Answer) producttest.Problem {
	s.Helper()
	before := s.judge.Fingerprint()
	answer := send()
	problem, err := answer.Problem()
	if err != nil {
		s.Fatal(err)
	}
	if problem.Status != status || problem.Code != code {
		s.Errorf("%d %s, want %d %s: %.1000s", problem.Status, problem.Code, status, code, answer.Body)
	}
	if detail != "" && !slices.ContainsFunc(problem.Errors, func(d producttest.Detail) bool { return d.Code == detail }) {
		s.Errorf("no detail %s: %.1000s", detail, answer.Body)
	}
	if (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable) && answer.Header.Get("Retry-After") == "" {
		s.Error("no Retry-After")
	}
	if status == http.StatusUnauthorized && answer.Header.Get("WWW-Authenticate") != "Bearer" {
		s.Errorf("WWW-Authenticate %q", answer.Header.Get("WWW-Authenticate"))
	}
	if after := s.judge.Fingerprint(); after != before {
		s.Errorf("the database has changed:\n%s\nbefore:\n%s", after, before)
	}
	return problem
}
