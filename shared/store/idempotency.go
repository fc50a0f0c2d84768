package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/fault"
)

// ErrRepeated: the Idempotency-Key has been used. The adapter answers with the recorded answer; a
// use case only passes the error on.
var ErrRepeated = fault.New(fault.Conflict, "request_repeated", "A request with this Idempotency-Key has been made.")

// ErrKeyReused: the Idempotency-Key was used for another request.
var ErrKeyReused = fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key was used for a different request.")

// Idempotency identifies a repeatable request: the caller's key, and what the key was used for.
// A nil *Idempotency means that the caller gave no key.
type Idempotency struct {
	Principal string
	Key       string
	Route     string // method and path
	Hash      [32]byte
}

// Recorded is the answer that a request was given.
type Recorded struct {
	Status int
	Body   []byte
}

const insertIdempotency = `INSERT INTO workflow_idempotency (principal, idempotency_key, route, hash, status, body, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?)`

func (i *Idempotency) arguments(status int, body []byte, now time.Time) []any {
	return []any{i.Principal, i.Key, i.Route, i.Hash[:], status, body, now}
}

// Record writes the answer of a request in the transaction of its effect. It returns ErrRepeated when
// the key is taken. A nil i writes nothing.
func (i *Idempotency) Record(ctx context.Context, tx *sql.Tx, a Recorded, now time.Time) error {
	if i == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, insertIdempotency, i.arguments(a.Status, a.Body, now)...)
	return taken(err, ErrRepeated)
}

// Recorded returns the answer that was given under i's key, or nil when the key is free. It returns
// ErrKeyReused when the key belongs to another request.
func (s *Store) Recorded(ctx context.Context, i *Idempotency) (*Recorded, error) {
	var route string
	var hash []byte
	var a Recorded
	err := s.DB.QueryRow(ctx, []any{&route, &hash, &a.Status, &a.Body},
		`SELECT route, hash, status, body FROM workflow_idempotency WHERE principal = ? AND idempotency_key = ?`,
		i.Principal, i.Key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("idempotency key: %w", err)
	}
	if route != i.Route || string(hash) != string(i.Hash[:]) {
		return nil, ErrKeyReused
	}
	return &a, nil
}
