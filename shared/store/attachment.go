package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrNoAttachment: there is no such attachment.
var ErrNoAttachment = fault.New(fault.NotFound, "attachment_not_found", "There is no such attachment.")

// Attachment is a file, or an address of one, that belongs to an instance or to one of its tasks. Kind is its
// author's word for what it is. Size is the length of the content in bytes, nil where URL says where it is.
type Attachment struct {
	ID          engine.ID `json:"id"`
	InstanceID  engine.ID `json:"instanceId"`
	TaskID      engine.ID `json:"taskId,omitzero"`
	Kind        *string   `json:"kind"`
	Author      string    `json:"author"`
	Name        *string   `json:"name"`
	Description *string   `json:"description"`
	URL         *string   `json:"url"`
	ContentType *string   `json:"contentType"`
	Size        *int      `json:"size"`
	CreatedAt   time.Time `json:"createdAt"`
}

const attachmentColumns = `id, instance_id, task_id, kind, author, name, description, url, content_type, size, created_at FROM workflow_attachment`

func (a *Attachment) fields() []any {
	return []any{&a.ID, &a.InstanceID, &a.TaskID, &a.Kind, &a.Author, &a.Name, &a.Description, &a.URL, &a.ContentType, &a.Size, &a.CreatedAt}
}

// Attachments reads up to limit attachments of a subject without their content, in the order of creation.
func (s *Store) Attachments(ctx context.Context, of Subject, limit int) ([]Attachment, error) {
	where, id := of.where()
	rows, err := s.DB.Query(database.ToShow(ctx), `SELECT `+attachmentColumns+where+` ORDER BY id LIMIT ?`, id, limit)
	items, err := collect(rows, err, into((*Attachment).fields))
	if err != nil {
		return nil, fmt.Errorf("attachments: %w", err)
	}
	return items, nil
}

// Attachment reads an attachment with its content, which has neither bytes nor a place where there is none, or
// ErrNoAttachment.
func (s *Store) Attachment(ctx context.Context, id engine.ID) (Attachment, Content, error) {
	var a Attachment
	var c Content
	err := s.DB.QueryRow(database.ToShow(ctx), append([]any{&c.Bytes, &c.Sum, &c.Place}, a.fields()...), `SELECT content, sha256, IFNULL(place, ''), `+attachmentColumns+` WHERE id = ?`, id[:])
	return a, c, absent(err, ErrNoAttachment)
}

const insertAttachment = `INSERT INTO workflow_attachment (id, instance_id, task_id, kind, author, name, description, url, content_type, size, sha256, place, content, created_at)
 SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM workflow_instance WHERE id = ?`

// AddAttachment inserts an attachment, which has the object of its content from then on, and records the answer for i, or
// returns ErrNoInstance, ErrNoObject or ErrRepeated. The instance is read in the same statement: it is not deleted
// meanwhile.
func (s *Store) AddAttachment(ctx context.Context, a Attachment, c Content, i *Idempotency, answer Recorded) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, insertAttachment,
			a.ID[:], nullableID(a.TaskID), a.Kind, a.Author, a.Name, a.Description, a.URL, a.ContentType, a.Size, c.Sum, c.Place, c.row(), a.CreatedAt, a.InstanceID[:])
		if err = changedOne(result, err, ErrNoInstance); err != nil {
			return err
		}
		if err := c.claim(ctx, tx); err != nil {
			return err
		}
		return i.Record(ctx, tx, answer, a.CreatedAt)
	})
}

// DeleteAttachment removes an attachment, whose object nobody has then, or returns ErrNoAttachment or ErrHeld.
func (s *Store) DeleteAttachment(ctx context.Context, id engine.ID) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := checkHold(ctx, tx, attachmentHeld, id, ErrHeld); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, unuseAttachment, id[:]); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM workflow_attachment WHERE id = ?`, id[:])
		return changedOne(result, err, ErrNoAttachment)
	})
}
