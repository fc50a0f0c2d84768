package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

// Row is one row of the history: one step of an instance.
type Row struct {
	InstanceID engine.ID       `json:"instanceId"`
	Seq        int64           `json:"seq"`
	CommandID  engine.ID       `json:"commandId"`
	Command    string          `json:"command"`
	Actor      string          `json:"actor"`
	At         time.Time       `json:"at"`
	Changes    []engine.Change `json:"changes"`
}

const historySelect = `SELECT instance_id, seq, command_id, command, actor, at, changes FROM workflow_history`

// History returns up to limit rows of an instance after seq, in order.
func (s *Store) History(ctx context.Context, id engine.ID, after int64, limit int) ([]Row, error) {
	rows, err := s.DB.Query(database.ToShow(ctx), historySelect+` WHERE instance_id = ? AND seq > ? ORDER BY seq LIMIT ?`, id[:], after, limit)
	list, err := collect(rows, err, s.scanRow)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", id, err)
	}
	return list, nil
}

// Change returns the change that an event tells of, or nil where there is none: its step was lost, or never made.
func (s *Store) Change(ctx context.Context, id cloudevent.ID) (*engine.Change, error) {
	rows, err := s.History(ctx, id.Instance, id.Seq-1, 1)
	if err != nil || len(rows) == 0 || rows[0].Seq != id.Seq || !id.Of(rows[0].CommandID) || id.N > len(rows[0].Changes) {
		return nil, err
	}
	return &rows[0].Changes[id.N-1], nil
}

func (s *Store) scanRow(rows *sql.Rows) (Row, error) {
	var changes []engine.Change
	r, err := s.scanInto(rows, &changes)
	r.Changes = changes
	return r, err
}

// scanInto reads a row of historySelect but its changes, which it decodes into another place.
func (s *Store) scanInto(rows *sql.Rows, into any) (Row, error) {
	var r Row
	var changes []byte
	if err := rows.Scan(&r.InstanceID, &r.Seq, &r.CommandID, &r.Command, &r.Actor, &r.At, &changes); err != nil {
		return r, err
	}
	return r, s.codec.decode(changes, into)
}

// CommandAt returns the id of the command that wrote step seq of an instance; a zero id when no
// such step is there. It tells whether a transaction whose outcome is unknown has committed.
func (s *Store) CommandAt(ctx context.Context, id engine.ID, seq int64) (engine.ID, error) {
	var command engine.ID
	err := s.DB.QueryRow(ctx, []any{&command}, `SELECT command_id FROM workflow_history WHERE instance_id = ? AND seq = ?`, id[:], seq)
	if errors.Is(err, sql.ErrNoRows) {
		return engine.ID{}, nil
	}
	return command, err
}

// TraceAt returns what telemetry.Kept was of step seq of an instance; nil where its trace was not kept, and where no such step is there.
func (s *Store) TraceAt(ctx context.Context, id engine.ID, seq int64) (kept []byte, err error) {
	err = s.DB.QueryRow(ctx, []any{&kept}, `SELECT trace FROM workflow_history WHERE instance_id = ? AND seq = ?`, id[:], seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return kept, err
}

// Starts returns the changes of the last starts of a process by a person, the newest first.
func (s *Store) Starts(ctx context.Context, starter, processKey string, limit int) ([][]engine.Change, error) {
	rows, err := s.DB.Query(ctx, `SELECT h.changes FROM workflow_instance i JOIN workflow_history h ON h.instance_id = i.id AND h.seq = 1
WHERE i.starter = ? AND i.process_key = ? ORDER BY i.id DESC LIMIT ?`, starter, processKey, limit)
	list, err := collect(rows, err, func(rows *sql.Rows) (changes []engine.Change, err error) {
		var stored []byte
		if err := rows.Scan(&stored); err != nil {
			return nil, err
		}
		err = s.codec.decode(stored, &changes)
		return changes, err
	})
	if err != nil {
		return nil, fmt.Errorf("starts of %s: %w", processKey, err)
	}
	return list, nil
}
