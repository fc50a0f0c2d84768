package store

import (
	"context"
	"database/sql"
	"errors"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// What a change of people names and is not there.
var (
	ErrUnknownRole       = fault.New(fault.Invalid, "unknown_role", "There is no such role.")
	ErrUnknownGroup      = fault.New(fault.Invalid, "unknown_group", "There is no such group.")
	ErrUnknownDepartment = fault.New(fault.Invalid, "unknown_department", "There is no such department.")
	ErrUnknownPermission = fault.New(fault.Invalid, "unknown_permission", "There is no such permission.")
	ErrUnknownParent     = fault.New(fault.Invalid, "unknown_parent", "There is no such parent, or it lies below.")
)

// changedOne turns the result of a statement that must change one row into an error.
func changedOne(result sql.Result, err error, otherwise error) error {
	if err != nil {
		return err
	}
	if n, _ := result.RowsAffected(); n == 0 { // MySQL always tells
		return otherwise
	}
	return nil
}

// absent is an error of a read of one row, with otherwise in place of sql.ErrNoRows.
func absent(err, otherwise error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return otherwise
	}
	return err
}

// exists reports whether a locking read finds a row: it stays until the transaction ends.
func exists(ctx context.Context, tx *sql.Tx, text string, arguments ...any) (bool, error) {
	var one int
	err := tx.QueryRowContext(ctx, text, arguments...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func checkDepartment(ctx context.Context, tx *sql.Tx, id engine.ID) error {
	if id.IsZero() {
		return nil
	}
	found, err := exists(ctx, tx, `SELECT 1 FROM sys_department WHERE id = ? FOR UPDATE`, id[:])
	if err == nil && !found {
		return unknown(ErrUnknownDepartment, "/departmentId", id.String())
	}
	return err
}
