package directory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/identity"
	"diom.io/workflow/shared/store"
)

// book is an address book that a test writes.
type book struct {
	Snapshot
	err error
}

func (b *book) Read(context.Context) (Snapshot, error) { return b.Snapshot, b.err }

type rig struct {
	*testing.T
	*Service
	demo *faastest.Demo
	book *book
}

func newRig(t *testing.T, more string) *rig {
	t.Helper()
	r := &rig{T: t, demo: faastest.OpenDemo(t, true), book: &book{}}
	text := `{"directories": [{"name": "hr", "kind": "wecom", "key": "k", "secret": "s", "create": true, "defaultRoles": ["EMPLOYEE"], "maxDisabled": 40 ` + more + `}]}`
	if err := os.WriteFile(filepath.Join(r.demo.App.Config.SecretsDir, identity.Secret), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.Service, err = New(r.demo.App.Config, r.demo.App.Store, r.demo.App.Access); err != nil {
		t.Fatal(err)
	}
	r.open = func(identity.Config, identity.Directory) (Book, error) { return r.book, nil }
	r.book.Snapshot = Snapshot{
		Departments: []Department{{ID: "12", Name: "华东", ParentID: "11"}, {ID: "11", Name: "销售", Head: "mei"}, {ID: "20", Name: "研发"}},
		People: []Person{
			{ID: "mei", Username: "mei", DisplayName: "梅", Email: "mei@corp.example", Title: "总监", Departments: []string{"11", "20"}, Active: true},
			{ID: "hua", Username: "hua", DisplayName: "华", Departments: []string{"12"}, Active: true},
			{ID: "yun", Username: "yun", DisplayName: "云", Departments: []string{"20"}, Active: true},
			{ID: "ex", Username: "ex", DisplayName: "前", Active: false},
		},
	}
	return r
}

// sync makes one run and returns it with its counts in the order of their names.
func (r *rig) sync(w Wanted) (Run, string) {
	r.Helper()
	asked, err := r.Ask(r.Context(), r.demo.Call("admin").Principal, "hr", w, nil)
	if err == nil {
		err = r.Pass(r.Context(), time.Now().Add(time.Minute))
	}
	if err != nil && r.book.err == nil {
		r.Fatal(err)
	}
	id, err := engine.ParseID(asked.ID)
	if err != nil {
		r.Fatal(err)
	}
	run, err := r.Service.Run(r.Context(), id)
	if err != nil || run.Report == nil {
		r.Fatal(run, err)
	}
	return run, run.State + " " + fmt.Sprint(run.Report.Counts)
}

func (r *rig) user(name string) access.UserInfo {
	r.Helper()
	u, err := r.demo.App.Access.UserInfo(r.Context(), name)
	if err != nil {
		r.Fatal(name, err)
	}
	return u
}

func (r *rig) posts(name string) string {
	r.Helper()
	list, err := r.demo.App.Store.Posts(r.Context(), name)
	if err != nil {
		r.Fatal(err)
	}
	var text []string
	for _, p := range list {
		text = append(text, p.DepartmentName)
	}
	return strings.Join(text, " ")
}

func (r *rig) head(code string) string {
	r.Helper()
	d, err := r.demo.App.Store.DepartmentByCode(r.Context(), code)
	if err != nil {
		r.Fatal(code, err)
	}
	if d.Head == nil {
		return ""
	}
	return *d.Head
}

func (r *rig) want(what, got, want string) {
	r.Helper()
	if got != want {
		r.Errorf("%s: %s, want %s", what, got, want)
	}
}

// everybody is who is here and whether he may come in: what a run must leave alone.
func (r *rig) everybody() (list []string) {
	r.Helper()
	for _, a := range access.DemoAccounts() {
		u := r.user(a.Username)
		list = append(list, fmt.Sprint(u.Username, u.Enabled, u.Roles, u.Department))
	}
	return list
}

func TestSync(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	before := r.everybody()
	_, got := r.sync(Wanted{DryRun: true})
	r.want("a dry run", got, "done map[create:6]")
	if _, err := r.demo.App.Access.UserInfo(t.Context(), "mei"); !errors.Is(err, store.ErrNoUser) {
		t.Error("a dry run has made somebody")
	}
	run, got := r.sync(Wanted{})
	r.want("the first run", got, "done map[create:6]")
	if run.Report.People != 4 || run.Report.Departments != 3 || run.AskedBy != "admin" {
		t.Errorf("%+v", run)
	}
	r.want("posts", r.posts("mei")+"; "+r.posts("hua"), "销售 研发; 华东")
	r.want("head", r.head("wecom-11")+r.head("wecom-12"), "mei")
	r.want("roles", fmt.Sprint(r.user("hua").Roles), "[EMPLOYEE]")
	_, got = r.sync(Wanted{})
	r.want("once more", got, "done map[]")

	r.book.People[0].DisplayName, r.book.People[0].Departments = "美", []string{"20"}
	r.book.Departments[1].Name, r.book.Departments[1].Head = "销售部", ""
	r.book.Departments = r.book.Departments[:2:2]
	run, got = r.sync(Wanted{DryRun: true})
	r.want("differences", got, "done map[gone:1 update:2]")
	i := slices.IndexFunc(run.Report.Changes, func(c Change) bool { return c.Name == "mei" })
	r.want("those of mei", fmt.Sprint(run.Report.Changes[i].Fields), "[{displayName 梅 美} {department 11 20} {posts 20 }]")
	if _, got = r.sync(Wanted{}); got != "done map[gone:1 update:2]" {
		t.Error(got)
	}
	r.want("posts", r.posts("mei"), "研发")
	r.want("a head that is none any more", r.head("wecom-11"), "")
	if after := r.everybody(); !slices.Equal(before, after) {
		t.Errorf("people who are not in the book: %v, were %v", after, before)
	}
}

// Who leaves is disabled and logged out everywhere at once, never deleted; who comes back may come in again, unless an
// administrator has disabled him.
func TestLeavers(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.sync(Wanted{})
	people := r.demo.App.Access
	session, err := people.SignIn(t.Context(), access.Outsider{Source: "wecom:hr", Subject: "hua"}, access.Welcome{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Authenticate(t.Context(), session.AccessToken); err != nil {
		t.Fatal(err)
	}
	whole := r.book.Snapshot
	r.book.People = slices.Delete(slices.Clone(whole.People), 1, 2)
	_, got := r.sync(Wanted{})
	r.want("one leaves", got, "done map[disable:1]")
	if _, err := people.Authenticate(t.Context(), session.AccessToken); !errors.Is(err, access.ErrTokenRevoked) {
		t.Errorf("his access token: %v", err)
	}
	if _, err := people.Refresh(t.Context(), session.Refresh); err == nil {
		t.Error("his refresh token lives")
	}
	r.want("he is kept", fmt.Sprint(r.user("hua").Enabled), "false")
	_, got = r.sync(Wanted{})
	r.want("he is gone already", got, "done map[]")
	r.book.Snapshot = whole
	_, got = r.sync(Wanted{})
	r.want("he comes back", got, "done map[enable:1]")
	r.want("he may come in", fmt.Sprint(r.user("hua").Enabled), "true")

	id, err := engine.ParseID(r.user("hua").ID)
	if err != nil {
		t.Fatal(err)
	}
	no := false
	if _, err := people.UpdateUser(t.Context(), r.demo.Call("admin").Principal, id, access.UserChange{Enabled: &no}, 0); err != nil {
		t.Fatal(err)
	}
	_, got = r.sync(Wanted{})
	r.want("an administrator has disabled him", got+fmt.Sprint(r.user("hua").Enabled), "done map[]false")
}

// A book that is half read looks like one whose people have left.
func TestTooManyLeavers(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.sync(Wanted{})
	for name, left := range map[string][]Person{"two of three": r.book.People[:1], "nobody is there": nil} {
		r.book.People = left
		r.book.Departments[0].Name = name
		run, got := r.sync(Wanted{})
		if run.State != store.RunStopped || !strings.Contains(run.Report.Problem, "40 %") {
			t.Errorf("%s: %s %s", name, got, run.Report.Problem)
		}
		if d, err := r.demo.App.Store.DepartmentByCode(t.Context(), "wecom-12"); err != nil || d.Name != "华东" || !r.user("yun").Enabled {
			t.Errorf("%s: something is changed: %v %v", name, d, err)
		}
	}
	r.book.People = nil
	_, got := r.sync(Wanted{Force: true})
	r.want("by force", got, "done map[disable:3 update:1]")
}

// What cannot be read changes nothing, and the report tells no secret.
func TestAFailedRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.sync(Wanted{})
	r.book.People, r.book.err = nil, errors.New("a failure with a secret")
	run, got := r.sync(Wanted{Force: true})
	if run.State != store.RunFailed || strings.Contains(run.Report.Problem, "secret") || !r.user("mei").Enabled {
		t.Errorf("%s %s", got, run.Report.Problem)
	}
	if _, err := r.Ask(t.Context(), access.Principal{}, "none", Wanted{}, nil); !errors.Is(err, ErrNoDirectory) {
		t.Error(err)
	}
}

// Accounts that are here already stay as they are, unless the file says how they are somebody's.
func TestSyncOfThoseWhoAreHere(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.book.Snapshot = Snapshot{People: []Person{
		{ID: "1", Username: "lina", DisplayName: "另一个", Active: true}, {ID: "2", Username: "a b", Active: true}, {ID: "3", Username: "admin", Active: true},
	}}
	run, got := r.sync(Wanted{})
	r.want("nobody is linked", got, "done map[conflict:3]")
	r.want("why", run.Report.Changes[0].Detail, access.ErrAccountExists.Message)
	r.want("lina", r.user("lina").DisplayName, "李娜")

	r = newRig(t, `, "link": "username"`)
	r.book.Snapshot = Snapshot{People: []Person{{ID: "1", Username: "lina", DisplayName: "另一个", Active: true}, {ID: "3", Username: "admin", Active: true}}}
	_, got = r.sync(Wanted{DryRun: true})
	r.want("what would be", got, "done map[conflict:1 link:1]")
	_, got = r.sync(Wanted{})
	r.want("linked", got, "done map[conflict:1 link:1]")
	r.want("lina", r.user("lina").DisplayName+fmt.Sprint(r.user("lina").Roles), "另一个[EMPLOYEE]")
	r.book.People = nil
	if _, got = r.sync(Wanted{Force: true}); got != "done map[disable:1]" || !r.user("admin").Enabled {
		t.Error(got)
	}
}

// A run is one process's, one at a time for a directory, and goes on elsewhere when its process goes away; the schedule
// asks for one run at each of its times.
func TestRunsAreClaimedAndScheduled(t *testing.T) {
	t.Parallel()
	r := newRig(t, `, "schedule": "*/5 * * * *"`)
	st, now := r.demo.App.Store, time.Date(2026, 5, 4, 3, 2, 0, 0, time.UTC)
	r.now = func() time.Time { return now }
	ctx := t.Context()
	for _, c := range []struct {
		minute int
		runs   int
	}{{2, 0}, {5, 1}, {5, 1}, {6, 1}, {10, 2}, {31, 3}, {31, 3}} {
		now = time.Date(2026, 5, 4, 3, c.minute, 0, 0, time.UTC)
		if err := r.schedule(ctx); err != nil {
			t.Fatal(err)
		}
		open, err := st.OpenDirectoryRuns(ctx, now)
		if err != nil || len(open) != c.runs {
			t.Errorf("at minute %d: %d runs, want %d; %v", c.minute, len(open), c.runs, err)
		}
	}
	open, err := st.OpenDirectoryRuns(ctx, now)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(i int, at time.Time) bool {
		t.Helper()
		won, err := st.ClaimDirectoryRun(ctx, open[i], at, at.Add(lease))
		if err != nil {
			t.Fatal(err)
		}
		return won
	}
	if !claim(0, now) || claim(0, now) || claim(1, now) {
		t.Error("two have one run, or two runs of a directory at once")
	}
	if !claim(0, now.Add(2*lease)) {
		t.Error("a run whose process has gone away is nobody's")
	}
	ended := now
	open[0].State, open[0].EndedAt, open[0].Report = store.RunDone, &ended, []byte(`{}`)
	if err := st.EndDirectoryRun(ctx, open[0]); err != nil || !claim(1, now.Add(2*lease)) {
		t.Error("the next one does not begin", err)
	}
}
