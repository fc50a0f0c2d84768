package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Failures of what is asked of a batch.
var (
	ErrNoBatch       = fault.New(fault.NotFound, "batch_not_found", "There is no such batch.")
	ErrBatchState    = fault.New(fault.Conflict, "batch_state", "The batch is not in a state in which that can be done.")
	ErrBatchTooLarge = fault.New(fault.TooLarge, "batch_too_large", "A batch has at most 100,000 instances.")
	ErrBatchEmpty    = fault.New(fault.Invalid, "batch_empty", "There is no instance that the batch could work on.")
)

// MaxBatch is how many instances a batch may have.
const MaxBatch = 100_000

// BatchState is the API word of a batch's state.
type BatchState string

// The states of a batch.
const (
	BatchRunning   BatchState = "running"
	BatchPaused    BatchState = "paused"
	BatchCompleted BatchState = "completed"
	BatchCancelled BatchState = "cancelled"
)

const (
	batchRunning = iota + 1
	batchPaused
	batchCompleted
	batchCancelled
)

var batchStates = []BatchState{batchRunning: BatchRunning, batchPaused: BatchPaused, batchCompleted: BatchCompleted, batchCancelled: BatchCancelled}

// BatchStates returns the API words of the states of a batch.
func BatchStates() []string {
	words := make([]string, 0, len(batchStates)-1)
	for _, s := range batchStates[1:] {
		words = append(words, string(s))
	}
	return words
}

// Batch is one operation on many instances. Request is what to do with each.
type Batch struct {
	ID        engine.ID       `json:"id"`
	Kind      string          `json:"kind"`
	State     BatchState      `json:"state"`
	Request   json.RawMessage `json:"request"`
	Total     int             `json:"total"`
	Done      int             `json:"done"`
	Failed    int             `json:"failed"`
	CreatedBy string          `json:"createdBy"`
	CreatedAt time.Time       `json:"createdAt"`
	EndedAt   *time.Time      `json:"endedAt"`
}

// BatchOf names the instances of a new batch: these, or all that a filter finds of those that have ended, or
// have not.
type BatchOf struct {
	IDs       []engine.ID
	Filter    InstanceFilter
	Ended     bool
	Incidents bool // those alone that have an open incident
	// Person finds those in which something waits for somebody: that he has, that is offered to him by name, or that
	// comes back to him. Of the filter the process keys count then.
	Person      string
	ProcessKeys []string
}

const batchColumns = `b.id, b.kind, b.state, b.request, b.total, b.done, b.failed, b.created_by, b.created_at, b.ended_at FROM workflow_batch b`

func (s *Store) scanBatch(rows *sql.Rows) (Batch, error) {
	var b Batch
	var state int
	var request []byte
	err := rows.Scan(&b.ID, &b.Kind, &state, &request, &b.Total, &b.Done, &b.Failed, &b.CreatedBy, &b.CreatedAt, &b.EndedAt)
	if err == nil {
		b.State = batchStates[state]
		err = s.codec.decode(request, &b.Request)
	}
	return b, err
}

// CreateBatch writes a batch with its items, all of it or nothing, and the answer for i. Total is filled in.
// It returns ErrBatchEmpty, ErrBatchTooLarge or ErrRepeated. The instances are read without locks.
func (s *Store) CreateBatch(ctx context.Context, b *Batch, of BatchOf, i *Idempotency, answer func(*Batch) (Recorded, error)) error {
	return s.inClaim(ctx, func(tx *sql.Tx) error {
		if err := s.insertBatch(ctx, tx, b, of); err != nil {
			return err
		}
		a, err := answer(b)
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, a, b.CreatedAt)
	})
}

func (s *Store) insertBatch(ctx context.Context, tx *sql.Tx, b *Batch, of BatchOf) error {
	request, err := s.codec.encode(b.Request)
	if err != nil {
		return err
	}
	b.State = BatchRunning
	if b.Total, err = insertItems(ctx, tx, b.ID, of); err != nil {
		return err
	}
	switch {
	case b.Total == 0:
		return ErrBatchEmpty
	case b.Total > MaxBatch:
		return ErrBatchTooLarge
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO workflow_batch (id, kind, state, request, total, done, failed, created_by, created_at, locked_until) VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?, ?)`,
		b.ID[:], b.Kind, batchRunning, request, b.Total, b.CreatedBy, b.CreatedAt, b.CreatedAt)
	return err
}

// itemChunk is how many ids one statement inserts.
const itemChunk = 1000

func insertItems(ctx context.Context, tx *sql.Tx, id engine.ID, of BatchOf) (int, error) {
	if len(of.IDs) == 0 {
		return insertFound(ctx, tx, id, of)
	}
	total := 0
	for rest := of.IDs; len(rest) > 0; {
		n := min(itemChunk, len(rest))
		these := rest[:n]
		rest = rest[n:]
		arguments := make([]any, 0, 2*n)
		for i := range these {
			arguments = append(arguments, id[:], these[i][:])
		}
		result, err := tx.ExecContext(ctx, insertItem+repeatRows(n), arguments...)
		if err != nil {
			return 0, err
		}
		added, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		total += int(added)
	}
	return total, nil
}

const insertItem = `INSERT IGNORE INTO workflow_batch_item (batch_id, instance_id, state, attempts) VALUES `

func repeatRows(n int) string {
	const row = `(?, ?, 1, 0), `
	text := make([]byte, 0, n*len(row))
	for range n {
		text = append(text, row...)
	}
	return string(text[:len(text)-2])
}

const itemsOf = `INSERT INTO workflow_batch_item (batch_id, instance_id, state, attempts) SELECT ?, id, 1, 0 FROM workflow_instance`

func insertFound(ctx context.Context, tx *sql.Tx, id engine.ID, of BatchOf) (int, error) {
	if of.Person != "" {
		return insertWaiting(ctx, tx, id, of)
	}
	q := of.Filter.query()
	if of.Ended {
		q.where("state IN (3, 4, 5)")
	} else {
		q.where("state IN (1, 2)")
	}
	if of.Incidents {
		q.where("EXISTS (SELECT 1 FROM workflow_incident x WHERE x.instance_id = workflow_instance.id AND x.resolved_at IS NULL)")
	}
	arguments := append(append([]any{id[:]}, q.arguments...), MaxBatch+1)
	result, err := tx.ExecContext(ctx, itemsOf+q.text()+` ORDER BY id LIMIT ?`, arguments...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// Batch returns a batch, or ErrNoBatch.
func (s *Store) Batch(ctx context.Context, id engine.ID) (Batch, error) {
	rows, err := s.DB.Query(database.ToShow(ctx), `SELECT `+batchColumns+` WHERE b.id = ?`, id[:])
	list, err := collect(rows, err, s.scanBatch)
	switch {
	case err != nil:
		return Batch{}, fmt.Errorf("batch %s: %w", id, err)
	case len(list) == 0:
		return Batch{}, ErrNoBatch
	}
	return list[0], nil
}

// Batches lists batches by the time of their creation (their id), of one state or of all.
func (s *Store) Batches(ctx context.Context, state BatchState, r page.Request) (page.Page[Batch], error) {
	q := query{}
	for code, word := range batchStates {
		if code > 0 && word == state {
			q.where("b.state = ?", code)
		}
	}
	l := list[Batch]{
		columns: batchColumns, count: "workflow_batch b", sort: byID("b.id"), scan: s.scanBatch,
		key: func(b Batch) []string { return []string{b.ID.String()} },
	}
	return l.read(ctx, s, q, r)
}

// BatchStep is a change of a batch by a person.
type BatchStep string

// The steps: a running batch is paused, a paused one goes on, either is cancelled; what has failed is tried
// again, also when the batch is completed.
const (
	PauseBatch  BatchStep = "pause"
	ResumeBatch BatchStep = "resume"
	CancelBatch BatchStep = "cancel"
	RetryBatch  BatchStep = "retry"
)

// ChangeBatch makes a step and records the answer for i. It returns ErrNoBatch, ErrBatchState or ErrRepeated.
func (s *Store) ChangeBatch(ctx context.Context, id engine.ID, step BatchStep, i *Idempotency, answer func(*Batch) (Recorded, error)) error {
	return s.inClaim(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+batchColumns+` WHERE b.id = ? FOR UPDATE`, id[:])
		found, err := collect(rows, err, s.scanBatch)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNoBatch
		}
		b := &found[0]
		now := time.Now().UTC().Truncate(time.Millisecond)
		if err := b.change(ctx, tx, step, now); err != nil {
			return err
		}
		a, err := answer(b)
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, a, now)
	})
}

func (b *Batch) change(ctx context.Context, tx *sql.Tx, step BatchStep, now time.Time) error {
	code, until := batchRunning, never
	switch open := b.State == BatchRunning || b.State == BatchPaused; {
	case step == PauseBatch && b.State == BatchRunning:
		code = batchPaused
	case step == ResumeBatch && b.State == BatchPaused:
		until = now
	case step == CancelBatch && open:
		code, b.EndedAt = batchCancelled, &now
	case step == RetryBatch && b.State != BatchCancelled && b.Failed > 0:
		if _, err := tx.ExecContext(ctx, `UPDATE workflow_batch_item SET state = 1, attempts = 0 WHERE batch_id = ? AND state = 3`, b.ID[:]); err != nil {
			return err
		}
		until, b.EndedAt, b.Failed = now, nil, 0
	default:
		return ErrBatchState
	}
	b.State = batchStates[code]
	_, err := tx.ExecContext(ctx, `UPDATE workflow_batch SET state = ?, failed = ?, ended_at = ?, locked_until = ?, revision = revision + 1, tell_at = ? WHERE id = ?`,
		code, b.Failed, b.EndedAt, until, now, b.ID[:])
	return err
}
