package users

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// What is planted: zhangwei's name and mail, and the name of somebody else that his is a part of.
const (
	plantedName  = "张小伟明"
	plantedMail  = "zhang.xiaoweiming@corp.example"
	longerName   = "张小伟明轩"
	othersText   = longerName + " 与 x" + plantedMail + " 不变"
	plantedUser  = "zhangwei"
	plantedTexts = `{"title": "` + plantedName + `", "mail": "<` + plantedMail + `>"}`
)

// planted is a company in which zhangwei's name and mail are wherever they may get to.
type planted struct {
	*bench
	t              *testing.T
	user           string
	ended, running engine.ID
}

func (p *planted) execute(text string, arguments ...any) {
	p.t.Helper()
	err := p.app.Store.DB.InTx(p.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(p.t.Context(), text, arguments...)
		return err
	})
	if err != nil {
		p.t.Fatalf("%s: %v", text, err)
	}
}

func plant(t *testing.T) *planted {
	t.Helper()
	p := &planted{bench: newBench(t), t: t}
	p.execute(`UPDATE sys_user SET display_name = ?, email = ?, title = ? WHERE username = ?`, plantedName, plantedMail, plantedName, plantedUser)
	p.execute(`UPDATE sys_user SET display_name = ? WHERE username = 'lina'`, longerName)
	u, err := p.app.Store.UserByName(t.Context(), plantedUser)
	if err != nil {
		t.Fatal(err)
	}
	p.user = u.ID.String()
	p.demo.Deploy(faastest.Leave)
	p.ended = p.start(true)
	p.running = p.start(false)
	p.rows(u.ID)
	return p
}

// start starts an instance whose variables hold the texts, some beyond what is stored without compression.
func (p *planted) start(end bool) engine.ID {
	p.t.Helper()
	instance, task := p.demo.Start(engine.Variables{
		"applicant": plantedName, "mail": plantedMail, "note": "请 " + plantedName + " 或 <" + plantedMail + "> 答复", "other": othersText,
		"form": map[string]any{"people": []any{plantedName}}, "long": strings.Repeat("很长的申请。", 300) + plantedName,
	})
	raw, err := p.app.Workflow.CompleteTask(p.t.Context(), p.demo.Call("wangfang"), task, workflow.Completion{Comment: plantedName + " 同意"})
	if err != nil {
		p.t.Fatal(err)
	}
	var next workflow.TaskAnswer
	if err := json.Unmarshal(raw, &next); err != nil {
		p.t.Fatal(err)
	}
	if end {
		p.end(instance)
	}
	return instance
}

func (p *planted) end(instance engine.ID) {
	p.t.Helper()
	if _, err := p.app.Workflow.CancelInstance(p.t.Context(), p.demo.Call("wuqiang"), instance, plantedName+" 已离职"); err != nil {
		p.t.Fatal(err)
	}
}

// planting is a statement that plants something.
type planting struct {
	text      string
	arguments []any
}

// rows plants the texts where other use cases would write them.
func (p *planted) rows(user engine.ID) {
	p.t.Helper()
	now := time.Now().UTC()
	id := func(n byte) []byte { return append(bytes.Repeat([]byte{7}, 15), n) }
	in := p.ended[:]
	for _, row := range []planting{
		{`INSERT INTO sys_identity (source, kind, subject, object_id, created_at) VALUES ('oidc:x', 'user', ?, ?, ?)`, []any{plantedMail, user[:], now}},
		{`INSERT INTO sys_phrase (user_id, phrases, version, updated_at) VALUES (?, ?, 2, ?)`, []any{user[:], plantedTexts, now}},
		{`INSERT INTO sys_phrase (user_id, phrases, version, updated_at) VALUES (?, ?, 2, ?)`, []any{id(1), `["找 ` + plantedName + `"]`, now}},
		{`INSERT INTO workflow_notification (id, username, type, title, content, created_at) VALUES (?, 'lina', 't', ?, ?, ?)`, []any{id(1), plantedName, plantedTexts, now}},
		{`INSERT INTO workflow_notification (id, username, type, title, content, created_at) VALUES (?, 'zhangwei', 't', ?, ?, ?)`, []any{id(2), "x", "{}", now}},
		{`INSERT INTO workflow_notification_preference (username, settings, version, updated_at) VALUES ('zhangwei', ?, 2, ?)`, []any{plantedTexts, now}},
		{`INSERT INTO workflow_draft (id, name, process_key, owner, content, version, created_at, updated_at) VALUES (?, ?, 'leave', 'zhangwei', '{}', 1, ?, ?)`, []any{id(1), plantedName, now, now}},
		{`INSERT INTO workflow_draft (id, name, process_key, owner, content, version, created_at, updated_at) VALUES (?, 'x', 'leave', 'lina', ?, 1, ?, ?)`, []any{id(2), plantedTexts, now, now}},
		{`INSERT INTO workflow_template (id, name, description, process_key, owner, public, use_count, content, version, created_at, updated_at) VALUES (?, ?, '', 'leave', 'zhangwei', 1, 0, '{}', 1, ?, ?)`, []any{id(1), plantedName, now, now}},
		{`INSERT INTO workflow_saved_filter (id, owner, list, name, audience, content, position, preferred, version, created_at, updated_at) VALUES (?, 'lina', 'tasks', ?, '', '{}', 1, 0, 1, ?, ?)`, []any{id(1), plantedName, now, now}},
		{`INSERT INTO workflow_saved_filter (id, owner, list, name, audience, content, position, preferred, version, created_at, updated_at) VALUES (?, 'zhangwei', 'tasks', 'x', '', '{}', 1, 0, 1, ?, ?)`, []any{id(2), now, now}},
		{`INSERT INTO workflow_delegation (id, owner, substitute, begins_at, ends_at, reason, created_by, version, created_at, updated_at) VALUES (?, 'lina', 'sunqi', ?, ?, ?, 'lina', 1, ?, ?)`, []any{id(1), now, now, plantedName + " 出差", now, now}},
		{`INSERT INTO workflow_delegation (id, owner, substitute, begins_at, ends_at, reason, created_by, version, created_at, updated_at) VALUES (?, 'zhangwei', 'sunqi', ?, ?, '', 'lina', 1, ?, ?)`, []any{id(2), now, now, now, now}},
		{`INSERT INTO workflow_comment (id, instance_id, kind, author, text, created_at) VALUES (?, ?, 'comment', 'lina', ?, ?)`, []any{id(1), in, plantedName + "：" + plantedMail + " / " + othersText, now}},
		{`INSERT INTO workflow_attachment (id, instance_id, author, name, description, url, created_at) VALUES (?, ?, 'lina', ?, ?, ?, ?)`, []any{id(1), in, plantedName + ".pdf", plantedMail, "https://x.example/" + plantedName, now}},
		{`INSERT INTO workflow_file (id, owner, instance_id, name, content_type, size, sha256, place, created_at) VALUES (?, 'zhangwei', ?, ?, 'text/plain', 0, ?, '', ?)`, []any{id(1), in, plantedName, bytes.Repeat([]byte{1}, 32), now}},
		{`INSERT INTO workflow_copy (username, task_id, instance_id, copied_by, comment, copied_at) VALUES ('lina', ?, ?, 'zhangwei', ?, ?)`, []any{id(1), in, plantedName, now}},
		{`INSERT INTO workflow_incident (id, instance_id, process_key, node_id, code, message, raised_at, resolved_at) VALUES (?, ?, 'leave', 'approve', 'x', ?, ?, ?)`, []any{id(1), in, "no mail to " + plantedMail, now, now}},
		{`INSERT INTO workflow_delivery (id, channel_id, username, type, state, attempts, status, reason, created_at, ended_at, event) VALUES (?, ?, '', 't', 'failed', 1, 500, ?, ?, ?, ?)`, []any{id(1), id(9), plantedMail, now, now, plantedTexts}},
		{`INSERT INTO workflow_dead_letter (id, direction, source, event_id, type, reason, attempts, content, created_at) VALUES (?, 'in', 's', 'e', 't', ?, 1, ?, ?)`, []any{id(1), plantedName, plantedTexts, now}},
		{`INSERT INTO workflow_idempotency (principal, idempotency_key, route, hash, status, body, created_at) VALUES ('lina', 'k', 'r', ?, 200, ?, ?)`, []any{bytes.Repeat([]byte{1}, 32), plantedTexts, now}},
		{`INSERT INTO workflow_evaluation (id, decision_id, decision_key, version, actor, at, made) VALUES (?, ?, 'd', 1, 'lina', ?, ?)`, []any{id(1), id(9), now, "\x01" + `[{"key": "d", "inputs": ["` + plantedName + `"], "outputs": []}]`}},
		{`INSERT INTO sys_directory_run (id, directory, dry_run, forced, asked_by, state, created_at, ended_at, report) VALUES (?, 'd', 0, 0, 'lina', 'done', ?, ?, ?)`, []any{id(1), now, now, plantedTexts}},
	} {
		p.execute(row.text, row.arguments...)
	}
}

// everything are the values of every column of every table, expanded where they are packed, by where they are.
func (p *planted) everything() map[string]string {
	p.t.Helper()
	reader, err := zstd.NewReader(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	defer reader.Close()
	found := map[string]string{}
	for _, table := range p.tables() {
		p.each("SELECT * FROM `"+table+"`", func(n int, column string, v []byte) {
			text := string(v)
			if len(v) > 1 && v[0] == 2 {
				if raw, err := reader.DecodeAll(v[1:], nil); err == nil {
					text = string(raw)
				}
			}
			found[fmt.Sprintf("%s.%s %d", table, column, n)] = text
		})
	}
	return found
}

// each calls back with every value that a query finds: the number of its row, its column, and what it is.
func (p *planted) each(query string, value func(n int, column string, v []byte)) {
	p.t.Helper()
	rows, err := p.app.Store.DB.Query(p.t.Context(), query)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, _ := rows.Columns()
	for n := 0; rows.Next(); n++ {
		values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			p.t.Fatal(err)
		}
		for i, v := range values {
			value(n, columns[i], v)
		}
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *planted) tables() (names []string) {
	p.t.Helper()
	p.each(`SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()`, func(_ int, _ string, name []byte) { names = append(names, string(name)) })
	return names
}

// where are the columns that hold one of the planted texts, without what is somebody else's.
func (p *planted) where() (places []string) {
	p.t.Helper()
	for place, text := range p.everything() {
		text = strings.NewReplacer(longerName, "", "x"+plantedMail, "").Replace(text)
		if strings.Contains(text, plantedName) || strings.Contains(text, plantedMail) {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return places
}

// tick goes on with the erasure; what has waited for an hour is due.
func (p *planted) tick() store.Erasure {
	p.t.Helper()
	p.execute(`UPDATE sys_erasure SET due_at = '2000-01-01' WHERE due_at IS NOT NULL`)
	if _, err := p.app.Workflow.Tick(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	list, err := p.app.Access.Erasures(p.t.Context(), pageOf(store.ErasureList))
	if err != nil || len(list.Items) != 1 {
		p.t.Fatalf("%+v %v", list, err)
	}
	return list.Items[0]
}

// sound looks whether the audit trail and the invariants hold.
func (p *planted) sound() {
	p.t.Helper()
	if err := p.app.Access.SealAudit(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	v, err := p.app.Access.VerifyAudit(p.t.Context(), func(f store.AuditFinding) { p.t.Errorf("%s: %s", f.Rule, f.Detail) })
	if err != nil || v.Sealed == 0 {
		p.t.Errorf("%+v %v", v, err)
	}
	c := invariant.Checker{Store: p.app.Store, Grace: 1, Progress: func(int, int) {}, Found: func(v invariant.Violation) {
		p.t.Errorf("%s %s %s", v.Rule, v.InstanceID, v.Detail)
	}}
	if _, err := c.Run(p.t.Context()); err != nil {
		p.t.Error(err)
	}
}

// After an erasure no table holds the person's name or mail; the audit trail and the invariants hold, and other
// people's texts are as they were.
func TestErasure(t *testing.T) {
	t.Parallel()
	p := plant(t)
	if err := p.app.Store.AddRefusal(t.Context(), store.Audit{Action: "login.delay", ObjectType: "user", ObjectName: plantedUser}); err != nil {
		t.Fatal(err)
	}
	p.sound()
	path := "/api/v1/users/" + p.user + "/erase"
	admin, body := p.as(t, "admin"), `{"confirm": "zhangwei", "reason": "Art. 17"}`
	hold := func(t *testing.T, _ *faastest.Call) {
		p.execute(`UPDATE sys_user SET enabled = 0 WHERE username = 'zhangwei'`)
		p.execute(`DELETE FROM workflow_hold`)
		p.execute(`INSERT INTO workflow_hold (id, process_key, reason, placed_by, placed_at) VALUES (?, 'leave', '', 'x', NOW())`, p.ended[:])
	}
	p.suite.Run(t, []faastest.Call{
		{Name: "without the right", Method: "POST", Path: path, Header: p.as(t, "lina"), Body: body, Status: 403, Code: "forbidden"},
		{Name: "nobody", Method: "POST", Path: "/api/v1/users/" + engine.ID{9}.String() + "/erase", Header: admin, Body: body, Status: 404, Code: "user_not_found"},
		{Name: "unconfirmed", Method: "POST", Path: path, Header: admin, Body: `{"confirm": "yes", "reason": "x"}`, Status: 422, Code: "erasure_not_confirmed"},
		{Name: "without a reason", Method: "POST", Path: path, Header: admin, Body: `{"confirm": "zhangwei", "reason": " "}`, Status: 422, Code: "invalid_fields"},
		{Name: "held", Method: "POST", Path: path, Prepare: hold, Header: admin, Body: body, Status: 409, Code: "user_held"},
	})
	p.execute(`UPDATE sys_user SET enabled = 1 WHERE username = 'zhangwei'`)
	p.suite.Run(t, []faastest.Call{{Name: "enabled", Method: "POST", Path: path, Header: admin, Body: body, Status: 409, Code: "user_enabled"}})
	p.execute(`UPDATE sys_user SET enabled = 0 WHERE username = 'zhangwei'`)
	p.execute(`DELETE FROM workflow_hold`)
	if len(p.where()) < 20 {
		t.Fatalf("planted too little: %v", p.where())
	}
	before := p.everything()
	p.erase()

	p.execute(`INSERT INTO workflow_hold (id, instance_id, root_id, reason, placed_by, placed_at) VALUES (?, ?, ?, '', 'x', NOW())`, p.ended[:], p.ended[:], p.ended[:])
	if e := p.tick(); e.EndedAt != nil || e.Waiting != 2 {
		t.Errorf("one is held and one runs: %+v", e)
	}
	p.execute(`DELETE FROM workflow_hold`)
	if e := p.tick(); e.EndedAt != nil || e.Waiting != 1 || e.Changed == 0 {
		t.Errorf("one runs: %+v", e)
	}
	p.sound()
	p.end(p.running)
	if e := p.tick(); e.EndedAt == nil || e.Waiting != 0 || e.Username != plantedUser {
		t.Errorf("nothing waits: %+v", e)
	}
	for _, place := range p.where() {
		t.Errorf("it is still in %s", place)
	}
	p.sound()
	p.others(before)
	p.suite.Run(t, []faastest.Call{
		{Name: "again", Method: "POST", Path: path, Header: admin, Body: body, Status: 409, Code: "user_erased"},
		{Name: "list", Method: "GET", Path: "/api/v1/erasures", Header: admin, Status: 200, JSON: `{"items": [{"username": "zhangwei", "askedBy": "admin", "waiting": 0}]}`},
		{Name: "list without the right", Method: "GET", Path: "/api/v1/erasures", Header: p.as(t, "lina"), Status: 403, Code: "forbidden"},
	})
}

// erase is what the route does, once: the suite makes a call in several ways.
func (p *planted) erase() {
	p.t.Helper()
	id, err := engine.ParseID(p.user)
	if err != nil {
		p.t.Fatal(err)
	}
	e, err := p.app.Access.EraseUser(p.t.Context(), p.admin, id, access.EraseRequest{Confirm: plantedUser, Reason: "Art. 17"})
	if err != nil || !strings.HasPrefix(e.Pseudonym, "erased-") {
		p.t.Fatalf("%+v %v", e, err)
	}
}

// others holds that what has none of the texts is as it was, and that somebody else's texts are.
func (p *planted) others(before map[string]string) {
	p.t.Helper()
	after := p.everything()
	kept := 0
	for _, text := range after {
		kept += strings.Count(text, othersText)
	}
	if kept < 3 {
		p.t.Errorf("somebody else's text is %d times there", kept)
	}
	for place, text := range before {
		table, _, _ := strings.Cut(place, ".")
		if slices.Contains([]string{"sys_role", "sys_permission", "sys_group", "sys_department", "workflow_deployment", "workflow_resource", "sys_role_permission"}, table) && after[place] != text {
			p.t.Errorf("%s is another: %q, %q", place, text, after[place])
		}
	}
	var lina int
	if err := p.app.Store.DB.QueryRow(p.t.Context(), []any{&lina}, `SELECT COUNT(*) FROM sys_user u JOIN sys_user_role r ON r.user_id = u.id WHERE u.username = 'lina' AND u.display_name = ?`, longerName); err != nil || lina == 0 {
		p.t.Errorf("lina: %d %v", lina, err)
	}
}
