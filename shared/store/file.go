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

// ErrNoFile: there is no such file, or it is not the caller's.
var ErrNoFile = fault.New(fault.NotFound, "file_not_found", "There is no such file.")

// File is a file that was uploaded for a form. InstanceID is that of the instance whose form has it, zero while no form
// was submitted with it.
type File struct {
	ID          engine.ID `json:"id"`
	Owner       string    `json:"owner"`
	InstanceID  engine.ID `json:"instanceId,omitzero"`
	Name        string    `json:"name"`
	ContentType string    `json:"contentType"`
	Size        int       `json:"size"`
	CreatedAt   time.Time `json:"createdAt"`
}

const fileColumns = `id, owner, instance_id, name, content_type, size, created_at FROM workflow_file WHERE id = ?`

func (f *File) fields() []any {
	return []any{&f.ID, &f.Owner, &f.InstanceID, &f.Name, &f.ContentType, &f.Size, &f.CreatedAt}
}

// AddFile inserts a file that belongs to no instance yet, and the answer, unless its owner has limit of them; it has the
// object of its content from then on. Errors: ErrTooMany, ErrRepeated, ErrNoObject.
func (s *Store) AddFile(ctx context.Context, f File, c Content, limit int, with Answered) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := with.Idempotency.Record(ctx, tx, with.Recorded, f.CreatedAt); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, `SELECT COUNT(*) FROM workflow_file WHERE owner = ? AND instance_id IS NULL`, f.Owner, limit); err != nil {
			return err
		}
		if err := c.claim(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_file (id, owner, name, content_type, size, sha256, place, content, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			f.ID[:], f.Owner, f.Name, f.ContentType, f.Size, c.Sum, c.Place, c.row(), f.CreatedAt)
		return err
	})
}

// Answered is the answer to a request, for its repetitions.
type Answered struct {
	Idempotency *Idempotency
	Recorded    Recorded
}

// File returns what is known of a file, or ErrNoFile.
func (s *Store) File(ctx context.Context, id engine.ID) (File, error) {
	var f File
	err := s.DB.QueryRow(ctx, f.fields(), `SELECT `+fileColumns, id[:])
	return f, absent(err, ErrNoFile)
}

// FileContent returns the content of a file, or ErrNoFile.
func (s *Store) FileContent(ctx context.Context, id engine.ID) (Content, error) {
	var c Content
	err := s.DB.QueryRow(ctx, []any{&c.Bytes, &c.Sum, &c.Place}, `SELECT content, sha256, place FROM workflow_file WHERE id = ?`, id[:])
	return c, absent(err, ErrNoFile)
}

// BindFile gives a file of its owner's to an instance, or returns ErrNoFile where it is another's or has one.
func (s *Store) BindFile(ctx context.Context, id engine.ID, owner string, instance engine.ID) error {
	return s.write(ctx, ErrNoFile, `UPDATE workflow_file SET instance_id = ? WHERE id = ? AND owner = ? AND instance_id IS NULL`, instance[:], id[:], owner)
}

// DeleteFile removes a file of its owner's that no form was submitted with, or returns ErrNoFile.
func (s *Store) DeleteFile(ctx context.Context, id engine.ID, owner string) error {
	return s.dropFile(ctx, id, `DELETE FROM workflow_file WHERE id = ? AND owner = ? AND instance_id IS NULL`, id[:], owner)
}

const (
	unboundFiles = `SELECT id FROM workflow_file WHERE instance_id IS NULL AND created_at < ? LIMIT ?`
	lostFiles    = `SELECT f.id FROM workflow_file f LEFT JOIN workflow_instance i ON i.id = f.instance_id
WHERE f.instance_id IS NOT NULL AND f.created_at < ? AND i.id IS NULL LIMIT ?`
	purgeDrafts = `DELETE FROM workflow_draft WHERE updated_at < ? LIMIT ?`
)

// PurgeFiles removes up to limit files from before a time that no form was submitted with, and those of instances that
// never came to be, and returns how many. One that is bound meanwhile stays.
func (s *Store) PurgeFiles(ctx context.Context, before time.Time, limit int) (int, error) {
	n := 0
	for _, of := range []struct{ find, remove string }{
		{unboundFiles, `DELETE FROM workflow_file WHERE id = ? AND instance_id IS NULL`},
		{lostFiles, `DELETE FROM workflow_file WHERE id = ?`},
	} {
		rows, err := s.DB.Query(ctx, of.find, before, limit-n)
		list, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
		if err != nil {
			return n, fmt.Errorf("files: %w", err)
		}
		for _, id := range list {
			err := s.dropFile(ctx, id, of.remove, id[:])
			if err != nil && !errors.Is(err, ErrNoFile) {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// PurgeDrafts removes up to limit drafts that were last changed before a time and returns how many.
func (s *Store) PurgeDrafts(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, purgeDrafts, before, limit)
}
