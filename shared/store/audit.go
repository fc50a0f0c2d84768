package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/telemetry"
)

// Actor is who causes what is written into the audit trail.
type Actor struct {
	Name    string // username, or a word for one of the product's own
	Token   string // the prefix of the API token that he came with, or ""
	Address string // IP address, or ""
	Device  string // what the client calls itself, or ""
}

// system is the actor of what nobody asked for.
const system = "system"

type actorKey struct{}

// WithActor returns a context whose administrative changes are this actor's.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns the actor of a context: system where nobody is named.
func ActorOf(ctx context.Context) Actor {
	a, found := ctx.Value(actorKey{}).(Actor)
	if !found {
		a.Name = system
	}
	return a
}

// The decisions.
const (
	DecidedDone    = "done"
	DecidedRefused = "refused"
)

// Audit is a row of sys_audit.
type Audit struct {
	ID         engine.ID
	At         time.Time
	Actor      string
	Token      string
	Action     string // object and verb: user.update
	ObjectType string
	ObjectID   string
	ObjectName string
	Decision   string
	Before     []byte // SHA-256 of the object's rows, nil where there were none
	After      []byte
	Detail     string
	Address    string
	Trace      string
	Seal       *int64
}

const auditColumns = `id, at, actor, token, action, object_type, object_id, object_name, decision, before_digest, after_digest, detail, address, trace, seal FROM sys_audit`

func (a *Audit) fields() []any {
	return []any{&a.ID, &a.At, &a.Actor, &a.Token, &a.Action, &a.ObjectType, &a.ObjectID, &a.ObjectName, &a.Decision, &a.Before, &a.After,
		&a.Detail, &a.Address, &a.Trace, &a.Seal}
}

// kind is a kind of objects: how the trail calls it, and what of it goes into its digest. The first column says of
// what kind a row is, the second one is its name. The text has the object's id once for each ?.
type kind struct {
	name string
	text string
}

var (
	kindUser = kind{"user", `SELECT 'user', username, SHA2(password, 256), display_name, email, title, HEX(department_id), enabled, token_version, must_change FROM sys_user WHERE id = ?
UNION ALL SELECT 'role', HEX(role_id), '', '', '', '', '', 0, 0, 0 FROM sys_user_role WHERE user_id = ?
UNION ALL SELECT 'group', HEX(group_id), '', '', '', '', '', 0, 0, 0 FROM sys_user_group WHERE user_id = ?
UNION ALL SELECT 'post', HEX(department_id), title, '', '', '', '', 0, 0, 0 FROM sys_user_post WHERE user_id = ?
UNION ALL SELECT 'identity', SHA2(CONCAT(source, '\\n', subject), 256), '', '', '', '', '', left_at IS NOT NULL, 0, 0 FROM sys_identity WHERE object_id = ? ORDER BY 1, 2`}
	kindRole = kind{"role", `SELECT 'role', code, name, description, data_scope FROM sys_role WHERE id = ?
UNION ALL SELECT 'department', HEX(department_id), '', '', '' FROM sys_role_department WHERE role_id = ?
UNION ALL SELECT 'permission', HEX(permission_id), '', '', '' FROM sys_role_permission WHERE role_id = ? ORDER BY 1, 2`}
	kindPermission = kind{"permission", `SELECT 'permission', code, name, HEX(parent_id), position FROM sys_permission WHERE id = ?`}
	kindDepartment = kind{"department", `SELECT 'department', code, name, HEX(parent_id), head FROM sys_department WHERE id = ?`}
	kindGroup      = kind{"group", `SELECT 'group', group_key, name FROM sys_group WHERE id = ?`}
	kindCalendar   = kind{"calendar", `SELECT 'calendar', code, name, department, time_zone, hours, days FROM workflow_calendar WHERE code = ?`}
	kindSetting    = kind{"setting", `SELECT 'setting', setting_key, value FROM workflow_setting WHERE setting_key = ?`}
	kindToken      = kind{"api-token", `SELECT 'api-token', name, prefix, permissions, expires_at, revoked_at FROM sys_api_token WHERE id = ?`}
	kindSession    = kind{"session", `SELECT 'session', u.username, x.device, x.revoked_at FROM sys_session x JOIN sys_user u ON u.id = x.user_id WHERE x.family_id = ? ORDER BY x.id`}
)

// act is one change of one object.
type act struct {
	action string
	kind   kind
	id     any // engine.ID, or a text
}

// inAudited runs work in a transaction that adds what it did to the trail.
func (s *Store) inAudited(ctx context.Context, a act, work func(*sql.Tx) error) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		return a.record(ctx, tx, func() error { return work(tx) })
	})
}

// record runs work between two looks at the object, and adds the row of the trail in the same transaction.
func (a act) record(ctx context.Context, tx *sql.Tx, work func() error) error {
	before, name, err := a.kind.digest(ctx, tx, a.id)
	if err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	after, later, err := a.kind.digest(ctx, tx, a.id)
	if err != nil {
		return err
	}
	return insertAudit(ctx, tx, Audit{
		Action: a.action, ObjectType: a.kind.name, ObjectID: fmt.Sprint(a.id), ObjectName: cmp.Or(later, name), Decision: DecidedDone, Before: before, After: after,
	})
}

// digest is SHA-256 over the rows of an object, nil where there is none, and the object's name.
func (k kind) digest(ctx context.Context, tx *sql.Tx, id any) (digest []byte, name string, err error) {
	key := id
	if binary, is := id.(engine.ID); is {
		key = binary[:]
	}
	arguments := make([]any, 0, 3)
	for _, c := range k.text {
		if c == '?' {
			arguments = append(arguments, key)
		}
	}
	rows, err := tx.QueryContext(ctx, k.text, arguments...)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, "", err
	}
	h := sha256.New()
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, "", err
		}
		for _, v := range values {
			writeField(h, v.Valid, v.String)
		}
		if digest = h.Sum(nil); values[0].String == k.name {
			name = values[1].String
		}
	}
	return digest, name, rows.Err()
}

// writeField writes a value so that no two lists of values are the same bytes.
func writeField(w io.Writer, there bool, text string) {
	if !there {
		_, _ = io.WriteString(w, "-\n") // a hash takes everything
		return
	}
	_, _ = fmt.Fprintf(w, "%d:%s\n", len(text), text)
}

const insertAuditText = `INSERT INTO sys_audit (id, at, actor, token, action, object_type, object_id, object_name, decision, before_digest, after_digest, detail, address, trace)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// insertAudit adds a row, with the actor and the trace of ctx.
func insertAudit(ctx context.Context, tx *sql.Tx, a Audit) error {
	who := ActorOf(ctx)
	a.ID, a.At = engine.ID(uuid.Must(uuid.NewV7())), time.Now().UTC().Truncate(time.Millisecond)
	_, err := tx.ExecContext(ctx, insertAuditText, a.ID[:], a.At, cut(who.Name, 64), cut(who.Token, 16), a.Action, a.ObjectType, a.ObjectID, cut(a.ObjectName, 255), a.Decision,
		a.Before, a.After, cut(a.Detail, 1000), cut(who.Address, 64), cut(telemetry.Trace(ctx), 64))
	return err
}

// cut shortens a text to a column's width in characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most])
}

// AddRefusal adds a row about something that was refused: it changed nothing, so that it stands alone.
func (s *Store) AddRefusal(ctx context.Context, a Audit) error {
	a.Decision = DecidedRefused
	return s.addAudit(ctx, a)
}

// AddDeed adds a row about something that was done beside the database, which holds nothing of it.
func (s *Store) AddDeed(ctx context.Context, a Audit) error {
	a.Decision = DecidedDone
	return s.addAudit(ctx, a)
}

// addAudit adds a row that stands alone.
func (s *Store) addAudit(ctx context.Context, a Audit) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error { return insertAudit(ctx, tx, a) })
}

// AuditList names the list of the audit trail, the newest first.
var AuditList = page.List{Name: "audit", Sorts: []string{"-at"}, Filters: []page.Filter{
	{Name: "actor", Summary: "a username"}, {Name: "action", Summary: "what was done: user.update"},
	{Name: "objectType", Summary: "the kind of object: user"}, {Name: "objectId", Summary: "the id of the object; needs objectType"},
	{Name: "decision", Values: []string{DecidedDone, DecidedRefused}}, {Name: "from", Form: page.Time, Summary: "not before this time"}, {Name: "to", Form: page.Time, Summary: "before this time"},
}}

// AuditFilter selects rows of the trail; empty fields select all.
type AuditFilter struct {
	Actor, Action, ObjectType, ObjectID, Decision string
	From, To                                      time.Time
}

// AuditTrail reads one page of the trail by id, which is the time.
func (s *Store) AuditTrail(ctx context.Context, r page.Request, f AuditFilter) (page.Page[Audit], error) {
	q := query{}
	q.equal("actor", f.Actor)
	q.equal("action", f.Action)
	q.equal("object_type", f.ObjectType)
	q.equal("object_id", f.ObjectID)
	q.equal("decision", f.Decision)
	if !f.From.IsZero() {
		least := firstID(f.From)
		q.where("id >= ?", least[:])
	}
	if !f.To.IsZero() {
		least := firstID(f.To)
		q.where("id < ?", least[:])
	}
	l := list[Audit]{columns: auditColumns, count: "sys_audit", sort: byID("id"), scan: into((*Audit).fields), key: func(a Audit) []string { return []string{a.ID.String()} }}
	return l.read(ctx, s, q, r)
}

// firstID is the least UUIDv7 of a millisecond (RFC 9562 §5.7).
func firstID(at time.Time) engine.ID {
	var id engine.ID
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	return id
}

// AddChange adds a row about something that was done to a user and is not in the database.
func (s *Store) AddChange(ctx context.Context, action string, user engine.ID) error {
	return s.inAudited(ctx, act{action, kindUser, user}, func(*sql.Tx) error { return nil })
}
