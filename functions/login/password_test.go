package login

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/setting"
)

// rig is an App with an administrator and a person who gets a new name for each call.
type rig struct {
	*faastest.Demo
	t     *testing.T
	admin access.Principal
	made  int
}

func newRig(t *testing.T) *rig {
	t.Helper()
	d := faastest.OpenDemo(t, true)
	return &rig{Demo: d, t: t, admin: d.Call("admin").Principal}
}

func (r *rig) set(key, value string) {
	r.t.Helper()
	if _, err := r.App.Access.ChangeSetting(r.t.Context(), r.admin, key, access.SettingChange{Value: json.RawMessage(value)}, 0); err != nil {
		r.t.Fatal(err)
	}
}

// person makes somebody with the demo's password, who calls; must says that he must change it.
func (r *rig) person(must bool) func(*testing.T, *faastest.Call) {
	return func(t *testing.T, c *faastest.Call) {
		t.Helper()
		r.made++
		name := "person" + strings.Repeat("x", r.made)
		if _, err := r.App.Access.CreateUser(t.Context(), r.admin, access.NewUser{Username: name, Password: access.DemoPassword, Roles: []string{"EMPLOYEE"}, MustChangePassword: &must}, nil); err != nil {
			t.Fatal(err)
		}
		c.Header = r.As(name)
		c.Body = strings.ReplaceAll(c.Body, "{name}", name)
	}
}

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.set(setting.Classes, "3")
	r.set(setting.MinLength, "10")
	change := func(name, password, code string) faastest.Call {
		c := faastest.Call{
			Name: name, Method: "PUT", Path: "/auth/password", Body: `{"currentPassword": "Diom-demo-1", "newPassword": "` + password + `"}`,
			Prepare: r.person(false), Status: 200,
		}
		if code != "" {
			c.Status, c.JSON = 422, `{"errors": [{"pointer": "/newPassword", "code": "`+code+`"}]}`
		}
		return c
	}
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		change("good", "Good-enough-1", ""),
		change("short", "Short-1", "password_short"),
		change("of two kinds", "lettersand1234", "password_classes"),
		change("of two kinds, other script", "密码密码密码密码密码1234", "password_classes"),
		change("common", "Password2024", "password_common"),
		change("neighbours", "Abcdefghij", "password_classes"),
		change("again and again", "Aa1Aa1Aa1Aa1", "password_common"),
		change("the username, and too few kinds", "{name}", "password_weak"),
	})
}

// Who has a password from an administrator may do nothing but change it.
func TestAGivenPasswordMustBeChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var changed access.Login
	keep := func(t *testing.T, a faastest.Answer) {
		t.Helper()
		if err := json.Unmarshal(a.Body, &changed); err != nil || changed.User.MustChangePassword {
			t.Errorf("%v: %s", err, a.Body)
		}
		if p, err := r.App.Access.Authenticate(t.Context(), changed.AccessToken); err != nil || p.MustChange {
			t.Errorf("%+v, %v", p, err)
		}
	}
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "who", Method: "GET", Path: "/auth/userinfo", Prepare: r.person(true), Status: 200, JSON: `{"mustChangePassword": true}`},
		{Name: "the same again", Method: "PUT", Path: "/auth/password", Prepare: r.person(true), Body: `{"currentPassword": "Diom-demo-1", "newPassword": "Diom-demo-1"}`, Status: 422, Code: "password_used"},
		{Name: "another", Method: "PUT", Path: "/auth/password", Prepare: r.person(true), Body: `{"currentPassword": "Diom-demo-1", "newPassword": "Diom-demo-2"}`, Status: 200, JSON: `{"user": {"mustChangePassword": false}}`, Check: keep},
	})
	call := faastest.Call{}
	r.person(true)(t, &call)
	p, err := r.App.Access.Authenticate(t.Context(), strings.TrimPrefix(call.Header["Authorization"], "Bearer "))
	if err != nil || !p.MustChange {
		t.Errorf("%+v, %v", p, err)
	}
	id, err := engine.ParseID(p.UserID)
	if err != nil {
		t.Fatal(err)
	}
	password, yes := "Reset-by-admin-1", true
	if u, err := r.App.Access.UpdateUser(t.Context(), r.admin, id, access.UserChange{Password: &password}, 0); err != nil || u.MustChangePassword {
		t.Errorf("a reset where the setting says nothing: %+v, %v", u, err)
	}
	r.set(setting.MustChange, "true")
	if u, err := r.App.Access.UpdateUser(t.Context(), r.admin, id, access.UserChange{Password: &password}, 0); err != nil || !u.MustChangePassword {
		t.Errorf("a reset where the setting says so: %+v, %v", u, err)
	}
	r.set(setting.MustChange, "false")
	if u, err := r.App.Access.UpdateUser(t.Context(), r.admin, id, access.UserChange{Password: &password, MustChangePassword: &yes}, 0); err != nil || !u.MustChangePassword {
		t.Errorf("a reset that says so itself: %+v, %v", u, err)
	}
}

// The last passwords are not taken again, as many as the setting says.
func TestPasswordHistory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.set(setting.History, "2")
	change := func(from, to string) error {
		_, err := r.App.Access.ChangePassword(t.Context(), r.Call("lina").Principal, from, to, "192.0.2.1")
		return err
	}
	steps := []struct {
		from, to string
		refused  bool
	}{{access.DemoPassword, access.DemoPassword, true}, {access.DemoPassword, "Another-one-1", false}}
	for _, s := range steps {
		if err := change(s.from, s.to); (err != nil) != s.refused {
			t.Errorf("%+v: %v", s, err)
		}
	}
	p := access.Principal{Username: "lina"}
	for _, s := range []struct {
		from, to string
		refused  bool
	}{
		{"Another-one-1", access.DemoPassword, true}, {"Another-one-1", "Another-two-2", false}, {"Another-two-2", "Another-one-1", true},
		{"Another-two-2", access.DemoPassword, false}, // the third from the end
	} {
		if _, err := r.App.Access.ChangePassword(t.Context(), p, s.from, s.to, "192.0.2.1"); (err != nil) != s.refused {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// A password that has had its time must be changed; the log-in says so.
func TestPasswordsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l, err := r.App.Access.Login(t.Context(), "lina", access.DemoPassword, "192.0.2.1")
	if err != nil || l.User.MustChangePassword {
		t.Fatalf("%+v, %v", l.User, err)
	}
	r.set(setting.MaxAge, `"1s"`)
	time.Sleep(1100 * time.Millisecond)
	if l, err = r.App.Access.Login(t.Context(), "lina", access.DemoPassword, "192.0.2.1"); err != nil || !l.User.MustChangePassword {
		t.Errorf("%+v, %v", l.User, err)
	}
	r.set(setting.MaxAge, `"1h"`)
	if l, err = r.App.Access.Login(t.Context(), "lina", access.DemoPassword, "192.0.2.1"); err != nil || l.User.MustChangePassword {
		t.Errorf("%+v, %v", l.User, err)
	}
}
