package users

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas/faastest"
)

// table is the body of an import.
func table(t *testing.T, in access.Import) string {
	t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A table makes accounts once: imported again it changes nothing, and where it says something else that alone.
func TestImportUsers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const path = "/api/v1/users:import"
	admin := b.as(t, "admin")
	text := "\ufeff用户名,姓名,邮箱,部门,角色,用户组,启用\r\nimp{n}a,甲,a@demo.diom.io,finance,EMPLOYEE,\"finance, reviewers\",是\r\n\r\nimp{n}b,'=乙,,,EMPLOYEE;AUDITOR,,0\r\n"
	first := table(t, access.Import{CSV: text, Password: "Diom-demo-1"})
	const want = `{"dryRun": %t, "created": %d, "updated": %d, "unchanged": %d}`
	count := func() int {
		n := 0
		if err := b.app.Store.DB.QueryRow(t.Context(), []any{&n}, `SELECT COUNT(*) FROM sys_user WHERE username LIKE 'imp%'`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	again := func(_ *testing.T, c *faastest.Call) { c.Body = strings.ReplaceAll(c.Body, "{n}", fmt.Sprint(b.made)) }
	b.suite.Run(t, []faastest.Call{
		{Name: "try", Method: "POST", Path: path, Header: admin, Prepare: b.number, Body: table(t, access.Import{CSV: text, DryRun: true}), Status: 200, JSON: fmt.Sprintf(want, true, 2, 0, 0), Check: func(t *testing.T, _ faastest.Answer) {
			t.Helper()
			if n := count(); n != 0 {
				t.Errorf("a dry run makes %d accounts", n)
			}
		}},
	})
	b.suite.Run(t, []faastest.Call{
		{Name: "make", Method: "POST", Path: path, Header: admin, Prepare: b.number, Body: first, Status: 200, JSON: fmt.Sprintf(want, false, 2, 0, 0)},
		{Name: "again", Method: "POST", Path: path, Header: admin, Prepare: again, Body: first, Status: 200, JSON: fmt.Sprintf(want, false, 0, 0, 2)},
	})
	name := fmt.Sprintf("imp%da", b.made)
	b.suite.Run(t, []faastest.Call{
		{Name: "made", Method: "GET", Path: "/api/v1/users?q=" + name, Header: admin, Status: 200, JSON: `{"items": [{"displayName": "甲", "email": "a@demo.diom.io", "department": "财务部", "roles": ["EMPLOYEE"], "groups": ["finance", "reviewers"], "enabled": true, "mustChangePassword": true, "version": 1}]}`},
		{Name: "the other", Method: "GET", Path: "/api/v1/users?q=" + strings.TrimSuffix(name, "a") + "b", Header: admin, Status: 200, JSON: `{"items": [{"displayName": "=乙", "roles": ["AUDITOR", "EMPLOYEE"], "enabled": false}]}`},
	})
	if l, err := b.app.Access.Login(t.Context(), name, "Diom-demo-1", "192.0.2.7"); err != nil || !l.User.MustChangePassword {
		t.Errorf("the first password: %v", err)
	}
	b.suite.Run(t, []faastest.Call{{Name: "change", Method: "POST", Path: path, Header: admin, Body: table(t, access.Import{CSV: "username,title,email\n" + name + ",主管,\n"}), Status: 200}})
	b.suite.Run(t, []faastest.Call{{Name: "changed", Method: "GET", Path: "/api/v1/users?q=" + name, Header: admin, Status: 200, JSON: `{"items": [{"title": "主管", "email": "a@demo.diom.io", "groups": ["finance", "reviewers"], "version": 2}]}`}})
}

// What is wrong with a table is told by row and column, and nothing of it is done.
func TestImportOfWrongTables(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.app.Access.CreateRole(t.Context(), b.admin, access.NewRole{Code: "CLERK", Name: "文员", Permissions: []string{"SYS_USER"}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.app.Access.CreateUser(t.Context(), b.admin, access.NewUser{Username: "clerk", Password: access.DemoPassword, Roles: []string{"CLERK"}}, nil); err != nil {
		t.Fatal(err)
	}
	admin, clerk := b.as(t, "admin"), b.as(t, "clerk")
	wrong := func(name, csv, pointer, code string, line int) faastest.Call {
		return faastest.Call{
			Name: name, Method: "POST", Path: "/api/v1/users:import", Header: admin, Body: table(t, access.Import{CSV: csv, Password: "Diom-demo-1"}), Status: 422, Code: "bad_import",
			JSON: fmt.Sprintf(`{"errors": [{"pointer": %q, "code": %q, "line": %d}]}`, pointer, code, line),
		}
	}
	by := func(c faastest.Call, who map[string]string) faastest.Call { c.Header = who; return c }
	lina := table(t, access.Import{CSV: "username,title\nlina,x\n"})
	b.suite.Run(t, []faastest.Call{
		wrong("a name", "username\nfine1\nx y\n", "/rows/1/username", "bad_username", 3),
		wrong("twice", "username\nfine1\nfine1\n", "/rows/1/username", "repeated", 3),
		wrong("an address", "username,email\nfine1,x\n", "/rows/0/email", "bad_email", 2),
		wrong("a role", "username,roles\nfine1,EMPLOYEE BOSS\n", "/rows/0/roles/1", "unknown_role", 2),
		wrong("a group", "username,groups\nfine1,none\n", "/rows/0/groups/0", "unknown_group", 2),
		wrong("a department", "username,department\nfine1,none\n", "/rows/0/department", "unknown_department", 2),
		wrong("a flag", "username,enabled\nfine1,perhaps\n", "/rows/0/enabled", "bad_flag", 2),
		wrong("a column", "username,password\nfine1,x\n", "/columns/1", "unknown_column", 1),
		wrong("no column", "title\nx\n", "/columns", "required", 1),
		wrong("too many cells", "username\nfine1,x\n", "/rows/0", "bad_csv", 2),
		wrong("no CSV", "username\nx\"y\n", "/csv", "bad_csv", 2),
		by(wrong("more than one has", "username,roles\nfine1,SUPER_ADMIN\n", "/rows/0/roles", "not_granted", 2), clerk),
		by(wrong("who may more", "username,title\nadmin,x\n", "/rows/0/roles", "not_granted", 2), clerk),
		{Name: "too many rows", Method: "POST", Path: "/api/v1/users:import", Header: admin, Body: table(t, access.Import{CSV: "username\n" + strings.Repeat("x\n", 501)}), Status: 422, JSON: `{"errors": [{"pointer": "/csv", "code": "too_many"}]}`},
		{Name: "nothing", Method: "POST", Path: "/api/v1/users:import", Header: admin, Body: `{}`, Status: 422, Code: "bad_import"},
		{Name: "a bad password", Method: "POST", Path: "/api/v1/users:import", Header: admin, Body: table(t, access.Import{CSV: "username\nfine1\n", Password: "x"}), Status: 422, Code: "bad_import"},
		{Name: "as an employee", Method: "POST", Path: "/api/v1/users:import", Header: b.as(t, "lina"), Body: lina, Status: 403, Code: "forbidden"},
	})
	if _, err := b.app.Store.UserByName(t.Context(), "fine1"); err == nil {
		t.Error("a table with problems makes an account")
	}
}
