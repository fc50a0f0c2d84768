package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a saved filter is not found or not kept.
var (
	ErrNoSavedFilter   = fault.New(fault.NotFound, "saved_filter_not_found", "There is no such saved filter.")
	ErrSavedFilterUsed = fault.New(fault.Conflict, "saved_filter_taken", "You have a filter of this name for the list.")
)

// SavedFilter is a filter of a list that somebody has saved. Preferred is the one with which its owner's list
// begins, false in the eyes of others. At most one of Role and Department says with whom it is shared: the code of
// a role or the key of a group, or the code of a department.
type SavedFilter struct {
	ID         engine.ID `json:"id"`
	Owner      string    `json:"owner"`
	List       string    `json:"list"`
	Name       string    `json:"name"`
	Role       string    `json:"role,omitempty"`
	Department string    `json:"department,omitempty"`
	SavedContent
	Position  int       `json:"position"`
	Preferred bool      `json:"preferred"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// SavedContent is what a saved filter asks for: the parameters of its list, the condition of a search (null where
// there is none), and the sort ("" is the list's own).
type SavedContent struct {
	Parameters map[string]string `json:"parameters"`
	Condition  json.RawMessage   `json:"condition"`
	Sort       string            `json:"sort"`
}

// The audiences of a saved filter.
const (
	ofPerson     = "u:"
	ofIdentity   = "g:"
	ofDepartment = "d:"
)

func (f *SavedFilter) audience() string {
	switch {
	case f.Role != "":
		return ofIdentity + f.Role
	case f.Department != "":
		return ofDepartment + f.Department
	}
	return ofPerson + f.Owner
}

// reach reads an audience back.
func (f *SavedFilter) reach(audience string) {
	if code, is := strings.CutPrefix(audience, ofIdentity); is {
		f.Role = code
	}
	if code, is := strings.CutPrefix(audience, ofDepartment); is {
		f.Department = code
	}
}

const savedFilterColumns = `f.id, f.owner, f.list, f.name, f.audience, f.content, f.position, f.preferred, f.version, f.created_at, f.updated_at`

func (f *SavedFilter) fields(audience *string) []any {
	return []any{&f.ID, &f.Owner, &f.List, &f.Name, audience, document[SavedContent]{&f.SavedContent}, &f.Position, &f.Preferred, &f.Version, &f.CreatedAt, &f.UpdatedAt}
}

func scanSavedFilter(rows *sql.Rows) (SavedFilter, error) {
	var f SavedFilter
	var audience string
	err := rows.Scan(f.fields(&audience)...)
	f.reach(audience)
	return f, err
}

// SavedFilterReader is whose filters are read, and for which list ("" is all).
type SavedFilterReader struct {
	Username   string
	Identities []string // group keys and role codes
	List       string
}

// SavedFilterList names the list of saved filters.
var SavedFilterList = page.List{Name: "filters", Sorts: []string{"position"}, Filters: []page.Filter{{Name: "list", Summary: "the name of the list that they are for"}}}

// seen are the ids of the filters that a person sees: his own, and those shared with what he is. Each part of the
// union is found by an index.
func (r SavedFilterReader) seen() (string, []any) {
	text := `(SELECT id FROM workflow_saved_filter WHERE owner = ? UNION SELECT id FROM workflow_saved_filter WHERE audience = (SELECT CONCAT('` + ofDepartment +
		`', d.code) FROM sys_user u JOIN sys_department d ON d.id = u.department_id WHERE u.username = ?)`
	arguments := []any{r.Username, r.Username}
	if len(r.Identities) > 0 {
		text += ` UNION SELECT id FROM workflow_saved_filter WHERE audience IN (` + placeholders(len(r.Identities)) + `)`
		for _, identity := range r.Identities {
			arguments = append(arguments, ofIdentity+identity)
		}
	}
	return text + `) seen JOIN workflow_saved_filter f ON f.id = seen.id`, arguments
}

func (r SavedFilterReader) list() (list[SavedFilter], query) {
	from, arguments := r.seen()
	q := query{arguments: arguments}
	q.equal("f.list", r.List)
	return list[SavedFilter]{
		columns: savedFilterColumns + " FROM " + from, count: from, sort: order{column: "f.position", id: "f.id"}, scan: scanSavedFilter,
		key: func(f SavedFilter) []string { return []string{strconv.Itoa(f.Position), f.ID.String()} },
	}, q
}

// SavedFilters reads one page of the filters that a person sees, by their positions.
func (s *Store) SavedFilters(ctx context.Context, r SavedFilterReader, request page.Request) (page.Page[SavedFilter], error) {
	l, q := r.list()
	p, err := l.read(ctx, s, q, request)
	for i := range p.Items {
		p.Items[i].Preferred = p.Items[i].Preferred && p.Items[i].Owner == r.Username
	}
	return p, err
}

// SavedFilter returns a filter that a person sees: ErrNoSavedFilter for any other.
func (s *Store) SavedFilter(ctx context.Context, id engine.ID, r SavedFilterReader) (SavedFilter, error) {
	var f SavedFilter
	var audience string
	from, arguments := r.seen()
	err := s.DB.QueryRow(ctx, f.fields(&audience), `SELECT `+savedFilterColumns+` FROM `+from+` WHERE f.id = ?`, append(arguments, id[:])...)
	f.reach(audience)
	f.Preferred = f.Preferred && f.Owner == r.Username
	return f, absent(err, ErrNoSavedFilter)
}

// CreateSavedFilter inserts a filter and the answer, unless its owner has limit of them. A preferred one takes the
// place of the one before. Errors: ErrRepeated, ErrTooMany, ErrSavedFilterUsed.
func (s *Store) CreateSavedFilter(ctx context.Context, f SavedFilter, limit int, i *Idempotency, answer Recorded) error {
	content, err := json.Marshal(f.SavedContent)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, f.CreatedAt); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, `SELECT COUNT(*) FROM workflow_saved_filter WHERE owner = ?`, f.Owner, limit); err != nil {
			return err
		}
		if err := f.prefer(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_saved_filter (id, owner, list, name, audience, content, position, preferred, version, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, f.ID[:], f.Owner, f.List, f.Name, f.audience(), content, f.Position, f.Preferred, f.Version, f.CreatedAt, f.UpdatedAt)
		return taken(err, ErrSavedFilterUsed)
	})
}

// prefer takes the preference from the owner's other filters of the list.
func (f *SavedFilter) prefer(ctx context.Context, tx *sql.Tx) error {
	if !f.Preferred {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE workflow_saved_filter SET preferred = 0 WHERE owner = ? AND list = ? AND preferred = 1`, f.Owner, f.List)
	return err
}

// UpdateSavedFilter writes a filter of its owner where the row still has f.Version, and counts it up. Errors:
// ErrPeopleStale, ErrSavedFilterUsed.
func (s *Store) UpdateSavedFilter(ctx context.Context, f SavedFilter) error {
	content, err := json.Marshal(f.SavedContent)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := f.prefer(ctx, tx); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE workflow_saved_filter SET name = ?, audience = ?, content = ?, position = ?, preferred = ?, updated_at = ?, version = version + 1
WHERE id = ? AND owner = ? AND version = ?`, f.Name, f.audience(), content, f.Position, f.Preferred, f.UpdatedAt, f.ID[:], f.Owner, f.Version)
		return changedOne(result, taken(err, ErrSavedFilterUsed), ErrPeopleStale)
	})
}

// DeleteSavedFilter removes a filter of a person, who has seen its version match, 0 for any. Errors:
// ErrNoSavedFilter, ErrPeopleStale.
func (s *Store) DeleteSavedFilter(ctx context.Context, id engine.ID, owner string, match int64) error {
	return s.deleteOwn(ctx, ownRow{
		find: `SELECT version FROM workflow_saved_filter WHERE id = ? AND owner = ? FOR UPDATE`, remove: `DELETE FROM workflow_saved_filter WHERE id = ?`, none: ErrNoSavedFilter,
	}, id, owner, match)
}

// InDepartment reports whether a person is in the department of a code.
func (s *Store) InDepartment(ctx context.Context, username, code string) (bool, error) {
	return s.found(ctx, `SELECT 1 FROM sys_user u JOIN sys_department d ON d.id = u.department_id WHERE u.username = ? AND d.code = ?`, username, code)
}
