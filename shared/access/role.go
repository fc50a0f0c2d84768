package access

import (
	"context"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// ErrFixedRole: SUPER_ADMIN has every permission and stays so.
var ErrFixedRole = fault.New(fault.Conflict, "fixed_role", "The permissions of SUPER_ADMIN cannot be changed.")

// Role is a role with its permission codes.
type Role struct {
	ID          string    `json:"id"`
	Code        string    `json:"code"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	BuiltIn     bool      `json:"builtIn"`
	Permissions []string  `json:"permissions"`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"createdAt"`
}

// NewRole is the body that creates a role.
type NewRole struct {
	Code        string   `json:"code" api:"required"`
	Name        string   `json:"name" api:"required"`
	Description string   `json:"description"`
	Permissions []string `json:"permissions"`
}

// RoleChange is the body that changes a role; what is absent stays.
type RoleChange struct {
	Name        *string   `json:"name"`
	Description *string   `json:"description"`
	Permissions *[]string `json:"permissions"`
}

func roleOf(r store.Role) Role {
	return Role{
		ID: r.ID.String(), Code: r.Code, Name: r.Name, Description: r.Description, BuiltIn: r.BuiltIn,
		Permissions: sorted(r.Permissions), Version: r.Version, CreatedAt: r.CreatedAt,
	}
}

// Roles lists roles; the list is store.RoleList.
func (s *Service) Roles(ctx context.Context, r page.Request) (page.Page[Role], error) {
	p, err := s.store.Roles(ctx, r)
	return mapPage(p, err, roleOf)
}

// Role returns a role: store.ErrNoRole when there is none.
func (s *Service) Role(ctx context.Context, id engine.ID) (Role, error) {
	r, err := s.store.RoleByID(ctx, id)
	return roleOf(r), err
}

func checkRole(r store.Role) error {
	var v validation
	v.code("/code", r.Code)
	v.name("/name", r.Name)
	v.text("/description", r.Description, maxText)
	v.set("/permissions", r.Permissions)
	return v.err()
}

// CreateRole makes a role. Errors: ErrInvalid, ErrNotGranted, store.ErrCodeUsed,
// ErrUnknownPermission, ErrRepeated.
func (s *Service) CreateRole(ctx context.Context, p Principal, in NewRole, i *store.Idempotency) (Role, error) {
	r := store.Role{
		ID: newID(), Code: in.Code, Name: in.Name, Description: in.Description, Version: 1, CreatedAt: s.instant(),
		Permissions: in.Permissions,
	}
	if err := checkRole(r); err != nil {
		return Role{}, err
	}
	if !p.covers(r.Permissions) {
		return Role{}, ErrNotGranted
	}
	made := roleOf(r)
	answer, err := created(made)
	if err != nil {
		return Role{}, err
	}
	if err := s.store.CreateRole(ctx, r, i, answer); err != nil {
		return Role{}, fmt.Errorf("role %s: %w", r.Code, err)
	}
	return made, nil
}

// UpdateRole changes a role; who has it has the new rights within two seconds. match is the version
// that the caller has seen, 0 for any. Errors: those of CreateRole, store.ErrNoRole, ErrPeopleStale,
// ErrFixedRole.
func (s *Service) UpdateRole(ctx context.Context, p Principal, id engine.ID, in RoleChange, match int64) (Role, error) {
	r, err := s.store.RoleByID(ctx, id)
	if err != nil {
		return Role{}, err
	}
	if err := matches(match, r.Version); err != nil {
		return Role{}, err
	}
	if r.Code == SuperAdmin && in.Permissions != nil {
		return Role{}, ErrFixedRole
	}
	before := r.Permissions
	set(&r.Name, in.Name)
	set(&r.Description, in.Description)
	set(&r.Permissions, in.Permissions)
	if err := checkRole(r); err != nil {
		return Role{}, err
	}
	if !p.covers(before) || !p.covers(r.Permissions) {
		return Role{}, ErrNotGranted
	}
	if err := s.store.UpdateRole(ctx, r); err != nil {
		return Role{}, fmt.Errorf("role %s: %w", r.Code, err)
	}
	r.Version++
	return roleOf(r), s.forgetRole(ctx, id)
}

// forgetRole drops the standing records of who has a role.
func (s *Service) forgetRole(ctx context.Context, id engine.ID) error {
	usernames, err := s.store.UsersOfRole(ctx, id)
	if err != nil {
		return err
	}
	s.forget(ctx, usernames...)
	return nil
}

// DeleteRole removes a role that nobody has. Errors: store.ErrNoRole, ErrBuiltIn, ErrInUse,
// ErrNotGranted.
func (s *Service) DeleteRole(ctx context.Context, p Principal, id engine.ID) error {
	r, err := s.store.RoleByID(ctx, id)
	if err != nil {
		return err
	}
	if !p.covers(r.Permissions) {
		return ErrNotGranted
	}
	return s.store.DeleteRole(ctx, id)
}
