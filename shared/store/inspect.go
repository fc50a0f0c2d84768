package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

// Inspection looks at the database as it was at one moment, for those who check it. It cannot write.
type Inspection struct {
	store *Store
	tx    *sql.Tx
}

// Inspect runs work on the database as it is now. What work holds open holds up the purge of old row
// versions: it should be over within seconds.
func (s *Store) Inspect(ctx context.Context, work func(*Inspection) error) error {
	return s.DB.InSnapshot(ctx, func(tx *sql.Tx) error { return work(&Inspection{s, tx}) })
}

// StoredInstance is the row of an instance: its columns, and its state as it lies there.
type StoredInstance struct {
	Instance
	stored []byte
}

// State decodes the state.
func (x *Inspection) State(row StoredInstance) (*engine.Instance, error) {
	return x.store.decodeInstance(row.ID, row.stored)
}

// maxStored bounds the states that Instances returns at once, as they lie there.
const maxStored = 2 << 20

// Instances returns up to limit instances after an id, in the order of their ids: fewer where their states
// are large, none at the end.
func (x *Inspection) Instances(ctx context.Context, after engine.ID, limit int) ([]StoredInstance, error) {
	rows, err := x.tx.QueryContext(ctx, storedInstances+` WHERE id > ? ORDER BY id LIMIT ?`, after[:], limit)
	return collectStored(rows, err)
}

// Instance returns one instance, or ErrNoInstance.
func (x *Inspection) Instance(ctx context.Context, id engine.ID) (StoredInstance, error) {
	rows, err := x.tx.QueryContext(ctx, storedInstances+` WHERE id = ?`, id[:])
	list, err := collectStored(rows, err)
	if err == nil && len(list) == 0 {
		err = ErrNoInstance
	}
	if err != nil {
		return StoredInstance{}, err
	}
	return list[0], nil
}

const storedInstances = `SELECT body, ` + instanceColumns

func collectStored(rows *sql.Rows, err error) ([]StoredInstance, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []StoredInstance
	for size := 0; size < maxStored && rows.Next(); {
		var one StoredInstance
		var state int
		i := &one.Instance
		if err := rows.Scan(append([]any{&one.stored}, i.destinations(&state)...)...); err != nil {
			return nil, err
		}
		i.State = engine.State(fmt.Sprintf("code %d", state))
		if state > 0 && state < len(instanceStates) {
			i.State = instanceStates[state]
		}
		size += len(one.stored)
		list = append(list, one)
	}
	return list, database.Classify(rows.Err())
}

// EachStep reads the histories of instances, one step at a time in the order of instance and seq. A step
// whose changes cannot be read is visited with the reason.
func (x *Inspection) EachStep(ctx context.Context, ids []engine.ID, visit func(Row, error)) error {
	rows, err := x.tx.QueryContext(ctx, historySelect+byIDsOf("instance_id", len(ids))+` ORDER BY instance_id, seq`, arguments16(ids)...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r Row
		var changes []byte
		if err := rows.Scan(&r.InstanceID, &r.Seq, &r.CommandID, &r.Command, &r.Actor, &r.At, &changes); err != nil {
			return err
		}
		visit(r, x.store.codec.decode(changes, &r.Changes))
	}
	return database.Classify(rows.Err())
}

func byIDsOf(column string, n int) string {
	return ` WHERE ` + column + ` IN (` + placeholders(n) + `)`
}

// Backlog is how much waits in the outbox and the inbox. Oldest is the time of the oldest step whose events
// have not been sent; zero when there is none.
type Backlog struct {
	Unsent int       `json:"unsent"`
	Dead   int       `json:"dead"`
	Parked int       `json:"parked"`
	Oldest time.Time `json:"oldest,omitzero"`
}

// Backlog counts what waits.
func (x *Inspection) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	var oldest sql.NullTime
	err := x.tx.QueryRowContext(ctx, `SELECT COUNT(*), MIN(at) FROM workflow_history WHERE unsent = ?`, outboxUnsent).Scan(&b.Unsent, &oldest)
	if err == nil {
		err = x.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM workflow_history WHERE unsent = ?`, outboxDead).Scan(&b.Dead)
	}
	if err == nil {
		err = x.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM workflow_inbox WHERE state = ?`, inboxParked).Scan(&b.Parked)
	}
	b.Oldest = oldest.Time
	return b, err
}

// Size returns how many instances there are.
func (x *Inspection) Size(ctx context.Context) (n int, err error) {
	err = x.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM workflow_instance`).Scan(&n)
	return n, err
}
