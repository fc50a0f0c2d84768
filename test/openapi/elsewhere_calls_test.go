package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// vouch says in the secret file that a provider, and the address book of a vendor, vouch for people.
func vouch(t *testing.T, secrets, issuer string) {
	t.Helper()
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(map[string]string{
			"/cgi-bin/gettoken":        `{"errcode": 0, "access_token": "t", "expires_in": 7200}`,
			"/cgi-bin/department/list": `{"errcode": 0, "department": [{"id": 1, "name": "公司", "parentid": 0}, {"id": 7, "name": "法务部", "parentid": 1, "department_leader": ["tang"]}]}`,
			"/cgi-bin/user/list":       `{"errcode": 0, "userlist": [{"userid": "tang", "name": "唐", "position": "法务总监", "status": 1, "department": [7], "main_department": 7}]}`,
		}[r.URL.Path]))
	}))
	t.Cleanup(vendor.Close)
	text := fmt.Sprintf(`{"oidc": [{"name": "corp", "label": "公司账号", "issuer": %q, "clientId": "diom", "clientSecret": "a secret of the provider", "create": true, "defaultRoles": ["EMPLOYEE"]}],
 "directories": [{"name": "head-office", "kind": "wecom", "url": %q, "key": "k", "secret": "s", "create": true, "defaultRoles": ["EMPLOYEE"]}]}`, issuer, vendor.URL)
	if err := os.WriteFile(filepath.Join(secrets, "diom-identity"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// link links the account of somebody with one at the provider, and ends that.
func link(s *session) {
	begun := s.send("sunqi", "POST /api/v1/me/identities/corp", value{"return": "/me"})
	var to struct {
		Location string `json:"location"`
	}
	if err := json.Unmarshal([]byte(begun.Body), &to); err != nil || begun.Status != http.StatusOK {
		s.Fatalf("link: %d %s %v", begun.Status, begun.Body, err)
	}
	s.provider.Claims["sub"] = "u-2"
	answer := s.provider.Approve(to.Location).Encode()
	cookie, _, _ := strings.Cut(begun.Header.Get("Set-Cookie"), ";")
	if back := s.send("", "GET /api/v1/auth/oidc/corp/callback?"+answer, nil, "Cookie", cookie); back.Status != http.StatusSeeOther || back.Header.Get("Location") != "/me" {
		s.Errorf("link: %d %s %s", back.Status, back.Header.Get("Location"), back.Body)
	}
	s.provider.Claims["sub"] = "u-1"
	s.do("sunqi", "GET /api/v1/me/identities", nil)
	s.do("sunqi", "DELETE /api/v1/me/identities/corp", nil)
	s.refused(http.StatusNotFound, "sunqi", "DELETE /api/v1/me/identities/corp", nil)
}

// elsewhere signs somebody in by a provider, ends that, and brings an address book over.
func elsewhere(s *session) {
	s.do("", "GET /api/v1/auth/methods", nil)
	const path = "GET /api/v1/auth/oidc/corp/"
	s.refused(http.StatusNotFound, "", "GET /api/v1/auth/oidc/none/start", nil)
	s.refused(http.StatusBadRequest, "", path+"start?return=%2F%2Fevil.example", nil)
	begun := s.send("", path+"start?return=%2Ftasks", nil)
	if begun.Status != http.StatusSeeOther {
		s.Fatalf("start: %d %s", begun.Status, begun.Body)
	}
	answer := s.provider.Approve(begun.Header.Get("Location")).Encode()
	s.refused(http.StatusUnauthorized, "", path+"callback?"+answer, nil)
	cookie, _, _ := strings.Cut(begun.Header.Get("Set-Cookie"), ";")
	ended := s.send("", path+"callback?"+answer, nil, "Cookie", cookie)
	if ended.Status != http.StatusSeeOther || ended.Header.Get("Location") != "/tasks" {
		s.Errorf("callback: %d %s %s", ended.Status, ended.Header.Get("Location"), ended.Body)
	}
	leave := s.send("", path+"end", nil)
	if leave.Status != http.StatusSeeOther || leave.Header.Get("Location") != "/" {
		s.Errorf("end: %d %s", leave.Status, leave.Header.Get("Location"))
	}
	s.refused(http.StatusNotFound, "", "GET /api/v1/auth/oidc/none/end", nil)
	link(s)
	s.refused(http.StatusNotFound, "sunqi", "POST /api/v1/me/identities/none", value{})
	linked := s.at(s.do("admin", "GET /api/v1/users?q=mei", nil), "items.0.id")
	s.do("admin", "GET /api/v1/users/"+linked+"/identities", nil)
	s.refused(http.StatusNotFound, "admin", "GET /api/v1/users/"+nothing+"/identities", nil)
	token := s.provider.Token(jwt.MapClaims{
		"iss": s.provider.URL, "aud": "diom", "sub": "u-1", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "jti": "1",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	})
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	s.do("", "POST /api/v1/auth/oidc/corp/logout", "logout_token="+token, form...)
	s.refused(http.StatusBadRequest, "", "POST /api/v1/auth/oidc/corp/logout", "logout_token="+token, form...)

	s.refused(http.StatusForbidden, "lina", "GET /api/v1/directories", nil)
	const sync = "POST /api/v1/directories/head-office/sync"
	s.refused(http.StatusNotFound, "admin", "POST /api/v1/directories/none/sync", value{})
	s.refused(http.StatusForbidden, "lina", sync, value{})
	run := "GET /api/v1/directory-runs/" + s.at(s.do("admin", sync, value{"dryRun": true}), "id")
	over := func(v value) bool { return v["endedAt"] != nil }
	if state := s.at(s.eventually("admin", run, over), "state"); state != "done" {
		s.Errorf("a dry run has %s: %v", state, s.do("admin", run, nil))
	}
	run = "GET /api/v1/directory-runs/" + s.at(s.do("admin", sync, value{"dryRun": false, "force": false}), "id")
	s.eventually("admin", run, over)
	if name := s.at(s.do("admin", "GET /api/v1/users?q=tang", nil), "items.0.displayName"); name != "唐" {
		s.Error(name)
	}
	s.refused(http.StatusNotFound, "admin", "GET /api/v1/directory-runs/"+nothing, nil)
	s.do("admin", "GET /api/v1/directories", nil)
}
