package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrNoComment: there is no such comment.
var ErrNoComment = fault.New(fault.NotFound, "comment_not_found", "There is no such comment.")

// Comment is a text about an instance, or about one of its tasks. Author is a username.
type Comment struct {
	ID         engine.ID  `json:"id"`
	InstanceID engine.ID  `json:"instanceId"`
	TaskID     engine.ID  `json:"taskId,omitzero"`
	Kind       string     `json:"kind"`
	Author     string     `json:"author"`
	Text       string     `json:"text"`
	CreatedAt  time.Time  `json:"createdAt"`
	EditedAt   *time.Time `json:"editedAt"`
}

// Remark is the kind of a comment that somebody wrote.
const Remark = "comment"

const commentColumns = `SELECT id, instance_id, task_id, kind, author, text, created_at, edited_at FROM workflow_comment`

func (c *Comment) fields() []any {
	return []any{&c.ID, &c.InstanceID, &c.TaskID, &c.Kind, &c.Author, &c.Text, &c.CreatedAt, &c.EditedAt}
}

// Subject is what comments and attachments are about: a task, or an instance where Task is zero.
type Subject struct{ Instance, Task engine.ID }

// where returns the condition that finds what is about the subject, and its argument.
func (s Subject) where() (string, []byte) {
	if s.Task.IsZero() {
		return ` WHERE instance_id = ?`, s.Instance[:]
	}
	return ` WHERE task_id = ?`, s.Task[:]
}

// Comments reads up to limit comments about a subject, the latest first; those about the tasks of an instance
// are about it, too.
func (s *Store) Comments(ctx context.Context, about Subject, limit int) ([]Comment, error) {
	where, id := about.where()
	rows, err := s.DB.Query(ctx, commentColumns+where+` ORDER BY id DESC LIMIT ?`, id, limit)
	items, err := collect(rows, err, into((*Comment).fields))
	if err != nil {
		return nil, fmt.Errorf("comments: %w", err)
	}
	return items, nil
}

// Comment reads one comment, or ErrNoComment.
func (s *Store) Comment(ctx context.Context, id engine.ID) (Comment, error) {
	var c Comment
	err := s.DB.QueryRow(ctx, c.fields(), commentColumns+` WHERE id = ?`, id[:])
	return c, absent(err, ErrNoComment)
}

// AddComment inserts a comment, or returns ErrNoInstance. The instance is read in the same statement: it is
// not deleted meanwhile.
func (s *Store) AddComment(ctx context.Context, c Comment) error {
	return s.write(ctx, ErrNoInstance, `INSERT INTO workflow_comment (id, instance_id, task_id, kind, author, text, created_at)
 SELECT ?, id, ?, ?, ?, ?, ? FROM workflow_instance WHERE id = ?`, c.ID[:], nullableID(c.TaskID), c.Kind, c.Author, c.Text, c.CreatedAt, c.InstanceID[:])
}

// EditComment gives a comment another text, or returns ErrNoComment.
func (s *Store) EditComment(ctx context.Context, id engine.ID, text string, at time.Time) error {
	return s.write(ctx, ErrNoComment, `UPDATE workflow_comment SET text = ?, edited_at = ? WHERE id = ?`, text, at, id[:])
}

// DeleteComment removes a comment, or returns ErrNoComment.
func (s *Store) DeleteComment(ctx context.Context, id engine.ID) error {
	return s.write(ctx, ErrNoComment, `DELETE FROM workflow_comment WHERE id = ?`, id[:])
}

// write runs a statement that changes one row; otherwise is the error where it changes none.
func (s *Store) write(ctx context.Context, otherwise error, text string, arguments ...any) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, text, arguments...)
		return changedOne(result, err, otherwise)
	})
}
