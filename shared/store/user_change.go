package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// CreateUser inserts a user with its roles and groups and, in the same transaction, the answer to
// the request. Errors: ErrRepeated, ErrUsernameUsed, ErrUnknownRole, ErrUnknownGroup,
// ErrUnknownDepartment.
func (s *Store) CreateUser(ctx context.Context, u User, i *Idempotency, answer Recorded) error {
	return s.inAudited(ctx, act{"user.create", kindUser, u.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, u.CreatedAt); err != nil {
			return err
		}
		return insertUser(ctx, tx, u)
	})
}

// NoPassword is no hash: no password matches it, and it never ends.
const NoPassword = "!"

func insertUser(ctx context.Context, tx *sql.Tx, u User) error {
	if err := checkDepartment(ctx, tx, u.DepartmentID); err != nil {
		return err
	}
	passwordAt := &u.UpdatedAt
	if u.Password == NoPassword {
		passwordAt = nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO sys_user
(id, username, password, display_name, email, title, department_id, enabled, must_change, token_version, version, created_at, updated_at, password_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, u.ID[:], u.Username, u.Password, u.DisplayName, u.Email, u.Title,
		nullableID(u.DepartmentID), u.Enabled, u.MustChange, u.TokenVersion, u.Version, u.CreatedAt, u.UpdatedAt, passwordAt)
	if err := taken(err, ErrUsernameUsed); err != nil {
		return err
	}
	return addMemberships(ctx, tx, u)
}

func nullableID(id engine.ID) any {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

// setMemberships replaces the roles and groups of a user who exists.
func setMemberships(ctx context.Context, tx *sql.Tx, u User) error {
	for _, text := range []string{`DELETE FROM sys_user_role WHERE user_id = ?`, `DELETE FROM sys_user_group WHERE user_id = ?`} {
		if _, err := tx.ExecContext(ctx, text, u.ID[:]); err != nil {
			return err
		}
	}
	return addMemberships(ctx, tx, u)
}

// addMemberships gives a new user its roles and groups. It deletes nothing: a DELETE that finds no
// row locks the gap, and two at once would be a deadlock.
func addMemberships(ctx context.Context, tx *sql.Tx, u User) error {
	for n, code := range u.Roles {
		err := insertMember(ctx, tx, `INSERT INTO sys_user_role (user_id, role_id) SELECT ?, id FROM sys_role WHERE code = ?`, u.ID, code)
		if errors.Is(err, sql.ErrNoRows) {
			return unknown(ErrUnknownRole, fmt.Sprintf("/roles/%d", n), code)
		}
		if err != nil {
			return err
		}
	}
	for n, key := range u.Groups {
		err := insertMember(ctx, tx, `INSERT INTO sys_user_group (user_id, group_id) SELECT ?, id FROM sys_group WHERE group_key = ?`, u.ID, key)
		if errors.Is(err, sql.ErrNoRows) {
			return unknown(ErrUnknownGroup, fmt.Sprintf("/groups/%d", n), key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// insertMember returns sql.ErrNoRows when name names nothing.
func insertMember(ctx context.Context, tx *sql.Tx, text string, id engine.ID, name string) error {
	result, err := tx.ExecContext(ctx, text, id[:], name)
	if err != nil {
		return err
	}
	if n, _ := result.RowsAffected(); n == 0 { // MySQL always tells
		return sql.ErrNoRows
	}
	return nil
}

func unknown(sentinel *fault.Error, pointer, name string) error {
	return sentinel.With(fault.Detail{Pointer: pointer, Code: sentinel.Code, Detail: sentinel.Message, Name: name})
}

// UserEffect says what an update means to what the user is logged in to.
type UserEffect struct {
	// EndSessions raises the token version and revokes every refresh token.
	EndSessions bool
	// Password is the new bcrypt hash, "" when it stays.
	Password string
	// MustChange says that the password must be changed before anything else; nil: as it was.
	MustChange *bool
	// Left says that a directory found the user gone, or there again; nil: it says nothing.
	Left *Leaving
}

// UpdateUser writes the fields of u, its roles and its groups where the row still has u.Version, and
// raises the version. Errors: ErrNoUser, ErrPeopleStale, ErrLastAdmin and those of CreateUser.
func (s *Store) UpdateUser(ctx context.Context, u User, effect UserEffect) error {
	return s.inAudited(ctx, act{"user.update", kindUser, u.ID}, func(tx *sql.Tx) error {
		if err := keepAdmin(ctx, tx, u.ID, u.Enabled && slices.Contains(u.Roles, superAdmin)); err != nil {
			return err
		}
		if err := checkDepartment(ctx, tx, u.DepartmentID); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE sys_user SET display_name = ?, email = ?, title = ?, department_id = ?, enabled = ?,
version = version + 1, updated_at = ? WHERE id = ? AND version = ?`,
			u.DisplayName, u.Email, u.Title, nullableID(u.DepartmentID), u.Enabled, u.UpdatedAt, u.ID[:], u.Version)
		if err := changedOne(result, err, ErrPeopleStale); err != nil {
			return err
		}
		if err := effect.write(ctx, tx, u); err != nil {
			return err
		}
		return setMemberships(ctx, tx, u)
	})
}

func (e UserEffect) write(ctx context.Context, tx *sql.Tx, u User) error {
	if e.Password != "" {
		if err := writePassword(ctx, tx, u.ID, e.Password, u.UpdatedAt); err != nil {
			return err
		}
	}
	if e.MustChange != nil {
		if _, err := tx.ExecContext(ctx, `UPDATE sys_user SET must_change = ? WHERE id = ?`, *e.MustChange, u.ID[:]); err != nil {
			return err
		}
	}
	if e.Left != nil {
		if err := e.Left.write(ctx, tx, u.ID); err != nil {
			return err
		}
	}
	if e.EndSessions {
		return endSessions(ctx, tx, u.ID, u.UpdatedAt)
	}
	return nil
}

// DeleteUser removes a user with its memberships and sessions. Errors: ErrNoUser, ErrLastAdmin, ErrUserHeld.
func (s *Store) DeleteUser(ctx context.Context, id engine.ID) error {
	return s.inAudited(ctx, act{"user.delete", kindUser, id}, func(tx *sql.Tx) error {
		if err := keepAdmin(ctx, tx, id, false); err != nil {
			return err
		}
		if err := checkHold(ctx, tx, userHeld, id, ErrUserHeld); err != nil {
			return err
		}
		for _, text := range []string{
			`DELETE FROM sys_user_role WHERE user_id = ?`,
			`DELETE FROM sys_user_post WHERE user_id = ?`,
			`DELETE FROM sys_user_group WHERE user_id = ?`,
			`DELETE FROM sys_session WHERE user_id = ?`,
			`DELETE FROM sys_api_token WHERE user_id = ?`,
			`DELETE FROM sys_password_history WHERE user_id = ?`,
			`DELETE FROM sys_phrase WHERE user_id = ?`,
			`UPDATE sys_department d JOIN sys_user u ON u.username = d.head SET d.head = NULL, d.version = d.version + 1 WHERE u.id = ?`,
		} {
			if _, err := tx.ExecContext(ctx, text, id[:]); err != nil {
				return err
			}
		}
		if err := forgetIdentities(ctx, tx, id); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM sys_user WHERE id = ?`, id[:])
		return changedOne(result, err, ErrNoUser)
	})
}

const superAdmin = "SUPER_ADMIN"

// keepAdmin refuses a change after which nobody enabled is SUPER_ADMIN; stays says that the user is
// one afterwards. The lock on the role's row puts such changes in a queue: of two administrators who
// disable each other one comes too late.
func keepAdmin(ctx context.Context, tx *sql.Tx, id engine.ID, stays bool) error {
	if stays {
		return nil
	}
	var role engine.ID
	if err := tx.QueryRowContext(ctx, `SELECT id FROM sys_role WHERE code = ? FOR UPDATE`, superAdmin).Scan(&role); err != nil {
		return err
	}
	var is, others int
	err := tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(u.id = ?), 0), COALESCE(SUM(u.id <> ?), 0)
FROM sys_user_role ur JOIN sys_user u ON u.id = ur.user_id WHERE ur.role_id = ? AND u.enabled = 1 FOR UPDATE`,
		id[:], id[:], role[:]).Scan(&is, &others)
	if err != nil {
		return err
	}
	if is > 0 && others == 0 {
		return ErrLastAdmin
	}
	return nil
}
