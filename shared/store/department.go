package store

import (
	"context"
	"database/sql"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// What is said of departments that are not there, or that a person who is not there should head.
var (
	ErrNoDepartment = fault.New(fault.NotFound, "department_not_found", "There is no such department.")
	ErrUnknownHead  = fault.New(fault.Invalid, "unknown_head", "There is no such user.")
)

// Department is a row of sys_department.
type Department struct {
	ID        engine.ID
	Code      string
	Name      string
	ParentID  engine.ID // zero at the root
	Head      *string   // username, nil for nobody
	Version   int64
	CreatedAt time.Time
}

const departmentColumns = `id, code, name, parent_id, head, version, created_at FROM sys_department`

func (d *Department) fields() []any {
	return []any{&d.ID, &d.Code, &d.Name, &d.ParentID, &d.Head, &d.Version, &d.CreatedAt}
}

// DepartmentList names the list of departments.
var DepartmentList = page.List{Name: "departments", Sorts: []string{"code"}}

// Departments reads one page of departments by code.
func (s *Store) Departments(ctx context.Context, r page.Request) (page.Page[Department], error) {
	l := list[Department]{columns: departmentColumns, count: "sys_department", sort: byName("code"), scan: into((*Department).fields), key: func(d Department) []string { return []string{d.Code} }}
	return l.read(ctx, s, query{}, r)
}

// DepartmentByID returns a department: ErrNoDepartment when there is none.
func (s *Store) DepartmentByID(ctx context.Context, id engine.ID) (Department, error) {
	var d Department
	err := s.DB.QueryRow(ctx, d.fields(), `SELECT `+departmentColumns+` WHERE id = ?`, id[:])
	return d, absent(err, ErrNoDepartment)
}

// CreateDepartment inserts a department and the answer. Errors: ErrRepeated, ErrCodeUsed,
// ErrUnknownParent, ErrUnknownHead.
func (s *Store) CreateDepartment(ctx context.Context, d Department, i *Idempotency, answer Recorded) error {
	return s.inAudited(ctx, act{"department.create", kindDepartment, d.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, d.CreatedAt); err != nil {
			return err
		}
		return insertDepartment(ctx, tx, d)
	})
}

func insertDepartment(ctx context.Context, tx *sql.Tx, d Department) error {
	if err := checkNamed(ctx, tx, d); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO sys_department (id, code, name, parent_id, head, version, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		d.ID[:], d.Code, d.Name, nullableID(d.ParentID), d.Head, d.Version, d.CreatedAt)
	return taken(err, ErrCodeUsed)
}

// checkNamed checks what a department names: its parent and its head.
func checkNamed(ctx context.Context, tx *sql.Tx, d Department) error {
	if err := checkParent(ctx, tx, `SELECT parent_id FROM sys_department WHERE id = ? FOR UPDATE`, d.ID, d.ParentID); err != nil || d.Head == nil {
		return err
	}
	found, err := exists(ctx, tx, `SELECT 1 FROM sys_user WHERE username = ? FOR UPDATE`, *d.Head)
	if err == nil && !found {
		return unknown(ErrUnknownHead, "/head", *d.Head)
	}
	return err
}

// UpdateDepartment writes the name, the parent and the head where the row still has d.Version. Errors:
// ErrPeopleStale, ErrUnknownParent, ErrUnknownHead.
func (s *Store) UpdateDepartment(ctx context.Context, d Department) error {
	return s.inAudited(ctx, act{"department.update", kindDepartment, d.ID}, func(tx *sql.Tx) error {
		if err := checkNamed(ctx, tx, d); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE sys_department SET name = ?, parent_id = ?, head = ?, version = version + 1 WHERE id = ? AND version = ?`,
			d.Name, nullableID(d.ParentID), d.Head, d.ID[:], d.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}

// DeleteDepartment removes a department without people and departments below. Errors:
// ErrNoDepartment, ErrInUse.
func (s *Store) DeleteDepartment(ctx context.Context, id engine.ID) error {
	return s.inAudited(ctx, act{"department.delete", kindDepartment, id}, func(tx *sql.Tx) error {
		if err := deletable(ctx, tx, id, `SELECT 0 FROM sys_department WHERE id = ? FOR UPDATE`, ErrNoDepartment); err != nil {
			return err
		}
		for _, text := range []string{
			`SELECT 1 FROM sys_user WHERE department_id = ? LIMIT 1 FOR UPDATE`,
			`SELECT 1 FROM sys_department WHERE parent_id = ? LIMIT 1 FOR UPDATE`,
			`SELECT 1 FROM sys_user_post WHERE department_id = ? LIMIT 1 FOR UPDATE`,
			`SELECT 1 FROM sys_role_department WHERE department_id = ? LIMIT 1 FOR UPDATE`,
		} {
			used, err := exists(ctx, tx, text, id[:])
			if err != nil || used {
				return either(err, ErrInUse)
			}
		}
		if err := forgetIdentities(ctx, tx, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM sys_department WHERE id = ?`, id[:])
		return err
	})
}

// headOf asks whether a person heads the department of another one, or one above it.
const headOf = `WITH RECURSIVE above (id, parent_id, head) AS (
  SELECT d.id, d.parent_id, d.head FROM sys_user u JOIN sys_department d ON d.id = u.department_id WHERE u.username = ?
  UNION SELECT p.id, p.parent_id, p.head FROM sys_department p JOIN above a ON p.id = a.parent_id)
SELECT 1 FROM above WHERE head = ? LIMIT 1`

// HeadOf reports whether the user head heads the department that the user username is in, or one above.
func (s *Store) HeadOf(ctx context.Context, head, username string) (bool, error) {
	return s.found(ctx, headOf, username, head)
}

// superior is the head of the nearest department around a person who is somebody else. It begins with SELECT: a step
// may ask it.
const superior = `SELECT x.head FROM (WITH RECURSIVE above (id, parent_id, head, level) AS (
  SELECT d.id, d.parent_id, d.head, 0 FROM sys_user u JOIN sys_department d ON d.id = u.department_id WHERE u.username = ?
  UNION SELECT p.id, p.parent_id, p.head, a.level + 1 FROM sys_department p JOIN above a ON p.id = a.parent_id WHERE a.level < 100)
SELECT head, level FROM above WHERE head IS NOT NULL AND head <> ?) AS x ORDER BY x.level LIMIT 1`

// Superior returns who heads the department of a person, or where that is himself the next one above; empty: nobody.
func (s *Store) Superior(ctx context.Context, username string) (string, error) {
	var head string
	err := s.DB.QueryRow(ctx, []any{&head}, superior, username, username)
	return head, absent(err, nil)
}

// staffOf are the usernames of the people in the departments that a person heads, and below.
const staffOf = `(WITH RECURSIVE below (id) AS (
  SELECT id FROM sys_department WHERE head = ?
  UNION SELECT d.id FROM sys_department d JOIN below b ON d.parent_id = b.id)
SELECT u.username FROM below b JOIN sys_user u ON u.department_id = b.id)`
