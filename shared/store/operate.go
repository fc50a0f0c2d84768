package store

import (
	"context"
	"database/sql"
	"errors"

	"diom.io/workflow/shared/engine"
)

// changeJob writes the priority and the due time of a job; what a worker holds stays its own.
func (w *writer) changeJob(c *engine.Change) {
	retries := 1
	if j := w.After.Job(c.JobID); j != nil {
		retries = j.Retries
	}
	w.change(`UPDATE workflow_job SET locked_until = IF(worker_id IS NULL, ?, locked_until), precedence = ?, due_at = ?`, []engine.ID{c.JobID},
		notBefore(retries, c.DueAt), -c.Priority, nullTime(c.DueAt))
}

// changeTask writes what a task is now, its candidates included.
func (w *writer) changeTask(t *engine.Task) {
	w.batch.Add(`UPDATE workflow_task SET version = `+w.guard()+`, name = ?, assignee = ?, owner = ?, candidates = ?, priority = ?, due_at = ?, follow_up_at = ? WHERE id = ?`,
		w.After.Version, t.Name, null(t.Assignee), null(t.Owner), candidates(t), t.Priority, nullTime(t.DueAt), nullTime(t.FollowUpAt), t.ID[:])
	w.batch.Add(`DELETE FROM workflow_task_candidate WHERE task_id = ?`, t.ID[:])
	for _, identity := range identities(t) {
		w.batch.Add(`INSERT IGNORE INTO workflow_task_candidate (identity, task_id) VALUES (?, ?)`, identity, t.ID[:])
	}
}

// Timer returns a timer that is not over, of an instance or of a start event, or engine.ErrTimerGone.
func (s *Store) Timer(ctx context.Context, id engine.ID) (Timer, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+timerColumns+` WHERE id = ?`, id[:])
	list, err := collect(rows, err, scanTimer)
	if err == nil && len(list) == 0 {
		err = engine.ErrTimerGone
	}
	if err != nil {
		return Timer{}, err
	}
	return list[0], nil
}

// MoveStartTimer makes a start timer due at the time that t has now. It returns engine.ErrTimerGone when
// the timer has fired since.
func (s *Store) MoveStartTimer(ctx context.Context, t Timer) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workflow_timer SET due_at = ?, locked_until = ? WHERE id = ? AND fired = ?`, t.DueAt, t.DueAt, t.ID[:], t.Fired)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(engine.ErrTimerGone, err)
		}
		return nil
	})
}

// UnlockJob takes a job from the worker that has it, whoever that is. It returns ErrNoJob.
func (s *Store) UnlockJob(ctx context.Context, id engine.ID) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		var retries int
		var due sql.NullTime
		err := tx.QueryRowContext(ctx, `SELECT retries, due_at FROM workflow_job WHERE id = ? FOR UPDATE`, id[:]).Scan(&retries, &due)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoJob
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE workflow_job SET worker_id = NULL, locked_until = ? WHERE id = ?`, notBefore(retries, due.Time), id[:])
		return err
	})
}

// SubscriptionFilter narrows a list of subscriptions; zero fields do not.
type SubscriptionFilter struct {
	InstanceID engine.ID
	Message    string
	Signal     string
}

const allSubscriptions = `SELECT ` + subscriptionColumns

// AllSubscriptions returns up to limit subscriptions of instances and of start events, the oldest first.
func (s *Store) AllSubscriptions(ctx context.Context, f SubscriptionFilter, limit int) ([]Subscription, error) {
	q := query{}
	q.equalID("s.instance_id", f.InstanceID)
	q.equal("s.message", f.Message)
	q.equal("s.signal_name", f.Signal)
	rows, err := s.DB.Query(ctx, allSubscriptions+q.text()+` ORDER BY s.id LIMIT ?`, append(q.arguments, limit)...)
	return collect(rows, err, into((*Subscription).destinations))
}
