package access

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func testConfig(t testing.TB) config.Config {
	t.Helper()
	cfg := config.Config{
		Environment: "test", SecretsDir: t.TempDir(), AccessTokenLife: time.Hour, RefreshTokenLife: 7 * 24 * time.Hour, BcryptCost: 4,
	}
	if err := GenerateKeys(cfg.SecretsDir); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// open returns a Service; db and redis may be absent.
func open(t testing.TB, cfg config.Config, st *store.Store, redis string) *Service {
	t.Helper()
	c, err := cache.Open(redis)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, err := New(cfg, st, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// company is a Service with the demo people, a real database and a real Redis.
func company(t *testing.T) *Service {
	t.Helper()
	s := open(t, testConfig(t), store.New(databasetest.Open(t)), databasetest.Redis(t))
	if err := s.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func login(t *testing.T, s *Service, username string) Login {
	t.Helper()
	l, err := s.Login(t.Context(), username, DemoPassword, "192.0.2.1")
	if err != nil {
		t.Fatalf("log-in of %s: %v", username, err)
	}
	return l
}

func principal(t *testing.T, s *Service, username string) Principal {
	t.Helper()
	p, err := s.Authenticate(t.Context(), login(t, s, username).AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error %v, want %v", got, want)
	}
}

// eventually waits until check holds, at most two seconds: what the product promises.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for start := time.Now(); time.Since(start) < 2*time.Second; time.Sleep(20 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Errorf("after two seconds still not: %s", what)
}

func TestPrincipalCan(t *testing.T) {
	t.Parallel()
	employee := Principal{Username: "a", Roles: []string{"EMPLOYEE"}, Permissions: []string{"WORKFLOW_START", "WORKFLOW_TASK"}}
	admin := Principal{Username: "b", Roles: []string{SuperAdmin}}
	for _, c := range []struct {
		p    Principal
		want map[Permission]bool
	}{
		{Principal{}, map[Permission]bool{Public: true, Authenticated: false, Internal: false, WorkflowTask: false, "": false}},
		{employee, map[Permission]bool{Public: true, Authenticated: true, Internal: false, WorkflowTask: true, WorkflowDeploy: false, "": false}},
		{admin, map[Permission]bool{Public: true, Authenticated: true, Internal: false, WorkflowTask: true, "MADE_UP": true}},
	} {
		for permission, want := range c.want {
			if got := c.p.Can(permission); got != want {
				t.Errorf("%q may %q: %v", c.p.Username, permission, got)
			}
		}
	}
}

func TestDemoPeople(t *testing.T) {
	t.Parallel()
	s := company(t)
	before := s.hasher.hashes.Load()
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if err := s.LoadDemo(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := s.hasher.hashes.Load() - before; n != 0 {
		t.Errorf("loading again made %d hashes", n)
	}
	for username, identities := range map[string][]string{
		"zhaolei": {"EMPLOYEE", "directors", "finance", "reviewers"}, "admin": {SuperAdmin}, "wangfang": {"EMPLOYEE", "managers"},
	} {
		p := principal(t, s, username)
		if got := p.Identities(); len(got) != len(identities) || got[0] != identities[0] || got[len(got)-1] != identities[len(identities)-1] {
			t.Errorf("identities of %s: %v, want %v", username, got, identities)
		}
	}
	lina := principal(t, s, "lina")
	if lina.DisplayName != "李娜" || lina.Department != "财务部" || !lina.Can(WorkflowTask) || lina.Can(WorkflowDeploy) || lina.SeesAll() {
		t.Errorf("lina: %+v", lina)
	}
	if !principal(t, s, "wuqiang").SeesAll() || !principal(t, s, "zhouming").Can(WorkflowDeploy) {
		t.Error("the operator sees not all, or the designer may not deploy")
	}
	if admin := principal(t, s, "admin"); !admin.Can(SysUser) || len(admin.Permissions) != 23 {
		t.Errorf("admin: %+v", admin)
	}
}

func TestDemoLoadsOnceInTwoProcesses(t *testing.T) {
	t.Parallel()
	cfg, st := testConfig(t), store.New(databasetest.Open(t))
	var group sync.WaitGroup
	for range 4 {
		s := open(t, cfg, st, "")
		group.Go(func() {
			if err := s.LoadDemo(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if names, err := st.KnownUsernames(t.Context(), []string{"admin", "lina", "nobody"}); err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestChangesTakeEffectWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	cfg, st, redis := testConfig(t), store.New(databasetest.Open(t)), databasetest.Redis(t)
	here, there := open(t, cfg, st, redis), open(t, cfg, st, redis) // two replicas
	if err := here.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	admin := principal(t, here, "admin")
	user, err := st.UserByName(ctx, "sunqi")
	if err != nil {
		t.Fatal(err)
	}
	token := login(t, here, "sunqi").AccessToken
	rights := func(permission Permission) func() bool {
		return func() bool {
			p, err := there.Authenticate(ctx, token)
			return err == nil && p.Can(permission)
		}
	}
	code := func(want *fault.Error) func() bool {
		return func() bool { _, err := there.Authenticate(ctx, token); return errors.Is(err, want) }
	}
	if !rights(WorkflowTask)() || rights(WorkflowDeploy)() {
		t.Fatal("the rights before are wrong")
	}
	change := func(c UserChange) {
		t.Helper()
		if _, err := here.UpdateUser(ctx, admin, user.ID, c, 0); err != nil {
			t.Fatal(err)
		}
	}
	change(UserChange{Roles: &[]string{"DESIGNER"}})
	eventually(t, "the new role's right", rights(WorkflowDeploy))
	if rights(WorkflowTask)() {
		t.Error("the old role's right is still there")
	}
	no, yes, password := false, true, "another-Pass-2"
	change(UserChange{Enabled: &no})
	eventually(t, "revoked by disabling", code(ErrTokenRevoked))
	change(UserChange{Enabled: &yes})
	time.Sleep(2 * standingLife)
	if !code(ErrTokenRevoked)() {
		t.Error("a token from before the user was disabled is valid again")
	}
	token = login(t, here, "sunqi").AccessToken
	eventually(t, "a new token", rights(WorkflowDeploy))
	change(UserChange{Password: &password})
	eventually(t, "revoked by a new password", code(ErrTokenRevoked))
}

func TestRoleChangeReachesItsUsers(t *testing.T) {
	t.Parallel()
	s := company(t)
	ctx := t.Context()
	admin := principal(t, s, "admin")
	made, err := s.CreateRole(ctx, admin, NewRole{Code: "READER", Name: "读者", Permissions: []string{"WORKFLOW_AUDIT"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateUser(ctx, admin, NewUser{Username: "reader", Password: DemoPassword, Roles: []string{"READER"}}, nil); err != nil {
		t.Fatal(err)
	}
	token := login(t, s, "reader").AccessToken
	if p, err := s.Authenticate(ctx, token); err != nil || !p.SeesAll() {
		t.Fatalf("%+v, %v", p, err)
	}
	id, err := engine.ParseID(made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateRole(ctx, admin, id, RoleChange{Permissions: &[]string{"WORKFLOW_START"}}, 1); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Authenticate(ctx, token); err != nil || p.SeesAll() || !p.Can(WorkflowStart) {
		t.Errorf("in the same process the change is not there at once: %+v, %v", p, err)
	}
	_, err = s.UpdateRole(ctx, admin, id, RoleChange{}, 1)
	wantError(t, err, store.ErrPeopleStale)
	wantError(t, s.DeleteRole(ctx, admin, id), store.ErrInUse)
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	cfg, st := testConfig(t), store.New(databasetest.Open(t))
	s := open(t, cfg, st, "redis://127.0.0.1:1/0") // nobody listens
	if err := s.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := login(t, s, "lina").AccessToken
	if _, err := s.Authenticate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	u, err := st.UserByName(t.Context(), "lina")
	if err != nil {
		t.Fatal(err)
	}
	u.Enabled = false
	if err := st.UpdateUser(t.Context(), u, store.UserEffect{EndSessions: true}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "revoked with MySQL alone", func() bool {
		_, err := s.Authenticate(t.Context(), token)
		return errors.Is(err, ErrTokenRevoked)
	})
	for range freeFailures + 1 {
		_, err = s.Login(t.Context(), "sunqi", "wrong-wrong", "192.0.2.9")
		wantError(t, err, ErrBadCredentials)
	}
	_, err = s.Login(t.Context(), "sunqi", DemoPassword, "192.0.2.9")
	wantError(t, err, ErrLoginDelayed)
}
