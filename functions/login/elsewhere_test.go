package login

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/identity"
	"diom.io/workflow/shared/signin"
	"diom.io/workflow/shared/signin/signintest"
)

// vouched is an App in which a provider vouches for people.
func vouched(t *testing.T, text string) (*faas.App, *signintest.Provider) {
	t.Helper()
	a, p := faastest.OpenDemo(t, true).App, signintest.New(t)
	a.Config.PublicURL = "https://flow.test"
	if err := os.WriteFile(filepath.Join(a.Config.SecretsDir, identity.Secret), []byte(strings.ReplaceAll(text, "{issuer}", p.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	return a, p
}

const corp = `{"oidc": [{"name": "corp", "label": "公司账号", "issuer": "{issuer}", "clientId": "diom", "clientSecret": "a secret of the provider", "create": true, "defaultRoles": ["EMPLOYEE"]}]}`

func ask(t *testing.T, a *faas.App, route, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	method, target, _ := strings.Cut(route, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	faas.Handler(a, Function).ServeHTTP(w, r)
	return w
}

func cookies(w *httptest.ResponseRecorder) map[string]*http.Cookie {
	all := map[string]*http.Cookie{}
	for _, c := range w.Result().Cookies() {
		all[c.Name] = c
	}
	return all
}

// A sign-in by a provider ends in the session of any log-in, and the browser where it wanted to be.
func TestSignInByAProvider(t *testing.T) {
	t.Parallel()
	a, p := vouched(t, corp)
	if w := ask(t, a, "GET /api/v1/auth/methods", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"label":"公司账号"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	const path = "/api/v1/auth/oidc/corp/"
	w := ask(t, a, "GET "+path+"start?return="+url.QueryEscape("/tasks?view=todo"), "")
	ticket := cookies(w)[secureTicket]
	if w.Code != http.StatusSeeOther || ticket == nil || !ticket.HttpOnly || !ticket.Secure || ticket.SameSite != http.SameSiteLaxMode || ticket.Path != ticketPath || ticket.MaxAge != 600 {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	answer := p.Approve(w.Header().Get("Location")).Encode()
	if w := ask(t, a, "GET "+path+"callback?"+answer, ""); w.Code != 401 || !strings.Contains(w.Body.String(), "sign_in_lost") || len(cookies(w)) > 0 {
		t.Errorf("without the cookie: %d %s", w.Code, w.Body)
	}
	if w := ask(t, a, "GET "+path+"callback?"+answer, "", "Accept", "text/html,*/*"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/?signInError=sign_in_lost" {
		t.Errorf("in a browser: %d %v", w.Code, w.Header())
	}
	w = ask(t, a, "GET "+path+"callback?"+answer, "", "Cookie", secureTicket+"="+ticket.Value)
	refresh := cookies(w)[secureCookie]
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/tasks?view=todo" || refresh == nil || refresh.SameSite != http.SameSiteStrictMode || refresh.Path != "/auth" ||
		cookies(w)[secureTicket].MaxAge >= 0 || w.Body.Len() > 0 || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	w = ask(t, a, "POST /auth/refresh", "", "Cookie", secureCookie+"="+refresh.Value, "X-Requested-With", "x")
	var session access.Login
	if err := json.Unmarshal(w.Body.Bytes(), &session); err != nil || session.User.Username != "mei" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	token := p.Token(jwt.MapClaims{
		"iss": p.URL, "aud": "diom", "sub": "u-1", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "jti": "1",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	})
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if w := ask(t, a, "POST "+path+"logout", "logout_token=x", form...); w.Code != 400 {
		t.Errorf("a bad logout token: %d %s", w.Code, w.Body)
	}
	if w := ask(t, a, "POST "+path+"logout", url.Values{"logout_token": {token}}.Encode(), form...); w.Code != 204 {
		t.Errorf("a logout token: %d %s", w.Code, w.Body)
	}
	if w := ask(t, a, "GET /auth/userinfo", "", "Authorization", "Bearer "+session.AccessToken); w.Code != 401 {
		t.Errorf("the access token lives: %d", w.Code)
	}
}

// Nobody is sent anywhere but back into the product.
func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	a, _ := vouched(t, corp)
	for _, to := range []string{"https://evil.test/", "//evil.test", "/\\evil.test", "/x//evil.test", "javascript:alert(1)", "/\r\nSet-Cookie: x=y"} {
		w := ask(t, a, "GET /api/v1/auth/oidc/corp/start?return="+url.QueryEscape(to), "")
		if w.Code != 400 || w.Header().Get("Location") != "" || !strings.Contains(w.Body.String(), signin.ErrBadReturn.Code) {
			t.Errorf("%q: %d %v", to, w.Code, w.Header())
		}
	}
}

// A file that cannot be read shuts nobody out who has a password here.
func TestABrokenFileShutsNobodyOut(t *testing.T) {
	t.Parallel()
	a, _ := vouched(t, `{"oidc": [{"name": "corp", "issuer": "http://evil.test"}]}`)
	if w := ask(t, a, "POST /auth/login", lina, "Content-Type", "application/json"); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(t, a, "GET /api/v1/auth/methods", ""); w.Code != 200 || strings.Contains(w.Body.String(), "corp") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(t, a, "GET /api/v1/auth/oidc/corp/start", ""); w.Code != 404 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
