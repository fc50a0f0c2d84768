package store

import (
	"context"
	"database/sql"
)

// versions are the statements about the versions of what is deployed under a key: last locks it, unmark takes the
// mark of the latest away.
type versions struct{ last, unmark string }

var (
	definitionVersions = versions{
		last:   `SELECT MAX(version) FROM workflow_definition WHERE process_key = ? FOR UPDATE`,
		unmark: `UPDATE workflow_definition SET latest = 0 WHERE process_key = ? AND latest = 1`,
	}
	decisionVersions = versions{
		last:   `SELECT MAX(version) FROM workflow_decision WHERE decision_key = ? FOR UPDATE`,
		unmark: `UPDATE workflow_decision SET latest = 0 WHERE decision_key = ? AND latest = 1`,
	}
)

// add prepares a version of a key, 0 for the next one, and returns its number and whether it is the latest: the
// earlier ones are so no more.
func (v versions) add(ctx context.Context, tx *sql.Tx, key string, version int) (number int, latest bool, err error) {
	var last sql.NullInt64
	if err := tx.QueryRowContext(ctx, v.last, key).Scan(&last); err != nil {
		return 0, false, err
	}
	if version == 0 {
		version = int(last.Int64) + 1
	}
	if last.Valid && int64(version) <= last.Int64 {
		return version, false, nil
	}
	_, err = tx.ExecContext(ctx, v.unmark, key)
	return version, true, err
}

// given is the version of what is taken over, 0 of all else, whatever an attempt before has given it.
func given(version int, taken bool) int {
	if taken {
		return version
	}
	return 0
}
