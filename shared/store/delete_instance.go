package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// The reasons for which an instance cannot be deleted yet.
var (
	ErrNotEnded = fault.New(fault.Conflict, "instance_not_ended", "The instance has not ended: cancel it first.")
	ErrUnsent   = fault.New(fault.Busy, "instance_unsent", "Events of the instance have not been sent yet. Try again later.").After(5 * time.Second)
)

// deletions end the rows of an instance that has ended, the row of the instance last. The deliveries to it
// stay: what was delivered once must not be again.
var deletions = []string{
	`UPDATE workflow_inbox SET instance_id = NULL WHERE instance_id = ?`,
	`DELETE c FROM workflow_task t JOIN workflow_task_candidate c ON c.task_id = t.id WHERE t.instance_id = ?`,
	`DELETE FROM workflow_task WHERE instance_id = ?`,
	`DELETE FROM workflow_job WHERE instance_id = ?`,
	`DELETE FROM workflow_timer WHERE instance_id = ?`,
	`DELETE FROM workflow_subscription WHERE instance_id = ?`,
	`DELETE FROM workflow_incident WHERE instance_id = ?`,
	`DELETE FROM workflow_search_variable WHERE instance_id = ?`,
	`DELETE FROM workflow_copy WHERE instance_id = ?`,
	`DELETE FROM workflow_instance_link WHERE instance_id = ?`,
	`DELETE FROM workflow_instance_link WHERE other_id = ?`,
	`DELETE FROM workflow_comment WHERE instance_id = ?`,
	unuseInstance,
	`DELETE FROM workflow_attachment WHERE instance_id = ?`,
	`DELETE FROM workflow_history WHERE instance_id = ?`,
	`DELETE FROM workflow_instance WHERE id = ?`,
}

// DeleteInstance removes an instance that has ended, with its history, in one transaction, and records the
// answer for i. It returns ErrNoInstance, ErrNotEnded, ErrHeld, ErrUnsent or ErrRepeated.
func (s *Store) DeleteInstance(ctx context.Context, id engine.ID, i *Idempotency, answer Recorded) error {
	return s.deletion(ctx, id, func(tx *sql.Tx) error {
		if err := deleteRows(ctx, tx, id); err != nil {
			return err
		}
		return i.Record(ctx, tx, answer, time.Now().UTC())
	})
}

// deletion runs work, which deletes the instance, once that is locked and may be deleted.
func (s *Store) deletion(ctx context.Context, id engine.ID, work func(*sql.Tx) error) error {
	err := s.inClaim(ctx, func(tx *sql.Tx) error {
		if err := lockEnded(ctx, tx, id); err != nil {
			return err
		}
		return work(tx)
	})
	if err != nil && fault.From(err) == nil {
		return fmt.Errorf("instance %s: %w", id, err)
	}
	return err
}

// lockEnded locks an instance that may be deleted, or says why it may not.
func lockEnded(ctx context.Context, tx *sql.Tx, id engine.ID) error {
	var state int
	err := tx.QueryRowContext(ctx, `SELECT state FROM workflow_instance WHERE id = ? FOR UPDATE`, id[:]).Scan(&state)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNoInstance
	case err != nil:
		return err
	case !instanceStates[state].Ended():
		return ErrNotEnded
	}
	if err := checkHold(ctx, tx, instanceHeld, id, ErrHeld); err != nil {
		return err
	}
	var unsent int
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM workflow_history WHERE instance_id = ? AND unsent = ?`, id[:], outboxUnsent).Scan(&unsent)
	if err != nil || unsent > 0 {
		return errors.Join(err, sentLater(unsent))
	}
	return nil
}

func deleteRows(ctx context.Context, tx *sql.Tx, id engine.ID) error {
	for _, text := range deletions {
		if _, err := tx.ExecContext(ctx, text, id[:]); err != nil {
			return err
		}
	}
	return nil
}

func sentLater(unsent int) error {
	if unsent > 0 {
		return ErrUnsent
	}
	return nil
}
