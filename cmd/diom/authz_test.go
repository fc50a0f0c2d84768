package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
)

// publicRoutes is every route that asks for no caller, with the reason. Another one is a decision.
var publicRoutes = map[string]string{
	"POST /auth/login":        "that is where a caller gets a name",
	"POST /api/v1/auth/login": "the same",

	"GET /api/v1/auth/methods":                  "who wants to log in has no name yet",
	"GET /api/v1/auth/oidc/{provider}/start":    "likewise; it sends the browser to a provider that the secret file names",
	"GET /api/v1/auth/oidc/{provider}/callback": "the cookie of the sign-in and the provider's token prove the caller",
	"POST /api/v1/auth/oidc/{provider}/logout":  "the provider signs the token",

	"GET /api/v1/auth/oidc/{provider}/end": "who has logged out has no name any more; it sends the browser where the provider's metadata say",

	"POST /auth/refresh":         "the refresh cookie proves the caller",
	"POST /auth/logout":          "the refresh cookie proves the caller",
	"GET /.well-known/jwks.json": "public keys",
	"GET /{$}":                   "the first page",
	"GET /api":                   "the list of routes",
	"GET /api/v1/console":        "what the log-in page shows; the demo's accounts in the demo alone",
	"GET /openapi.yaml":          "the description of the routes",
	"GET /asyncapi.yaml":         "the description of the events",
	" /":                         "the gateway hands on to routes with permissions of their own",
	"POST /api/v1/events":        "each CloudEvent is signed",

	"GET /api/v1/task-links/{token}":  "the link is signed, for one task of one person; reading it does nothing",
	"POST /api/v1/task-links/{token}": "the same; it works once, and only while the task is his",

	"POST /dead-letter": "brokers cannot sign; the event is signed, or names a step that there is",
	"tick POST /{$}":    "schedulers cannot sign; it takes no input and does what is due",
	"backup POST /{$}":  "the same: it makes a backup if one is due",
}

// grants is what each role may do. It is written down here and not read from the database: a role that
// gains a right by mistake must be seen. SUPER_ADMIN has every right.
var grants = map[string][]access.Permission{
	"":                {},
	"EMPLOYEE":        {access.WorkflowStart, access.WorkflowTask, access.WorkflowInstance, access.WorkflowDefinition},
	"DESIGNER":        {access.WorkflowDefinition, access.WorkflowDesign, access.WorkflowDeploy},
	"OPERATOR":        {access.WorkflowInstance, access.WorkflowDefinition, access.WorkflowOperate, access.WorkflowJob, access.WorkflowMessage},
	"AUDITOR":         {access.WorkflowInstance, access.WorkflowDefinition, access.WorkflowAudit, access.SysAudit},
	"INTEGRATOR":      {access.WorkflowJob, access.WorkflowMessage},
	access.SuperAdmin: {},
}

// matrix crosses every route with every role.
type matrix struct {
	*testing.T
	demo   *faastest.Demo
	tokens map[string]string // by role
	cases  int
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{T: t, demo: faastest.OpenDemo(t, true), tokens: map[string]string{}}
	admin := m.demo.Call("admin").Principal
	for role := range grants {
		user := access.NewUser{Username: "only-" + strings.ToLower(role) + "x", Password: access.DemoPassword, DisplayName: "x"}
		if role != "" {
			user.Roles = []string{role}
		}
		if _, err := m.demo.App.Access.CreateUser(t.Context(), admin, user, nil); err != nil {
			t.Fatal(err)
		}
		m.tokens[role] = m.demo.Token(user.Username)
	}
	return m
}

var placeholder = regexp.MustCompile(`\{[^}$]*\}`)

// ask calls a route with the id of nothing and an empty body, and returns the status and the code.
func (m *matrix) ask(h http.Handler, r faas.Route, token string) (int, string) {
	m.Helper()
	m.cases++
	path := strings.ReplaceAll(placeholder.ReplaceAllString(r.Pattern, engine.ID{9}.String()), "{$}", "")
	request := httptest.NewRequestWithContext(m.Context(), r.Method, path, strings.NewReader("{}"))
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	var problem struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(answer.Body.Bytes(), &problem)             // a page has no code
	if code := answer.Header().Get(faas.CodeHeader); code != "" { // Camunda's errors have no such word
		problem.Code = code
	}
	if answer.Code >= http.StatusInternalServerError && answer.Code != http.StatusNotImplemented && !camunda.Speaks(path) { // to Camunda much is 500 that is the caller's
		m.Errorf("%s %s: %d %s", r.Method, path, answer.Code, answer.Body)
	}
	return answer.Code, problem.Code
}

// TestAuthorizationOfEveryRoute: without a token, with one that is not valid, and with each role, every
// route lets in exactly whom its permission names, and no route is public by mistake.
func TestAuthorizationOfEveryRoute(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	var wrong []string
	unknown := maps.Clone(publicRoutes)
	for _, f := range functions {
		h := faas.Handler(m.demo.App, f)
		for _, r := range f.Routes {
			name := r.Method + " " + r.Pattern
			switch r.Permission {
			case access.Public:
				if publicRoutes[name] == "" {
					name = f.Name + " " + name
				}
				if publicRoutes[name] == "" {
					t.Errorf("%s is public", name)
				}
				delete(unknown, name)
			case access.Internal:
				wrong = append(wrong, m.internal(h, r)...)
			default:
				wrong = append(wrong, m.guarded(h, r)...)
			}
		}
	}
	for name := range unknown {
		t.Errorf("there is no public route %s", name)
	}
	for _, w := range wrong {
		t.Error(w)
	}
	t.Logf("authz: cases=%d failed=%d", m.cases, len(wrong))
}

// internal routes want the signature of another function: no token opens them.
func (m *matrix) internal(h http.Handler, r faas.Route) []string {
	m.Helper()
	var wrong []string
	for role, token := range m.tokens {
		if status, code := m.ask(h, r, token); status != http.StatusUnauthorized || code != access.ErrSignatureMissing.Code {
			wrong = append(wrong, fmt.Sprintf("%s %s with the role %q: %d %s", r.Method, r.Pattern, role, status, code))
		}
	}
	return wrong
}

// guarded routes let in whom their permission names.
func (m *matrix) guarded(h http.Handler, r faas.Route) []string {
	m.Helper()
	var wrong []string
	for token, want := range map[string]string{"": access.ErrTokenMissing.Code, "a.b.c": access.ErrTokenInvalid.Code} {
		if status, code := m.ask(h, r, token); status != http.StatusUnauthorized || code != want {
			wrong = append(wrong, fmt.Sprintf("%s %s with the token %q: %d %s", r.Method, r.Pattern, token, status, code))
		}
	}
	for role, token := range m.tokens {
		may := r.Permission == access.Authenticated || role == access.SuperAdmin || slices.Contains(grants[role], r.Permission)
		status, code := m.ask(h, r, token)
		if refused := status == http.StatusForbidden && code == faas.ErrForbidden.Code; refused == may || status == http.StatusUnauthorized {
			wrong = append(wrong, fmt.Sprintf("%s %s with the role %q: %d %s, its permission is %s", r.Method, r.Pattern, role, status, code, r.Permission))
		}
		if strings.HasSuffix(r.Pattern, "/sessions:revoke-all") { // it has ended itself
			m.tokens[role] = m.demo.Token("only-" + strings.ToLower(role) + "x")
		}
	}
	return wrong
}

// A right that is taken away is gone within two seconds, and a disabled user is nobody.
func TestAuthorizationFollowsTheDirectory(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	i := slices.Index(names(), "instances")
	h := faas.Handler(m.demo.App, functions[i])
	route := faas.Route{Method: http.MethodGet, Pattern: "/api/v1/incidents"}
	if status, code := m.ask(h, route, m.tokens["OPERATOR"]); status != http.StatusOK {
		t.Fatalf("%d %s", status, code)
	}
	people, admin := m.demo.App.Access, m.demo.Call("admin").Principal
	info, err := people.UserInfo(t.Context(), "only-operatorx")
	if err != nil {
		t.Fatal(err)
	}
	id, err := engine.ParseID(info.ID)
	if err != nil {
		t.Fatal(err)
	}
	roles, disabled := []string{"EMPLOYEE"}, false
	if _, err := people.UpdateUser(t.Context(), admin, id, access.UserChange{Roles: &roles}, 0); err != nil {
		t.Fatal(err)
	}
	if status, code := m.ask(h, route, m.tokens["OPERATOR"]); status != http.StatusForbidden && status != http.StatusUnauthorized {
		t.Errorf("after the role is taken away: %d %s", status, code)
	}
	if _, err := people.UpdateUser(t.Context(), admin, id, access.UserChange{Enabled: &disabled}, 0); err != nil {
		t.Fatal(err)
	}
	if status, code := m.ask(h, route, m.tokens["OPERATOR"]); status != http.StatusUnauthorized || code != access.ErrTokenRevoked.Code {
		t.Errorf("after the user is disabled: %d %s", status, code)
	}
}

// The matrix finds a route that asks for less than it should, one that is open, and one that is closed.
func TestAuthorizationMatrixFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	for name, c := range map[string]struct {
		is, should access.Permission
		wrong      int
	}{
		"right":         {access.WorkflowTask, access.WorkflowTask, 0},
		"too weak":      {access.WorkflowTask, access.SysUser, 1},                  // the employee comes in
		"open":          {access.Public, access.WorkflowTask, 2 + len(grants) - 2}, // with no token, a false one, and each other role
		"closed":        {access.SysUser, access.WorkflowTask, 1},                  // the employee stays out
		"not for users": {access.WorkflowTask, access.Internal, len(grants)},
	} {
		f := faas.Function{Name: "planted", Routes: []faas.Route{{
			Method: http.MethodGet, Pattern: "/secret", Permission: c.is,
			Serve: func(context.Context, *faas.Request) (any, error) { return struct{}{}, nil },
		}}}
		route, ask := f.Routes[0], m.guarded
		if route.Permission = c.should; c.should == access.Internal {
			ask = m.internal
		}
		if wrong := ask(faas.Handler(m.demo.App, f), route); len(wrong) != c.wrong {
			t.Errorf("%s: %d findings, want %d: %q", name, len(wrong), c.wrong, wrong)
		}
	}
}
