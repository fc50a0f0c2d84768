package access

import (
	"context"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// Group is a group of users, named by its key in candidateGroups.
type Group struct {
	ID        string    `json:"id"`
	Key       string    `json:"key"`
	Name      string    `json:"name"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
}

// NewGroup is the body that creates a group.
type NewGroup struct {
	Key  string `json:"key" api:"required"`
	Name string `json:"name" api:"required"`
}

// GroupChange is the body that changes a group; what is absent stays.
type GroupChange struct {
	Name *string `json:"name"`
}

func groupOf(g store.Group) Group {
	return Group{ID: g.ID.String(), Key: g.Key, Name: g.Name, Version: g.Version, CreatedAt: g.CreatedAt}
}

// Groups lists groups; the list is store.GroupList.
func (s *Service) Groups(ctx context.Context, r page.Request) (page.Page[Group], error) {
	p, err := s.store.Groups(ctx, r)
	return mapPage(p, err, groupOf)
}

// Group returns a group: store.ErrNoGroup when there is none.
func (s *Service) Group(ctx context.Context, id engine.ID) (Group, error) {
	g, err := s.store.GroupByID(ctx, id)
	return groupOf(g), err
}

// CreateGroup makes a group. Errors: ErrInvalid, store.ErrCodeUsed, ErrRepeated.
func (s *Service) CreateGroup(ctx context.Context, in NewGroup, i *store.Idempotency) (Group, error) {
	g := store.Group{ID: newID(), Key: in.Key, Name: in.Name, Version: 1, CreatedAt: s.instant()}
	var v validation
	v.code("/key", g.Key)
	v.name("/name", g.Name)
	if err := v.err(); err != nil {
		return Group{}, err
	}
	made := groupOf(g)
	answer, err := created(made)
	if err != nil {
		return Group{}, err
	}
	if err := s.store.CreateGroup(ctx, g, i, answer); err != nil {
		return Group{}, fmt.Errorf("group %s: %w", g.Key, err)
	}
	return made, nil
}

// UpdateGroup renames a group. match is the version that the caller has seen, 0 for any. Errors:
// ErrInvalid, store.ErrNoGroup, ErrPeopleStale.
func (s *Service) UpdateGroup(ctx context.Context, id engine.ID, in GroupChange, match int64) (Group, error) {
	g, err := s.store.GroupByID(ctx, id)
	if err != nil {
		return Group{}, err
	}
	if err := matches(match, g.Version); err != nil {
		return Group{}, err
	}
	set(&g.Name, in.Name)
	var v validation
	v.name("/name", g.Name)
	if err := v.err(); err != nil {
		return Group{}, err
	}
	if err := s.store.UpdateGroup(ctx, g); err != nil {
		return Group{}, fmt.Errorf("group %s: %w", g.Key, err)
	}
	g.Version++
	return groupOf(g), nil
}

// DeleteGroup removes a group without members. Errors: store.ErrNoGroup, ErrInUse.
func (s *Service) DeleteGroup(ctx context.Context, id engine.ID) error {
	return s.store.DeleteGroup(ctx, id)
}
