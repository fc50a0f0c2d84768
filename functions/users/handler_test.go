package users

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
)

// bench is the function in a process with the demo people.
type bench struct {
	app   *faas.App
	demo  *faastest.Demo
	admin access.Principal
	suite faastest.Suite
	made  int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	d := faastest.OpenDemo(t, true)
	return &bench{app: d.App, demo: d, admin: d.Call("admin").Principal, suite: faastest.Suite{App: d.App, Function: Function, Handle: Handle}}
}

func (b *bench) token(t *testing.T, username string) string {
	t.Helper()
	return b.demo.Token(username)
}

func (b *bench) as(t *testing.T, username string) map[string]string {
	t.Helper()
	return map[string]string{"Authorization": "Bearer " + b.token(t, username)}
}

// fresh makes a user and puts its id into the call's path and its number into the body.
func (b *bench) fresh(t *testing.T, c *faastest.Call) {
	t.Helper()
	b.made++
	u, err := b.app.Access.CreateUser(t.Context(), b.admin, access.NewUser{
		Username: fmt.Sprintf("made%d", b.made), Password: access.DemoPassword, Roles: []string{"EMPLOYEE"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Path = strings.ReplaceAll(c.Path, "{made}", u.ID)
}

// number makes the names in the body new ones.
func (b *bench) number(_ *testing.T, c *faastest.Call) {
	b.made++
	c.Body = strings.ReplaceAll(c.Body, "{n}", fmt.Sprint(b.made))
}

// field returns a string of a JSON object.
func field(t *testing.T, body []byte, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		t.Fatal(err)
	}
	text, _ := object[name].(string)
	return text
}

func TestUsers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.as(t, "admin")
	match := maps.Clone(admin)
	match["If-Match"] = `"7"`
	tag := func(want string) func(*testing.T, faastest.Answer) {
		return func(t *testing.T, a faastest.Answer) {
			t.Helper()
			if got := a.Header.Get("Etag"); got != want {
				t.Errorf("ETag %s, want %s", got, want)
			}
		}
	}
	b.suite.Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: "/api/v1/users?limit=2&count=true&sort=username&role=EMPLOYEE", Header: admin, Status: 200, JSON: `{"total": 8, "items": [{"username": "chenjing", "department": "总经办"}, {"username": "lina", "groups": ["finance", "reviewers"]}]}`},
		{Name: "list of an unknown filter", Method: "GET", Path: "/api/v1/users?password=x", Header: admin, Status: 400, Code: "bad_list_request"},
		{Name: "list of a bad department", Method: "GET", Path: "/api/v1/users?department=x", Header: admin, Status: 400, Code: "bad_filter"},
		{Name: "list of bad enabled", Method: "GET", Path: "/api/v1/users?enabled=perhaps", Header: admin, Status: 400, Code: "bad_filter"},
		{Name: "list as an employee", Method: "GET", Path: "/api/v1/users", Header: b.as(t, "lina"), Status: 403, Code: "forbidden"},
		{Name: "list of nobody", Method: "GET", Path: "/api/v1/users", Status: 401, Code: "token_missing"},
		{
			Name: "create", Method: "POST", Path: "/api/v1/users", Header: admin, Prepare: b.number, Status: 201, Check: tag(`"1"`),
			Body: `{"username": "new{n}", "password": "Diom-demo-1", "displayName": "新人", "email": "n@demo.diom.io", "roles": ["EMPLOYEE"], "groups": ["finance"]}`,
			JSON: `{"displayName": "新人", "email": "n@demo.diom.io", "roles": ["EMPLOYEE"], "groups": ["finance"], "enabled": true, "version": 1}`,
		},
		{Name: "create taken", Method: "POST", Path: "/api/v1/users", Header: admin, Body: `{"username": "lina", "password": "Diom-demo-1"}`, Status: 409, Code: "username_taken"},
		{
			Name: "create with an unknown role", Method: "POST", Path: "/api/v1/users", Header: admin, Body: `{"username": "n", "password": "Diom-demo-1", "roles": ["EMPLOYEE", "BOSS"]}`,
			Status: 422, Code: "unknown_role", JSON: `{"errors": [{"pointer": "/roles/1"}]}`,
		},
		{Name: "mass assignment", Method: "POST", Path: "/api/v1/users", Header: admin, Body: `{"username": "n", "password": "Diom-demo-1", "tokenVersion": 1}`, Status: 400, Code: "bad_json"},
		{Name: "read", Method: "GET", Path: "/api/v1/users/{made}", Header: admin, Prepare: b.fresh, Status: 200, JSON: `{"roles": ["EMPLOYEE"]}`, Check: tag(`"1"`)},
		{Name: "read unknown", Method: "GET", Path: "/api/v1/users/01900000-0000-7000-8000-000000000000", Header: admin, Status: 404, Code: "user_not_found"},
		{Name: "read malformed", Method: "GET", Path: "/api/v1/users/1%27--", Header: admin, Status: 404},
		{Name: "change", Method: "PUT", Path: "/api/v1/users/{made}", Header: admin, Prepare: b.fresh, Body: `{"title": "主管", "enabled": false}`, Status: 200, JSON: `{"title": "主管", "enabled": false, "version": 2}`, Check: tag(`"2"`)},
		{Name: "change stale", Method: "PUT", Path: "/api/v1/users/{made}", Header: match, Prepare: b.fresh, Body: `{}`, Status: 412, Code: "stale"},
		{Name: "rename", Method: "PUT", Path: "/api/v1/users/{made}", Header: admin, Prepare: b.fresh, Body: `{"username": "other"}`, Status: 400, Code: "bad_json"},
		{Name: "delete", Method: "DELETE", Path: "/api/v1/users/{made}", Header: admin, Prepare: b.fresh, Status: 204},
		{Name: "disable the last administrator", Method: "PUT", Path: "/api/v1/users/" + b.admin.UserID, Header: admin, Body: `{"enabled": false}`, Status: 409, Code: "last_super_admin"},
		{Name: "delete the last administrator", Method: "DELETE", Path: "/api/v1/users/" + b.admin.UserID, Header: admin, Status: 409, Code: "last_super_admin"},
	})
}

func TestCreateIsReplayed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	header := b.as(t, "admin")
	header["Idempotency-Key"] = "create-once"
	var first []byte
	b.suite.Run(t, []faastest.Call{
		{
			Name: "the same twice", Method: "POST", Path: "/api/v1/users", Header: header, Body: `{"username": "once", "password": "Diom-demo-1", "displayName": "<一次>"}`, Status: 201,
			Check: func(t *testing.T, a faastest.Answer) {
				t.Helper()
				if first == nil {
					first = a.Body
				} else if string(first) != string(a.Body) {
					t.Errorf("the repeated answer differs: %s, %s", first, a.Body)
				}
			},
		},
		{Name: "another body", Method: "POST", Path: "/api/v1/users", Header: header, Body: `{"username": "twice", "password": "Diom-demo-1"}`, Status: 422, Code: "idempotency_key_reused"},
	})
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.as(t, "admin")
	var lists, calls []faastest.Call
	for path, c := range map[string]struct{ list, body, made, change, changed string }{
		"roles":       {`{"items": [{}, {}, {}, {"code": "INTEGRATOR"}, {}, {"code": "SUPER_ADMIN"}]}`, `{"code": "R{n}", "name": "角色", "permissions": ["WORKFLOW_TASK"]}`, `{"builtIn": false}`, `{"permissions": []}`, `{"permissions": []}`},
		"permissions": {`{"items": [{"code": "WORKFLOW", "children": [{}, {}, {}, {}, {}, {}, {}, {}, {"code": "WORKFLOW_JOB"}, {}, {}, {}]}, {"code": "SYS"}]}`, `{"code": "P{n}", "name": "权限"}`, `{"builtIn": false}`, `{"position": 9}`, `{"position": 9}`},
		"departments": {`{"items": [{}, {}, {}, {}, {}, {"code": "warehouse", "name": "仓储部", "head": "sunqi"}]}`, `{"code": "d{n}", "name": "部门", "head": "lina"}`, `{"name": "部门", "head": "lina"}`, `{"name": "处", "head": ""}`, `{"name": "处", "head": null}`},
		"groups":      {`{"items": [{"key": "directors"}, {}, {}, {}, {}]}`, `{"key": "g{n}", "name": "组"}`, `{"name": "组"}`, `{"name": "小组"}`, `{"name": "小组"}`},
	} {
		at, id := "/api/v1/"+path, ""
		keep := func(t *testing.T, a faastest.Answer) { t.Helper(); id = field(t, a.Body, "id") }
		use := func(_ *testing.T, call *faastest.Call) { call.Path = strings.ReplaceAll(call.Path, "{made}", id) }
		lists = append(lists, faastest.Call{Name: path + " list", Method: "GET", Path: at, Header: admin, Status: 200, JSON: c.list})
		calls = append(
			calls,
			faastest.Call{Name: path + " list as an operator", Method: "GET", Path: at, Header: b.as(t, "wuqiang"), Status: 403, Code: "forbidden"},
			faastest.Call{Name: path + " create bad", Method: "POST", Path: at, Header: admin, Body: `{"name": " "}`, Status: 422, Code: "invalid_fields"},
			faastest.Call{Name: path + " create", Method: "POST", Path: at, Header: admin, Body: c.body, Prepare: b.number, Status: 201, JSON: c.made, Check: keep},
			faastest.Call{Name: path + " read", Method: "GET", Path: at + "/{made}", Header: admin, Prepare: use, Status: 200, JSON: c.made},
			faastest.Call{Name: path + " change", Method: "PUT", Path: at + "/{made}", Header: admin, Prepare: use, Body: c.change, Status: 200, JSON: c.changed},
			faastest.Call{Name: path + " of no id", Method: "DELETE", Path: at + "/x", Header: admin, Status: 404},
			faastest.Call{Name: path + " read unknown", Method: "GET", Path: at + "/" + engine.ID{1}.String(), Header: admin, Status: 404},
		)
	}
	calls = append(calls, faastest.Call{
		Name: "a department with an unknown head", Method: "POST", Path: "/api/v1/departments", Header: admin, Status: 422, Code: "unknown_head",
		Body: `{"code": "headless", "name": "部门", "head": "nobody"}`,
	})
	b.suite.Run(t, append(lists, calls...)) // the lists first: they count what the demo has
}

func TestUserInfoIsSigned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.suite.Run(t, []faastest.Call{
		{Name: "unsigned", Method: "GET", Path: "/internal/users/lina", Header: b.as(t, "admin"), Status: 401, Code: "signature_missing"},
	})
	b.suite.Sign = func(r *http.Request, body []byte) error {
		return b.app.Access.SignInternal(r.Header, r.Method, r.URL.RequestURI(), body)
	}
	b.suite.Run(t, []faastest.Call{
		{Name: "signed", Method: "GET", Path: "/internal/users/lina", Status: 200, JSON: `{"username": "lina", "displayName": "李娜", "title": "会计", "department": "财务部", "roles": ["EMPLOYEE"], "groups": ["finance", "reviewers"], "enabled": true}`},
		{Name: "unknown", Method: "GET", Path: "/internal/users/%E5%BC%A0", Status: 404, Code: "user_not_found"},
	})
}
