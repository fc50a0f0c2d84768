package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"diom.io/workflow/shared/database"
)

const buried = `SELECT 1 FROM workflow_dead_letter WHERE source = ? AND event_id = ? AND direction = ? AND resubmitted_at IS NULL LIMIT 1`

// KeepUndelivered keeps an event of ours that a broker has given up. report is the broker's report of it,
// recorded in the inbox by the same transaction: one that comes again changes nothing, and neither does
// one of an event that lies among the dead letters already.
func (s *Store) KeepUndelivered(ctx context.Context, report Delivery, d DeadLetter) error {
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, insertDelivery, report.Source, report.EventID, inboxDone, nil, d.CreatedAt); err != nil {
			return err
		}
		var one int
		err := tx.QueryRowContext(ctx, buried, d.Source, d.EventID, string(d.Direction)).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			err = addDeadLetter(ctx, tx, d)
		}
		return err
	})
	if err != nil && !errors.Is(err, database.ErrDuplicate) {
		return fmt.Errorf("dead letter %s: %w", d.EventID, err)
	}
	return nil
}
