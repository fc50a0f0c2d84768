package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a change of roles or permissions is refused.
var (
	ErrNoRole       = fault.New(fault.NotFound, "role_not_found", "There is no such role.")
	ErrNoPermission = fault.New(fault.NotFound, "permission_not_found", "There is no such permission.")
	ErrCodeUsed     = fault.New(fault.Conflict, "code_taken", "The code is taken.")
	ErrInUse        = fault.New(fault.Conflict, "in_use", "It is in use; take it away from its users first.")
	ErrBuiltIn      = fault.New(fault.Conflict, "built_in", "It belongs to the product and cannot be deleted.")
)

// Role is a row of sys_role with the codes of its permissions, sorted.
type Role struct {
	ID          engine.ID
	Code        string
	Name        string
	Description string
	BuiltIn     bool
	Version     int64
	CreatedAt   time.Time
	Permissions []string
}

// Permission is a row of sys_permission.
type Permission struct {
	ID        engine.ID
	Code      string
	Name      string
	ParentID  engine.ID // zero at the root
	Position  int
	BuiltIn   bool
	Version   int64
	CreatedAt time.Time
}

const (
	roleColumns       = `r.id, r.code, r.name, r.description, r.built_in, r.version, r.created_at FROM sys_role r`
	permissionColumns = `id, code, name, parent_id, position, built_in, version, created_at FROM sys_permission`
)

func (r *Role) fields() []any {
	return []any{&r.ID, &r.Code, &r.Name, &r.Description, &r.BuiltIn, &r.Version, &r.CreatedAt}
}

func (p *Permission) fields() []any {
	return []any{&p.ID, &p.Code, &p.Name, &p.ParentID, &p.Position, &p.BuiltIn, &p.Version, &p.CreatedAt}
}

// RoleList names the list of roles.
var RoleList = page.List{Name: "roles", Sorts: []string{"code"}}

// Roles reads one page of roles by code.
func (s *Store) Roles(ctx context.Context, r page.Request) (page.Page[Role], error) {
	l := list[Role]{columns: roleColumns, count: "sys_role", sort: byName("r.code"), scan: into((*Role).fields), key: func(r Role) []string { return []string{r.Code} }}
	p, err := l.read(ctx, s, query{}, r)
	if err != nil {
		return p, err
	}
	return p, s.rolePermissions(ctx, p.Items)
}

// RoleByID returns a role: ErrNoRole when there is none.
func (s *Store) RoleByID(ctx context.Context, id engine.ID) (Role, error) {
	var r Role
	err := s.DB.QueryRow(ctx, r.fields(), `SELECT `+roleColumns+` WHERE r.id = ?`, id[:])
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNoRole
	}
	if err != nil {
		return r, err
	}
	list := []Role{r}
	err = s.rolePermissions(ctx, list)
	return list[0], err
}

// HasRole reports whether there is a role with a code.
func (s *Store) HasRole(ctx context.Context, code string) (bool, error) {
	return s.found(ctx, `SELECT 1 FROM sys_role WHERE code = ?`, code)
}

func (s *Store) rolePermissions(ctx context.Context, roles []Role) error {
	if len(roles) == 0 {
		return nil
	}
	at := make(map[engine.ID]*Role, len(roles))
	ids := make([]any, 0, len(roles))
	for i := range roles {
		roles[i].Permissions = []string{}
		at[roles[i].ID] = &roles[i]
		ids = append(ids, roles[i].ID[:])
	}
	rows, err := s.DB.Query(ctx, `SELECT rp.role_id, p.code FROM sys_role_permission rp JOIN sys_permission p ON p.id = rp.permission_id
WHERE rp.role_id IN (`+placeholders(len(ids))+`) ORDER BY p.code`, ids...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id engine.ID
		var code string
		if err := rows.Scan(&id, &code); err != nil {
			return err
		}
		at[id].Permissions = append(at[id].Permissions, code)
	}
	return database.Classify(rows.Err())
}

// PermissionsOfRoles returns the permission codes that the roles named by codes carry together.
func (s *Store) PermissionsOfRoles(ctx context.Context, codes []string) ([]string, error) {
	if len(codes) == 0 {
		return nil, nil
	}
	arguments := make([]any, 0, len(codes))
	for _, code := range codes {
		arguments = append(arguments, code)
	}
	return s.names(ctx, `SELECT DISTINCT p.code FROM sys_role r JOIN sys_role_permission rp ON rp.role_id = r.id
JOIN sys_permission p ON p.id = rp.permission_id WHERE r.code IN (`+placeholders(len(codes))+`)`, arguments...)
}

// UsersOfRole returns the usernames that have a role.
func (s *Store) UsersOfRole(ctx context.Context, id engine.ID) ([]string, error) {
	return s.names(ctx, `SELECT u.username FROM sys_user_role ur JOIN sys_user u ON u.id = ur.user_id WHERE ur.role_id = ?`, id[:])
}

func (s *Store) names(ctx context.Context, text string, arguments ...any) ([]string, error) {
	rows, err := s.DB.Query(ctx, text, arguments...)
	return collect(rows, err, into(func(name *string) []any { return []any{name} }))
}

// CreateRole inserts a role, its permissions and the answer. Errors: ErrRepeated, ErrCodeUsed,
// ErrUnknownPermission.
func (s *Store) CreateRole(ctx context.Context, r Role, i *Idempotency, answer Recorded) error {
	return s.inAudited(ctx, act{"role.create", kindRole, r.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, r.CreatedAt); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sys_role (id, code, name, description, built_in, version, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			r.ID[:], r.Code, r.Name, r.Description, r.BuiltIn, r.Version, r.CreatedAt)
		if err := taken(err, ErrCodeUsed); err != nil {
			return err
		}
		return addPermissions(ctx, tx, r)
	})
}

// taken turns a duplicate key into what it means.
func taken(err, meaning error) error {
	if errors.Is(database.Classify(err), database.ErrDuplicate) {
		return meaning
	}
	return err
}

func addPermissions(ctx context.Context, tx *sql.Tx, r Role) error {
	for n, code := range r.Permissions {
		err := insertMember(ctx, tx, `INSERT INTO sys_role_permission (role_id, permission_id) SELECT ?, id FROM sys_permission WHERE code = ?`, r.ID, code)
		if errors.Is(err, sql.ErrNoRows) {
			return unknown(ErrUnknownPermission, fmt.Sprintf("/permissions/%d", n), code)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// UpdateRole writes the name, description and permissions where the row still has r.Version.
// Errors: ErrPeopleStale, ErrUnknownPermission.
func (s *Store) UpdateRole(ctx context.Context, r Role) error {
	return s.inAudited(ctx, act{"role.update", kindRole, r.ID}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE sys_role SET name = ?, description = ?, version = version + 1 WHERE id = ? AND version = ?`,
			r.Name, r.Description, r.ID[:], r.Version)
		if err := changedOne(result, err, ErrPeopleStale); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sys_role_permission WHERE role_id = ?`, r.ID[:]); err != nil {
			return err
		}
		return addPermissions(ctx, tx, r)
	})
}

// DeleteRole removes a role that nobody has. Errors: ErrNoRole, ErrBuiltIn, ErrInUse.
func (s *Store) DeleteRole(ctx context.Context, id engine.ID) error {
	return s.inAudited(ctx, act{"role.delete", kindRole, id}, func(tx *sql.Tx) error {
		if err := deletable(ctx, tx, id, `SELECT built_in FROM sys_role WHERE id = ? FOR UPDATE`, ErrNoRole); err != nil {
			return err
		}
		used, err := exists(ctx, tx, `SELECT 1 FROM sys_user_role WHERE role_id = ? LIMIT 1 FOR UPDATE`, id[:])
		if err != nil || used {
			return either(err, ErrInUse)
		}
		if _, err = tx.ExecContext(ctx, `DELETE FROM sys_role_permission WHERE role_id = ?`, id[:]); err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `DELETE FROM sys_role_department WHERE role_id = ?`, id[:]); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM sys_role WHERE id = ?`, id[:])
		return err
	})
}

func either(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// deletable locks the row and refuses what is not there or built in.
func deletable(ctx context.Context, tx *sql.Tx, id engine.ID, text string, none error) error {
	var builtIn bool
	err := tx.QueryRowContext(ctx, text, id[:]).Scan(&builtIn)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return none
	case err == nil && builtIn:
		return ErrBuiltIn
	}
	return err
}
