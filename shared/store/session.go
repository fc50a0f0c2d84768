package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// Why a refresh token is refused.
var (
	ErrNoSession    = fault.New(fault.Unauthorized, "refresh_invalid", "The refresh token is not valid; log in again.")
	ErrSessionReuse = fault.New(fault.Unauthorized, "refresh_reused", "The refresh token was used before; its log-in has been ended.")
)

// Session is a row of sys_session: one refresh token.
type Session struct {
	ID        engine.ID
	FamilyID  engine.ID
	UserID    engine.ID
	Hash      [32]byte // SHA-256 of the token
	StartedAt time.Time
	CreatedAt time.Time
	ExpiresAt time.Time
	Address   string // where it was given to, an IP address
	Device    string // what the client calls itself
}

const insertSession = `INSERT INTO sys_session (id, family_id, user_id, token_hash, started_at, created_at, expires_at, address, device) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (x Session) arguments() []any {
	return []any{x.ID[:], x.FamilyID[:], x.UserID[:], x.Hash[:], x.StartedAt, x.CreatedAt, x.ExpiresAt, cut(x.Address, 64), cut(x.Device, 255)}
}

// CreateSession inserts the first token of a log-in and removes what of the same user has expired,
// so that the table stays as small as the number of log-ins that live. The expired ones are found by a
// plain read and removed by id: a DELETE by user would lock the gap in which other log-ins insert.
func (s *Store) CreateSession(ctx context.Context, x Session) error {
	rows, err := s.DB.Query(ctx, `SELECT id FROM sys_session WHERE user_id = ? AND expires_at < ? ORDER BY id LIMIT 100`, x.UserID[:], x.CreatedAt)
	expired, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		for _, id := range expired {
			if _, err := tx.ExecContext(ctx, `DELETE FROM sys_session WHERE id = ?`, id[:]); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, insertSession, x.arguments()...)
		return err
	})
}

// held is what the row of a presented token says.
type held struct {
	id, family, user     engine.ID
	started, expires     time.Time
	rotatedAt, revokedAt sql.NullTime
}

// RotateSession exchanges the token with the given hash for next's, which inherits the family, the
// user and the log-in's time; limit is the longest life of a family. A token that was exchanged less
// than grace ago may be exchanged once more: two tabs of one browser do so at the same time. Later it
// is a stolen one, and the family is revoked.
// Errors: ErrNoSession (unknown, expired, revoked), ErrSessionReuse.
func (s *Store) RotateSession(ctx context.Context, hash [32]byte, next Session, grace, limit time.Duration) (Session, error) {
	var reused bool
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		reused = false
		h, err := holdSession(ctx, tx, hash)
		if err != nil {
			return err
		}
		now := next.CreatedAt
		if h.revokedAt.Valid || !now.Before(h.expires) {
			return ErrNoSession
		}
		if h.rotatedAt.Valid && now.Sub(h.rotatedAt.Time) > grace {
			reused = true // committed, so that the family stays revoked
			return revokeFamily(ctx, tx, h.family, now)
		}
		next.FamilyID, next.UserID, next.StartedAt = h.family, h.user, h.started
		if end := h.started.Add(limit); next.ExpiresAt.After(end) {
			next.ExpiresAt = end
		}
		if _, err := tx.ExecContext(ctx, `UPDATE sys_session SET rotated_at = COALESCE(rotated_at, ?) WHERE id = ?`, now, h.id[:]); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, insertSession, next.arguments()...)
		return err
	})
	if err == nil && reused {
		return Session{}, ErrSessionReuse
	}
	return next, err
}

func holdSession(ctx context.Context, tx *sql.Tx, hash [32]byte) (held, error) {
	var h held
	err := tx.QueryRowContext(ctx, `SELECT id, family_id, user_id, started_at, expires_at, rotated_at, revoked_at
FROM sys_session WHERE token_hash = ? FOR UPDATE`, hash[:]).
		Scan(&h.id, &h.family, &h.user, &h.started, &h.expires, &h.rotatedAt, &h.revokedAt)
	return h, absent(err, ErrNoSession)
}

func revokeFamily(ctx context.Context, tx *sql.Tx, family engine.ID, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE sys_session SET revoked_at = ? WHERE family_id = ? AND revoked_at IS NULL`, now, family[:])
	return err
}

// EndSession revokes the family of the token with the given hash and returns whose it is; an unknown token is no
// error.
func (s *Store) EndSession(ctx context.Context, hash [32]byte, now time.Time) (user engine.ID, err error) {
	err = s.DB.InTx(ctx, func(tx *sql.Tx) error {
		h, err := holdSession(ctx, tx, hash)
		if errors.Is(err, ErrNoSession) {
			return nil
		}
		if err != nil {
			return err
		}
		user = h.user
		return revokeFamily(ctx, tx, h.family, now)
	})
	return user, err
}
