package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a template is not found or not kept.
var (
	ErrNoTemplate = fault.New(fault.NotFound, "template_not_found", "There is no such template.")
	ErrTooMany    = fault.New(fault.Conflict, "too_many", "One person keeps so many at most; delete what is not needed any more.")
)

// Template is what a start form may be filled in with. DefinitionID is the version of the process that it was
// made for, where it is known; Outdated says that another one is the latest now.
type Template struct {
	ID           engine.ID `json:"id"`
	Name         string    `json:"name"`
	Description  string    `json:"description"`
	ProcessKey   string    `json:"processKey"`
	DefinitionID engine.ID `json:"definitionId,omitzero"`
	Outdated     bool      `json:"outdated"`
	Owner        string    `json:"owner"`
	Public       bool      `json:"public"`
	UseCount     int       `json:"useCount"`
	Version      int64     `json:"version"`
	CreatedAt    time.Time `json:"createdAt"`
	UpdatedAt    time.Time `json:"updatedAt"`
	// Values are those of the form. Lists leave them out.
	Values engine.Variables `json:"values,omitempty"`
}

// ofLatest joins the latest version of the process of t, and outdated compares it with the one of t.
const (
	ofLatest = ` t LEFT JOIN workflow_definition l ON l.process_key = t.process_key AND l.latest = 1`
	outdated = `t.definition_id IS NULL OR l.id IS NULL OR l.id <> t.definition_id`
)

const templateColumns = `t.id, t.name, t.description, t.process_key, t.definition_id, ` + outdated + `, t.owner, t.public, t.use_count, t.version, t.created_at, t.updated_at`

func (t *Template) fields() []any {
	return []any{&t.ID, &t.Name, &t.Description, &t.ProcessKey, &t.DefinitionID, &t.Outdated, &t.Owner, &t.Public, &t.UseCount, &t.Version, &t.CreatedAt, &t.UpdatedAt}
}

// TemplateFilter narrows a list of templates: to those of one person, or to the public ones, and to those of a
// process.
type TemplateFilter struct {
	Owner      string
	Public     bool
	ProcessKey string
}

// TemplateList names the list of templates.
var TemplateList = page.List{Name: "templates", Sorts: []string{"-createdAt"}, Filters: []page.Filter{
	{Name: "view", Values: []string{"mine", "public"}, Summary: "whose: without it mine"}, {Name: "processKey"},
}}

var templateList = list[Template]{
	columns: templateColumns + " FROM workflow_template" + ofLatest, count: "workflow_template t", sort: byID("t.id"),
	scan: into((*Template).fields), key: func(t Template) []string { return []string{t.ID.String()} },
}

func (f TemplateFilter) query() query {
	q := query{}
	if f.Public {
		q.where("t.public = 1")
	} else {
		q.where("t.owner = ?", f.Owner)
	}
	q.equal("t.process_key", f.ProcessKey)
	return q
}

// Templates reads one page of templates, without their values, by the time of their creation (their id).
func (s *Store) Templates(ctx context.Context, f TemplateFilter, r page.Request) (page.Page[Template], error) {
	return templateList.read(ctx, s, f.query(), r)
}

const templateSeen = `SELECT ` + templateColumns + `, t.content FROM workflow_template` + ofLatest + ` WHERE t.id = ? AND (t.owner = ? OR t.public = 1)`

// Template returns a template that is one's own or public, with its values: ErrNoTemplate for any other.
func (s *Store) Template(ctx context.Context, id engine.ID, who string) (Template, error) {
	var t Template
	err := s.DB.QueryRow(ctx, append(t.fields(), document[engine.Variables]{&t.Values}), templateSeen, id[:], who)
	return t, absent(err, ErrNoTemplate)
}

// CreateTemplate inserts a template and the answer, unless its owner has limit of them. Errors: ErrRepeated,
// ErrTooMany.
func (s *Store) CreateTemplate(ctx context.Context, t Template, limit int, i *Idempotency, answer Recorded) error {
	content, err := json.Marshal(t.Values)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, t.CreatedAt); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, `SELECT COUNT(*) FROM workflow_template WHERE owner = ?`, t.Owner, limit); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_template (id, name, description, process_key, definition_id, owner, public, use_count, content, version, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)`, t.ID[:], t.Name, t.Description, t.ProcessKey, nullableID(t.DefinitionID), t.Owner, t.Public, content, t.Version, t.CreatedAt, t.UpdatedAt)
		return err
	})
}

// roomFor bounds what one person keeps. Two requests at once may go past the limit by one: it is for the
// disk's sake.
func roomFor(ctx context.Context, tx *sql.Tx, text, owner string, limit int) error {
	var n int
	if err := tx.QueryRowContext(ctx, text, owner).Scan(&n); err != nil {
		return err
	}
	if n >= limit {
		return ErrTooMany.Withf("One person keeps %d at most; delete what is not needed any more.", limit)
	}
	return nil
}

// UpdateTemplate writes a template of its owner where the row still has t.Version, and counts it up. It
// returns ErrPeopleStale.
func (s *Store) UpdateTemplate(ctx context.Context, t Template) error {
	content, err := json.Marshal(t.Values)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workflow_template SET name = ?, description = ?, definition_id = ?, public = ?, content = ?, updated_at = ?, version = version + 1
 WHERE id = ? AND owner = ? AND version = ?`, t.Name, t.Description, nullableID(t.DefinitionID), t.Public, content, t.UpdatedAt, t.ID[:], t.Owner, t.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}

// UseTemplate counts a use of a template that is one's own or public, and records answer(template) for i. It
// returns ErrNoTemplate or ErrRepeated.
func (s *Store) UseTemplate(ctx context.Context, id engine.ID, who string, i *Idempotency, answer func(Template) (Recorded, error)) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workflow_template SET use_count = use_count + 1 WHERE id = ? AND (owner = ? OR public = 1)`, id[:], who)
		if err := changedOne(result, err, ErrNoTemplate); err != nil {
			return err
		}
		var t Template
		if err := tx.QueryRowContext(ctx, templateSeen, id[:], who).Scan(append(t.fields(), document[engine.Variables]{&t.Values})...); err != nil {
			return absent(err, ErrNoTemplate)
		}
		a, err := answer(t)
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, a, time.Now().UTC())
	})
}

// DeleteTemplate removes a template of a person, who has seen its version match, 0 for any. Errors:
// ErrNoTemplate, ErrPeopleStale.
func (s *Store) DeleteTemplate(ctx context.Context, id engine.ID, owner string, match int64) error {
	return s.deleteOwn(ctx, ownRow{
		find: `SELECT version FROM workflow_template WHERE id = ? AND owner = ? FOR UPDATE`, remove: `DELETE FROM workflow_template WHERE id = ?`, none: ErrNoTemplate,
	}, id, owner, match)
}

// ownRow is how a row that belongs to a person is found and removed.
type ownRow struct {
	find, remove string
	none         error
}

func (s *Store) deleteOwn(ctx context.Context, r ownRow, id engine.ID, owner string, match int64) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		var version int64
		if err := tx.QueryRowContext(ctx, r.find, id[:], owner).Scan(&version); err != nil {
			return absent(err, r.none)
		}
		if match != 0 && match != version {
			return ErrPeopleStale
		}
		_, err := tx.ExecContext(ctx, r.remove, id[:])
		return err
	})
}
