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

// requestArguments are the columns number, summary, department, started_by and origin_id.
func requestArguments(in *engine.Instance) []any {
	return []any{null(in.Number), null(in.Summary), null(in.Department), null(in.StartedBy), nullableID(in.OriginID)}
}

// NextNumber returns the next number of a process in a period, from 1. It commits by itself, so that nobody waits for
// the start of somebody else's instance; the number of a start that fails then is left out.
func (s *Store) NextNumber(ctx context.Context, processKey, period string) (int64, error) {
	var n int64
	err := s.DB.InReadCommitted(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, nextNumber, processKey, period)
		if err == nil {
			n, err = result.LastInsertId()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("number of %s: %w", processKey, err)
	}
	return n, nil
}

const nextNumber = `INSERT INTO workflow_sequence (process_key, period, value) VALUES (?, ?, LAST_INSERT_ID(1)) ON DUPLICATE KEY UPDATE value = LAST_INSERT_ID(value + 1)`

// What is said of links.
var (
	ErrLinked    = fault.New(fault.Conflict, "already_linked", "The instances are linked.")
	ErrNoLink    = fault.New(fault.NotFound, "link_not_found", "The instances are not linked.")
	ErrManyLinks = fault.New(fault.Conflict, "too_many_links", "An instance has at most 100 links.")
)

// MaxLinks is how many links one instance may have.
const MaxLinks = 100

// Link is one instance as another one, that is linked with it, shows it.
type Link struct {
	Instance Instance  `json:"instance"`
	Comment  string    `json:"comment"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// AddLink links an instance with the one of the link. Errors: ErrLinked, ErrManyLinks, ErrRepeated.
func (s *Store) AddLink(ctx context.Context, id engine.ID, l Link, i *Idempotency, answer Recorded) error {
	other := l.Instance.ID
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, l.At); err != nil {
			return err
		}
		var there, all int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN other_id = ? THEN 1 END), COUNT(*) FROM (`+linkedTo+`) AS x`, other[:], id[:], id[:], MaxLinks+1).Scan(&there, &all)
		switch {
		case err != nil:
			return err
		case there > 0:
			return ErrLinked
		case all >= MaxLinks:
			return ErrManyLinks
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO workflow_instance_link (instance_id, other_id, comment, linked_by, linked_at) VALUES (?, ?, ?, ?, ?)`,
			id[:], other[:], l.Comment, l.By, l.At)
		return taken(err, ErrLinked)
	})
}

// RemoveLink removes the link of two instances, from whichever side it was made. Errors: ErrNoLink.
func (s *Store) RemoveLink(ctx context.Context, id, other engine.ID) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM workflow_instance_link WHERE (instance_id = ? AND other_id = ?) OR (instance_id = ? AND other_id = ?)`,
			id[:], other[:], other[:], id[:])
		return changedOne(result, err, ErrNoLink)
	})
}

// linkedTo begins with SELECT and finds both sides by their indexes.
const linkedTo = `SELECT other_id, comment, linked_by, linked_at FROM workflow_instance_link WHERE instance_id = ?
UNION ALL SELECT instance_id, comment, linked_by, linked_at FROM workflow_instance_link WHERE other_id = ? LIMIT ?`

// Links returns what an instance is linked with: the ids and the links, without the instances.
func (s *Store) Links(ctx context.Context, id engine.ID) (map[engine.ID]Link, error) {
	rows, err := s.DB.Query(database.ToShow(ctx), linkedTo, id[:], id[:], MaxLinks)
	type row struct {
		id   engine.ID
		link Link
	}
	list, err := collect(rows, err, into(func(r *row) []any { return []any{&r.id, &r.link.Comment, &r.link.By, &r.link.At} }))
	found := make(map[engine.ID]Link, len(list))
	for _, r := range list {
		found[r.id] = r.link
	}
	return found, err
}
