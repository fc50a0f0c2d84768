package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
)

// The ids of these rows begin with the time of what they tell (UUIDv7): what is old is at the beginning of the table, and
// no other index is needed.
const (
	purgeNotifications = `DELETE FROM workflow_notification WHERE id < ? AND created_at < ? LIMIT ?`
	purgeDeadLetters   = `DELETE FROM workflow_dead_letter WHERE id < ? AND created_at < ? LIMIT ?`
	oldBatch           = `SELECT id FROM workflow_batch WHERE id < ? AND ended_at < ? ORDER BY id LIMIT 1`
	purgeBatchItems    = `DELETE FROM workflow_batch_item WHERE batch_id = ? LIMIT ?`
	purgeBatch         = `DELETE FROM workflow_batch WHERE id = ?`
)

// PurgeNotifications removes up to limit notifications from before a time and returns how many.
func (s *Store) PurgeNotifications(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purgeOld(ctx, purgeNotifications, before, limit)
}

// PurgeDeadLetters removes up to limit dead letters from before a time and returns how many.
func (s *Store) PurgeDeadLetters(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purgeOld(ctx, purgeDeadLetters, before, limit)
}

// PurgeBatches removes up to limit items of batches that had ended before a time, and each batch whose items are gone. It
// returns how many rows that are.
func (s *Store) PurgeBatches(ctx context.Context, before time.Time, limit int) (int, error) {
	removed, first := 0, firstID(before)
	for removed < limit {
		var id engine.ID
		err := s.DB.QueryRow(ctx, []any{&id}, oldBatch, first[:], before)
		if errors.Is(err, sql.ErrNoRows) {
			return removed, nil
		}
		if err != nil {
			return removed, fmt.Errorf("old batches: %w", err)
		}
		n, err := s.purgeRows(ctx, purgeBatchItems, id[:], limit-removed)
		if removed += n; err != nil || removed >= limit {
			return removed, err
		}
		if err := s.write(ctx, nil, purgeBatch, id[:]); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

func (s *Store) purgeOld(ctx context.Context, text string, before time.Time, limit int) (int, error) {
	first := firstID(before)
	return s.purgeRows(ctx, text, first[:], before, limit)
}
