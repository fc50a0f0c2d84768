package signin

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/identity"
	"diom.io/workflow/shared/signin/signintest"
)

// rig is a service over the demo company with two providers, corp and other.
type rig struct {
	*testing.T
	*Service
	demo        *faastest.Demo
	corp, other *signintest.Provider
}

const file = `{"oidc": [
 {"name": "corp", "label": "公司账号", "issuer": "{corp}", "clientId": "diom", "clientSecret": "a secret of the provider", "create": true, "defaultRoles": ["EMPLOYEE"],
  "claims": {"department": "dept", "roles": "realm.roles"}, "departments": {"Money": "finance"}, "roles": {"ops": "OPERATOR", "design": "DESIGNER"} {more}},
 {"name": "other", "issuer": "{other}", "clientId": "diom", "clientSecret": "a secret of the provider", "create": true}]}`

// more is what the file says of corp besides.
func newRig(t *testing.T, more string) *rig {
	t.Helper()
	r := &rig{T: t, demo: faastest.OpenDemo(t, true), corp: signintest.New(t), other: signintest.New(t)}
	cfg := r.demo.App.Config
	cfg.PublicURL = "https://flow.test/"
	text := strings.NewReplacer("{corp}", r.corp.URL, "{other}", r.other.URL, "{more}", more).Replace(file)
	if err := os.WriteFile(filepath.Join(cfg.SecretsDir, identity.Secret), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.Service, err = New(cfg, r.demo.App.Access); err != nil {
		t.Fatal(err)
	}
	return r
}

// signIn signs somebody in at corp; spoil changes what the browser brings back.
func (r *rig) signIn(spoil func(answer url.Values, cookie *string)) (access.Login, string, error) {
	r.Helper()
	begun, err := r.Begin(r.Context(), "corp", "/tasks?view=todo")
	if err != nil {
		r.Fatal(err)
	}
	answer := r.corp.Approve(begun.Location)
	if spoil != nil {
		spoil(answer, &begun.Cookie)
	}
	return r.End(r.Context(), "corp", answer, begun.Cookie)
}

func (r *rig) user(username string) access.UserInfo {
	r.Helper()
	u, err := r.demo.App.Access.UserInfo(r.Context(), username)
	if err != nil {
		r.Fatal(err)
	}
	return u
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.corp.Claims["dept"] = "Money"
	r.corp.Claims["realm"] = map[string]any{"roles": []string{"ops", "unknown"}}
	session, back, err := r.signIn(nil)
	if err != nil || back != "/tasks?view=todo" {
		t.Fatal(back, err)
	}
	p, err := r.demo.App.Access.Authenticate(t.Context(), session.AccessToken)
	if err != nil || p.Username != "mei" || p.DisplayName != "梅" || p.MustChange || session.Refresh == "" {
		t.Errorf("%+v, %v", p, err)
	}
	if u := r.user("mei"); strings.Join(u.Roles, " ") != "EMPLOYEE OPERATOR" || u.Department != "财务部" || u.Email != "mei@corp.example" {
		t.Errorf("%+v", u)
	}
	// The same person under another name is the same account; roles that the provider decides about follow it.
	r.corp.Claims["preferred_username"], r.corp.Claims["name"] = "mei.ling", "美玲"
	r.corp.Claims["realm"] = map[string]any{"roles": []string{"design"}}
	if session, _, err = r.signIn(nil); err != nil || session.User.Username != "mei" {
		t.Fatal(session.User, err)
	}
	if u := r.user("mei"); strings.Join(u.Roles, " ") != "DESIGNER EMPLOYEE" || u.DisplayName != "美玲" {
		t.Errorf("%+v", u)
	}
	// An account without a password has none that could be guessed, and none that ends.
	if _, err := r.demo.App.Access.Login(t.Context(), "mei", "!", "192.0.2.1"); !errors.Is(err, access.ErrBadCredentials) {
		t.Error(err)
	}
}

// What a browser brings back is believed only as the answer to the sign-in that it has begun, once.
func TestAnswersThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	for name, c := range map[string]struct {
		spoil func(url.Values, *string)
		want  error
	}{
		"no cookie": {func(_ url.Values, c *string) { *c = "" }, ErrSignInLost},
		"a forged one": {func(_ url.Values, c *string) {
			*c = base64.RawURLEncoding.EncodeToString([]byte(`{"k":"","p":"corp"}`))
		}, ErrSignInLost},
		"of another one":      {func(_ url.Values, c *string) { *c = begun(r, "corp").Cookie }, ErrSignInState},
		"of another provider": {func(_ url.Values, c *string) { *c = begun(r, "other").Cookie }, ErrSignInState},
		"no state":            {func(a url.Values, _ *string) { a.Del("state") }, ErrSignInState},
		"another state":       {func(a url.Values, _ *string) { a.Set("state", "x") }, ErrSignInState},
		"another issuer":      {func(a url.Values, _ *string) { a.Set("iss", r.other.URL) }, ErrSignInState},
		"an error":            {func(a url.Values, _ *string) { a.Set("error", "access_denied") }, ErrSignInRefused},
		"no code":             {func(a url.Values, _ *string) { a.Del("code") }, ErrSignInRefused},
		"another code":        {func(a url.Values, _ *string) { a.Set("code", "x") }, ErrSignInRefused},
		"a return to elsewhere": {func(_ url.Values, c *string) {
			k, _ := readTicket(*c)
			k.Return = "//evil.test"
			*c, _ = k.encode()
		}, ErrSignInState},
		"too late": {func(_ url.Values, c *string) {
			k, _ := readTicket(*c)
			k.Expires = time.Now().Unix() - 1
			*c, _ = k.encode()
		}, ErrSignInLost},
	} {
		if _, _, err := r.signIn(c.spoil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func begun(r *rig, name string) Begun {
	b, err := r.Begin(r.Context(), name, "")
	if err != nil {
		r.Fatal(err)
	}
	return b
}

// A code and a state count once, though the provider takes its codes again and again.
func TestAnAnswerCountsOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.corp.Reuses = true
	b := begun(r, "corp")
	answer := r.corp.Approve(b.Location)
	if _, _, err := r.End(t.Context(), "corp", answer, b.Cookie); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.End(t.Context(), "corp", answer, b.Cookie); !errors.Is(err, ErrSignInState) {
		t.Errorf("a second time: %v", err)
	}
}

// A provider that names itself in its answers must (RFC 9207): else an answer of another one could be brought in.
func TestMixUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.corp.TellsIssuer = true
	if _, _, err := r.signIn(nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.signIn(func(a url.Values, _ *string) { a.Del("iss") }); !errors.Is(err, ErrSignInState) {
		t.Errorf("without its name: %v", err)
	}
	// Somebody brings the code of corp to the callback of other, with a cookie of other.
	b, o := begun(r, "corp"), begun(r, "other")
	answer := r.corp.Approve(b.Location)
	if _, _, err := r.End(t.Context(), "other", answer, o.Cookie); !errors.Is(err, ErrSignInState) {
		t.Errorf("at the other one: %v", err)
	}
	// A code that was stolen and is put into a sign-in of one's own fails by the verifier (RFC 7636), and by the nonce.
	b, mine := begun(r, "corp"), begun(r, "corp")
	stolen, own := r.corp.Approve(b.Location), r.corp.Approve(mine.Location)
	own.Set("code", stolen.Get("code"))
	if _, _, err := r.End(t.Context(), "corp", own, mine.Cookie); !errors.Is(err, ErrSignInRefused) {
		t.Errorf("a stolen code: %v", err)
	}
	r.corp.Careless = true
	stolen, own = r.corp.Approve(begun(r, "corp").Location), r.corp.Approve(mine.Location)
	own.Set("code", stolen.Get("code"))
	if _, _, err := r.End(t.Context(), "corp", own, mine.Cookie); !errors.Is(err, ErrSignInRefused) {
		t.Errorf("a stolen code at a careless provider: %v", err)
	}
	// And one whose metadata name another issuer is none.
	r.other.Issuer = r.corp.URL
	r.Service.providers[1].known = nil
	if _, err := r.Begin(t.Context(), "other", ""); !errors.Is(err, ErrProviderUnavailable) {
		t.Errorf("another issuer: %v", err)
	}
}

// Tokens that an ID token must not be (OpenID Connect Core 1.0 §3.1.3.7).
func TestTokensThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	if _, _, err := r.signIn(nil); err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = value } }
	now := time.Now()
	unsigned := func(c jwt.MapClaims) string {
		raw, _ := json.Marshal(c)
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(raw) + "."
	}
	by := func(method jwt.SigningMethod, key any) func(jwt.MapClaims) string {
		return func(c jwt.MapClaims) string {
			token := jwt.NewWithClaims(method, c)
			token.Header["kid"] = "1"
			text, err := token.SignedString(key)
			if err != nil {
				t.Error(err)
			}
			return text
		}
	}
	for name, c := range map[string]struct {
		change func(jwt.MapClaims)
		sign   func(jwt.MapClaims) string
	}{
		"another nonce":           {set("nonce", "x"), nil},
		"no nonce":                {func(c jwt.MapClaims) { delete(c, "nonce") }, nil},
		"another audience":        {set("aud", "another"), nil},
		"another issuer":          {set("iss", r.other.URL), nil},
		"expired":                 {set("exp", now.Add(-time.Minute).Unix()), nil},
		"no expiry":               {func(c jwt.MapClaims) { delete(c, "exp") }, nil},
		"of the future":           {set("iat", now.Add(time.Hour).Unix()), nil},
		"not yet":                 {set("nbf", now.Add(time.Hour).Unix()), nil},
		"several, no party":       {set("aud", []string{"diom", "another"}), nil},
		"another party":           {func(c jwt.MapClaims) { c["aud"], c["azp"] = []string{"diom", "another"}, "another" }, nil},
		"another access token":    {set("at_hash", "x"), nil},
		"nobody":                  {set("sub", ""), nil},
		"not signed":              {nil, unsigned},
		"signed by the secret":    {nil, by(jwt.SigningMethodHS256, []byte(signintest.ClientSecret))},
		"signed by another one":   {nil, by(jwt.SigningMethodES256, r.other.Key())},
		"no token":                {nil, func(jwt.MapClaims) string { return "" }},
		"a token of another make": {nil, func(jwt.MapClaims) string { return "a.b.c" }},
	} {
		r.corp.Change, r.corp.Sign = c.change, c.sign
		if _, _, err := r.signIn(nil); !errors.Is(err, ErrSignInRefused) && !(name == "nobody" && errors.Is(err, access.ErrBadOutsider)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.corp.Change, r.corp.Sign = nil, nil
	if _, _, err := r.signIn(nil); err != nil {
		t.Errorf("a right one, at last: %v", err)
	}
}

// A key that is not known is asked for, so that a provider changes its keys; those of before count no more.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	for range 3 {
		if _, _, err := r.signIn(nil); err != nil {
			t.Fatal(err)
		}
	}
	if r.corp.Fetched != 1 {
		t.Errorf("the keys were fetched %d times", r.corp.Fetched)
	}
	old := r.corp.Key()
	r.corp.Rotate()
	if _, _, err := r.signIn(nil); err != nil || r.corp.Fetched != 2 {
		t.Errorf("%v, fetched %d times", err, r.corp.Fetched)
	}
	r.corp.Sign = func(c jwt.MapClaims) string {
		token := jwt.NewWithClaims(jwt.SigningMethodES256, c)
		token.Header["kid"] = "1"
		text, _ := token.SignedString(old)
		return text
	}
	if _, _, err := r.signIn(nil); !errors.Is(err, ErrSignInRefused) {
		t.Errorf("an old key: %v", err)
	}
}

// An account that is here becomes nobody's by its name or its address, unless the file says so.
func TestLinking(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more   string
		claims jwt.MapClaims
		want   string // username, or the code of the refusal
	}{
		"by nothing":                      {"", jwt.MapClaims{"preferred_username": "lina"}, "account_exists"},
		"by the name":                     {`, "link": "username"`, jwt.MapClaims{"preferred_username": "lina"}, "lina"},
		"by the name of an administrator": {`, "link": "username"`, jwt.MapClaims{"preferred_username": "admin"}, "account_exists"},
		"by the address":                  {`, "link": "email"`, jwt.MapClaims{"preferred_username": "x", "email": "Lina@demo.example"}, "lina"},
		"by an address of nobody's word":  {`, "link": "email"`, jwt.MapClaims{"preferred_username": "x", "email": "lina@demo.example", "email_verified": false}, "x"},
		"by an address that looks alike":  {`, "link": "email"`, jwt.MapClaims{"preferred_username": "x", "email": "lína@demo.example"}, "x"},
		"by an address of two":            {`, "link": "email"`, jwt.MapClaims{"preferred_username": "x", "email": "both@demo.example"}, "x"},
		"not made":                        {`, "create": false`, jwt.MapClaims{}, "no_account"},
		"with a name that is none":        {``, jwt.MapClaims{"preferred_username": "a b"}, "bad_identity"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			more := c.more
			if strings.Contains(more, "create") {
				more = strings.Replace(more, `"create": false`, `"link": "never"`, 1)
			}
			r := newRig(t, more)
			if c.want == "no_account" {
				r.providers[0].conf.Create = false
			}
			for username, email := range map[string]string{"lina": "lina@demo.example", "wangfang": "both@demo.example", "chenjing": "both@demo.example"} {
				id, err := engine.ParseID(r.user(username).ID)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := r.demo.App.Access.UpdateUser(t.Context(), r.demo.Call("admin").Principal, id, access.UserChange{Email: &email}, 0); err != nil {
					t.Fatal(err)
				}
			}
			for k, v := range c.claims {
				r.corp.Claims[k] = v
			}
			session, _, err := r.signIn(nil)
			if got := session.User.Username; got != c.want && (err == nil || !strings.Contains(codeOf(err), c.want)) {
				t.Errorf("%q, %v; want %s", got, err, c.want)
			}
		})
	}
}

// Who is disabled here stays out, whatever the provider says, and nothing brings him back.
func TestDisabledStayOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	if _, _, err := r.signIn(nil); err != nil {
		t.Fatal(err)
	}
	id, err := engine.ParseID(r.user("mei").ID)
	if err != nil {
		t.Fatal(err)
	}
	no := false
	if _, err := r.demo.App.Access.UpdateUser(t.Context(), r.demo.Call("admin").Principal, id, access.UserChange{Enabled: &no}, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.signIn(nil); !errors.Is(err, access.ErrAccountDisabled) {
		t.Error(err)
	}
	if r.user("mei").Enabled {
		t.Error("he is enabled")
	}
}
