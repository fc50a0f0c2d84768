package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"diom.io/workflow/shared/engine"
)

// keptPasswords is how many earlier hashes are kept of a user: as many as a setting may ask for.
const keptPasswords = 24

// SetPassword writes a new hash, raises the token version and revokes every refresh token of the
// user, who must log in again everywhere: ErrNoUser when there is none.
func (s *Store) SetPassword(ctx context.Context, id engine.ID, hash string, now time.Time) error {
	return s.inAudited(ctx, act{"user.password", kindUser, id}, func(tx *sql.Tx) error {
		if err := writePassword(ctx, tx, id, hash, now); err != nil {
			return err
		}
		return endSessions(ctx, tx, id, now)
	})
}

// UpgradeHash replaces a hash by another one of the same password; sessions go on. It does nothing
// when the password has been changed meanwhile.
func (s *Store) UpgradeHash(ctx context.Context, id engine.ID, from, to string) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sys_user SET password = ? WHERE id = ? AND password = ?`, to, id[:], from)
		return err
	})
}

// writePassword replaces the hash and keeps the one before among the newest keptPasswords.
func writePassword(ctx context.Context, tx *sql.Tx, id engine.ID, hash string, now time.Time) error {
	entry := engine.ID(uuid.Must(uuid.NewV7()))
	if _, err := tx.ExecContext(ctx, `INSERT INTO sys_password_history (id, user_id, hash) SELECT ?, id, password FROM sys_user WHERE id = ?`, entry[:], id[:]); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `UPDATE sys_user SET password = ?, password_at = ?, must_change = 0, updated_at = ? WHERE id = ?`, hash, now, now, id[:])
	if err := changedOne(result, err, ErrNoUser); err != nil {
		return err
	}
	var old engine.ID
	err = tx.QueryRowContext(ctx, `SELECT id FROM sys_password_history WHERE user_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?`, id[:], keptPasswords).Scan(&old)
	if err != nil { // a DELETE that finds nothing would lock the gap
		return absent(err, nil)
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM sys_password_history WHERE user_id = ? AND id <= ?`, id[:], old[:])
	return err
}

// Passwords returns the hash of a user and those of up to n passwords before it, the newest first.
func (s *Store) Passwords(ctx context.Context, id engine.ID, n int) ([]string, error) {
	return s.names(ctx, `(SELECT password FROM sys_user WHERE id = ?) UNION ALL (SELECT hash FROM sys_password_history WHERE user_id = ? ORDER BY id DESC LIMIT ?)`, id[:], id[:], n)
}

// endSessions makes every token that the user holds invalid.
func endSessions(ctx context.Context, tx *sql.Tx, id engine.ID, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE sys_user SET token_version = token_version + 1 WHERE id = ?`, id[:]); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE sys_session SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL`, now, id[:])
	return err
}
