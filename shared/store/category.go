package store

import (
	"context"
	"database/sql"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a category is not found or not deleted.
var (
	ErrNoCategory   = fault.New(fault.NotFound, "category_not_found", "There is no such category.")
	ErrCategoryUsed = fault.New(fault.Conflict, "category_in_use", "Designs are in the category.")
)

// Category is a heading under which designs are listed.
type Category struct {
	ID        engine.ID `json:"id"`
	Code      string    `json:"code"`
	Name      string    `json:"name"`
	Position  int       `json:"position"` // among the others, the smallest first
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

const categoryColumns = `id, code, name, position, version, created_at, updated_at FROM workflow_category`

func (c *Category) fields() []any {
	return []any{&c.ID, &c.Code, &c.Name, &c.Position, &c.Version, &c.CreatedAt, &c.UpdatedAt}
}

// CategoryList names the list of categories.
var CategoryList = page.List{Name: "categories", Sorts: []string{"code"}}

var categoryList = list[Category]{
	columns: categoryColumns, count: "workflow_category", sort: byName("code"), scan: into((*Category).fields),
	key: func(c Category) []string { return []string{c.Code} },
}

// Categories reads one page of categories by their code.
func (s *Store) Categories(ctx context.Context, r page.Request) (page.Page[Category], error) {
	return categoryList.read(ctx, s, query{}, r)
}

// Category returns a category: ErrNoCategory when there is none.
func (s *Store) Category(ctx context.Context, id engine.ID) (Category, error) {
	var c Category
	err := s.DB.QueryRow(ctx, c.fields(), `SELECT `+categoryColumns+` WHERE id = ?`, id[:])
	return c, absent(err, ErrNoCategory)
}

// CreateCategory inserts a category and the answer. Errors: ErrRepeated, ErrCodeUsed.
func (s *Store) CreateCategory(ctx context.Context, c Category, i *Idempotency, answer Recorded) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, c.CreatedAt); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_category (id, code, name, position, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			c.ID[:], c.Code, c.Name, c.Position, c.Version, c.CreatedAt, c.UpdatedAt)
		return taken(err, ErrCodeUsed)
	})
}

// UpdateCategory writes the name and the position where the row still has c.Version, and counts it up. It
// returns ErrPeopleStale.
func (s *Store) UpdateCategory(ctx context.Context, c Category) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workflow_category SET name = ?, position = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?`,
			c.Name, c.Position, c.UpdatedAt, c.ID[:], c.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}

// DeleteCategory removes a category that no design is in and that still has the version match. Errors:
// ErrNoCategory, ErrPeopleStale, ErrCategoryUsed.
func (s *Store) DeleteCategory(ctx context.Context, id engine.ID, match int64) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		var version int64
		if err := tx.QueryRowContext(ctx, `SELECT version FROM workflow_category WHERE id = ? FOR UPDATE`, id[:]).Scan(&version); err != nil {
			return absent(err, ErrNoCategory)
		}
		if match != 0 && match != version {
			return ErrPeopleStale
		}
		used, err := exists(ctx, tx, `SELECT 1 FROM workflow_process_design WHERE category_id = ? LIMIT 1 FOR UPDATE`, id[:])
		if err != nil || used {
			return either(err, ErrCategoryUsed)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM workflow_category WHERE id = ?`, id[:])
		return err
	})
}

// ErrUnknownCategory: a design names a category that is not there.
var ErrUnknownCategory = fault.New(fault.Invalid, "unknown_category", "There is no such category.")

// checkCategory holds the category of a design until the commit; a zero id is none.
func checkCategory(ctx context.Context, tx *sql.Tx, id engine.ID) error {
	if id.IsZero() {
		return nil
	}
	found, err := exists(ctx, tx, `SELECT 1 FROM workflow_category WHERE id = ? FOR UPDATE`, id[:])
	if err == nil && !found {
		err = ErrUnknownCategory.With(fault.Detail{Pointer: "/categoryId", Code: ErrUnknownCategory.Code})
	}
	return err
}
