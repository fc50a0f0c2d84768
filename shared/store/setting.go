package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Setting is a row of workflow_setting. Without a Value what the environment says holds.
type Setting struct {
	Key       string
	Value     *string
	Version   int64
	UpdatedBy string
	UpdatedAt time.Time
}

func (x *Setting) fields() []any {
	return []any{&x.Key, &x.Value, &x.Version, &x.UpdatedBy, &x.UpdatedAt}
}

const settingColumns = `SELECT setting_key, value, version, updated_by, updated_at FROM workflow_setting`

// Settings returns every setting that was ever set, by key. There is one at most for each that the product has.
func (s *Store) Settings(ctx context.Context) (map[string]Setting, error) {
	rows, err := s.DB.Query(ctx, settingColumns+` LIMIT 1000`)
	list, err := collect(rows, err, into((*Setting).fields))
	all := make(map[string]Setting, len(list))
	for _, x := range list {
		all[x.Key] = x
	}
	return all, err
}

// SetSetting writes a setting where it still has the version match, 0 for any; one that was never set has version 1.
// It returns the version that it has then. Errors: ErrPeopleStale.
func (s *Store) SetSetting(ctx context.Context, x Setting, match int64) (int64, error) {
	var version int64
	err := s.inAudited(ctx, act{"setting.change", kindSetting, x.Key}, func(tx *sql.Tx) error {
		var err error
		version, err = writeSetting(ctx, tx, x, match)
		return err
	})
	return version, err
}

func writeSetting(ctx context.Context, tx *sql.Tx, x Setting, match int64) (int64, error) {
	var now int64
	err := tx.QueryRowContext(ctx, `SELECT version FROM workflow_setting WHERE setting_key = ? FOR UPDATE`, x.Key).Scan(&now)
	fresh := errors.Is(err, sql.ErrNoRows)
	if fresh {
		now, err = 1, nil
	}
	switch {
	case err != nil:
		return 0, err
	case match != 0 && match != now:
		return 0, ErrPeopleStale
	case fresh:
		_, err = tx.ExecContext(ctx, `INSERT INTO workflow_setting (setting_key, value, version, updated_by, updated_at) VALUES (?, ?, ?, ?, ?)`,
			x.Key, x.Value, now+1, x.UpdatedBy, x.UpdatedAt)
		err = taken(err, ErrPeopleStale) // another one was first
	default:
		_, err = tx.ExecContext(ctx, `UPDATE workflow_setting SET value = ?, version = ?, updated_by = ?, updated_at = ? WHERE setting_key = ?`,
			x.Value, now+1, x.UpdatedBy, x.UpdatedAt, x.Key)
	}
	return now + 1, err
}
