package store

import (
	"context"
	"database/sql"
	"errors"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

// Permissions returns every permission, parents' children in their order: the tree is small.
func (s *Store) Permissions(ctx context.Context) ([]Permission, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+permissionColumns+` ORDER BY position, code LIMIT 1000`)
	return collect(rows, err, into((*Permission).fields))
}

// PermissionByID returns a permission: ErrNoPermission when there is none.
func (s *Store) PermissionByID(ctx context.Context, id engine.ID) (Permission, error) {
	var p Permission
	err := s.DB.QueryRow(ctx, p.fields(), `SELECT `+permissionColumns+` WHERE id = ?`, id[:])
	return p, absent(err, ErrNoPermission)
}

// CreatePermission inserts a permission, grants it to SUPER_ADMIN and keeps the answer. Errors:
// ErrRepeated, ErrCodeUsed, ErrUnknownParent.
func (s *Store) CreatePermission(ctx context.Context, p Permission, i *Idempotency, answer Recorded) error {
	return s.inAudited(ctx, act{"permission.create", kindPermission, p.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, p.CreatedAt); err != nil {
			return err
		}
		if err := checkPermissionParent(ctx, tx, p); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sys_permission (id, code, name, parent_id, position, built_in, version, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, p.ID[:], p.Code, p.Name, nullableID(p.ParentID), p.Position, p.BuiltIn, p.Version, p.CreatedAt)
		if err := taken(err, ErrCodeUsed); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO sys_role_permission (role_id, permission_id) SELECT id, ? FROM sys_role WHERE code = ?`, p.ID[:], superAdmin)
		return err
	})
}

// UpdatePermission writes the name, parent and position where the row still has p.Version. Errors:
// ErrPeopleStale, ErrUnknownParent.
func (s *Store) UpdatePermission(ctx context.Context, p Permission) error {
	return s.inAudited(ctx, act{"permission.update", kindPermission, p.ID}, func(tx *sql.Tx) error {
		if err := checkPermissionParent(ctx, tx, p); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE sys_permission SET name = ?, parent_id = ?, position = ?, version = version + 1 WHERE id = ? AND version = ?`,
			p.Name, nullableID(p.ParentID), p.Position, p.ID[:], p.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}

func checkPermissionParent(ctx context.Context, tx *sql.Tx, p Permission) error {
	return checkParent(ctx, tx, `SELECT parent_id FROM sys_permission WHERE id = ? FOR UPDATE`, p.ID, p.ParentID)
}

// treeDepth bounds the walk to the root.
const treeDepth = 32

// checkParent walks from parent to the root, locking: it must exist and not lie below id.
func checkParent(ctx context.Context, tx *sql.Tx, text string, id, parent engine.ID) error {
	for at, depth := parent, 0; !at.IsZero(); depth++ {
		var next engine.ID
		err := tx.QueryRowContext(ctx, text, at[:]).Scan(&next)
		if errors.Is(err, sql.ErrNoRows) || err == nil && (at == id || depth == treeDepth) {
			return unknown(ErrUnknownParent, "/parentId", parent.String())
		}
		if err != nil {
			return err
		}
		at = next
	}
	return nil
}

// DeletePermission removes a permission without children, and takes it from every role. Errors:
// ErrNoPermission, ErrBuiltIn, ErrInUse.
func (s *Store) DeletePermission(ctx context.Context, id engine.ID) error {
	return s.inAudited(ctx, act{"permission.delete", kindPermission, id}, func(tx *sql.Tx) error {
		if err := deletable(ctx, tx, id, `SELECT built_in FROM sys_permission WHERE id = ? FOR UPDATE`, ErrNoPermission); err != nil {
			return err
		}
		used, err := exists(ctx, tx, `SELECT 1 FROM sys_permission WHERE parent_id = ? LIMIT 1 FOR UPDATE`, id[:])
		if err != nil || used {
			return either(err, ErrInUse)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sys_role_permission WHERE permission_id = ?`, id[:]); err != nil {
			return database.Classify(err)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM sys_permission WHERE id = ?`, id[:])
		return err
	})
}
