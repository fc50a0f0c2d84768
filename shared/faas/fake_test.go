package faas

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/telemetry"
)

type item struct {
	Name   string          `json:"name"`
	Count  int             `json:"count"`
	Lines  []line          `json:"lines"`
	Values json.RawMessage `json:"values"`
}

type line struct {
	Amount float64 `json:"amount"`
}

var errBroken = errors.New("table x has secret y")

func echo(_ context.Context, r *Request) (any, error) {
	var in item
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	return in, nil
}

func fails(err error) func(context.Context, *Request) (any, error) {
	return func(context.Context, *Request) (any, error) { return nil, err }
}

// things is a function that shows everything the pipeline does.
func things() Function {
	return Function{Name: "things", Routes: []Route{
		{Method: "POST", Pattern: "/things", Permission: access.Public, Serve: echo, MaxBody: 2000},
		{Method: "POST", Pattern: "/things:check", Permission: access.Public, Status: 202, Serve: echo},
		{Method: "GET", Pattern: "/things", Permission: access.Public, List: page.List{Name: "things", Sorts: []string{"-createdAt"}, Filters: []page.Filter{{Name: "of", Form: page.ID}}}, Serve: func(_ context.Context, r *Request) (any, error) {
			return r.List()
		}},
		{Method: "GET", Pattern: "/things/{id}", Permission: access.Public, Serve: func(_ context.Context, r *Request) (any, error) {
			id, err := r.ID("id")
			return map[string]any{"id": id, "html": "<b>&"}, err
		}},
		{Method: "GET", Pattern: "/me", Permission: access.Authenticated, Serve: func(_ context.Context, r *Request) (any, error) {
			return map[string]string{"username": r.Principal.Username}, nil
		}},
		{Method: "GET", Pattern: "/admin", Permission: access.SysUser, Serve: fails(nil)},
		{Method: "POST", Pattern: "/internal", Permission: access.Internal, Serve: echo},
		{Method: "DELETE", Pattern: "/things/{id}", Permission: access.Public, Serve: fails(nil)},
		{Method: "GET", Pattern: "/raw", Permission: access.Public, Serve: func(context.Context, *Request) (any, error) {
			return Answer{Status: 201, Header: http.Header{"Etag": {`"1"`}, "Content-Type": {"text/xml"}}, Body: []byte("<a/>")}, nil
		}},
		{Method: "GET", Pattern: "/message", Permission: access.Public, Serve: func(context.Context, *Request) (any, error) {
			return json.RawMessage(`{"b": 1}`), nil
		}},
		{Method: "GET", Pattern: "/unmarshalable", Permission: access.Public, Serve: func(context.Context, *Request) (any, error) {
			return func() {}, nil
		}},
		{Method: "GET", Pattern: "/broken", Permission: access.Public, Serve: fails(errBroken)},
		{Method: "GET", Pattern: "/busy", Permission: access.Public, Serve: fails(fmt.Errorf("task 7: %w",
			fault.New(fault.Busy, "instance_busy", "The instance is busy.").After(1500*time.Millisecond)))},
		{Method: "GET", Pattern: "/invalid", Permission: access.Public, Serve: fails(fault.New(fault.Invalid, "invalid_model", "The model has problems.").
			With(fault.Detail{Pointer: "/resources/a.bpmn", Element: "t1", Line: 7, Rule: "r", Fix: "f"}))},
		{Method: "GET", Pattern: "/panic", Permission: access.Public, Serve: func(context.Context, *Request) (any, error) { panic("a secret") }},
		{Method: "GET", Pattern: "/slow", Permission: access.Public, Serve: func(ctx context.Context, _ *Request) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}},
	}}
}

// rig is a fake function, served, with its log.
type rig struct {
	*endpoint
	log *bytes.Buffer
}

// newRig serves f; a token is the name of the principal, of whom "root" may do everything.
func newRig(t testing.TB, f Function, change func(*config.Config)) rig {
	t.Helper()
	log := &bytes.Buffer{}
	cfg := config.Config{ExecTimeout: 5 * time.Second, SecretsDir: t.TempDir(), Environment: "test"}
	if change != nil {
		change(&cfg)
	}
	app := &App{Config: cfg, Telemetry: telemetry.New(log, "INFO")}
	e := newEndpoint(app, f)
	e.authenticate = func(_ context.Context, token string) (access.Principal, error) {
		switch token {
		case "":
			return access.Principal{}, access.ErrTokenMissing
		case "root":
			return access.Principal{Username: token, Roles: []string{access.SuperAdmin}}, nil
		}
		return access.Principal{Username: token}, nil
	}
	return rig{e, log}
}

// send makes one call; headers are "Name: value" lines.
func (r rig) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	return w
}
