package access

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func mustID(t *testing.T, text string) engine.ID {
	t.Helper()
	id, err := engine.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// pointers returns where err's details point, with their codes.
func pointers(err error) map[string]string {
	found := map[string]string{}
	if f := fault.From(err); f != nil {
		for _, d := range f.Details {
			found[d.Pointer] = d.Code
		}
	}
	return found
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	admin := principal(t, s, "admin")
	finance, err := s.store.UserByName(ctx, "lina")
	if err != nil {
		t.Fatal(err)
	}
	key := &store.Idempotency{Principal: "admin", Key: "k", Route: "POST /api/v1/users", Hash: [32]byte{1}}
	in := NewUser{
		Username: "赵云", Password: DemoPassword, DisplayName: "赵云 <b>", Email: "zhaoyun@demo.diom.io", Title: "专员",
		DepartmentID: finance.DepartmentID.String(), Roles: []string{"OPERATOR", "EMPLOYEE"}, Groups: []string{"warehouse", "finance"},
	}
	made, err := s.CreateUser(ctx, admin, in, key)
	if err != nil {
		t.Fatal(err)
	}
	read, err := s.User(ctx, mustID(t, made.ID))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, read); diff != "" {
		t.Error(diff)
	}
	if made.Department != "财务部" || !made.Enabled || made.Roles[0] != "EMPLOYEE" {
		t.Errorf("%+v", made)
	}
	_, err = s.CreateUser(ctx, admin, in, key)
	wantError(t, err, store.ErrRepeated)
	recorded, err := s.store.Recorded(ctx, key)
	if err != nil || recorded.Status != 201 || !strings.Contains(string(recorded.Body), made.ID) || !strings.Contains(string(recorded.Body), "<b>") {
		t.Errorf("%+v, %v", recorded, err)
	}
	_, err = s.CreateUser(ctx, admin, in, nil)
	wantError(t, err, store.ErrUsernameUsed)
	if _, err = s.Login(ctx, "赵云", DemoPassword, "192.0.2.1"); err != nil {
		t.Error(err)
	}
}

func TestCreateUserRefusals(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	admin := principal(t, s, "admin")
	for name, c := range map[string]struct {
		change func(*NewUser)
		want   *fault.Error
		at     map[string]string
	}{
		"everything": {
			func(u *NewUser) { *u = NewUser{Username: " a", Password: "x", DisplayName: " ", Email: "no"} }, ErrInvalid,
			map[string]string{"/username": "bad_username", "/password": "password_short", "/displayName": "required", "/email": "bad_email"},
		},
		"trailing blank":   {func(u *NewUser) { u.Username = "admin " }, ErrInvalid, map[string]string{"/username": "bad_username"}},
		"long username":    {func(u *NewUser) { u.Username = strings.Repeat("u", 65) }, ErrInvalid, map[string]string{"/username": "bad_username"}},
		"long password":    {func(u *NewUser) { u.Password = strings.Repeat("密", 25) }, ErrInvalid, map[string]string{"/password": "password_long"}},
		"password is name": {func(u *NewUser) { u.Username, u.Password = "longusername", "longusername" }, ErrInvalid, map[string]string{"/password": "password_weak"}},
		"control":          {func(u *NewUser) { u.DisplayName = "a\x00b" }, ErrInvalid, map[string]string{"/displayName": "bad_text"}},
		"role twice":       {func(u *NewUser) { u.Roles = []string{"EMPLOYEE", "EMPLOYEE"} }, ErrInvalid, map[string]string{"/roles/1": "repeated"}},
		"unknown role":     {func(u *NewUser) { u.Roles = []string{"EMPLOYEE", "employee"} }, store.ErrUnknownRole, map[string]string{"/roles/1": "unknown_role"}},
		"unknown group":    {func(u *NewUser) { u.Groups = []string{"nobody"} }, store.ErrUnknownGroup, map[string]string{"/groups/0": "unknown_group"}},
		"bad department":   {func(u *NewUser) { u.DepartmentID = "x" }, ErrInvalid, map[string]string{"/departmentId": "unknown_department"}},
		"no department": {
			func(u *NewUser) { u.DepartmentID = newID().String() }, store.ErrUnknownDepartment,
			map[string]string{"/departmentId": "unknown_department"},
		},
		"taken": {func(u *NewUser) { u.Username = "lina" }, store.ErrUsernameUsed, map[string]string{}},
	} {
		in := NewUser{Username: "fresh", Password: DemoPassword, DisplayName: "新人", Roles: []string{"EMPLOYEE"}}
		c.change(&in)
		_, err := s.CreateUser(ctx, admin, in, nil)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if diff := cmp.Diff(c.at, pointers(err)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		_, err = s.store.UserByName(ctx, "fresh")
		wantError(t, err, store.ErrNoUser)
	}
}

func TestNobodyGrantsWhatHeHasNot(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	admin := principal(t, s, "admin")
	if _, err := s.CreateRole(ctx, admin, NewRole{Code: "PERSONNEL", Name: "人事", Permissions: []string{"SYS_USER", "SYS_ROLE", "WORKFLOW_START"}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateUser(ctx, admin, NewUser{Username: "clerk", Password: DemoPassword, Roles: []string{"PERSONNEL"}}, nil); err != nil {
		t.Fatal(err)
	}
	clerk := principal(t, s, "clerk")
	for _, role := range []string{SuperAdmin, "EMPLOYEE", "OPERATOR"} { // EMPLOYEE may do tasks, the clerk may not
		_, err := s.CreateUser(ctx, clerk, NewUser{Username: "friend", Password: DemoPassword, Roles: []string{role}}, nil)
		wantError(t, err, ErrNotGranted)
	}
	if _, err := s.CreateUser(ctx, clerk, NewUser{Username: "friend", Password: DemoPassword, Roles: []string{"PERSONNEL"}}, nil); err != nil {
		t.Error(err)
	}
	boss, err := s.store.UserByName(ctx, "admin")
	if err != nil {
		t.Fatal(err)
	}
	password := "Taken-over-1"
	_, err = s.UpdateUser(ctx, clerk, boss.ID, UserChange{Password: &password}, 0)
	wantError(t, err, ErrNotGranted)
	wantError(t, s.DeleteUser(ctx, clerk, boss.ID), ErrNotGranted)
	me := mustID(t, clerk.UserID)
	_, err = s.UpdateUser(ctx, clerk, me, UserChange{Roles: &[]string{SuperAdmin}}, 0)
	wantError(t, err, ErrNotGranted)
	_, err = s.CreateRole(ctx, clerk, NewRole{Code: "X", Name: "x", Permissions: []string{"SYS_BACKUP"}}, nil)
	wantError(t, err, ErrNotGranted)
	list, err := s.Roles(ctx, page.Request{Limit: 100, Sort: "code"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list.Items {
		if r.Code == SuperAdmin || r.Code == "OPERATOR" {
			_, err = s.UpdateRole(ctx, clerk, mustID(t, r.ID), RoleChange{Name: &password}, 0)
			wantError(t, err, ErrNotGranted)
			wantError(t, s.DeleteRole(ctx, clerk, mustID(t, r.ID)), ErrNotGranted)
		}
		if r.Code == SuperAdmin {
			_, err = s.UpdateRole(ctx, admin, mustID(t, r.ID), RoleChange{Permissions: &[]string{}}, 0)
			wantError(t, err, ErrFixedRole)
			wantError(t, s.DeleteRole(ctx, admin, mustID(t, r.ID)), store.ErrBuiltIn)
		}
	}
}

func TestLastSuperAdminStays(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	admin := principal(t, s, "admin")
	id, no := mustID(t, admin.UserID), false
	_, err := s.UpdateUser(ctx, admin, id, UserChange{Enabled: &no}, 0)
	wantError(t, err, store.ErrLastAdmin)
	_, err = s.UpdateUser(ctx, admin, id, UserChange{Roles: &[]string{"EMPLOYEE"}}, 0)
	wantError(t, err, store.ErrLastAdmin)
	wantError(t, s.DeleteUser(ctx, admin, id), store.ErrLastAdmin)

	second, err := s.CreateUser(ctx, admin, NewUser{Username: "second", Password: DemoPassword, Roles: []string{SuperAdmin}, Enabled: &no}, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, s.DeleteUser(ctx, admin, id), store.ErrLastAdmin) // the other one is disabled
	yes := true
	if _, err := s.UpdateUser(ctx, admin, mustID(t, second.ID), UserChange{Enabled: &yes}, second.Version); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	failures := make([]error, 2)
	for i, victim := range []engine.ID{id, mustID(t, second.ID)} { // each disables the other at once
		group.Go(func() { _, failures[i] = s.UpdateUser(ctx, admin, victim, UserChange{Enabled: &no}, 0) })
	}
	group.Wait()
	if errors.Is(failures[0], store.ErrLastAdmin) == errors.Is(failures[1], store.ErrLastAdmin) {
		t.Errorf("one must fail: %v", failures)
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	admin := principal(t, s, "admin")
	u, err := s.store.UserByName(ctx, "lina")
	if err != nil {
		t.Fatal(err)
	}
	name, none := "李娜娜", ""
	changed, err := s.UpdateUser(ctx, admin, u.ID, UserChange{DisplayName: &name, DepartmentID: &none, Groups: &[]string{"directors"}}, u.Version)
	if err != nil {
		t.Fatal(err)
	}
	read, err := s.User(ctx, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changed, read); diff != "" {
		t.Error(diff)
	}
	if read.Department != "" || read.Groups[0] != "directors" || read.Roles[0] != "EMPLOYEE" || read.Email == "" {
		t.Errorf("%+v", read)
	}
	_, err = s.UpdateUser(ctx, admin, u.ID, UserChange{}, u.Version)
	wantError(t, err, store.ErrPeopleStale)
	_, err = s.UpdateUser(ctx, admin, newID(), UserChange{}, 0)
	wantError(t, err, store.ErrNoUser)
	if err := s.DeleteUser(ctx, admin, u.ID); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.DeleteUser(ctx, admin, u.ID), store.ErrNoUser)
}

func TestANameGivenAgainRevivesNoToken(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	admin := principal(t, s, "admin")
	l := login(t, s, "lina")
	if err := s.DeleteUser(ctx, admin, mustID(t, l.User.ID)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Authenticate(ctx, l.AccessToken)
	wantError(t, err, ErrTokenRevoked)
	if _, err := s.CreateUser(ctx, admin, NewUser{Username: "lina", Password: DemoPassword, Roles: []string{"EMPLOYEE"}}, nil); err != nil {
		t.Fatal(err)
	}
	_, err = s.Authenticate(ctx, l.AccessToken)
	wantError(t, err, ErrTokenRevoked)
	_, err = s.Refresh(ctx, l.Refresh)
	wantError(t, err, store.ErrNoSession)
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	for _, sort := range []string{"username", "-username", "createdAt", "-createdAt"} {
		seen, cursor := map[string]bool{}, ""
		for pages := 0; ; pages++ {
			r, err := page.Parse(url.Values{"limit": {"4"}, "sort": {sort}, "cursor": {cursor}, "count": {"true"}}, store.UserList, "admin")
			if err != nil {
				t.Fatal(err)
			}
			p, err := s.Users(ctx, r, store.UserFilter{})
			if err != nil || *p.Total != 9 || pages > 3 {
				t.Fatalf("%+v, %v", p, err)
			}
			for _, u := range p.Items {
				if seen[u.Username] || len(u.Roles) == 0 {
					t.Errorf("%s: %+v again or without roles", sort, u)
				}
				seen[u.Username] = true
			}
			if cursor = p.NextCursor; cursor == "" {
				break
			}
		}
		if len(seen) != 9 {
			t.Errorf("%s: %v", sort, seen)
		}
	}
	yes := true
	for name, c := range map[string]struct {
		f    store.UserFilter
		want int
	}{
		"prefix": {store.UserFilter{Prefix: "zh"}, 3}, "Chinese": {store.UserFilter{Prefix: "李"}, 1}, "wildcard": {store.UserFilter{Prefix: "%"}, 0},
		"role": {store.UserFilter{Role: "EMPLOYEE"}, 8}, "group": {store.UserFilter{Group: "finance"}, 2},
		"all": {store.UserFilter{Prefix: "l", Role: "EMPLOYEE", Group: "finance", Enabled: &yes}, 1},
	} {
		p, err := s.Users(ctx, page.Request{Limit: 20, Sort: "username"}, c.f)
		if err != nil || len(p.Items) != c.want {
			t.Errorf("%s: %d users, want %d, %v", name, len(p.Items), c.want, err)
		}
	}
}

func TestTreesAndGroups(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	tree, err := s.Permissions(ctx)
	if err != nil || len(tree.Items) != 2 || len(tree.Items[0].Children) != 12 || tree.Items[0].Children[0].Code != "WORKFLOW_START" {
		t.Fatalf("%+v, %v", tree, err)
	}
	parent, err := s.CreatePermission(ctx, NewPermission{Code: "REPORT", Name: "报表"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	child, err := s.CreatePermission(ctx, NewPermission{Code: "REPORT_COST", Name: "成本", ParentID: parent.ID}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.UpdatePermission(ctx, mustID(t, parent.ID), PermissionChange{ParentID: &child.ID}, 0)
	wantError(t, err, store.ErrUnknownParent) // a ring
	_, err = s.CreatePermission(ctx, NewPermission{Code: "REPORT", Name: "x"}, nil)
	wantError(t, err, store.ErrCodeUsed)
	wantError(t, s.DeletePermission(ctx, mustID(t, parent.ID)), store.ErrInUse)
	wantError(t, s.DeletePermission(ctx, mustID(t, tree.Items[0].ID)), store.ErrBuiltIn)
	if admin := principal(t, s, "admin"); !cmp.Equal(admin.Permissions[:2], []string{"REPORT", "REPORT_COST"}) {
		t.Errorf("SUPER_ADMIN has %v", admin.Permissions)
	}
	if err := s.DeletePermission(ctx, mustID(t, child.ID)); err != nil {
		t.Error(err)
	}

	top, err := s.CreateDepartment(ctx, NewDepartment{Code: "hq", Name: "总部"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	below, err := s.CreateDepartment(ctx, NewDepartment{Code: "branch", Name: "分部", ParentID: top.ID}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.UpdateDepartment(ctx, mustID(t, top.ID), DepartmentChange{ParentID: &below.ID}, 0)
	wantError(t, err, store.ErrUnknownParent)
	wantError(t, s.DeleteDepartment(ctx, mustID(t, top.ID)), store.ErrInUse)
	if err := s.DeleteDepartment(ctx, mustID(t, below.ID)); err != nil {
		t.Error(err)
	}

	made, err := s.CreateGroup(ctx, NewGroup{Key: "审批组", Name: "审批"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateGroup(ctx, NewGroup{Key: "审批组", Name: "审批"}, nil)
	wantError(t, err, store.ErrCodeUsed)
	_, err = s.CreateGroup(ctx, NewGroup{Key: "a,b"}, nil)
	wantError(t, err, ErrInvalid)
	name := "审批小组"
	if g, err := s.UpdateGroup(ctx, mustID(t, made.ID), GroupChange{Name: &name}, made.Version); err != nil || g.Version != 2 {
		t.Errorf("%+v, %v", g, err)
	}
	if err := s.DeleteGroup(ctx, mustID(t, made.ID)); err != nil {
		t.Error(err)
	}
	if p, err := s.Groups(ctx, page.Request{Limit: 10}); err != nil || len(p.Items) != 5 {
		t.Errorf("%+v, %v", p, err)
	}
}
