package store

import "context"

// RoleMembers returns the enabled users who have a role, by name, at most limit of them.
func (s *Store) RoleMembers(ctx context.Context, code string, limit int) ([]string, error) {
	return s.names(ctx, roleMembers+`?) ORDER BY u.username LIMIT ?`, "", code, limit)
}

// GroupMembers returns the enabled users who are in a group, by name, at most limit of them.
func (s *Store) GroupMembers(ctx context.Context, key string, limit int) ([]string, error) {
	return s.names(ctx, groupMembers+`?) ORDER BY u.username LIMIT ?`, "", key, limit)
}

// DepartmentCode returns the code of the department that a user is in; empty: none.
func (s *Store) DepartmentCode(ctx context.Context, username string) (string, error) {
	var code string
	err := s.DB.QueryRow(ctx, []any{&code}, `SELECT d.code FROM sys_user u JOIN sys_department d ON d.id = u.department_id WHERE u.username = ?`, username)
	return code, absent(err, nil)
}

// DepartmentHead returns who heads the department with a code; empty: nobody.
func (s *Store) DepartmentHead(ctx context.Context, code string) (string, error) {
	var head string
	err := s.DB.QueryRow(ctx, []any{&head}, `SELECT IFNULL(head, '') FROM sys_department WHERE code = ?`, code)
	return head, absent(err, nil)
}
