package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

const startConditions = `SELECT ` + subscriptionColumns + ` WHERE s.start_condition = 1 AND s.suspended = 0 AND s.id > ? ORDER BY s.id LIMIT ?`

// StartConditions returns the next conditional start events after one, in the order of their ids: of the latest
// versions of processes, of suspended ones none.
func (s *Store) StartConditions(ctx context.Context, after engine.ID, limit int) ([]Subscription, error) {
	rows, err := s.DB.Query(ctx, startConditions, after[:], limit)
	list, err := collect(rows, err, into((*Subscription).destinations))
	if err != nil {
		return nil, fmt.Errorf("start conditions: %w", err)
	}
	return list, nil
}

// DeliveredTo returns the instance on which a CloudEvent had its effect; zero when it has not come, or had none.
func (s *Store) DeliveredTo(ctx context.Context, source, eventID string) (instance engine.ID, err error) {
	err = s.DB.QueryRow(ctx, []any{&instance}, `SELECT instance_id FROM workflow_inbox WHERE source = ? AND event_id = ?`, source, eventID)
	if errors.Is(err, sql.ErrNoRows) {
		return engine.ID{}, nil
	}
	return instance, err
}

// Answer records the answer to a request whose effects are many steps, after the last of them. A nil i writes
// nothing. It returns ErrRepeated when another call with the key has answered meanwhile.
func (s *Store) Answer(ctx context.Context, i *Idempotency, a Recorded, now time.Time) error {
	if i == nil {
		return nil
	}
	var b database.Batch
	b.Add(insertIdempotency, i.arguments(a.Status, a.Body, now)...)
	err := s.DB.Run(ctx, &b)
	if errors.Is(err, database.ErrDuplicate) || errors.Is(err, database.ErrUnknown) {
		recorded, lost := s.Recorded(ctx, i)
		if lost != nil {
			return lost
		}
		if recorded != nil {
			return ErrRepeated
		}
	}
	return err
}
