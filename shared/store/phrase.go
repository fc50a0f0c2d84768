package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
)

// Phrases are what a person writes again and again, a row of sys_phrase. Version is 1 where nothing is written.
type Phrases struct {
	UserID    engine.ID
	Texts     []string
	Version   int64
	UpdatedAt time.Time
}

// Phrases returns those of a user: none at version 1 where he has written none.
func (s *Store) Phrases(ctx context.Context, user engine.ID) (Phrases, error) {
	p := Phrases{UserID: user, Texts: []string{}, Version: 1}
	var raw []byte
	err := s.DB.QueryRow(ctx, []any{&raw, &p.Version, &p.UpdatedAt}, `SELECT phrases, version, updated_at FROM sys_phrase WHERE user_id = ?`, user[:])
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &p.Texts)
	}
	if err != nil {
		return p, fmt.Errorf("phrases of %s: %w", user, err)
	}
	return p, nil
}

// SetPhrases writes a user's phrases where they still have the version of p, 1 where there are none yet, and counts it
// up. It returns ErrPeopleStale.
func (s *Store) SetPhrases(ctx context.Context, p Phrases) error {
	raw, err := json.Marshal(p.Texts)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if p.Version <= 1 {
			_, err := tx.ExecContext(ctx, `INSERT INTO sys_phrase (user_id, phrases, version, updated_at) VALUES (?, ?, 2, ?)`, p.UserID[:], string(raw), p.UpdatedAt)
			return taken(err, ErrPeopleStale)
		}
		result, err := tx.ExecContext(ctx, `UPDATE sys_phrase SET phrases = ?, updated_at = ?, version = version + 1 WHERE user_id = ? AND version = ?`,
			string(raw), p.UpdatedAt, p.UserID[:], p.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}
