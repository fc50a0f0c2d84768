package users

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/store"
)

// within waits until check holds, at most two seconds: what the product promises.
func within(t *testing.T, what string, check func() bool) {
	t.Helper()
	for start := time.Now(); time.Since(start) < 2*time.Second; time.Sleep(20 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Errorf("after two seconds still not: %s", what)
}

// actions are the newest actions of the trail about an object, the newest first.
func (b *bench) actions(t *testing.T, object string) []string {
	t.Helper()
	list, err := b.app.Store.AuditTrail(t.Context(), pageOf(store.AuditList), store.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, a := range list.Items {
		if a.ObjectID == object {
			actions = append(actions, a.Action+" "+a.Actor)
		}
	}
	return actions
}

func TestSessions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := store.WithActor(t.Context(), store.Actor{Address: "192.0.2.9", Device: "Browser/1.0"})
	begin := func(username string) access.Login {
		l, err := b.app.Access.Login(ctx, username, access.DemoPassword, "192.0.2.9")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	who := func(l access.Login) access.Principal {
		p, err := b.app.Access.Authenticate(t.Context(), l.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	ended := func(l access.Login) func() bool {
		return func() bool { _, err := b.app.Access.Authenticate(t.Context(), l.AccessToken); return err != nil }
	}
	lina := begin("lina")
	self := map[string]string{"Authorization": "Bearer " + lina.AccessToken}
	var other access.Login
	open := func(_ *testing.T, c *faastest.Call) {
		other = begin("lina")
		c.Path = strings.ReplaceAll(c.Path, "{session}", who(other).Session.String())
	}
	gone := func(t *testing.T, _ faastest.Answer) {
		t.Helper()
		within(t, "the access token ends", ended(other))
		if _, err := b.app.Access.Refresh(t.Context(), other.Refresh); err == nil {
			t.Error("the refresh token goes on")
		}
		if ended(lina)() {
			t.Error("another log-in has ended, too")
		}
	}
	user := who(lina).UserID
	b.suite.Run(t, []faastest.Call{
		{Name: "one's own", Method: "GET", Path: "/api/v1/sessions", Header: self, Status: 200, JSON: `{"items": [{"username": "lina", "device": "Browser/1.0", "address": "192.0.2.9", "current": true}]}`},
		{Name: "another's", Method: "GET", Path: "/api/v1/sessions?user=" + b.admin.UserID, Header: self, Status: 403, Code: "not_yours"},
		{Name: "a user's, as administrator", Method: "GET", Path: "/api/v1/sessions?user=" + user, Header: b.as(t, "admin"), Status: 200, JSON: `{"items": [{"username": "lina", "current": false}]}`},
		{Name: "end another's", Method: "DELETE", Path: "/api/v1/sessions/" + b.admin.Session.String(), Header: self, Status: 404, Code: "session_not_found"},
		{Name: "end none", Method: "DELETE", Path: "/api/v1/sessions/" + engine.ID{1}.String(), Header: self, Status: 404, Code: "session_not_found"},
		{Name: "end one", Method: "DELETE", Path: "/api/v1/sessions/{session}", Header: self, Prepare: open, Status: 204, Check: gone},
		{Name: "end one as administrator", Method: "DELETE", Path: "/api/v1/sessions/{session}", Header: b.as(t, "admin"), Prepare: open, Status: 204, Check: gone},
		{Name: "end the others", Method: "POST", Path: "/api/v1/sessions:revoke-all", Header: self, Body: `{"keepCurrent": true}`, Prepare: open, Status: 204, Check: gone},
		{Name: "end all of another", Method: "POST", Path: "/api/v1/sessions:revoke-all", Header: self, Body: `{"user": "` + b.admin.UserID + `"}`, Status: 403, Code: "not_yours"},
		{Name: "end all of no id", Method: "POST", Path: "/api/v1/sessions:revoke-all", Header: self, Body: `{"user": "x"}`, Status: 422, Code: "invalid_fields"},
	})
	if got := b.actions(t, user); len(got) == 0 || got[0] != "session.revoke-all lina" {
		t.Errorf("the trail says %q", got)
	}
	if err := b.app.Access.EndSessions(t.Context(), who(lina), access.EndedSessions{}); err != nil {
		t.Fatal(err)
	}
	within(t, "every access token ends", ended(lina))
}

// Who may less ends nothing of who may more.
func TestAnAdministratorOfUsersEndsNothingOfWhoMayMore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.app.Access.CreateRole(t.Context(), b.admin, access.NewRole{Code: "CLERK", Name: "文员", Permissions: []string{"SYS_USER"}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.app.Access.CreateUser(t.Context(), b.admin, access.NewUser{Username: "clerk", Password: access.DemoPassword, Roles: []string{"CLERK"}}, nil); err != nil {
		t.Fatal(err)
	}
	clerk := b.as(t, "clerk")
	b.suite.Run(t, []faastest.Call{
		{Name: "a log-in", Method: "DELETE", Path: "/api/v1/sessions/" + b.admin.Session.String(), Header: clerk, Status: 403, Code: "not_granted"},
		{Name: "all", Method: "POST", Path: "/api/v1/sessions:revoke-all", Body: `{"user": "` + b.admin.UserID + `"}`, Header: clerk, Status: 403, Code: "not_granted"},
		{Name: "unlock", Method: "POST", Path: "/api/v1/users/" + b.admin.UserID + "/unlock", Header: clerk, Status: 403, Code: "not_granted"},
	})
}

func TestAPITokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	lina := b.as(t, "lina")
	var made access.APIToken
	keep := func(t *testing.T, a faastest.Answer) {
		t.Helper()
		if err := json.Unmarshal(a.Body, &made); err != nil || !strings.HasPrefix(made.Token, made.Prefix) || len(made.Token) < 50 {
			t.Errorf("%v: %s", err, a.Body)
		}
	}
	bearer := func(_ *testing.T, c *faastest.Call) {
		c.Header = map[string]string{"Authorization": "Bearer " + made.Token}
		c.Path = strings.ReplaceAll(c.Path, "{token}", made.ID)
	}
	const scoped = `{"name": "build", "permissions": ["WORKFLOW_TASK"]}`
	create := faastest.Call{Name: "create", Method: "POST", Path: "/api/v1/api-tokens", Header: lina, Body: scoped, Status: 201, JSON: `{"name": "build", "username": "lina", "permissions": ["WORKFLOW_TASK"], "revokedAt": null, "lastUsedAt": null}`, Check: keep}
	byToken := func(name, method, path string, status int, code string) faastest.Call {
		return faastest.Call{Name: name, Method: method, Path: path, Body: map[string]string{"POST": scoped}[method], Prepare: bearer, Status: status, Code: code}
	}
	end := func(_ *testing.T, c *faastest.Call) { c.Path = strings.ReplaceAll(c.Path, "{token}", made.ID) }
	b.suite.Run(t, []faastest.Call{
		create,
		{Name: "more than one has", Method: "POST", Path: "/api/v1/api-tokens", Header: lina, Body: `{"name": "x", "permissions": ["SYS_USER"]}`, Status: 403, Code: "not_granted"},
		{Name: "what there is not", Method: "POST", Path: "/api/v1/api-tokens", Header: lina, Body: `{"name": "x", "permissions": ["NOTHING"]}`, Status: 422, Code: "unknown_permission"},
		{Name: "for ever", Method: "POST", Path: "/api/v1/api-tokens", Header: lina, Body: `{"name": "x", "permissions": ["WORKFLOW_TASK"], "expiresAt": "2999-01-01T00:00:00Z"}`, Status: 422, Code: "invalid_fields", JSON: `{"errors": [{"pointer": "/expiresAt"}]}`},
		{Name: "without a name", Method: "POST", Path: "/api/v1/api-tokens", Header: lina, Body: `{}`, Status: 422, Code: "invalid_fields"},
		byToken("it lists", "GET", "/api/v1/api-tokens", 200, ""),
		byToken("it may no more than it says", "GET", "/api/v1/users", 403, "forbidden"),
		byToken("it makes no other", "POST", "/api/v1/api-tokens", 403, "login_needed"),
		byToken("it ends none", "DELETE", "/api/v1/api-tokens/{token}", 403, "login_needed"),
		{Name: "another's", Method: "DELETE", Path: "/api/v1/api-tokens/{token}", Header: b.as(t, "wangfang"), Prepare: end, Status: 404, Code: "api_token_not_found"},
		{Name: "list of another", Method: "GET", Path: "/api/v1/api-tokens?user=" + b.admin.UserID, Header: lina, Status: 403, Code: "not_yours"},
		{Name: "unknown", Method: "GET", Path: "/api/v1/api-tokens", Header: map[string]string{"Authorization": "Bearer diom_unknown"}, Status: 401, Code: "token_invalid"},
	})
	if p, err := b.app.Access.Authenticate(t.Context(), made.Token); err != nil || p.Username != "lina" || !p.Can(access.WorkflowTask) || p.Can(access.WorkflowStart) || p.Token != made.Prefix {
		t.Errorf("%+v, %v", p, err)
	}
	id, _ := engine.ParseID(made.ID)
	if row, err := b.app.Store.APIToken(t.Context(), id); err != nil || row.LastUsedAt == nil || strings.Contains(row.Prefix, made.Token) {
		t.Errorf("%+v, %v", row, err)
	}
	b.suite.Run(t, []faastest.Call{{Name: "revoke", Method: "DELETE", Path: "/api/v1/api-tokens/{token}", Header: lina, Prepare: end, Status: 204}})
	within(t, "the token ends", func() bool { _, err := b.app.Access.Authenticate(t.Context(), made.Token); return err != nil })
	if got := b.actions(t, made.ID); len(got) < 2 || got[len(got)-1] != "api-token.create lina" || got[0] != "api-token.revoke lina" {
		t.Errorf("the trail says %q", got)
	}
}

// A token of an administrator is no administrator, and it loses what its owner loses.
func TestAnAPITokenMayNoMoreThanItsOwner(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	made, err := b.app.Access.CreateAPIToken(t.Context(), b.admin, access.NewAPIToken{Name: "x", Permissions: []string{"SYS_AUDIT"}})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := b.app.Access.Authenticate(t.Context(), made.Token); err != nil || p.IsSuper() || p.Can(access.SysUser) || !p.Can(access.SysAudit) {
		t.Errorf("%+v, %v", p, err)
	}
	call := faastest.Call{}
	call.Path = "{made}"
	b.fresh(t, &call)
	id, err := engine.ParseID(call.Path)
	if err != nil {
		t.Fatal(err)
	}
	owner := b.demo.Call("made1").Principal
	if made, err = b.app.Access.CreateAPIToken(t.Context(), owner, access.NewAPIToken{Name: "x", Permissions: []string{"WORKFLOW_TASK"}}); err != nil {
		t.Fatal(err)
	}
	may := func() bool {
		p, err := b.app.Access.Authenticate(t.Context(), made.Token)
		return err == nil && p.Can(access.WorkflowTask)
	}
	if !may() {
		t.Error("it may not what its owner may")
	}
	none, no := []string{}, false
	if _, err := b.app.Access.UpdateUser(t.Context(), b.admin, id, access.UserChange{Roles: &none}, 0); err != nil {
		t.Fatal(err)
	}
	within(t, "the token loses the right", func() bool { return !may() })
	if _, err := b.app.Access.UpdateUser(t.Context(), b.admin, id, access.UserChange{Enabled: &no}, 0); err != nil {
		t.Fatal(err)
	}
	within(t, "the token of a disabled user ends", func() bool { _, err := b.app.Access.Authenticate(t.Context(), made.Token); return err != nil })
}

func TestDelayedAccountsAreShownAndUnlocked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.as(t, "admin")
	ctx := t.Context()
	for range 5 {
		if _, err := b.app.Access.Login(ctx, "sunqi", "wrong-wrong", "192.0.2.66"); err == nil {
			t.Fatal("a wrong password logs in")
		}
	}
	within(t, "the account is listed", func() bool {
		list, err := b.app.Access.DelayedAccounts(ctx)
		return err == nil && len(list.Items) == 1 && list.Items[0].Username == "sunqi" && list.Items[0].Address == "192.0.2.66"
	})
	info, err := b.app.Access.UserInfo(ctx, "sunqi")
	if err != nil {
		t.Fatal(err)
	}
	within(t, "the trail says so", func() bool { got := b.actions(t, info.ID); return len(got) == 1 && got[0] == "login.delay sunqi" })
	if _, err := b.app.Access.Login(ctx, "sunqi", access.DemoPassword, "192.0.2.66"); err == nil {
		t.Fatal("nothing is delayed")
	}
	b.suite.Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: "/api/v1/delayed-accounts", Header: admin, Status: 200, JSON: `{"items": [{"username": "sunqi", "address": "192.0.2.66"}]}`},
		{Name: "list as another", Method: "GET", Path: "/api/v1/delayed-accounts", Header: b.as(t, "lina"), Status: 403, Code: "forbidden"},
		{Name: "unlock nobody", Method: "POST", Path: "/api/v1/users/" + engine.ID{1}.String() + "/unlock", Header: admin, Status: 404, Code: "user_not_found"},
		{Name: "unlock", Method: "POST", Path: "/api/v1/users/" + info.ID + "/unlock", Header: admin, Status: 204},
		{Name: "list of none", Method: "GET", Path: "/api/v1/delayed-accounts", Header: admin, Status: 200, JSON: `{"items": []}`},
	})
	if _, err := b.app.Access.Login(ctx, "sunqi", access.DemoPassword, "192.0.2.66"); err != nil {
		t.Errorf("it is still delayed: %v", err)
	}
}

// Every route that changes something leaves a row in the trail; one that is forgotten is found.
func TestEveryChangeLeavesATrail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.as(t, "admin")
	admin["User-Agent"] = "test"
	match := maps.Clone(admin)
	match["If-Match"] = "*"
	id := ""
	use := func(_ *testing.T, c *faastest.Call) {
		b.number(nil, c)
		c.Path = strings.ReplaceAll(c.Path, "{id}", id)
	}
	keep := func(t *testing.T, a faastest.Answer) { t.Helper(); id = field(t, a.Body, "id") }
	trail := func(want string) func(*testing.T, faastest.Answer) {
		return func(t *testing.T, _ faastest.Answer) {
			t.Helper()
			list, err := b.app.Store.AuditTrail(t.Context(), pageOf(store.AuditList), store.AuditFilter{Actor: "admin"})
			if err != nil || len(list.Items) == 0 || list.Items[0].Action != want || list.Items[0].ObjectName == "" || list.Items[0].Address == "" {
				t.Errorf("%s: %v, %+v", want, err, list.Items[:min(len(list.Items), 1)])
			}
		}
	}
	var calls []faastest.Call
	for path, bodies := range map[string][2]string{
		"users": {`{"username": "t{n}", "password": "Diom-demo-1"}`, `{"title": "x{n}"}`}, "roles": {`{"code": "T{n}", "name": "x"}`, `{"name": "y{n}"}`},
		"permissions": {`{"code": "U{n}", "name": "x"}`, `{"name": "y{n}"}`}, "departments": {`{"code": "v{n}", "name": "x"}`, `{"name": "y{n}"}`},
		"groups": {`{"key": "w{n}", "name": "x"}`, `{"name": "y{n}"}`},
	} {
		one, at := strings.TrimSuffix(path, "s"), "/api/v1/"+path
		calls = append(calls,
			faastest.Call{Name: one + " made", Method: "POST", Path: at, Header: admin, Body: bodies[0], Prepare: use, Status: 201, Check: func(t *testing.T, a faastest.Answer) {
				t.Helper()
				keep(t, a)
				trail(one+".create")(t, a)
			}},
			faastest.Call{Name: one + " changed", Method: "PUT", Path: at + "/{id}", Header: admin, Body: bodies[1], Prepare: use, Status: 200, Check: trail(one + ".update")},
		)
	}
	calls = append(calls, faastest.Call{Name: "setting", Method: "PUT", Path: "/api/v1/settings/password.history", Header: match, Body: `{"value": 3}`, Status: 200, Check: trail("setting.change")})
	b.suite.Run(t, calls)
	list, err := b.app.Store.AuditTrail(t.Context(), pageOf(store.AuditList), store.AuditFilter{Action: "user.update"})
	if err != nil || len(list.Items) == 0 || string(list.Items[0].Before) == string(list.Items[0].After) || len(list.Items[0].Before) != 32 {
		t.Errorf("before and after: %v %+v", err, list.Items)
	}
}

// Who must change his password first is let in nowhere else, not even with his own list.
func TestWhoMustChangeHisPasswordComesInNowhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	yes := true
	if _, err := b.app.Access.CreateUser(t.Context(), b.admin, access.NewUser{Username: "fresh", Password: access.DemoPassword, Roles: []string{"SUPER_ADMIN"}, MustChangePassword: &yes}, nil); err != nil {
		t.Fatal(err)
	}
	fresh := b.as(t, "fresh")
	b.suite.Run(t, []faastest.Call{
		{Name: "sessions", Method: "GET", Path: "/api/v1/sessions", Header: fresh, Status: 403, Code: "password_change_required"},
		{Name: "users", Method: "GET", Path: "/api/v1/users", Header: fresh, Status: 403, Code: "password_change_required"},
	})
}
