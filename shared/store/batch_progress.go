package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// tellEvery is how often the progress of a batch is told at most; that it has ended, or that somebody has
// changed it, is told at once.
const tellEvery = 5 * time.Second

// Progress is a batch whose progress is to be told. Revision grows with everything that could be told.
type Progress struct {
	Batch
	Revision int64
	lease    time.Time
}

const (
	progressed    = `UPDATE workflow_batch SET done = done + ?, failed = failed + ?, revision = revision + 1, tell_at = IFNULL(tell_at, ?) WHERE id = ?`
	dueProgress   = `SELECT b.revision, ` + batchColumns + ` WHERE b.tell_at <= ? ORDER BY b.tell_at LIMIT ?`
	leaseProgress = `UPDATE workflow_batch SET tell_at = ? WHERE id = ? AND revision = ? AND tell_at <= ?`
	toldProgress  = `UPDATE workflow_batch SET tell_at = IF(revision = ?, NULL, ?) WHERE id = ? AND tell_at = ?`
)

// ClaimProgress returns up to limit batches whose progress is to be told now, and leaves each to the caller
// until now+lease. One that has gone on meanwhile is left for the next time.
func (s *Store) ClaimProgress(ctx context.Context, limit int, now time.Time, lease time.Duration) ([]Progress, error) {
	rows, err := s.DB.Query(ctx, dueProgress, now, limit)
	due, err := collect(rows, err, s.scanProgress)
	if err != nil {
		return nil, fmt.Errorf("progress of batches: %w", err)
	}
	return leased(due, func(p *Progress) (bool, error) {
		p.lease = now.Add(lease)
		return s.changed(ctx, leaseProgress, p.lease, p.ID[:], p.Revision, now)
	})
}

// leased are those of the rows that are due whose lease succeeds; what somebody else has taken meanwhile is his.
func leased[T any](due []T, lease func(*T) (bool, error)) (claimed []T, err error) {
	for i := range due {
		mine, err := lease(&due[i])
		if err != nil {
			return claimed, err
		}
		if mine {
			claimed = append(claimed, due[i])
		}
	}
	return claimed, nil
}

func (s *Store) scanProgress(rows *sql.Rows) (Progress, error) {
	var p Progress
	var state int
	var request []byte
	err := rows.Scan(&p.Revision, &p.ID, &p.Kind, &state, &request, &p.Total, &p.Done, &p.Failed, &p.CreatedBy, &p.CreatedAt, &p.EndedAt)
	p.State = batchStates[state]
	return p, err
}

// Told records that the progress of a claimed batch has been told. If it has gone on meanwhile, that is told
// later.
func (s *Store) Told(ctx context.Context, p Progress, now time.Time) error {
	_, err := s.changed(ctx, toldProgress, p.Revision, now.Add(tellEvery), p.ID[:], p.lease)
	return err
}

// changed runs a statement that changes one row, or none.
func (s *Store) changed(ctx context.Context, text string, arguments ...any) (bool, error) {
	n := int64(0)
	err := s.inClaim(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, text, arguments...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n > 0, err
}
