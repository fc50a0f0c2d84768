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

// ErrNoTaskLink: there is no such link, or it was made by somebody else.
var ErrNoTaskLink = fault.New(fault.NotFound, "task_link_invalid", "The link is not valid.")

// TaskLink is a link by which one person completes one task, once.
type TaskLink struct {
	ID        engine.ID
	TaskID    engine.ID
	Username  string
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
}

// AddTaskLink writes a link.
func (s *Store) AddTaskLink(ctx context.Context, l TaskLink) error {
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_task_link (id, task_id, username, created_at, expires_at) VALUES (?, ?, ?, ?, ?)`, l.ID[:], l.TaskID[:], l.Username, l.CreatedAt, l.ExpiresAt)
		return err
	})
	if err != nil {
		return fmt.Errorf("task link: %w", err)
	}
	return nil
}

// TaskLink returns a link by its id, or ErrNoTaskLink.
func (s *Store) TaskLink(ctx context.Context, id engine.ID) (TaskLink, error) {
	var l TaskLink
	err := s.DB.QueryRow(ctx, []any{&l.ID, &l.TaskID, &l.Username, &l.CreatedAt, &l.ExpiresAt, &l.UsedAt},
		`SELECT id, task_id, username, created_at, expires_at, used_at FROM workflow_task_link WHERE id = ?`, id[:])
	if errors.Is(err, sql.ErrNoRows) {
		return l, ErrNoTaskLink
	}
	if err != nil {
		return l, fmt.Errorf("task link: %w", err)
	}
	return l, nil
}

// UseTaskLink notes that a link has done what it was for.
func (s *Store) UseTaskLink(ctx context.Context, id engine.ID, now time.Time) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE workflow_task_link SET used_at = ? WHERE id = ? AND used_at IS NULL`, now, id[:])
		return err
	})
}

const purgeTaskLinks = `DELETE FROM workflow_task_link WHERE expires_at < ? LIMIT ?`

// PurgeTaskLinks removes up to limit links that expired before a time and returns how many.
func (s *Store) PurgeTaskLinks(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, purgeTaskLinks, before, limit)
}
