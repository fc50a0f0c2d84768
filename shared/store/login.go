package store

import (
	"context"
	"database/sql"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// ErrNoLogin: there is no log-in with this id, or it has ended.
var ErrNoLogin = fault.New(fault.NotFound, "session_not_found", "There is no such log-in, or it has ended.")

// Login is a log-in that lives: a family of refresh tokens, as its newest token says.
type Login struct {
	ID        engine.ID // of the family
	UserID    engine.ID
	Username  string
	StartedAt time.Time
	UsedAt    time.Time // when it was refreshed last
	ExpiresAt time.Time
	Address   string
	Device    string
}

// LoginList names the list of log-ins, the one that was used last first.
var LoginList = page.List{Name: "sessions", Sorts: []string{"-usedAt"}, Filters: []page.Filter{{Name: "user", Form: page.ID, Summary: "whose; for administrators of users"}}}

const loginColumns = `x.family_id, x.user_id, u.username, x.started_at, x.created_at, x.expires_at, x.address, x.device, x.id
FROM sys_session x JOIN sys_user u ON u.id = x.user_id`

// row is a Login with the id of its newest token, which the list is ordered by.
type loginRow struct {
	Login
	token engine.ID
}

func (x *loginRow) fields() []any {
	return []any{&x.ID, &x.UserID, &x.Username, &x.StartedAt, &x.UsedAt, &x.ExpiresAt, &x.Address, &x.Device, &x.token}
}

// Logins reads one page of a user's log-ins that live at a time.
func (s *Store) Logins(ctx context.Context, r page.Request, user engine.ID, now time.Time) (page.Page[Login], error) {
	q := query{}
	q.where("x.user_id = ?", user[:])
	q.where("x.rotated_at IS NULL AND x.revoked_at IS NULL AND x.expires_at > ?", now)
	// Two tabs that refreshed at once have two newest tokens.
	q.where("NOT EXISTS (SELECT 1 FROM sys_session n WHERE n.family_id = x.family_id AND n.id > x.id)")
	l := list[loginRow]{columns: loginColumns, count: "sys_session x", sort: byID("x.id"), scan: into((*loginRow).fields), key: func(x loginRow) []string { return []string{x.token.String()} }}
	p, err := l.read(ctx, s, q, r)
	out := page.Page[Login]{Items: make([]Login, 0, len(p.Items)), NextCursor: p.NextCursor, PrevCursor: p.PrevCursor, Total: p.Total}
	for _, x := range p.Items {
		out.Items = append(out.Items, x.Login)
	}
	return out, err
}

// LoginOwner returns whose log-in it is: ErrNoLogin where none lives.
func (s *Store) LoginOwner(ctx context.Context, id engine.ID, now time.Time) (user engine.ID, username string, err error) {
	err = s.DB.QueryRow(ctx, []any{&user, &username}, `SELECT x.user_id, u.username FROM sys_session x JOIN sys_user u ON u.id = x.user_id
WHERE x.family_id = ? AND x.revoked_at IS NULL AND x.expires_at > ? LIMIT 1`, id[:], now)
	return user, username, absent(err, ErrNoLogin)
}

// EndLogin revokes the tokens of a log-in.
func (s *Store) EndLogin(ctx context.Context, id engine.ID, now time.Time) error {
	return s.inAudited(ctx, act{"session.revoke", kindSession, id}, func(tx *sql.Tx) error { return revokeFamily(ctx, tx, id, now) })
}

// EndLogins revokes everything that a user is logged in to, but for the log-in keep where that is not zero. Without
// one the access tokens end by their version, too.
func (s *Store) EndLogins(ctx context.Context, user, keep engine.ID, now time.Time) error {
	return s.inAudited(ctx, act{"session.revoke-all", kindUser, user}, func(tx *sql.Tx) error {
		if keep.IsZero() {
			return endSessions(ctx, tx, user, now)
		}
		_, err := tx.ExecContext(ctx, `UPDATE sys_session SET revoked_at = ? WHERE user_id = ? AND family_id <> ? AND revoked_at IS NULL`, now, user[:], keep[:])
		return err
	})
}
