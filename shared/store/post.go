package store

import (
	"context"
	"database/sql"
	"fmt"

	"diom.io/workflow/shared/engine"
)

// Post is where somebody works, and as what.
type Post struct {
	Department     string `json:"department"` // code
	DepartmentName string `json:"departmentName"`
	Title          string `json:"title"`
	Main           bool   `json:"main"`
}

// postsOf begins with SELECT; the main post comes first.
const postsOf = `SELECT d.code, d.name, u.title, 1 FROM sys_user u JOIN sys_department d ON d.id = u.department_id WHERE u.username = ?
UNION ALL SELECT d.code, d.name, p.title, 0 FROM sys_user u JOIN sys_user_post p ON p.user_id = u.id JOIN sys_department d ON d.id = p.department_id WHERE u.username = ? ORDER BY 4 DESC, 1`

// Posts returns the posts of a user, the main one first.
func (s *Store) Posts(ctx context.Context, username string) ([]Post, error) {
	rows, err := s.DB.Query(ctx, postsOf, username, username)
	list, err := collect(rows, err, into(func(p *Post) []any { return []any{&p.Department, &p.DepartmentName, &p.Title, &p.Main} }))
	if list == nil {
		list = []Post{}
	}
	return list, err
}

// HasPost reports whether a user has a post in the department with a code.
func (s *Store) HasPost(ctx context.Context, username, department string) (bool, error) {
	return s.found(ctx, `SELECT 1 FROM (`+postsOf+`) AS x WHERE x.code = ? LIMIT 1`, username, username, department)
}

// SetPosts gives a user the posts beside the main one, by the codes of their departments. Errors: ErrNoUser,
// ErrUnknownDepartment.
func (s *Store) SetPosts(ctx context.Context, user engine.ID, posts []Post) error {
	return s.inAudited(ctx, act{"user.posts", kindUser, user}, func(tx *sql.Tx) error {
		found, err := exists(ctx, tx, `SELECT 1 FROM sys_user WHERE id = ? FOR UPDATE`, user[:])
		if err != nil || !found {
			return either(err, ErrNoUser)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sys_user_post WHERE user_id = ?`, user[:]); err != nil {
			return err
		}
		for i, p := range posts {
			result, err := tx.ExecContext(ctx, `INSERT INTO sys_user_post (user_id, department_id, title) SELECT ?, id, ? FROM sys_department WHERE code = ?`, user[:], p.Title, p.Department)
			if err := changedOne(result, err, unknown(ErrUnknownDepartment, fmt.Sprintf("/posts/%d/department", i), p.Department)); err != nil {
				return err
			}
		}
		return nil
	})
}

// superiorAt is superior for the post in the department with a code.
const superiorAt = `SELECT x.head FROM (WITH RECURSIVE above (id, parent_id, head, level) AS (
  SELECT d.id, d.parent_id, d.head, 0 FROM sys_department d WHERE d.code = ?
  UNION SELECT p.id, p.parent_id, p.head, a.level + 1 FROM sys_department p JOIN above a ON p.id = a.parent_id WHERE a.level < 100)
SELECT head, level FROM above WHERE head IS NOT NULL AND head <> ?) AS x ORDER BY x.level LIMIT 1`

// SuperiorAt returns who is above a person in his post in a department; empty: nobody.
func (s *Store) SuperiorAt(ctx context.Context, username, department string) (string, error) {
	var head string
	err := s.DB.QueryRow(ctx, []any{&head}, superiorAt, department, username)
	return head, absent(err, nil)
}
