package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrNoObject: an object is not there to be had: it took so long to write that it was given up.
var ErrNoObject = fault.New(fault.Unavailable, "attachment_upload_expired", "Keeping the file took too long, and it was given up. Nothing was changed; try again.").Elsewhere()

// Content is what an attachment or a file holds. Place is the name of an object of the bucket, or empty where Bytes are in
// the row. Sum is the SHA-256 of the bytes, nil where none was kept.
type Content struct {
	Bytes []byte
	Place string
	Sum   []byte
}

// NewContent is a content with its sum; nil bytes are none.
func NewContent(bytes []byte, place string) Content {
	if bytes == nil {
		return Content{}
	}
	sum := sha256.Sum256(bytes)
	return Content{Bytes: bytes, Place: place, Sum: sum[:]}
}

// row are the bytes that the row itself keeps.
func (c Content) row() []byte {
	if c.Place != "" {
		return nil
	}
	return c.Bytes
}

// BeginObject says that an object is about to be written. The states are those of the migration: 1 nothing has it, 2 it
// is had, 3 it is to be removed.
func (s *Store) BeginObject(ctx context.Context, name string, now time.Time) error {
	return s.write(ctx, nil, `INSERT INTO workflow_object (name, state, created_at) VALUES (?, 1, ?)`, name, now)
}

// claim lets the content's object be had by what the transaction writes, or returns ErrNoObject.
func (c Content) claim(ctx context.Context, tx *sql.Tx) error {
	if c.Place == "" {
		return nil
	}
	result, err := tx.ExecContext(ctx, `UPDATE workflow_object SET state = 2 WHERE name = ? AND state = 1`, c.Place)
	return changedOne(result, err, ErrNoObject)
}

// What gives up the object of an attachment, or of a file, that the same transaction deletes.
const (
	unuseAttachment = `UPDATE workflow_attachment r STRAIGHT_JOIN workflow_object o ON o.name = r.place SET o.state = 3 WHERE r.id = ?`
	unuseFile       = `UPDATE workflow_file r STRAIGHT_JOIN workflow_object o ON o.name = r.place SET o.state = 3 WHERE r.id = ?`
	unuseInstance   = `UPDATE workflow_attachment r STRAIGHT_JOIN workflow_object o ON o.name = r.place SET o.state = 3 WHERE r.instance_id = ?`
	unuseOwn        = `UPDATE workflow_file r STRAIGHT_JOIN workflow_object o ON o.name = r.place SET o.state = 3 WHERE r.owner = ? AND r.instance_id IS NULL`
	unuseFiles      = `UPDATE workflow_file r STRAIGHT_JOIN workflow_object o ON o.name = r.place SET o.state = 3 WHERE r.instance_id = ?`
)

// dropFile deletes a file by a statement with arguments, and nobody has its object then; or it returns ErrNoFile.
func (s *Store) dropFile(ctx context.Context, id engine.ID, text string, arguments ...any) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, unuseFile, id[:]); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, text, arguments...)
		return changedOne(result, err, ErrNoFile)
	})
}

// UnusedObjects gives up what was begun before a time and never had, and returns the names of up to limit objects that
// are to be removed, oldest first.
func (s *Store) UnusedObjects(ctx context.Context, before time.Time, limit int) ([]string, error) {
	if _, err := s.purgeRows(ctx, `UPDATE workflow_object SET state = 3 WHERE state = 1 AND created_at < ? LIMIT ?`, before, limit); err != nil {
		return nil, err
	}
	rows, err := s.DB.Query(ctx, `SELECT name FROM workflow_object WHERE state = 3 ORDER BY created_at LIMIT ?`, limit)
	names, err := collect(rows, err, into(func(name *string) []any { return []any{name} }))
	if err != nil {
		return nil, fmt.Errorf("unused objects: %w", err)
	}
	return names, nil
}

// ForgetObject removes what is known of an object that is removed.
func (s *Store) ForgetObject(ctx context.Context, name string) error {
	return s.write(ctx, nil, `DELETE FROM workflow_object WHERE name = ? AND state = 3`, name)
}
