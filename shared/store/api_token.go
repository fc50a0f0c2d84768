package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// ErrNoToken: there is no such API token.
var ErrNoToken = fault.New(fault.NotFound, "api_token_not_found", "There is no such API token.")

// APIToken is a row of sys_api_token: how a machine proves that it acts for a user.
type APIToken struct {
	ID          engine.ID
	UserID      engine.ID
	Username    string
	Name        string
	Prefix      string   // how the token begins
	Hash        [32]byte // SHA-256 of the token; not read from a list
	Permissions []string // codes, sorted
	CreatedAt   time.Time
	ExpiresAt   time.Time
	RevokedAt   *time.Time
	LastUsedAt  *time.Time
}

const tokenColumns = `t.id, t.user_id, u.username, t.name, t.prefix, t.permissions, t.created_at, t.expires_at, t.revoked_at, t.last_used_at
FROM sys_api_token t JOIN sys_user u ON u.id = t.user_id`

// codes is a JSON list in a column.
type codes []string

// Scan reads the list.
func (c *codes) Scan(source any) error {
	raw, _ := source.([]byte)
	return json.Unmarshal(raw, c)
}

func (t *APIToken) fields() []any {
	return []any{&t.ID, &t.UserID, &t.Username, &t.Name, &t.Prefix, (*codes)(&t.Permissions), &t.CreatedAt, &t.ExpiresAt, &t.RevokedAt, &t.LastUsedAt}
}

// TokenList names the list of API tokens, the newest first.
var TokenList = page.List{Name: "api-tokens", Sorts: []string{"-createdAt"}, Filters: []page.Filter{{Name: "user", Form: page.ID, Summary: "whose; for administrators of users"}}}

// APITokens reads one page of a user's tokens by id, which is the time of creation.
func (s *Store) APITokens(ctx context.Context, r page.Request, user engine.ID) (page.Page[APIToken], error) {
	q := query{}
	q.where("t.user_id = ?", user[:])
	l := list[APIToken]{columns: tokenColumns, count: "sys_api_token t", sort: byID("t.id"), scan: into((*APIToken).fields), key: func(t APIToken) []string { return []string{t.ID.String()} }}
	return l.read(ctx, s, q, r)
}

// APIToken returns a token by id: ErrNoToken when there is none.
func (s *Store) APIToken(ctx context.Context, id engine.ID) (APIToken, error) {
	var t APIToken
	err := s.DB.QueryRow(ctx, t.fields(), `SELECT `+tokenColumns+` WHERE t.id = ?`, id[:])
	return t, absent(err, ErrNoToken)
}

// APITokenByHash returns a token by its hash: ErrNoToken when there is none.
func (s *Store) APITokenByHash(ctx context.Context, hash [32]byte) (APIToken, error) {
	var t APIToken
	err := s.DB.QueryRow(ctx, t.fields(), `SELECT `+tokenColumns+` WHERE t.token_hash = ?`, hash[:])
	return t, absent(err, ErrNoToken)
}

// CreateAPIToken inserts a token. most is how many living ones a user may have; beyond it the error is full. Another one:
// ErrNoUser. The answer is not recorded for a repetition: it holds the token.
func (s *Store) CreateAPIToken(ctx context.Context, t APIToken, most int, full error) error {
	list, err := json.Marshal(t.Permissions)
	if err != nil {
		return err
	}
	return s.inAudited(ctx, act{"api-token.create", kindToken, t.ID}, func(tx *sql.Tx) error {
		found, err := exists(ctx, tx, `SELECT 1 FROM sys_user WHERE id = ? FOR UPDATE`, t.UserID[:])
		if err != nil || !found {
			return either(err, ErrNoUser)
		}
		var living int
		err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM sys_api_token WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ?`, t.UserID[:], t.CreatedAt).Scan(&living)
		if err != nil || living >= most {
			return either(err, full)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO sys_api_token (id, user_id, name, prefix, token_hash, permissions, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			t.ID[:], t.UserID[:], t.Name, t.Prefix, t.Hash[:], string(list), t.CreatedAt, t.ExpiresAt)
		return err
	})
}

// RevokeAPIToken ends a token; one that has ended stays as it is.
func (s *Store) RevokeAPIToken(ctx context.Context, id engine.ID, now time.Time) error {
	return s.inAudited(ctx, act{"api-token.revoke", kindToken, id}, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sys_api_token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL`, now, id[:])
		return err
	})
}

// UseAPIToken notes that a token was used, unless that was noted after a time.
func (s *Store) UseAPIToken(ctx context.Context, id engine.ID, now, unless time.Time) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sys_api_token SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)`, now, id[:], unless)
		return err
	})
}
