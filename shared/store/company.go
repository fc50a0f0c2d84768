package store

import (
	"context"
	"database/sql"
	"errors"

	"diom.io/workflow/shared/engine"
)

// Company is people to add together: departments and groups by code and key, then users.
type Company struct {
	Departments []Department
	Above       map[string]string // by code, the code of the department above, which comes before it in Departments
	Groups      []Group
	Users       []Employee
}

// Employee is a user with the code of the department.
type Employee struct {
	User       User
	Department string // "" for none
}

// KnownUsernames returns those of usernames that exist.
func (s *Store) KnownUsernames(ctx context.Context, usernames []string) ([]string, error) {
	arguments := make([]any, 0, len(usernames))
	for _, username := range usernames {
		arguments = append(arguments, username)
	}
	return s.names(ctx, `SELECT username FROM sys_user WHERE username IN (`+placeholders(len(usernames))+`)`, arguments...)
}

// KnownDepartments returns those of the codes of departments that exist.
func (s *Store) KnownDepartments(ctx context.Context, codes []string) ([]string, error) {
	arguments := make([]any, 0, len(codes))
	for _, code := range codes {
		arguments = append(arguments, code)
	}
	return s.names(ctx, `SELECT code FROM sys_department WHERE code IN (`+placeholders(len(codes))+`)`, arguments...)
}

// AddCompany adds departments and groups that are missing and all users, or nothing. Errors:
// ErrUsernameUsed, ErrUnknownRole, ErrUnknownGroup.
func (s *Store) AddCompany(ctx context.Context, c Company) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		for _, d := range c.Departments {
			if _, err := tx.ExecContext(ctx, `INSERT IGNORE INTO sys_department (id, code, name, parent_id, head, version, created_at) SELECT ?, ?, ?, (SELECT id FROM sys_department WHERE code = ?), ?, ?, ?`,
				d.ID[:], d.Code, d.Name, c.Above[d.Code], d.Head, d.Version, d.CreatedAt); err != nil {
				return err
			}
		}
		for _, g := range c.Groups {
			if _, err := tx.ExecContext(ctx, `INSERT IGNORE INTO sys_group (id, group_key, name, version, created_at) VALUES (?, ?, ?, ?, ?)`,
				g.ID[:], g.Key, g.Name, g.Version, g.CreatedAt); err != nil {
				return err
			}
		}
		for _, e := range c.Users {
			if err := addEmployee(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func addEmployee(ctx context.Context, tx *sql.Tx, e Employee) error {
	var department engine.ID
	if e.Department != "" {
		err := tx.QueryRowContext(ctx, `SELECT id FROM sys_department WHERE code = ? FOR UPDATE`, e.Department).Scan(&department)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrUnknownDepartment
		}
		if err != nil {
			return err
		}
	}
	e.User.DepartmentID = department
	return insertUser(ctx, tx, e.User)
}
