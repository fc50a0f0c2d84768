package store

import (
	"context"
	"database/sql"
	"time"

	"diom.io/workflow/shared/engine"
)

// TaskCopied is the type of the notification of a copy.
const TaskCopied = "task.copied"

// CopyNote says of a task who has sent the person a copy, when, and when it was read; ReadAt is nil until then.
type CopyNote struct {
	By      string     `json:"by"`
	Comment string     `json:"comment"`
	At      time.Time  `json:"at"`
	ReadAt  *time.Time `json:"readAt"`
}

const (
	// Who has a copy already keeps it as it is.
	insertCopy = `INSERT IGNORE INTO workflow_copy (username, task_id, instance_id, copied_by, comment, copied_at) VALUES (?, ?, ?, ?, ?, ?)`
	readCopy   = `UPDATE workflow_copy SET read_at = ? WHERE username = ? AND task_id = ? AND read_at IS NULL`
	copied     = `SELECT 1 FROM workflow_copy WHERE instance_id = ? AND username = ? LIMIT 1`
	unreadCopy = `SELECT 1 FROM workflow_copy WHERE username = ? AND task_id = ? AND read_at IS NULL`
)

// copies writes who was told of a task by the step.
func (w *writer) copies() {
	for i := range w.Changes {
		c := &w.Changes[i]
		if c.Kind != engine.TaskCopied {
			continue
		}
		for _, username := range c.Names {
			w.closeGuard() // an INSERT IGNORE guards nothing
			w.batch.Add(insertCopy, username, c.TaskID[:], w.After.ID[:], w.Command.Actor, c.Comment, w.At)
		}
	}
}

// Copied reports whether a person was sent a copy of a task of an instance.
func (s *Store) Copied(ctx context.Context, instance engine.ID, username string) (bool, error) {
	return s.found(ctx, copied, instance[:], username)
}

// ReadCopy marks a person's copy of a task as read, if there is one that is not, with the notification of it.
func (s *Store) ReadCopy(ctx context.Context, username string, task engine.ID, now time.Time) error {
	unread, err := s.found(ctx, unreadCopy, username, task[:])
	if err != nil || !unread {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, readCopy, now, username, task[:]); err != nil {
			return err
		}
		return readOf(ctx, tx, []Notice{{TaskID: task, Read: &Reading{Username: username, At: now}}})
	})
}

// scanCopied scans a task with the person's copy of it.
func scanCopied(rows *sql.Rows) (Task, error) {
	var r taskRow
	var note CopyNote
	if err := rows.Scan(append(r.destinations(), &note.By, &note.Comment, &note.At, &note.ReadAt)...); err != nil {
		return r.Task, err
	}
	r.Copy = &note
	return r.task()
}

const copyColumns = `, c.copied_by, c.comment, c.copied_at, c.read_at`
