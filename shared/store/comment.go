package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrNoComment: there is no such comment.
var ErrNoComment = fault.New(fault.NotFound, "comment_not_found", "There is no such comment.")

// Comment is a text about an instance, or about one of its tasks. Author is a username.
type Comment struct {
	ID         engine.ID `json:"id"`
	InstanceID engine.ID `json:"instanceId"`
	TaskID     engine.ID `json:"taskId,omitzero"`
	// ParentID is the comment that it answers; zero: none.
	ParentID engine.ID `json:"parentId,omitzero"`
	Kind     string    `json:"kind"`
	Author   string    `json:"author"`
	Text     string    `json:"text"`
	// Mentions are the usernames of those who were told of it.
	Mentions  []string   `json:"mentions"`
	CreatedAt time.Time  `json:"createdAt"`
	EditedAt  *time.Time `json:"editedAt"`
}

// Remark is the kind of a comment that somebody wrote.
const Remark = "comment"

const commentColumns = `SELECT id, instance_id, task_id, parent_id, kind, author, text, mentions, created_at, edited_at FROM workflow_comment`

func (c *Comment) fields() []any {
	return []any{&c.ID, &c.InstanceID, &c.TaskID, &c.ParentID, &c.Kind, &c.Author, &c.Text, (*nameList)(&c.Mentions), &c.CreatedAt, &c.EditedAt}
}

// Discussed is a comment with what it is about, for those who are told of it: the task, or the instance where there is
// no node.
type Discussed struct {
	Comment
	ProcessKey, NodeID, Name string
	// Answered is who wrote the comment that it answers; empty: nobody.
	Answered string
}

// nameList is a column with a JSON list of names; NULL is none.
type nameList []string

// Scan reads the column.
func (l *nameList) Scan(value any) error {
	*l = []string{}
	raw, ok := value.([]byte)
	if !ok {
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(l))
}

// Value writes the column.
func (l nameList) Value() (driver.Value, error) {
	if len(l) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal([]string(l))
	return string(raw), err
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
	rows, err := s.DB.Query(database.ToShow(ctx), commentColumns+where+` ORDER BY id DESC LIMIT ?`, id, limit)
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

const insertComment = `INSERT INTO workflow_comment (id, instance_id, task_id, parent_id, kind, author, text, mentions, created_at)
 SELECT ?, id, ?, ?, ?, ?, ?, ?, ? FROM workflow_instance WHERE id = ?`

// AddComment inserts a comment with the notifications of it, and records the answer for i, or returns ErrNoInstance or
// ErrRepeated. The instance is read in the same statement: it is not deleted meanwhile.
func (s *Store) AddComment(ctx context.Context, c Comment, told Telling, i *Idempotency, answer Recorded) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, insertComment, c.ID[:], nullableID(c.TaskID), nullableID(c.ParentID), c.Kind, c.Author, c.Text, nameList(c.Mentions), c.CreatedAt, c.InstanceID[:])
		if err = changedOne(result, err, ErrNoInstance); err == nil {
			err = notify(ctx, tx, told.Notifications, told.Deliveries)
		}
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, answer, c.CreatedAt)
	})
}

// EditComment gives a comment another text, or returns ErrNoComment or ErrHeld.
func (s *Store) EditComment(ctx context.Context, id engine.ID, text string, at time.Time) error {
	return s.writeUnheld(ctx, unless{commentHeld, id}, ErrNoComment, `UPDATE workflow_comment SET text = ?, edited_at = ? WHERE id = ?`, text, at, id[:])
}

// DeleteComment removes a comment, or returns ErrNoComment or ErrHeld.
func (s *Store) DeleteComment(ctx context.Context, id engine.ID) error {
	return s.writeUnheld(ctx, unless{commentHeld, id}, ErrNoComment, `DELETE FROM workflow_comment WHERE id = ?`, id[:])
}

// write runs a statement that changes one row; otherwise is the error where it changes none.
func (s *Store) write(ctx context.Context, otherwise error, text string, arguments ...any) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, text, arguments...)
		return changedOne(result, err, otherwise)
	})
}
