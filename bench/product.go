package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	completetask "diom.io/workflow/functions/complete-task"
	startprocess "diom.io/workflow/functions/start-process"
	tasks "diom.io/workflow/functions/tasks"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/telemetry"
	"diom.io/workflow/shared/workflow"
)

// models are what is measured with: bench is start → user task → end; hot has many tasks at once; timer and message wait.
//
//go:embed models/*.bpmn
var models embed.FS

const (
	processKey = "bench"
	starter    = "zhangwei"
	approver   = "wangfang"
	operator   = "admin"
)

// product is the product in this process, with the demo company and the model: its functions are
// called as the gateway calls them.
type product struct {
	app      *faas.App
	database string
	secrets  string            // directory
	tokens   map[string]string // access tokens by username
	mux      *http.ServeMux
	wire     *wire // that it talks to the database through, or nil
}

// product makes a database for a purpose and prepares a product over it; w may be nil.
func (s *servers) product(ctx context.Context, purpose string, w *wire) (*product, error) {
	name, err := s.database(ctx, purpose)
	if err != nil {
		return nil, err
	}
	return openProduct(ctx, s, name, w)
}

// openProduct prepares a product over a database; w may be nil.
func openProduct(ctx context.Context, s *servers, database string, w *wire) (*product, error) {
	p := &product{database: database, wire: w, tokens: map[string]string{}, mux: http.NewServeMux()}
	var err error
	if p.secrets, err = os.MkdirTemp("", "diom-bench-*"); err != nil {
		return nil, err
	}
	cfg, err := config.Load()
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	cfg.MySQLDSN, cfg.RedisURL, cfg.SecretsDir, cfg.Functions = s.dsn(database, w), s.redisURL, p.secrets, ""
	if err := access.GenerateKeys(p.secrets); err != nil {
		return nil, errors.Join(err, p.close())
	}
	if p.app, err = faas.OpenApp(ctx, cfg, telemetry.New(io.Discard, cfg.LogLevel)); err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.app.Relay.Stop() // it would talk to the database beside the operations that are counted
	for _, f := range []faas.Function{startprocess.Function, completetask.Function, tasks.Function} {
		handler := faas.Handler(p.app, f)
		for _, r := range f.Routes {
			p.mux.Handle(strings.TrimSpace(r.Method+" "+r.Pattern), handler)
		}
	}
	if err := p.populate(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// populate loads the people, logs two of them in and deploys the model.
func (p *product) populate(ctx context.Context) error {
	if err := p.app.Access.LoadDemo(ctx); err != nil {
		return err
	}
	for _, username := range []string{starter, approver, operator} {
		login, err := p.app.Access.Login(ctx, username, access.DemoPassword, "127.0.0.1")
		if err != nil {
			return fmt.Errorf("log in as %s: %w", username, err)
		}
		p.tokens[username] = login.AccessToken
	}
	return p.deploy(ctx)
}

func (p *product) deploy(ctx context.Context) error {
	files, err := models.ReadDir("models")
	if err != nil {
		return err
	}
	request := workflow.DeploymentRequest{Name: "bench"}
	for _, file := range files {
		content, err := models.ReadFile("models/" + file.Name())
		if err != nil {
			return err
		}
		request.Resources = append(request.Resources, store.Resource{Name: file.Name(), Kind: "bpmn", Content: content})
	}
	_, err = p.app.Workflow.Deploy(ctx, workflow.Call{Principal: access.Principal{Username: operator, Roles: []string{access.SuperAdmin}}}, request)
	return err
}

func (p *product) close() error {
	var err error
	if p.app != nil {
		err = p.app.Close()
	}
	return errors.Join(err, os.RemoveAll(p.secrets))
}

// call sends a request to the function whose route it is and returns the answer's body.
func (p *product) call(ctx context.Context, username, method, path, body string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, path, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+p.tokens[username])
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	p.mux.ServeHTTP(w, r)
	if w.Code/100 != 2 {
		return nil, fmt.Errorf("%s %s: status %d: %s", method, path, w.Code, w.Body)
	}
	return w.Body.Bytes(), nil
}

// started is what the bench needs of the answer to a start.
type started struct {
	Instance struct{ ID string } `json:"instance"`
	Tasks    []startedTask
}

type startedTask struct{ ID string }

func (p *product) start(ctx context.Context, body string) (started, error) {
	var s started
	raw, err := p.call(ctx, starter, http.MethodPost, startPath, body)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, err
	}
	if len(s.Tasks) != 1 {
		return s, fmt.Errorf("the start opened %d tasks", len(s.Tasks))
	}
	return s, nil
}

func (p *product) complete(ctx context.Context, s started, body string) error {
	_, err := p.call(ctx, approver, http.MethodPost, completePath(s.Tasks[0].ID), body)
	return err
}

const (
	startPath = "/api/v1/processes/" + processKey + "/start"
	inboxPath = "/api/v1/tasks?view=todo&limit=20"
)

func completePath(task string) string { return "/api/v1/tasks/" + task + "/complete" }

// startBody and completeBody are what the measured calls carry: a state of about 0.7 KB.
const (
	startBody    = `{"businessKey":"LV-2026-000117","variables":{"days":3,"kind":"annual","reason":"Family visit in the spring, planned since last year","substitute":"lina","urgent":false}}`
	completeBody = `{"outcome":"approved","comment":"Have a good journey","variables":{"approved":true}}`
)
