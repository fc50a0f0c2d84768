package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// Posts is the body that gives a user posts beside the main one.
type Posts struct {
	Posts []NewPost `json:"posts" api:"required"`
}

// NewPost is one of them.
type NewPost struct {
	Department string `json:"department" api:"required"` // code
	Title      string `json:"title"`
}

// Posts returns the posts of a user by name.
func (s *Service) Posts(ctx context.Context, username string) ([]store.Post, error) {
	return s.store.Posts(ctx, username)
}

// PostsOf returns the posts of a user. Errors: store.ErrNoUser.
func (s *Service) PostsOf(ctx context.Context, id engine.ID) ([]store.Post, error) {
	u, err := s.store.UserByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.store.Posts(ctx, u.Username)
}

// SetPosts gives a user other posts beside the main one. Errors: ErrInvalid, store.ErrNoUser, ErrUnknownDepartment.
func (s *Service) SetPosts(ctx context.Context, id engine.ID, in Posts) ([]store.Post, error) {
	var v validation
	v.check(in.Posts != nil, "/posts", "required", "The field is required.")
	v.check(len(in.Posts) <= maxList, "/posts", "too_many", "There are too many.")
	seen := map[string]bool{}
	list := make([]store.Post, 0, len(in.Posts))
	for i, p := range in.Posts {
		v.check(!seen[p.Department], fmt.Sprintf("/posts/%d/department", i), "twice", "The department is named twice.")
		v.text(fmt.Sprintf("/posts/%d/title", i), p.Title, maxName)
		seen[p.Department] = true
		list = append(list, store.Post{Department: p.Department, Title: strings.TrimSpace(p.Title)})
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	if err := s.store.SetPosts(ctx, id, list); err != nil {
		return nil, err
	}
	return s.PostsOf(ctx, id)
}

// RoleScope returns how much of what others start a role shows. Errors: store.ErrNoRole.
func (s *Service) RoleScope(ctx context.Context, id engine.ID) (store.RoleScope, error) {
	return s.store.RoleScopeOf(ctx, id)
}

// NewScope is the body that gives a role a scope, with the codes of its departments where that is chosen.
type NewScope struct {
	DataScope   string   `json:"dataScope" api:"required"`
	Departments []string `json:"departments"`
}

// SetRoleScope says how much of what others start a role shows; only who sees everything gives more than one's own.
// Errors: ErrInvalid, ErrNotGranted, store.ErrNoRole, ErrUnknownDepartment.
func (s *Service) SetRoleScope(ctx context.Context, p Principal, id engine.ID, in NewScope) (store.RoleScope, error) {
	x := store.RoleScope(in)
	var v validation
	v.check(slices.Contains(store.DataScopes, x.DataScope), "/dataScope", "bad_scope", "A scope is own, department, below, chosen or all.")
	v.check((x.DataScope == store.ScopeChosen) == (len(x.Departments) > 0) && len(x.Departments) <= maxList, "/departments", "bad_departments", "Departments belong to the scope chosen, 100 at most.")
	if err := v.err(); err != nil {
		return x, err
	}
	if x.DataScope != store.ScopeOwn && !p.SeesAll() {
		return x, ErrNotGranted
	}
	if err := s.store.SetRoleScope(ctx, id, x); err != nil {
		return x, err
	}
	return s.store.RoleScopeOf(ctx, id)
}
