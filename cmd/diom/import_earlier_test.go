package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/takeover"
	"diom.io/workflow/test/producttest"
)

// login tries a password and returns who it is then, nil where it is refused.
func (in *served) login(username, password string) *access.Login {
	in.t.Helper()
	a, err := producttest.NewClient(in.url, 20*time.Second).Send(http.MethodPost, "/auth/login", map[string]any{"username": username, "password": password})
	if err != nil {
		in.t.Fatal(err)
	}
	if a.Status == http.StatusUnauthorized {
		return nil
	}
	var l access.Login
	if err := json.Unmarshal(a.Body, &l); err != nil || a.Status != http.StatusOK {
		in.t.Fatalf("%s: %d %s", username, a.Status, a.Body)
	}
	return &l
}

// mayLogIn checks that a password is the one of a user, and another is not; twice, for the hash may be another one
// after the first time.
func (in *served) mayLogIn(username, password string) *access.Login {
	in.t.Helper()
	var l *access.Login
	for range 2 {
		if in.login(username, password+"x") != nil {
			in.t.Errorf("%s: a wrong password is taken", username)
		}
		if l = in.login(username, password); l == nil {
			in.t.Fatalf("%s: the password is refused", username)
		}
	}
	return l
}

// told are the lines of a report by kind and id.
func told(t *testing.T, out string) map[string]takeover.Line {
	t.Helper()
	lines := map[string]takeover.Line{}
	for text := range strings.SplitSeq(strings.TrimSpace(out), "\n") {
		var l takeover.Line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if _, twice := lines[l.Kind+" "+l.ID]; twice {
			t.Errorf("it is told twice: %s", text)
		}
		lines[l.Kind+" "+l.ID] = l
	}
	return lines
}

// The first form of the earlier DIOM, with Camunda's tables in the same database: a dry run writes nothing, a repeat adds
// nothing, people log in with their passwords and have their rights, and what is damaged is told.
func TestImportEarlierDiom(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	_, from := foreignDatabase(t, "camunda7.sql", "earlier-a.sql")
	dsn := in.App.Config.MySQLDSN
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+dsn, "DIOM_IMPORT_DSN="+from)
	u.fails(client.ExitProblem, "left out", "import", "camunda7", "--json")
	if in.login("kermit", "frogfrog") == nil {
		t.Error("Camunda's password is refused")
	}
	judge := producttest.NewJudge(t, dsn)
	before := judge.Fingerprint()
	arguments := []string{"import", "diom", "--json", "--listeners", "job", "--zone", "UTC"}
	dry := u.fails(client.ExitProblem, "left out", append(arguments, "--dry-run")...)
	if judge.Fingerprint() != before {
		t.Error("a dry run has changed the database")
	}
	r := u.fails(client.ExitProblem, "left out", arguments...)
	if diff := cmp.Diff(lastLine(t, dry.out), lastLine(t, r.out)); diff != "" {
		t.Errorf("the dry run and the run differ: %s", diff)
	}
	checkEarlier(t, told(t, r.out))
	after := judge.Fingerprint()
	again := lastLine(t, u.fails(client.ExitProblem, "left out", arguments...).out)
	for kind, of := range again.Counts {
		if of["taken"] != 0 {
			t.Errorf("the repeat takes %s: %v", kind, of)
		}
	}
	if judge.Fingerprint() != after {
		t.Error("a repeat has changed the database")
	}
	in.earlierPeople(t)
	in.earlierProcess(t)
	has(t, u.ok("", "check"), " rules: 0 violations\n")
}

// checkEarlier looks at what the report says.
func checkEarlier(t *testing.T, lines map[string]takeover.Line) {
	t.Helper()
	for id, want := range map[string]struct {
		outcome takeover.Outcome
		says    string
	}{
		"permission menu:home":         {takeover.Already, "everybody has it"},
		"permission button:user:edit":  {takeover.Already, "gives all of the management"},
		"permission menu:system:users": {takeover.LeftOut, "no counterpart"},
		"permission report:print":      {takeover.LeftOut, "no counterpart"},
		"permission button:role:edit":  {takeover.Already, "switched off"},
		"permission api:auth:login":    {takeover.Already, "everybody has it"},
		"role permission 12":           {takeover.LeftOut, "no role 97"},
		"role permission 13":           {takeover.LeftOut, "no permission 96"},
		"role 1":                       {takeover.Already, "it is SUPER_ADMIN here"},
		"role 2":                       {takeover.Taken, ""},
		"role 3":                       {takeover.Taken, "menu:system:users, report:print"},
		"role 5":                       {takeover.Taken, "switched off"},
		"role 6":                       {takeover.LeftOut, "code: A code begins with a letter"},
		"user role 10":                 {takeover.LeftOut, "no user 99"},
		"user role 11":                 {takeover.LeftOut, "no role 98"},
		"user admin":                   {takeover.LeftOut, "email: it is another one here"},
		"user boss":                    {takeover.Taken, ""},
		"user hanmei":                  {takeover.Taken, "telephone"},
		"user lilei":                   {takeover.Taken, `"no address" is not valid`},
		"user plain":                   {takeover.Taken, "give a new one"},
		"user a b":                     {takeover.LeftOut, "characters that are not allowed"},
		"user nostate":                 {takeover.Taken, "status is not known"},
		"user kermit":                  {takeover.Taken, ""},
		"design 1":                     {takeover.Taken, ""},
		"design 2":                     {takeover.Already, ""},
		"design 3":                     {takeover.LeftOut, "not taken: it is DRAFT"},
		"design 4":                     {takeover.LeftOut, "XML"},
		"design 5":                     {takeover.LeftOut, "no model"},
		"design 6":                     {takeover.LeftOut, "no such process"},
		"design 7":                     {takeover.LeftOut, "from somewhere else"},
		"design history workflow_process_design_history": {takeover.LeftOut, "not taken: 2 rows"},
		"template workflow_template":                     {takeover.LeftOut, "not taken: 3 rows"},
		"notification 1":                                 {takeover.Taken, ""},
		"notification 2":                                 {takeover.Taken, ""},
		"notification 3":                                 {takeover.Taken, ""},
		"notification 4":                                 {takeover.Taken, "not here: TASK 12345"},
		"notification 5":                                 {takeover.LeftOut, "no user 77"},
		"notification 6":                                 {takeover.LeftOut, "no time"},
		"notification 7":                                 {takeover.LeftOut, "user a b was left out"},
	} {
		l, ok := lines[id]
		said := strings.Join(append(slices.Clone(l.Problems), l.Notes...), "\n")
		if !ok || l.Outcome != want.outcome || !strings.Contains(said, want.says) || l.Outcome == takeover.LeftOut && l.Problems == nil {
			t.Errorf("%s: %s %q, want %s %q", id, l.Outcome, said, want.outcome, want.says)
		}
	}
}

// earlierPeople logs in as those who were taken over.
func (in *served) earlierPeople(t *testing.T) {
	t.Helper()
	admin, boss := in.mayLogIn("admin", access.DemoPassword), in.mayLogIn("boss", "admin123")
	if !slices.Equal(boss.User.Permissions, admin.User.Permissions) {
		t.Errorf("who was an administrator may %v", boss.User.Permissions)
	}
	hanmei, lilei, kermit := in.mayLogIn("hanmei", "old-Passw0rd"), in.mayLogIn("lilei", "123456"), in.mayLogIn("kermit", "kermit-old")
	rights := func(roles, permissions string) [2]string { return [2]string{roles, permissions} }
	for name, x := range map[string]struct {
		login *access.Login
		want  [2]string
	}{
		"hanmei": {hanmei, rights("ROLE_HR ROLE_USER", "SYS_USER WORKFLOW_START WORKFLOW_TASK")},
		"lilei":  {lilei, rights("ROLE_USER", "WORKFLOW_START WORKFLOW_TASK")},
		"kermit": {kermit, rights("ROLE_MANAGER ROLE_OLD", "WORKFLOW_DEFINITION WORKFLOW_INSTANCE WORKFLOW_START WORKFLOW_TASK")},
		"guest":  {in.mayLogIn("guest", "123456"), rights("", "")},
	} {
		if got := rights(strings.Join(x.login.User.Roles, " "), strings.Join(x.login.User.Permissions, " ")); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
	for name, password := range map[string]string{"kermit": "frogfrog", "gone": "123456", "plain": "123456", "nostate": "123456"} {
		if in.login(name, password) != nil {
			t.Errorf("%s logs in", name)
		}
	}
	to := func(l *access.Login) *producttest.Client {
		return producttest.NewClient(in.url, 20*time.Second).With(l.AccessToken)
	}
	for _, c := range []struct {
		who    *access.Login
		path   string
		status int
	}{{hanmei, "/api/v1/users", 200}, {lilei, "/api/v1/users", 403}, {kermit, "/api/v1/instances", 200}, {boss, "/api/v1/roles", 200}} {
		if a, err := to(c.who).Send(http.MethodGet, c.path, nil); err != nil || a.Status != c.status {
			t.Errorf("%s %s: %v %d, want %d", c.who.User.Username, c.path, err, a.Status, c.status)
		}
	}
	a, err := to(kermit).Send(http.MethodGet, "/api/v1/notifications", nil)
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(a.Body), `"type":"task.assigned","title":"新任务","content":{"instanceId":"a74c9175-ebca-11f1-a34a-02fc00000001","processKey":"to_boundary",`+
		`"taskId":"a74d7bdc-ebca-11f1-a34a-02fc00000001","text":"您有一个新任务 \u003c审批\u003e"},"createdAt":"2024-05-01T10:00:00Z","readAt":null`,
		`"type":"process.message","title":"流程已发起","content":{"instanceId":"a6712529-ebca-11f1-a34a-02fc00000001","processKey":"to_user"},"createdAt":"2024-05-01T11:00:00Z","readAt":"2024-05-02T08:00:00Z"`)
	if a, err = to(hanmei).Send(http.MethodGet, "/api/v1/notifications/unread-count", nil); err != nil || strings.TrimSpace(string(a.Body)) != `{"count":1}` {
		t.Errorf("unread: %v %s", err, a.Body)
	}
}

// earlierProcess starts the process that was published.
func (in *served) earlierProcess(t *testing.T) {
	t.Helper()
	kermit := producttest.NewClient(in.url, 20*time.Second).With(in.mayLogIn("kermit", "kermit-old").AccessToken)
	a, err := kermit.Send(http.MethodPost, "/api/v1/processes/old_leave/start", map[string]any{})
	if err != nil || a.Status != http.StatusCreated {
		t.Fatalf("%v %d %s", err, a.Status, a.Body)
	}
	has(t, string(a.Body), `"definitionId":"5b6c0a52-0000-11ef-9f6e-0242ac120002"`, `"processVersion":2`)
}

// The earlier DIOM may come before Camunda's tables: what it has deployed is passed over there, nothing is lost by it.
func TestImportEarlierDiomFirst(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	source, from := foreignDatabase(t, "camunda7.sql", "earlier-a.sql")
	if _, err := source.ExecContext(t.Context(), `UPDATE workflow_process_design SET deployment_id = (SELECT DEPLOYMENT_ID_ FROM ACT_RE_PROCDEF WHERE KEY_ = 'to_timer'),
bpmn_xml = (SELECT BYTES_ FROM ACT_GE_BYTEARRAY WHERE NAME_ = 'to_timer.bpmn') WHERE id = 2`); err != nil {
		t.Fatal(err)
	}
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+in.App.Config.MySQLDSN, "DIOM_IMPORT_DSN="+from)
	if l := told(t, u.fails(client.ExitProblem, "left out", "import", "diom", "--json").out)["design 2"]; l.Outcome != takeover.Taken {
		t.Errorf("%v", l)
	}
	r := u.fails(client.ExitProblem, "left out", "import", "camunda7", "--json")
	if l := told(t, r.out)["definition to_timer:1:a6324753-ebca-11f1-a34a-02fc00000001"]; l.Outcome != takeover.Already {
		t.Errorf("%v", l)
	}
	took := lastLine(t, r.out)
	accounted(t, source, took)
	if n := took.Counts["instance"]["left-out"] + took.Counts["definition"]["left-out"]; n > 1 || took.Counts["instance"]["taken"] < 20 {
		t.Errorf("%v", took.Counts)
	}
	in.mayLogIn("kermit", "kermit-old")
	has(t, u.ok("", "check"), " rules: 0 violations\n")
}

// The second form, in a database without the tables of processes: links by name alone, the built-in roles stay.
func TestImportEarlierDiomSecondForm(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+in.App.Config.MySQLDSN)
	_, from := foreignDatabase(t, "earlier-b.sql")
	arguments := []string{"import", "diom", "--from", from}
	r := u.fails(client.ExitProblem, "left out", append(arguments, "--json")...)
	lines := told(t, r.out)
	for id, want := range map[string]takeover.Outcome{
		"table workflow_notification": takeover.Absent, "table workflow_template": takeover.Absent, "role 1": takeover.Already, "role 2": takeover.Taken,
		"role 3": takeover.Already, "role 4": takeover.Taken, "user root": takeover.Taken, "permission WORKFLOW_TEMPLATE_CREATE": takeover.LeftOut,
		"user role 5": takeover.LeftOut, "role 5": takeover.LeftOut, // a role of administrators that is switched off gives nothing
	} {
		if got := lines[id].Outcome; got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	has(t, strings.Join(lines["role 3"].Notes, "\n"), "does not give SYS_ROLE", "gives more: WORKFLOW_DEFINITION")
	root, hanmei, lilei := in.mayLogIn("root", "admin123"), in.mayLogIn("hanmei", "old-Passw0rd"), in.mayLogIn("lilei", "123456")
	if !slices.Equal(root.User.Roles, []string{access.SuperAdmin}) {
		t.Errorf("%v", root.User.Roles)
	}
	if want := "SYS_USER WORKFLOW_DEFINITION WORKFLOW_INSTANCE WORKFLOW_START WORKFLOW_TASK"; strings.Join(hanmei.User.Permissions, " ") != want {
		t.Errorf("%v, want %s", hanmei.User.Permissions, want)
	}
	if want := "WORKFLOW_DEFINITION WORKFLOW_DESIGN WORKFLOW_INSTANCE WORKFLOW_TASK"; strings.Join(lilei.User.Permissions, " ") != want {
		t.Errorf("%v, want %s", lilei.User.Permissions, want)
	}
	has(t, u.fails(client.ExitProblem, "left out", append(arguments, "--dry-run")...).out,
		"already  user root\n", "left-out user role 5\n         why: there is no user nobody\n", "user: 0 taken, 3 here already, 0 left out\n", "not there\n", "This was a dry run: nothing was written.\n")
}

// A source that is none is named as such, and nothing is taken.
func TestImportEarlierDiomRefusals(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	u := newUserAt(t, "", "DIOM_MYSQL_DSN="+dsn)
	before := producttest.NewJudge(t, dsn).Fingerprint()
	u.fails(client.ExitProblem, "takeover_source_unknown: The source database has none of the tables of the earlier DIOM.", "import", "diom", "--from", databasetest.Empty(t))
	u.fails(client.ExitProblem, "none of the tables of the earlier DIOM", "import", "diom", "--from", dsn) // its own tables have the same names
	u.fails(client.ExitUnreachable, "database_unavailable", "import", "diom", "--from", "nobody:se-cret@tcp(127.0.0.1:1)/x")
	u.fails(client.ExitUsage, "no source is named", "import", "diom")
	if r := u.fails(client.ExitProblem, "malformed", "import", "diom", "--from", "se-cret@nowhere"); strings.Contains(r.out+r.err, "se-cret") {
		t.Errorf("a part of the DSN is told: %s%s", r.out, r.err)
	}
	if producttest.NewJudge(t, dsn).Fingerprint() != before {
		t.Error("a refusal has changed the database")
	}
}
