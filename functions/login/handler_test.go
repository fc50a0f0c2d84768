package login

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
)

const lina = `{"username": "lina", "password": "Diom-demo-1"}`

// begin logs in and gives the call what the log-in gave.
func begin(a *faas.App, name string) func(*testing.T, *faastest.Call) {
	return func(t *testing.T, c *faastest.Call) {
		t.Helper()
		l, err := a.Access.Login(t.Context(), "lina", access.DemoPassword, "192.0.2.77")
		if err != nil {
			t.Fatal(err)
		}
		if c.Header == nil {
			c.Header = map[string]string{}
		}
		c.Header["Cookie"] = name + "=" + l.Refresh
		c.Header["Authorization"] = "Bearer " + l.AccessToken
	}
}

// cookieOf returns the refresh cookie of an answer and checks its attributes.
func cookieOf(t *testing.T, a faastest.Answer, name string) *http.Cookie {
	t.Helper()
	response := http.Response{Header: a.Header}
	for _, c := range response.Cookies() {
		if c.Name != name {
			continue
		}
		if !c.HttpOnly || c.Secure != strings.HasPrefix(name, "__Secure-") || c.SameSite != http.SameSiteStrictMode || c.Path != "/auth" || c.Domain != "" {
			t.Errorf("attributes of the cookie: %s", c.Raw)
		}
		return c
	}
	t.Fatalf("no cookie %s in %v", name, a.Header)
	return nil
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	a := faastest.OpenDemo(t, true).App
	ours := map[string]string{"X-Requested-With": "diom", "Origin": "https://function.test"}
	opened := func(t *testing.T, answer faastest.Answer) {
		t.Helper()
		if c := cookieOf(t, answer, secureCookie); len(c.Value) != 43 || c.MaxAge != 3600 {
			t.Errorf("cookie: %s", c.Raw)
		}
		if strings.Contains(string(answer.Body), "efresh") || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the body tells the refresh token, or may be cached: %s", answer.Body)
		}
		var l access.Login
		if err := json.Unmarshal(answer.Body, &l); err != nil {
			t.Fatal(err)
		}
		if p, err := a.Access.Authenticate(t.Context(), l.AccessToken); err != nil || p.Username != "lina" {
			t.Errorf("%+v, %v", p, err)
		}
	}
	const session = `{"tokenType": "Bearer", "expiresIn": 3600, "user": {"username": "lina", "displayName": "李娜", "department": "财务部",
		"roles": ["EMPLOYEE"], "groups": ["finance", "reviewers"], "permissions": ["WORKFLOW_DEFINITION", "WORKFLOW_INSTANCE", "WORKFLOW_START", "WORKFLOW_TASK"]}}`
	faastest.Suite{App: a, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "log in", Method: "POST", Path: "/auth/login", Body: lina, Status: 200, JSON: session, Check: opened},
		{Name: "log in below api", Method: "POST", Path: "/api/v1/auth/login", Body: lina, Status: 200, JSON: session, Check: opened},
		{
			Name: "wrong password", Method: "POST", Path: "/auth/login", Body: `{"username": "chenjing", "password": "wrong"}`, Status: 401, Code: "bad_credentials",
			JSON: `{"detail": "The username or the password is wrong."}`,
		},
		{
			Name: "unknown user", Method: "POST", Path: "/auth/login", Body: `{"username": "nobody", "password": "wrong"}`, Status: 401, Code: "bad_credentials",
			JSON: `{"detail": "The username or the password is wrong."}`,
		},
		{Name: "no password", Method: "POST", Path: "/auth/login", Body: `{"username": "lina"}`, Status: 422, Code: "invalid_fields", JSON: `{"errors": [{"pointer": "/password"}]}`},
		{Name: "unknown field", Method: "POST", Path: "/auth/login", Body: `{"username": "lina", "password": "x", "admin": true}`, Status: 400, Code: "bad_json"},
		{Name: "large body", Method: "POST", Path: "/auth/login", Body: `{"username": "` + strings.Repeat("x", 9<<10) + `"}`, Status: 413, Code: "body_too_large"},

		{Name: "refresh", Method: "POST", Path: "/auth/refresh", Header: ours, Status: 200, JSON: session, Prepare: begin(a, secureCookie), Check: opened},
		{Name: "refresh without cookie", Method: "POST", Path: "/auth/refresh", Header: ours, Status: 401, Code: "refresh_invalid"},
		{Name: "refresh with the plain cookie", Method: "POST", Path: "/auth/refresh", Header: ours, Status: 401, Code: "refresh_invalid", Prepare: begin(a, plainCookie)},
		{Name: "refresh without header", Method: "POST", Path: "/auth/refresh", Status: 403, Code: "cross_site", Prepare: begin(a, secureCookie)},
		{
			Name: "refresh from another site", Method: "POST", Path: "/auth/refresh", Status: 403, Code: "cross_site", Prepare: begin(a, secureCookie),
			Header: map[string]string{"X-Requested-With": "diom", "Origin": "https://evil.test"},
		},
		{
			Name: "refresh from nowhere", Method: "POST", Path: "/auth/refresh", Status: 403, Code: "cross_site", Prepare: begin(a, secureCookie),
			Header: map[string]string{"X-Requested-With": "diom", "Origin": "null"},
		},
		{
			Name: "log out", Method: "POST", Path: "/auth/logout", Header: ours, Status: 204, Prepare: begin(a, secureCookie),
			Check: func(t *testing.T, answer faastest.Answer) {
				t.Helper()
				if c := cookieOf(t, answer, secureCookie); c.Value != "" || c.MaxAge >= 0 {
					t.Errorf("the cookie stays: %s", c.Raw)
				}
			},
		},
		{Name: "log out from another site", Method: "POST", Path: "/auth/logout", Status: 403, Code: "cross_site"},

		{Name: "user info", Method: "GET", Path: "/auth/userinfo", Status: 200, JSON: `{"username": "lina", "groups": ["finance", "reviewers"]}`, Prepare: begin(a, secureCookie)},
		{Name: "user info without token", Method: "GET", Path: "/auth/userinfo", Status: 401, Code: "token_missing"},
		{Name: "user info with a forged token", Method: "GET", Path: "/auth/userinfo", Header: map[string]string{"Authorization": "Bearer a.b.c"}, Status: 401, Code: "token_invalid"},
		{
			Name: "wrong present password", Method: "PUT", Path: "/auth/password", Body: `{"currentPassword": "wrong", "newPassword": "New-password-1"}`,
			Status: 422, Code: "wrong_password", JSON: `{"errors": [{"pointer": "/currentPassword"}]}`, Prepare: begin(a, secureCookie),
		},
		{
			Name: "same password again", Method: "PUT", Path: "/auth/password", Body: `{"currentPassword": "Diom-demo-1", "newPassword": "Diom-demo-1"}`,
			Status: 200, JSON: session, Prepare: begin(a, secureCookie), Check: opened,
		},
		{Name: "password without token", Method: "PUT", Path: "/auth/password", Body: `{}`, Status: 401, Code: "token_missing"},
		{Name: "keys", Method: "GET", Path: "/.well-known/jwks.json", Status: 200, JSON: `{"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA"}]}`},
	})
}

func TestPlainCookieOnLoopback(t *testing.T) {
	t.Parallel()
	a := faastest.OpenDemo(t, false).App
	faastest.Suite{App: a, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{
			Name: "log in", Method: "POST", Path: "/auth/login", Body: lina, Status: 200,
			Check: func(t *testing.T, answer faastest.Answer) { t.Helper(); cookieOf(t, answer, plainCookie) },
		},
		{
			Name: "refresh", Method: "POST", Path: "/auth/refresh", Status: 200, Prepare: begin(a, plainCookie),
			Header: map[string]string{"X-Requested-With": "diom", "Origin": "http://console.test", "X-Forwarded-Host": "console.test"},
		},
	})
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ forwarded, remote, want string }{
		{"", "192.0.2.1:99", "192.0.2.1"}, {"", "[2001:db8::1]:99", "2001:db8::1"}, {"", "odd", "odd"},
		{"203.0.113.9", "127.0.0.1:1", "203.0.113.9"}, {"made-up, 203.0.113.9", "127.0.0.1:1", "203.0.113.9"}, {" ", "127.0.0.1:1", "127.0.0.1"},
	} {
		r := &http.Request{Header: http.Header{}, RemoteAddr: c.remote}
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := faas.Address(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
