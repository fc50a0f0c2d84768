package signin

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/fault"
)

func codeOf(err error) string {
	if f := fault.From(err); f != nil {
		return f.Code
	}
	return ""
}

func TestRelative(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/": true, "/tasks?view=todo#x": true, "/任务": true,
		"": false, "tasks": false, "//evil.test": false, "/\\evil.test": false, "/x//evil.test": false, "https://evil.test/": false, "javascript:alert(1)": false,
		"/\t/evil.test": false, "/\n": false, "\\/evil.test": false, "/%zz": false, " /": false, "/" + strings.Repeat("x", 1000): false,
	} {
		if relative(path) != want {
			t.Errorf("%q", path)
		}
	}
	r := newRig(t, "")
	if _, err := r.Begin(t.Context(), "corp", "//evil.test"); !errors.Is(err, ErrBadReturn) {
		t.Error(err)
	}
	if _, err := r.Begin(t.Context(), "none", "/"); !errors.Is(err, ErrNoProvider) {
		t.Error(err)
	}
}

// Claims that the token lacks come from the provider's UserInfo, about the same person alone.
func TestUserInfo(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.corp.UserInfo = jwt.MapClaims{"sub": "u-1", "iss": "https://evil.test", "preferred_username": "hua", "name": "华", "email": "hua@corp.example", "email_verified": true, "dept": "finance"}
	for _, name := range []string{"preferred_username", "name", "email_verified"} {
		delete(r.corp.Claims, name)
	}
	session, _, err := r.signIn(nil)
	if err != nil || session.User.Username != "hua" || session.User.Department != "财务部" || r.user("hua").Email != "mei@corp.example" {
		t.Errorf("%+v %v", session.User, err)
	}
	if c := (claims{"email": "a@b.example"}).with(claims{"email": "c@b.example", "email_verified": true}); c.verified() {
		t.Error("another address is verified")
	}
	r.corp.UserInfo["sub"] = "u-2"
	if _, _, err := r.signIn(nil); !errors.Is(err, ErrSignInRefused) {
		t.Errorf("about somebody else: %v", err)
	}
}

// A provider ends the log-ins of a person (OpenID Connect Back-Channel Logout 1.0), by a token that is one.
func TestEndLogins(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	session, _, err := r.signIn(nil)
	if err != nil {
		t.Fatal(err)
	}
	event := map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}
	token := func(change func(jwt.MapClaims)) string {
		c := jwt.MapClaims{
			"iss": r.corp.URL, "aud": "diom", "sub": "u-1", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "jti": time.Now().String(), "events": event,
		}
		if change != nil {
			change(c)
		}
		return r.corp.Token(c)
	}
	for name, change := range map[string]func(jwt.MapClaims){
		"an ID token":       func(c jwt.MapClaims) { delete(c, "events") },
		"with a nonce":      func(c jwt.MapClaims) { c["nonce"] = "x" },
		"without a jti":     func(c jwt.MapClaims) { delete(c, "jti") },
		"of nobody":         func(c jwt.MapClaims) { delete(c, "sub") },
		"old":               func(c jwt.MapClaims) { c["iat"] = time.Now().Add(-time.Hour).Unix() },
		"for somebody else": func(c jwt.MapClaims) { c["aud"] = "another" },
		"of another issuer": func(c jwt.MapClaims) { c["iss"] = r.other.URL },
	} {
		if err := r.EndLogins(t.Context(), "corp", token(change)); !errors.Is(err, ErrBadLogoutToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.demo.App.Access.Authenticate(t.Context(), session.AccessToken); err != nil {
		t.Fatal(err)
	}
	right := token(nil)
	if err := r.EndLogins(t.Context(), "corp", right); err != nil {
		t.Fatal(err)
	}
	if _, err := r.demo.App.Access.Authenticate(t.Context(), session.AccessToken); !errors.Is(err, access.ErrTokenRevoked) {
		t.Errorf("the access token lives: %v", err)
	}
	if _, err := r.demo.App.Access.Refresh(t.Context(), session.Refresh); err == nil {
		t.Error("the refresh token lives")
	}
	if err := r.EndLogins(t.Context(), "corp", right); !errors.Is(err, ErrBadLogoutToken) {
		t.Errorf("a second time: %v", err)
	}
}

// Without an address of its own the product could not be come back to: then there are no providers.
func TestMethods(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	if m := r.Methods().Items; len(m) != 3 || m[0].Kind != "password" || m[1].Label != "公司账号" || m[1].Start != "/api/v1/auth/oidc/corp/start" {
		t.Errorf("%+v", m)
	}
	r.public = ""
	if m := r.Methods().Items; len(m) != 1 {
		t.Errorf("%+v", m)
	}
	if _, err := r.Begin(t.Context(), "corp", "/"); !errors.Is(err, ErrNoProvider) {
		t.Error(err)
	}
}
