package store

import (
	"context"
	"database/sql"
	"time"

	"diom.io/workflow/shared/engine"
)

// States returns the states of those of the instances that are there and can be read, by their ids.
func (x *Inspection) States(ctx context.Context, ids []engine.ID) (map[engine.ID]*engine.Instance, error) {
	found := make(map[engine.ID]*engine.Instance, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := x.tx.QueryContext(ctx, loadInstances+byIDs(len(ids)), arguments16(ids)...)
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		var id engine.ID
		var body []byte
		err := rows.Scan(&id, &body)
		if in, unreadable := x.store.decodeInstance(id, body); unreadable == nil {
			found[id] = in
		}
		return struct{}{}, err
	})
	return found, err
}

// LastStep returns when the last step of an instance was made, zero if there is none, and how many of its
// steps have events that have not been sent.
func (x *Inspection) LastStep(ctx context.Context, id engine.ID) (at time.Time, unsent int, err error) {
	var last sql.NullTime
	err = x.tx.QueryRowContext(ctx, `SELECT MAX(at), COUNT(unsent) FROM workflow_history WHERE instance_id = ?`, id[:]).Scan(&last, &unsent)
	return last.Time, unsent, err
}
