package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

// Evaluation is a decision that was made at somebody's request, and not for an instance.
type Evaluation struct {
	ID    engine.ID
	Actor string
	At    time.Time
	engine.Decided
}

// AddEvaluation inserts an evaluation.
func (s *Store) AddEvaluation(ctx context.Context, e Evaluation) error {
	made, err := s.codec.encode(e.Decisions)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_evaluation (id, decision_id, decision_key, version, actor, at, made) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			e.ID[:], e.Decided.ID[:], e.Key, e.Version, e.Actor, e.At, made)
		return err
	})
}

const evaluationColumns = `SELECT id, decision_id, decision_key, version, actor, at, made FROM workflow_evaluation`

// Evaluations reads up to limit evaluations, the latest: those of an actor, or everybody's where that is empty.
func (s *Store) Evaluations(ctx context.Context, actor string, limit int) ([]Evaluation, error) {
	text, arguments := evaluationColumns, []any{}
	if actor != "" {
		text, arguments = text+` WHERE actor = ?`, append(arguments, actor)
	}
	rows, err := s.DB.Query(database.ToShow(ctx), text+` ORDER BY id DESC LIMIT ?`, append(arguments, limit)...)
	items, err := collect(rows, err, func(rows *sql.Rows) (Evaluation, error) {
		var e Evaluation
		var made []byte
		err := rows.Scan(&e.ID, &e.Decided.ID, &e.Key, &e.Version, &e.Actor, &e.At, &made)
		if err == nil {
			err = s.codec.decode(made, &e.Decisions)
		}
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("evaluations: %w", err)
	}
	return items, nil
}
