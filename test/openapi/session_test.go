package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/dispatch/mailtest"
	"diom.io/workflow/shared/signin/signintest"
	"diom.io/workflow/test/producttest"
)

const (
	callLimit = 31 * time.Second
	waitLimit = 30 * time.Second // for what happens by itself
)

func TestMain(m *testing.M) { os.Exit(producttest.Main(m)) }

// document returns openapi.yaml.
func document(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// session speaks to a running product by way of a contract.
type session struct {
	*testing.T
	contract *contract
	client   *producttest.Client
	secrets  string
	tokens   map[string]string
	mails    *mailtest.Server
	sink     *sink
	provider *signintest.Provider
}

// open starts the product with the demo company, every account of which logs in.
func open(t *testing.T) *session {
	t.Helper()
	c := contractOf(t, string(document(t)))
	dsn, redis := databasetest.DSN(t), databasetest.Redis(t)
	secrets := producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	provider := signintest.New(t)
	vouch(t, secrets, provider.URL)
	mails, events := mailtest.Listen(t), newSink(t)
	if out, err := exec.CommandContext(t.Context(), producttest.Binary(t), "backup", "key", "--to", secrets).CombinedOutput(); err != nil { //nolint:gosec // our own binary
		t.Fatalf("%v: %s", err, out)
	}
	process := producttest.Serve(t, producttest.Options{DSN: dsn, Redis: redis, Secrets: secrets, Env: []string{
		"DIOM_COOKIE_SECURE=true", "DIOM_SMTP_URL=smtp://" + mails.Address + "?tls=none", "DIOM_SMTP_FROM=diom@example.com", "DIOM_PUBLIC_URL=https://flow.example",
		"K_SINK=" + events.URL, "DIOM_EVENT_MODE=structured",
		"DIOM_BACKUP_DIR=" + t.TempDir(), "DIOM_BACKUP_SCHEDULE=0 2 29 2 *",
	}})
	client := producttest.NewClient(process.URL, callLimit)
	client.HTTP.Transport = c
	client.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := &session{T: t, contract: c, client: client, secrets: secrets, mails: mails, sink: events, provider: provider, tokens: map[string]string{"": ""}}
	for _, a := range access.DemoAccounts() {
		s.tokens[a.Username] = client.LogIn(t, a.Username, access.DemoPassword)
	}
	return s
}

// value is any JSON.
type value = map[string]any

// send makes a request as somebody, "" as nobody.
func (s *session) send(who, request string, body any, headers ...string) producttest.Answer {
	s.Helper()
	method, path, _ := strings.Cut(request, " ")
	token, known := s.tokens[who]
	if !known {
		s.Fatalf("nobody is called %s", who)
	}
	answer, err := s.client.With(token).Send(method, path, body, headers...)
	if err != nil {
		s.Fatalf("%s: %v", request, err)
	}
	return answer
}

// do makes a request that succeeds and returns what was answered.
func (s *session) do(who, request string, body any, headers ...string) value {
	s.Helper()
	answer := s.send(who, request, body, headers...)
	if answer.Status >= http.StatusBadRequest {
		s.Fatalf("%s: %d %.1000s", request, answer.Status, answer.Body)
	}
	var v value
	if kind := answer.Header.Get("Content-Type"); kind == "application/json" {
		if err := json.Unmarshal(answer.Body, &v); err != nil {
			s.Fatalf("%s: %v: %.300s", request, err, answer.Body)
		}
	}
	return v
}

// refused makes a request that fails with a status.
func (s *session) refused(status int, who, request string, body any, headers ...string) {
	s.Helper()
	if answer := s.send(who, request, body, headers...); answer.Status != status {
		s.Errorf("%s as %q: %d, want %d: %.500s", request, who, answer.Status, status, answer.Body)
	}
}

// at follows a path of names and indexes, such as next.0.id, into an answer and returns the text there.
func (s *session) at(v any, path string) string {
	s.Helper()
	for step := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case value:
			v = in[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(in) {
				s.Fatalf("%s: there are %d items", path, len(in))
			}
			v = in[i]
		}
	}
	if text, ok := v.(string); ok {
		return text
	}
	return fmt.Sprint(v)
}

// eventually repeats a request until its answer is as wanted.
func (s *session) eventually(who, request string, is func(value) bool) value {
	s.Helper()
	for deadline := time.Now().Add(waitLimit); ; time.Sleep(50 * time.Millisecond) {
		if v := s.do(who, request, nil); is(v) {
			return v
		}
		if time.Now().After(deadline) {
			s.Fatalf("%s: not so after %s", request, waitLimit)
		}
	}
}

func some(v value) bool {
	items, _ := v["items"].([]any)
	return len(items) > 0
}

// deploy deploys a model and returns the ids of its definitions by their keys.
func (s *session) deploy(model string) map[string]string {
	s.Helper()
	body, kind, err := producttest.Multipart("contract", producttest.File{Name: "contract.bpmn", Content: []byte(model)})
	if err != nil {
		s.Fatal(err)
	}
	answer := s.do("zhouming", "POST /api/v1/deployments", body, "Content-Type", kind)
	ids := map[string]string{}
	definitions, _ := answer["definitions"].([]any)
	for _, d := range definitions {
		ids[s.at(d, "key")] = s.at(d, "id")
	}
	return ids
}

// model is a file of testdata.
func (s *session) model(name string) string {
	s.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

// start starts an instance and returns its id and that of its first task, if it has one.
func (s *session) start(key string, variables value) (instance, task string) {
	s.Helper()
	body := value{"businessKey": "B-" + key}
	if variables != nil {
		body["variables"] = variables
	}
	v := s.do("zhangwei", "POST /api/v1/processes/"+key+"/start", body)
	if tasks, _ := v["tasks"].([]any); len(tasks) > 0 {
		task = s.at(v, "tasks.0.id")
	}
	return s.at(v, "instance.id"), task
}
