package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

func person(n int) User {
	now := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	return User{
		ID: engine.ID{1, 14: byte(n >> 8), 15: byte(n)}, Username: fmt.Sprintf("user%03d", n), Password: "x", DisplayName: fmt.Sprintf("人%03d", n),
		Enabled: true, TokenVersion: 1, Version: 1, CreatedAt: now, UpdatedAt: now, Roles: []string{"EMPLOYEE"},
	}
}

func TestStandingJoinsEverything(t *testing.T) {
	t.Parallel()
	s, ctx := New(databasetest.Open(t)), t.Context()
	c := Company{
		Departments: []Department{{ID: engine.ID{2}, Code: "d", Name: "部门", Version: 1, CreatedAt: time.Now()}},
		Groups:      []Group{{ID: engine.ID{3}, Key: "g", Name: "组", Version: 1, CreatedAt: time.Now()}},
		Users:       []Employee{{User: person(1), Department: "d"}, {User: person(2)}},
	}
	c.Users[0].User.Roles, c.Users[0].User.Groups = []string{"OPERATOR", "EMPLOYEE"}, []string{"g"}
	if err := s.AddCompany(ctx, c); err != nil {
		t.Fatal(err)
	}
	r, err := s.Standing(ctx, "user001")
	if err != nil {
		t.Fatal(err)
	}
	want := "[EMPLOYEE OPERATOR] [g] [WORKFLOW_DEFINITION WORKFLOW_INSTANCE WORKFLOW_JOB WORKFLOW_MESSAGE WORKFLOW_OPERATE WORKFLOW_START WORKFLOW_TASK] 部门 true"
	if got := fmt.Sprint(r.Roles, r.Groups, r.Permissions, " ", r.Department, " ", r.Enabled); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for _, name := range []string{"USER001", "nobody", ""} {
		if _, err := s.Standing(ctx, name); !errors.Is(err, ErrNoUser) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := s.AddCompany(ctx, c); !errors.Is(err, ErrUsernameUsed) {
		t.Errorf("the same people again: %v", err)
	}
}

func TestForgedCursorIsTheCallers(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	_, err := s.Users(t.Context(), page.Request{Limit: 1, Sort: "createdAt", After: []string{"' OR 1"}}, UserFilter{})
	if !errors.Is(err, errCursor) {
		t.Errorf("%v", err)
	}
}

// The statements that run for every request or log-in must find their rows by a key.
func TestPeopleAreFoundByKey(t *testing.T) {
	t.Parallel()
	s, ctx := New(databasetest.Open(t)), t.Context()
	c := Company{}
	for n := range 20 {
		head := person(n).Username
		c.Departments = append(c.Departments, Department{ID: engine.ID{2, 15: byte(n)}, Code: fmt.Sprint("d", n), Head: &head, Version: 1, CreatedAt: time.Now()})
	}
	for n := range 600 {
		c.Users = append(c.Users, Employee{User: person(n), Department: fmt.Sprint("d", n%20)})
	}
	if err := s.AddCompany(ctx, c); err != nil {
		t.Fatal(err)
	}
	fill(t, s, 500)
	for _, q := range []read{
		{standingText, []any{"user001", "user001", "user001", "user001", "user001", time.Now()}},
		{`SELECT id, password, enabled FROM sys_user WHERE username = ?`, []any{"user001"}},
		{`SELECT id FROM sys_session WHERE token_hash = ? FOR UPDATE`, []any{make([]byte, 32)}},
		{`UPDATE sys_session SET revoked_at = ? WHERE family_id = ? AND revoked_at IS NULL`, []any{time.Now(), make([]byte, 16)}},
		{headOf, []any{"user003", "user001"}},
		pageOf(t, instanceList, InstanceFilter{Head: "user001"}.query(), page.Request{Limit: 20, Descending: true}),
		pageOf(t, userList("username"), query{}, page.Request{Limit: 20, After: []string{"user300"}}),
		pageOf(t, userList("createdAt"), query{}, page.Request{Limit: 20, Descending: true, After: []string{person(300).ID.String()}}),
	} {
		explain(t, s, q)
	}
}

// read is a statement with its arguments.
type read struct {
	text      string
	arguments []any
}

func pageOf[T any](t *testing.T, l list[T], q query, r page.Request) read {
	t.Helper()
	text, err := l.statement(&q, r)
	if err != nil {
		t.Fatal(err)
	}
	return read{text, q.arguments}
}

func explain(t *testing.T, s *Store, q read) {
	t.Helper()
	rows, err := s.DB.Query(t.Context(), "EXPLAIN "+q.text, q.arguments...)
	if err != nil {
		t.Fatalf("%s: %v", q.text, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, kind, table, access, possible, key, length, reference, count, extra *string
		if err := rows.Scan(&id, &kind, &table, &access, &possible, &key, &length, &reference, &count, &extra); err != nil {
			t.Fatal(err)
		}
		// A dictionary of a few dozen rows may be read whole; people, sessions and instances may not.
		if access != nil && *access == "ALL" && table != nil && (*table == "u" || *table == "workflow_instance") {
			t.Errorf("a full scan of %s in %s", *table, q.text)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
