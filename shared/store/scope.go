package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"diom.io/workflow/shared/engine"
)

// How much of the company a role lets one see, of what others have started.
const (
	ScopeOwn        = "own"
	ScopeDepartment = "department" // of those in one's departments, by every post
	ScopeBelow      = "below"      // and in those below
	ScopeChosen     = "chosen"     // of those in the role's departments
	ScopeAll        = "all"
)

// DataScopes are the scopes, the narrowest first.
var DataScopes = []string{ScopeOwn, ScopeDepartment, ScopeBelow, ScopeChosen, ScopeAll}

// colleagues are the usernames of those whose instances the roles of a person let him see; ? is his username three
// times. Whoever has several posts is in several departments.
const colleagues = `(WITH RECURSIVE seen (id, deep) AS (
  SELECT u.department_id, r.data_scope = 'below' FROM sys_user u JOIN sys_user_role ur ON ur.user_id = u.id JOIN sys_role r ON r.id = ur.role_id
   WHERE u.username = ? AND r.data_scope IN ('department', 'below') AND u.department_id IS NOT NULL
  UNION SELECT p.department_id, r.data_scope = 'below' FROM sys_user u JOIN sys_user_post p ON p.user_id = u.id JOIN sys_user_role ur ON ur.user_id = u.id JOIN sys_role r ON r.id = ur.role_id
   WHERE u.username = ? AND r.data_scope IN ('department', 'below')
  UNION SELECT rd.department_id, 0 FROM sys_user u JOIN sys_user_role ur ON ur.user_id = u.id JOIN sys_role r ON r.id = ur.role_id JOIN sys_role_department rd ON rd.role_id = r.id
   WHERE u.username = ? AND r.data_scope = 'chosen'
  UNION SELECT d.id, 1 FROM sys_department d JOIN seen s ON d.parent_id = s.id WHERE s.deep = 1)
SELECT u.username FROM seen s JOIN sys_user u ON u.department_id = s.id
UNION SELECT u.username FROM seen s JOIN sys_user_post p ON p.department_id = s.id JOIN sys_user u ON u.id = p.user_id)`

// inScope narrows a query to those whose instances a person may see by his roles.
func (q *query) inScope(column, username string) {
	if username != "" {
		q.where(column+" IN "+colleagues, username, username, username)
	}
}

const seesEverything = `SELECT 1 FROM sys_user u JOIN sys_user_role ur ON ur.user_id = u.id JOIN sys_role r ON r.id = ur.role_id WHERE u.username = ? AND r.data_scope = 'all' LIMIT 1`

// SeesEverything reports whether a role of a person has the scope all.
func (s *Store) SeesEverything(ctx context.Context, username string) (bool, error) {
	return s.found(ctx, seesEverything, username)
}

// Oversees reports whether the roles of a person let him see what another one has started.
func (s *Store) Oversees(ctx context.Context, username, starter string) (bool, error) {
	all, err := s.SeesEverything(ctx, username)
	if err != nil || all {
		return all, err
	}
	return s.found(ctx, `SELECT 1 FROM `+colleagues+` AS c WHERE c.username = ? LIMIT 1`, username, username, username, starter)
}

// WidensScope reports whether one of some roles lets people see what others have started.
func (s *Store) WidensScope(ctx context.Context, codes []string) (bool, error) {
	if len(codes) == 0 {
		return false, nil
	}
	arguments := make([]any, len(codes))
	for i, code := range codes {
		arguments[i] = code
	}
	return s.found(ctx, `SELECT 1 FROM sys_role WHERE data_scope <> 'own' AND code IN (`+placeholders(len(codes))+`) LIMIT 1`, arguments...)
}

// RoleScope is the scope of a role, with the codes of its departments where that is ScopeChosen.
type RoleScope struct {
	DataScope   string   `json:"dataScope" api:"required"`
	Departments []string `json:"departments"`
}

// RoleScopeOf returns the scope of a role. Errors: ErrNoRole.
func (s *Store) RoleScopeOf(ctx context.Context, id engine.ID) (RoleScope, error) {
	x := RoleScope{Departments: []string{}}
	if err := s.DB.QueryRow(ctx, []any{&x.DataScope}, `SELECT data_scope FROM sys_role WHERE id = ?`, id[:]); err != nil {
		return x, absent(err, ErrNoRole)
	}
	codes, err := s.names(ctx, `SELECT d.code FROM sys_role_department rd JOIN sys_department d ON d.id = rd.department_id WHERE rd.role_id = ? ORDER BY d.code`, id[:])
	x.Departments = append(x.Departments, codes...)
	return x, err
}

// SetRoleScope gives a role a scope. Errors: ErrNoRole, ErrUnknownDepartment.
func (s *Store) SetRoleScope(ctx context.Context, id engine.ID, x RoleScope) error {
	return s.inAudited(ctx, act{"role.scope", kindRole, id}, func(tx *sql.Tx) error {
		found, err := exists(ctx, tx, `SELECT 1 FROM sys_role WHERE id = ? FOR UPDATE`, id[:])
		if err != nil || !found {
			return either(err, ErrNoRole)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE sys_role SET data_scope = ? WHERE id = ?`, x.DataScope, id[:]); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sys_role_department WHERE role_id = ?`, id[:]); err != nil {
			return err
		}
		for i, code := range slices.Compact(slices.Sorted(slices.Values(x.Departments))) {
			result, err := tx.ExecContext(ctx, `INSERT INTO sys_role_department (role_id, department_id) SELECT ?, id FROM sys_department WHERE code = ?`, id[:], code)
			if err := changedOne(result, err, unknown(ErrUnknownDepartment, fmt.Sprintf("/departments/%d", i), code)); err != nil {
				return err
			}
		}
		return nil
	})
}
