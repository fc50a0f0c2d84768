package store

import (
	"context"
	"database/sql"
	"fmt"

	"diom.io/workflow/shared/engine"
)

// SealedColumn is a column whose values are sealed with a data key (access.Place).
type SealedColumn struct{ Table, Field string }

// SealedColumns are all of them. A new one is added here, or a rotation of the keys leaves it out.
func SealedColumns() []SealedColumn {
	return []SealedColumn{{"workflow_channel", "sealed"}, {"workflow_event_source", "sealed_key"}, {"workflow_topic_binding", "sealed_key"}, {"workflow_webhook", "sealed"}}
}

// SealedValue is the sealed value of one row.
type SealedValue struct {
	ID     engine.ID
	Sealed []byte
}

func (v *SealedValue) fields() []any { return []any{&v.ID, &v.Sealed} }

// SealedValues returns up to limit values of a column, by id, behind the row after.
func (s *Store) SealedValues(ctx context.Context, c SealedColumn, after engine.ID, limit int) ([]SealedValue, error) {
	rows, err := s.DB.Query(ctx, `SELECT id, `+c.Field+` FROM `+c.Table+` WHERE id > ? AND LENGTH(`+c.Field+`) > 0 ORDER BY id LIMIT ?`, after[:], limit)
	found, err := collect(rows, err, into((*SealedValue).fields))
	if err != nil {
		return nil, fmt.Errorf("sealed values of %s: %w", c.Table, err)
	}
	return found, nil
}

// ReplaceSealed writes values anew, each where its row still has the earlier one, in one transaction, and returns how
// many that were. The version of a row counts up: who has read the earlier value cannot write it back.
func (s *Store) ReplaceSealed(ctx context.Context, c SealedColumn, earlier, later []SealedValue) (int, error) {
	var n int64
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		n = 0
		for i, v := range later {
			//nolint:gosec // the names of SealedColumns alone
			result, err := tx.ExecContext(ctx, `UPDATE `+c.Table+` SET `+c.Field+` = ?, version = version + 1 WHERE id = ? AND `+c.Field+` = ?`, v.Sealed, v.ID[:], earlier[i].Sealed)
			if err != nil {
				return err
			}
			changed, err := result.RowsAffected()
			if err != nil {
				return err
			}
			n += changed
		}
		return nil
	})
	return int(n), err
}
