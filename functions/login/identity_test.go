package login

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/signin/signintest"
)

// linker is a person with a session of ours who links accounts.
type linker struct {
	t      *testing.T
	app    *faas.App
	from   *signintest.Provider
	bearer string
}

func (l *linker) logIn(username string) string {
	l.t.Helper()
	session, err := l.app.Access.Login(l.t.Context(), username, access.DemoPassword, "192.0.2.1")
	if err != nil {
		l.t.Fatal(err)
	}
	return "Bearer " + session.AccessToken
}

// begin asks to link, and returns the cookie and what the provider answers.
func (l *linker) begin() (cookie, answer string) {
	l.t.Helper()
	w := ask(l.t, l.app, "POST /api/v1/me/identities/corp", `{"return": "/me"}`, "Authorization", l.bearer, "Content-Type", "application/json")
	var begun LinkBegun
	if err := json.Unmarshal(w.Body.Bytes(), &begun); err != nil || w.Code != http.StatusOK || cookies(w)[secureTicket] == nil {
		l.t.Fatalf("%d %s %v", w.Code, w.Body, w.Header())
	}
	return cookies(w)[secureTicket].Value, l.from.Approve(begun.Location).Encode()
}

// end comes back from the provider and returns the status, the code of a refusal, and the cookies.
func (l *linker) end(cookie, answer string) (int, string, map[string]*http.Cookie) {
	l.t.Helper()
	w := ask(l.t, l.app, "GET /api/v1/auth/oidc/corp/callback?"+answer, "", "Cookie", secureTicket+"="+cookie)
	var problem struct{ Code string }
	_ = json.Unmarshal(w.Body.Bytes(), &problem) // what succeeds has no body
	return w.Code, problem.Code, cookies(w)
}

// Who has logged in links his account with one elsewhere, sees it, logs in by it, and ends the link; administrators see it.
func TestLinkByHand(t *testing.T) {
	t.Parallel()
	a, p := vouched(t, strings.Replace(corp, `"create": true`, `"create": false`, 1))
	l := &linker{t: t, app: a, from: p}
	l.bearer = l.logIn("lina")
	const mine = "/api/v1/me/identities"
	status, code, jars := l.end(l.begin())
	if status != http.StatusSeeOther || jars[secureCookie] != nil || jars[secureTicket].MaxAge >= 0 {
		t.Fatalf("%d %s %v", status, code, jars)
	}
	for range 2 { // linking once more is no error
		w := ask(t, a, "GET "+mine, "", "Authorization", l.bearer)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"provider":"corp","source":"`+p.URL+`","subject":"u-1"`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if status, code, _ := l.end(l.begin()); status != http.StatusSeeOther {
			t.Errorf("%d %s", status, code)
		}
	}
	w := ask(t, a, "GET /api/v1/auth/oidc/corp/start", "")
	if status, code, jars := l.end(cookies(w)[secureTicket].Value, p.Approve(w.Header().Get("Location")).Encode()); status != http.StatusSeeOther || jars[secureCookie] == nil {
		t.Errorf("a sign-in by it: %d %s", status, code)
	}
	other := &linker{t: t, app: a, from: p}
	other.bearer = other.logIn("sunqi")
	if status, code, _ := other.end(other.begin()); status != 409 || code != "identity_taken" {
		t.Errorf("another's: %d %s", status, code)
	}
	for _, want := range []int{204, 404} {
		if w := ask(t, a, "DELETE "+mine+"/corp", "", "Authorization", l.bearer); w.Code != want {
			t.Errorf("%d %s, want %d", w.Code, w.Body, want)
		}
	}
	if w := ask(t, a, "DELETE "+mine+"/none", "", "Authorization", l.bearer); w.Code != 404 || !strings.Contains(w.Body.String(), "provider_not_found") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if status, code, _ := other.end(other.begin()); status != http.StatusSeeOther {
		t.Errorf("it is free again: %d %s", status, code)
	}
}

// Nobody links his account elsewhere with somebody else's here.
func TestForgedLinks(t *testing.T) {
	t.Parallel()
	a, p := vouched(t, corp)
	l := &linker{t: t, app: a, from: p}
	l.bearer = l.logIn("lina")
	read := func(cookie string) map[string]any {
		raw, err := base64.RawURLEncoding.DecodeString(cookie)
		var fields map[string]any
		if err != nil || json.Unmarshal(raw, &fields) != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		return fields
	}
	write := func(fields map[string]any) string {
		raw, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	victim, _ := l.begin()
	attacker := &linker{t: t, app: a, from: p}
	attacker.bearer = attacker.logIn("sunqi")
	for name, spoil := range map[string]func(map[string]any){
		"the victim's text in one's own sign-in": func(f map[string]any) { f["l"] = read(victim)["l"] },
		"a longer life":                          func(f map[string]any) { f["e"] = f["e"].(float64) + 60 },
		"a text that nobody has signed":          func(f map[string]any) { f["l"] = "azE.bGluYQ.AAAA" },
	} {
		cookie, answer := attacker.begin()
		fields := read(cookie)
		spoil(fields)
		if status, code, jars := attacker.end(write(fields), answer); status != 401 || code != "sign_in_state" || len(jars) > 0 {
			t.Errorf("%s: %d %s", name, status, code)
		}
	}
	// The session that has begun it ends before the provider answers.
	cookie, answer := l.begin()
	who, err := a.Access.Authenticate(t.Context(), strings.TrimPrefix(l.bearer, "Bearer "))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Access.EndSession(t.Context(), who, who.Session); err != nil {
		t.Fatal(err)
	}
	if status, code, _ := l.end(cookie, answer); status != 401 || code != access.ErrTokenRevoked.Code {
		t.Errorf("of a session that has ended: %d %s", status, code)
	}
	machine, err := a.Access.CreateAPIToken(t.Context(), mustPrincipal(t, a, attacker.bearer), access.NewAPIToken{Name: "x", Permissions: []string{"WORKFLOW_TASK"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range []string{"POST /api/v1/me/identities/corp", "DELETE /api/v1/me/identities/corp"} {
		if w := ask(t, a, route, "", "Authorization", "Bearer "+machine.Token); w.Code != 403 || !strings.Contains(w.Body.String(), "login_needed") {
			t.Errorf("%s by an API token: %d %s", route, w.Code, w.Body)
		}
	}
}

func mustPrincipal(t *testing.T, a *faas.App, bearer string) access.Principal {
	t.Helper()
	p, err := a.Access.Authenticate(t.Context(), strings.TrimPrefix(bearer, "Bearer "))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Who has no password here cannot shut himself out.
func TestTheLastLinkStays(t *testing.T) {
	t.Parallel()
	a, p := vouched(t, corp)
	w := ask(t, a, "GET /api/v1/auth/oidc/corp/start", "")
	w = ask(t, a, "GET /api/v1/auth/oidc/corp/callback?"+p.Approve(w.Header().Get("Location")).Encode(), "", "Cookie", secureTicket+"="+cookies(w)[secureTicket].Value)
	w = ask(t, a, "POST /auth/refresh", "", "Cookie", secureCookie+"="+cookies(w)[secureCookie].Value, "X-Requested-With", "x")
	var session access.Login
	if err := json.Unmarshal(w.Body.Bytes(), &session); err != nil {
		t.Fatal(err)
	}
	if w := ask(t, a, "DELETE /api/v1/me/identities/corp", "", "Authorization", "Bearer "+session.AccessToken); w.Code != 409 || !strings.Contains(w.Body.String(), "last_identity") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A log-out goes on to the provider where that can be, and nowhere else.
func TestLogOutAtAProvider(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]string{
		"": "/", "https://id.test/bye?x=1": "https://id.test/bye?x=1&client_id=diom&post_logout_redirect_uri=https%3A%2F%2Fflow.test%2F", "http://evil.test/": "/", "javascript:alert(1)": "/", "https://u@id.test/": "/",
	} {
		a, p := vouched(t, corp)
		p.EndSession = end
		w := ask(t, a, "GET /api/v1/auth/oidc/corp/end", "")
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%q: %d %q, want %q", end, w.Code, w.Header().Get("Location"), want)
		}
		if w := ask(t, a, "GET /api/v1/auth/oidc/none/end", ""); w.Code != 404 {
			t.Errorf("no provider: %d", w.Code)
		}
	}
}
