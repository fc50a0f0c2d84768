package design

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// NewCategory is the body that creates a category. Position orders categories, the smallest first.
type NewCategory struct {
	Code     string `json:"code" api:"required"`
	Name     string `json:"name" api:"required"`
	Position int    `json:"position"`
}

// CategoryChange is the body that changes a category; what is absent stays.
type CategoryChange struct {
	Name     *string `json:"name"`
	Position *int    `json:"position"`
}

var code = regexp.MustCompile(`^\p{L}[\p{L}\p{N}_-]*$`)

const maxPosition = 1_000_000

func checkCategory(c store.Category) error {
	var v validation
	v.check(code.MatchString(c.Code) && len([]rune(c.Code)) <= maxCode, "/code", "bad_code", "A code begins with a letter and has up to 64 letters, digits, _ and -.")
	v.name("/name", c.Name)
	v.check(c.Position >= 0 && c.Position <= maxPosition, "/position", "out_of_range", "A position is a number from 0 to 1,000,000.")
	return v.err()
}

// CreateCategory makes a category. Errors: ErrInvalid, store.ErrCodeUsed, store.ErrRepeated.
func (s *Service) CreateCategory(ctx context.Context, call workflow.Call, in NewCategory) (store.Category, error) {
	now := s.instant()
	c := store.Category{ID: newID(), Code: in.Code, Name: in.Name, Position: in.Position, Version: 1, CreatedAt: now, UpdatedAt: now}
	if err := checkCategory(c); err != nil {
		return c, err
	}
	answer, err := recorded(http.StatusCreated, c)
	if err != nil {
		return c, err
	}
	if err := s.store.CreateCategory(ctx, c, call.Idempotency, answer); err != nil {
		return c, fmt.Errorf("category %s: %w", c.Code, err)
	}
	return c, nil
}

// UpdateCategory changes a category that still has the version match, 0 for any. Errors: ErrInvalid,
// store.ErrNoCategory, store.ErrPeopleStale.
func (s *Service) UpdateCategory(ctx context.Context, id engine.ID, in CategoryChange, match int64) (store.Category, error) {
	c, err := s.store.Category(ctx, id)
	if err != nil {
		return c, err
	}
	if match != 0 && match != c.Version {
		return c, store.ErrPeopleStale
	}
	set(&c.Name, in.Name)
	set(&c.Position, in.Position)
	if err := checkCategory(c); err != nil {
		return c, err
	}
	c.UpdatedAt = s.instant()
	if err := s.store.UpdateCategory(ctx, c); err != nil {
		return c, fmt.Errorf("category %s: %w", c.Code, err)
	}
	c.Version++
	return c, nil
}
