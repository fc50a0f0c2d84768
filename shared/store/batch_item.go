package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/page"
)

// BatchItem is one instance of a batch. Code and Message say why the last attempt has failed.
type BatchItem struct {
	InstanceID engine.ID `json:"instanceId"`
	State      ItemState `json:"state"`
	Attempts   int       `json:"attempts"`
	Code       string    `json:"code,omitempty"`
	Message    string    `json:"message,omitempty"`
}

// ItemState is the API word of an item's state.
type ItemState string

// The states of an item.
const (
	ItemPending ItemState = "pending"
	ItemDone    ItemState = "done"
	ItemFailed  ItemState = "failed"
)

const (
	itemPending = iota + 1
	itemDone
	itemFailed
)

var itemStates = []ItemState{itemPending: ItemPending, itemDone: ItemDone, itemFailed: ItemFailed}

// ItemStates returns the API words of the states of an item.
func ItemStates() []string {
	return []string{string(ItemPending), string(ItemDone), string(ItemFailed)}
}

const itemColumns = `i.instance_id, i.state, i.attempts, IFNULL(i.code, ''), IFNULL(i.message, '') FROM workflow_batch_item i`

func scanItem(rows *sql.Rows) (BatchItem, error) {
	var i BatchItem
	var state int
	err := rows.Scan(&i.InstanceID, &state, &i.Attempts, &i.Code, &i.Message)
	if err == nil {
		i.State = itemStates[state]
	}
	return i, err
}

// BatchItems lists the instances of a batch by their ids, of one state or of all.
func (s *Store) BatchItems(ctx context.Context, batch engine.ID, state ItemState, r page.Request) (page.Page[BatchItem], error) {
	q := query{}
	q.equalID("i.batch_id", batch)
	for code, word := range itemStates {
		if code > 0 && word == state {
			q.where("i.state = ?", code)
		}
	}
	l := list[BatchItem]{
		columns: itemColumns, count: "workflow_batch_item i", sort: byID("i.instance_id"), scan: scanItem,
		key: func(i BatchItem) []string { return []string{i.InstanceID.String()} },
	}
	return l.read(ctx, s, q, r)
}

const (
	dueBatches   = `SELECT id FROM workflow_batch WHERE locked_until <= ? ORDER BY locked_until LIMIT ?`
	readBatches  = `SELECT b.id, b.kind, b.state, b.request, b.total, b.done, b.failed, b.created_by, b.created_at, b.ended_at FROM workflow_batch b` + byPrimary
	freeBatches  = ` AND state = 1 AND locked_until <= ? FOR UPDATE SKIP LOCKED`
	markBatches  = `UPDATE workflow_batch` + byPrimary + ` SET locked_until = ?`
	pendingItems = `SELECT ` + itemColumns + ` JOIN workflow_batch b ON b.id = i.batch_id WHERE i.batch_id = ? AND i.state = 1 AND b.state = 1 ORDER BY i.instance_id LIMIT ?`
)

// ClaimBatches leases up to limit batches that nobody works on, until now+lease.
func (s *Store) ClaimBatches(ctx context.Context, limit int, now time.Time, lease time.Duration) ([]Batch, error) {
	rows, err := s.DB.Query(ctx, dueBatches, now, limit+spare)
	found, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
	if err != nil {
		return nil, fmt.Errorf("batches: %w", err)
	}
	return s.claimBatches(ctx, found, limit, now, lease)
}

// ClaimBatch leases one batch, unless somebody works on it.
func (s *Store) ClaimBatch(ctx context.Context, id engine.ID, now time.Time, lease time.Duration) (bool, error) {
	taken, err := s.claimBatches(ctx, []engine.ID{id}, 1, now, lease)
	return len(taken) == 1, err
}

func (s *Store) claimBatches(ctx context.Context, found []engine.ID, limit int, now time.Time, lease time.Duration) ([]Batch, error) {
	return claim[Batch]{
		candidates: found, limit: limit, read: readBatches, scan: s.scanBatch, id: func(b Batch) engine.ID { return b.ID },
		free: freeBatches, freeArguments: []any{now}, mark: markBatches, markArguments: []any{now.Add(lease)},
	}.take(ctx, s)
}

// PendingItems returns the next items of a batch that is running; none when it is not, or nothing is left.
func (s *Store) PendingItems(ctx context.Context, batch engine.ID, limit int) ([]BatchItem, error) {
	rows, err := s.DB.Query(ctx, pendingItems, batch[:], limit)
	items, err := collect(rows, err, scanItem)
	if err != nil {
		return nil, fmt.Errorf("items of batch %s: %w", batch, err)
	}
	return items, nil
}

// SettleItems records what has become of pending items, counts it, and leaves the batch alone until then.
// An item that has been settled by another is not counted again. A batch that has nothing pending left is
// completed.
func (s *Store) SettleItems(ctx context.Context, batch engine.ID, items []BatchItem, until time.Time) error {
	return s.inClaim(ctx, func(tx *sql.Tx) error {
		var state int
		if err := tx.QueryRowContext(ctx, `SELECT state FROM workflow_batch WHERE id = ? FOR UPDATE`, batch[:]).Scan(&state); err != nil {
			return absent(err, ErrNoBatch)
		}
		if err := countItems(ctx, tx, batch, items); err != nil {
			return err
		}
		if state != batchRunning {
			return nil
		}
		return moveBatch(ctx, tx, batch, until)
	})
}

// countItems records what has become of items and counts it; where anything has, it is to be told.
func countItems(ctx context.Context, tx *sql.Tx, batch engine.ID, items []BatchItem) error {
	done, failed := 0, 0
	for _, i := range items {
		n, err := settleItem(ctx, tx, batch, i)
		if err != nil {
			return err
		}
		switch i.State {
		case ItemDone:
			done += n
		case ItemFailed:
			failed += n
		}
	}
	if done+failed == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, progressed, done, failed, time.Now().UTC().Add(tellEvery), batch[:])
	return err
}

func settleItem(ctx context.Context, tx *sql.Tx, batch engine.ID, i BatchItem) (int, error) {
	code := itemPending
	for n, word := range itemStates {
		if n > 0 && word == i.State {
			code = n
		}
	}
	result, err := tx.ExecContext(ctx, `UPDATE workflow_batch_item SET state = ?, attempts = ?, code = ?, message = ? WHERE batch_id = ? AND instance_id = ? AND state = 1`,
		code, i.Attempts, null(excerpt.Cut(i.Code, 64)), null(excerpt.Cut(i.Message, 1000)), batch[:], i.InstanceID[:])
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// moveBatch completes a running batch that has nothing pending left, or leaves it alone until then.
func moveBatch(ctx context.Context, tx *sql.Tx, batch engine.ID, until time.Time) error {
	var left int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM workflow_batch_item WHERE batch_id = ? AND state = 1 LIMIT 1) AS pending`, batch[:]).Scan(&left); err != nil {
		return err
	}
	if left > 0 {
		_, err := tx.ExecContext(ctx, `UPDATE workflow_batch SET locked_until = ? WHERE id = ?`, until, batch[:])
		return err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	_, err := tx.ExecContext(ctx, `UPDATE workflow_batch SET state = ?, ended_at = ?, locked_until = ?, revision = revision + 1, tell_at = ? WHERE id = ?`,
		batchCompleted, now, never, now, batch[:])
	return err
}
