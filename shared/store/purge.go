package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Without ORDER BY: MariaDB would sort all of the old rows for it.
const (
	purgeDone        = `DELETE FROM workflow_inbox WHERE state = 2 AND message IS NULL AND business_key IS NULL AND received_at < ? LIMIT ?`
	purgeExpired     = `DELETE FROM workflow_inbox WHERE state = 3 AND expires_at < ? LIMIT ?`
	purgeIdempotency = `DELETE FROM workflow_idempotency WHERE created_at < ? LIMIT ?`
	purgeEvaluations = `DELETE FROM workflow_evaluation WHERE at < ? LIMIT ?`
	purgeSessions    = `DELETE FROM sys_session WHERE expires_at < ? LIMIT ?`
)

// PurgeInbox removes up to limit CloudEvents that came, or that expired, before a time, and returns how
// many; parked ones stay.
func (s *Store) PurgeInbox(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.purge(ctx, purgeDone, before, limit)
	if err != nil || n >= limit {
		return n, err
	}
	more, err := s.purge(ctx, purgeExpired, before, limit-n)
	return n + more, err
}

// PurgeIdempotency removes up to limit answers that were recorded before a time and returns how many.
func (s *Store) PurgeIdempotency(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, purgeIdempotency, before, limit)
}

// PurgeSessions removes up to limit refresh tokens that expired before a time and returns how many.
func (s *Store) PurgeSessions(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, purgeSessions, before, limit)
}

// PurgeEvaluations removes up to limit evaluations of decisions from before a time and returns how many.
func (s *Store) PurgeEvaluations(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, purgeEvaluations, before, limit)
}

// purge deletes at READ COMMITTED: under REPEATABLE READ the gaps between old rows would be locked, and
// after the last of them the one in which others insert.
func (s *Store) purge(ctx context.Context, text string, before time.Time, limit int) (int, error) {
	return s.purgeRows(ctx, text, before, limit)
}

func (s *Store) purgeRows(ctx context.Context, text string, arguments ...any) (int, error) {
	var n int64
	err := s.inClaim(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, text, arguments...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	return int(n), nil
}
