package access

import (
	"context"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// PermissionNode is a permission in the tree.
type PermissionNode struct {
	ID        string           `json:"id"`
	Code      string           `json:"code"`
	Name      string           `json:"name"`
	ParentID  string           `json:"parentId"`
	Position  int              `json:"position"`
	BuiltIn   bool             `json:"builtIn"`
	Version   int64            `json:"version"`
	CreatedAt time.Time        `json:"createdAt"`
	Children  []PermissionNode `json:"children"`
}

// PermissionTree is the answer of GET /permissions: the roots in their order.
type PermissionTree struct {
	Items []PermissionNode `json:"items"`
}

// NewPermission is the body that creates a permission. The product asks for the built-in codes alone;
// others are for models and consoles that ask who has them.
type NewPermission struct {
	Code     string `json:"code" api:"required"`
	Name     string `json:"name" api:"required"`
	ParentID string `json:"parentId"`
	Position int    `json:"position"`
}

// PermissionChange is the body that changes a permission; what is absent stays.
type PermissionChange struct {
	Name     *string `json:"name"`
	ParentID *string `json:"parentId"`
	Position *int    `json:"position"`
}

func permissionOf(p store.Permission) PermissionNode {
	return PermissionNode{
		ID: p.ID.String(), Code: p.Code, Name: p.Name, ParentID: idText(p.ParentID), Position: p.Position,
		BuiltIn: p.BuiltIn, Version: p.Version, CreatedAt: p.CreatedAt, Children: []PermissionNode{},
	}
}

// Permissions returns the permission tree.
func (s *Service) Permissions(ctx context.Context) (PermissionTree, error) {
	rows, err := s.store.Permissions(ctx)
	if err != nil {
		return PermissionTree{}, err
	}
	below := map[engine.ID][]store.Permission{}
	for _, p := range rows {
		below[p.ParentID] = append(below[p.ParentID], p)
	}
	return PermissionTree{Items: branch(below, engine.ID{})}, nil
}

// branch builds the children of parent; the store lets no row be its own ancestor.
func branch(below map[engine.ID][]store.Permission, parent engine.ID) []PermissionNode {
	list := make([]PermissionNode, 0, len(below[parent]))
	for _, p := range below[parent] {
		node := permissionOf(p)
		node.Children = branch(below, p.ID)
		list = append(list, node)
	}
	return list
}

// Permission returns one permission without its children: store.ErrNoPermission when there is none.
func (s *Service) Permission(ctx context.Context, id engine.ID) (PermissionNode, error) {
	p, err := s.store.PermissionByID(ctx, id)
	return permissionOf(p), err
}

func checkPermission(p *store.Permission, parent string) error {
	var v validation
	v.code("/code", p.Code)
	v.name("/name", p.Name)
	v.check(p.Position >= 0 && p.Position <= 1_000_000, "/position", "out_of_range", "The position is a number from 0 to 1000000.")
	p.ParentID = v.id("/parentId", parent, store.ErrUnknownParent)
	return v.err()
}

// CreatePermission makes a permission, which SUPER_ADMIN has at once. Errors: ErrInvalid,
// store.ErrCodeUsed, ErrUnknownParent, ErrRepeated.
func (s *Service) CreatePermission(ctx context.Context, in NewPermission, i *store.Idempotency) (PermissionNode, error) {
	p := store.Permission{ID: newID(), Code: in.Code, Name: in.Name, Position: in.Position, Version: 1, CreatedAt: s.instant()}
	if err := checkPermission(&p, in.ParentID); err != nil {
		return PermissionNode{}, err
	}
	made := permissionOf(p)
	answer, err := created(made)
	if err != nil {
		return PermissionNode{}, err
	}
	if err := s.store.CreatePermission(ctx, p, i, answer); err != nil {
		return PermissionNode{}, fmt.Errorf("permission %s: %w", p.Code, err)
	}
	return made, nil
}

// UpdatePermission renames or moves a permission. match is the version that the caller has seen, 0
// for any. Errors: ErrInvalid, store.ErrNoPermission, ErrPeopleStale, ErrUnknownParent.
func (s *Service) UpdatePermission(ctx context.Context, id engine.ID, in PermissionChange, match int64) (PermissionNode, error) {
	p, err := s.store.PermissionByID(ctx, id)
	if err != nil {
		return PermissionNode{}, err
	}
	if err := matches(match, p.Version); err != nil {
		return PermissionNode{}, err
	}
	parent := idText(p.ParentID)
	set(&p.Name, in.Name)
	set(&parent, in.ParentID)
	set(&p.Position, in.Position)
	if err := checkPermission(&p, parent); err != nil {
		return PermissionNode{}, err
	}
	if err := s.store.UpdatePermission(ctx, p); err != nil {
		return PermissionNode{}, fmt.Errorf("permission %s: %w", p.Code, err)
	}
	p.Version++
	return permissionOf(p), nil
}

// DeletePermission removes a permission. Errors: store.ErrNoPermission, ErrBuiltIn, ErrInUse.
func (s *Service) DeletePermission(ctx context.Context, id engine.ID) error {
	return s.store.DeletePermission(ctx, id)
}
