package backup

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// begin opens an App whose backups go to a directory of the test's own.
func begin(t *testing.T) *faastest.Demo {
	t.Helper()
	d := faastest.OpenDemo(t, true)
	t.Setenv("DIOM_BACKUP_DIR", t.TempDir())
	if _, err := vault.GenerateKeys(d.App.Config.SecretsDir); err != nil {
		t.Fatal(err)
	}
	return d
}

func list(t *testing.T, d *faastest.Demo) []vault.Entry {
	t.Helper()
	v, _, err := open(d.App)
	if err != nil {
		t.Fatal(err)
	}
	return entries(t, v)
}

func entries(t *testing.T, v *vault.Vault) []vault.Entry {
	t.Helper()
	list, err := v.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestBackup(t *testing.T) {
	d := begin(t)
	anew := func(t *testing.T, _ *faastest.Call) { t.Setenv("DIOM_BACKUP_DIR", t.TempDir()) }
	off := func(t *testing.T, _ *faastest.Call) { t.Setenv("DIOM_BACKUP_DIR", "") }
	keyless := func(t *testing.T, _ *faastest.Call) {
		dir := d.App.Config.SecretsDir
		d.App.Config.SecretsDir = t.TempDir()
		t.Cleanup(func() { d.App.Config.SecretsDir = dir })
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "the first", Method: "POST", Path: "/", Prepare: anew, Status: 200, JSON: `{"made": true}`},
		{Name: "due", Method: "POST", Path: "/", Status: 200},
		{Name: "not due again", Method: "POST", Path: "/", Status: 200, JSON: `{"made": false}`},
		{Name: "a scheduler's event", Method: "POST", Path: "/", Body: `{"body": "x"}`, Status: 204,
			Header: map[string]string{"Ce-Id": "1", "Ce-Source": "/ping", "Ce-Type": "dev.knative.sources.ping", "Ce-Specversion": "1.0"}},
		{Name: "off", Method: "POST", Path: "/", Prepare: off, Status: 428, Code: "backup_off"},
		{Name: "no key", Method: "POST", Path: "/", Prepare: func(t *testing.T, c *faastest.Call) { anew(t, c); keyless(t, c) }, Status: 428, Code: "backup_no_key"},
		{Name: "no time", Method: "POST", Path: "/", Prepare: anew, Header: map[string]string{"X-Timeout": "1ms"}, Status: 413, Code: "backup_too_long"},
		{Name: "wrong method", Method: "GET", Path: "/", Status: 405},
		{Name: "another path", Method: "POST", Path: "/x", Status: 404},
	})
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// Where the process is its own clock, a pass makes what is due, although its own time is over before, and
// ends when the process does.
func TestScheduled(t *testing.T) {
	d := begin(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	short, done := context.WithTimeout(ctx, time.Millisecond)
	defer done()
	passed := make(chan error, 1)
	go func() { passed <- Function.Scheduled(short, d.App) }()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		entries := list(t, d)
		if len(entries) == 1 && entries[0].State == vault.Whole {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing is made: %+v", entries)
		}
	}
	if err := <-passed; err != nil {
		t.Error(err)
	}
	metrics, err := d.App.Telemetry.Registry.Gather()
	last := 0.0
	for _, m := range metrics {
		if m.GetName() == "diom_backup_last_success_timestamp" {
			last = m.GetMetric()[0].GetGauge().GetValue()
		}
	}
	if err != nil || last != float64(list(t, d)[0].Manifest.Started.Unix()) {
		t.Errorf("the metric says %f: %v", last, err)
	}
	t.Setenv("DIOM_BACKUP_DIR", "")
	if err := Function.Scheduled(ended(), d.App); err != nil {
		t.Errorf("off: %v", err)
	}
	t.Setenv("DIOM_BACKUP_SCHEDULE", "sometimes")
	if err := Function.Scheduled(ended(), d.App); err == nil {
		t.Error("a schedule that cannot be read is taken")
	}
}

// An administrator lists the backups page by page, begins one and has it checked; others may not.
func TestCatalogue(t *testing.T) {
	d := begin(t)
	h := faas.Handler(d.App, Function)
	ask := func(who, method, path string, into any) (int, string) {
		t.Helper()
		request := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		for name, value := range d.As(who) {
			request.Header.Set(name, value)
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, request)
		var problem struct {
			Code string `json:"code"`
		}
		_ = json.Unmarshal(answer.Body.Bytes(), &problem) // a page has no code
		if into != nil {
			if err := json.Unmarshal(answer.Body.Bytes(), into); err != nil {
				t.Fatalf("%s %s: %v %s", method, path, err, answer.Body)
			}
		}
		return answer.Code, problem.Code
	}
	const backups = "/api/v1/backups"
	refused := func(status int, code, who, method, path string) {
		t.Helper()
		if s, c := ask(who, method, path, nil); s != status || c != code {
			t.Errorf("%s %s as %s: %d %s, want %d %s", method, path, who, s, c, status, code)
		}
	}
	for _, who := range []string{"wuqiang", "zhangwei"} {
		refused(403, "forbidden", who, "GET", backups)
		refused(403, "forbidden", who, "POST", backups)
		refused(403, "forbidden", who, "POST", backups+"/x/verify")
	}
	refused(400, "bad_list_request", "admin", "GET", backups+"?cursor=x")
	refused(404, "backup_not_found", "admin", "POST", backups+"/..%2f..%2fetc/verify")
	refused(404, "backup_not_found", "admin", "POST", backups+"/20260101T000000.000Z-00000000/verify")
	newest := func(query string) page.Page[vault.Copy] {
		t.Helper()
		var p page.Page[vault.Copy]
		if status, _ := ask("admin", "GET", backups+query, &p); status != 200 {
			t.Fatalf("%s: %d", query, status)
		}
		return p
	}
	if p := newest(""); len(p.Items) != 0 {
		t.Fatalf("%+v", p)
	}
	var made [2]Accepted
	for i := range made {
		if status, code := ask("admin", "POST", backups, &made[i]); status != 202 {
			t.Fatalf("%d %s", status, code)
		}
		until(t, func() bool { p := newest(""); return len(p.Items) == i+1 && p.Items[0].State == vault.Whole })
	}
	first := newest("?limit=1&count=true")
	if len(first.Items) != 1 || first.Items[0].ID != made[1].ID || *first.Total != 2 {
		t.Fatalf("%+v", first)
	}
	second := newest("?limit=1&cursor=" + first.NextCursor)
	if len(second.Items) != 1 || second.Items[0].ID != made[0].ID || second.NextCursor != "" {
		t.Fatalf("%+v", second)
	}
	if c := second.Items[0]; c.Kind != vault.FullCopy || !c.Encrypted || !c.Signed || !c.Compressed || !c.Restorable || c.Chain != c.ID || c.Bytes == 0 || c.Verified != vault.Unverified {
		t.Errorf("%+v", c)
	}
	if status, code := ask("admin", "POST", backups+"/"+made[0].ID+"/verify", nil); status != 202 {
		t.Fatalf("%d %s", status, code)
	}
	until(t, func() bool { return newest("").Items[1].Verified == vault.Passed })
	if c := newest("").Items[1]; len(c.Checks) != 1 || c.Checks[0].Depth != vault.Content || c.VerifiedAt.IsZero() {
		t.Errorf("%+v", c)
	}
	// The trail says who has begun which, the newest first, and nothing of what was refused.
	noted := trail(t, d)
	want := []string{"admin backup.check " + made[0].ID, "admin backup.begin " + made[1].ID, "admin backup.begin " + made[0].ID}
	if diff := cmp.Diff(want, noted); diff != "" {
		t.Error(diff)
	}
	t.Setenv("DIOM_BACKUP_DIR", "")
	refused(428, "backup_off", "admin", "GET", backups)
	refused(428, "backup_off", "admin", "POST", backups)
}

// trail returns what the audit trail has about backups.
func trail(t *testing.T, d *faastest.Demo) (list []string) {
	t.Helper()
	request, err := page.Parse(nil, store.AuditList, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.App.Access.AuditTrail(t.Context(), request, store.AuditFilter{ObjectType: "backup"})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range p.Items {
		list = append(list, e.Actor+" "+e.Action+" "+e.ObjectID)
	}
	return list
}

// What the trail cannot take is not done: no backup is left, and no check.
func TestUntold(t *testing.T) {
	d := begin(t)
	v, from, err := open(d.App)
	if err != nil {
		t.Fatal(err)
	}
	m, err := v.Make(t.Context(), from, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, admin := faas.Handler(d.App, Function), d.As("admin")
	rename := func(ctx context.Context, from, to string) {
		if err := d.App.DB.InTx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "RENAME TABLE "+from+" TO "+to)
			return err
		}); err != nil {
			t.Error(err)
		}
	}
	rename(t.Context(), "sys_audit", "sys_audit_away")
	t.Cleanup(func() { rename(context.Background(), "sys_audit_away", "sys_audit") })
	for _, path := range []string{"/api/v1/backups", "/api/v1/backups/" + m.ID + "/verify"} {
		request := httptest.NewRequestWithContext(t.Context(), "POST", path, nil)
		for name, value := range admin {
			request.Header.Set(name, value)
		}
		answer := httptest.NewRecorder()
		if h.ServeHTTP(answer, request); answer.Code < 500 {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	if entries := list(t, d); len(entries) != 1 {
		t.Errorf("%+v", entries)
	}
	all, err := page.Parse(nil, vault.CopyList, "")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := v.Catalogue(t.Context(), all); err != nil || len(p.Items) != 1 || len(p.Items[0].Checks) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

func until(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never holds")
		}
	}
}
