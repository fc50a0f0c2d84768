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

// ErrNoDraft: the caller has no such draft.
var ErrNoDraft = fault.New(fault.NotFound, "draft_not_found", "There is no such draft.")

// Draft is a start form that somebody has begun to fill in. DefinitionID and Outdated are as in Template.
type Draft struct {
	ID           engine.ID `json:"id"`
	Name         string    `json:"name"`
	ProcessKey   string    `json:"processKey"`
	DefinitionID engine.ID `json:"definitionId,omitzero"`
	// TaskID is the task whose form it is; without it the draft is of a start form.
	TaskID engine.ID `json:"taskId,omitzero"`
	// FormID is the form that it was begun with, where one was deployed.
	FormID    engine.ID `json:"formId,omitzero"`
	Outdated  bool      `json:"outdated"`
	Owner     string    `json:"-"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// Values are those of the form. Lists leave them out.
	Values engine.Variables `json:"values,omitempty"`
	// FormChanged: what is filled in there now is another form, or another version; Vanished are the fields that it has no
	// more. Lists leave them out.
	FormChanged bool     `json:"formChanged,omitempty"`
	Vanished    []string `json:"vanished,omitempty"`
}

const draftColumns = `t.id, t.name, t.process_key, t.definition_id, t.task_id, t.form_id, t.task_id IS NULL AND (` + outdated + `), t.owner, t.version, t.created_at, t.updated_at`

func (d *Draft) fields() []any {
	return []any{&d.ID, &d.Name, &d.ProcessKey, &d.DefinitionID, &d.TaskID, &d.FormID, &d.Outdated, &d.Owner, &d.Version, &d.CreatedAt, &d.UpdatedAt}
}

// DraftList names the list of a person's drafts.
var DraftList = page.List{Name: "drafts", Sorts: []string{"-createdAt"}, Filters: []page.Filter{{Name: "processKey"}, {Name: "taskId"}}}

var draftList = list[Draft]{
	columns: draftColumns + " FROM workflow_draft" + ofLatest, count: "workflow_draft t", sort: byID("t.id"),
	scan: into((*Draft).fields), key: func(d Draft) []string { return []string{d.ID.String()} },
}

// DraftFilter narrows a list of drafts; zero fields do not.
type DraftFilter struct {
	ProcessKey string
	TaskID     engine.ID
}

func draftsOf(owner string, f DraftFilter) query {
	q := query{}
	q.where("t.owner = ?", owner)
	q.equal("t.process_key", f.ProcessKey)
	q.equalID("t.task_id", f.TaskID)
	return q
}

// Drafts reads one page of a person's drafts, without their values, by the time of their creation (their id);
// narrowed by f.
func (s *Store) Drafts(ctx context.Context, owner string, f DraftFilter, r page.Request) (page.Page[Draft], error) {
	return draftList.read(ctx, s, draftsOf(owner, f), r)
}

const ownDraft = `SELECT ` + draftColumns + `, t.content FROM workflow_draft` + ofLatest + ` WHERE t.id = ? AND t.owner = ?`

// Draft returns a draft of a person with its values, or ErrNoDraft.
func (s *Store) Draft(ctx context.Context, id engine.ID, owner string) (Draft, error) {
	var d Draft
	err := s.DB.QueryRow(ctx, append(d.fields(), document[engine.Variables]{&d.Values}), ownDraft, id[:], owner)
	return d, absent(err, ErrNoDraft)
}

// CreateDraft inserts a draft and the answer, unless its owner has limit of them. Errors: ErrRepeated, ErrTooMany.
func (s *Store) CreateDraft(ctx context.Context, d Draft, limit int, i *Idempotency, answer Recorded) error {
	content, err := json.Marshal(d.Values)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, d.CreatedAt); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, `SELECT COUNT(*) FROM workflow_draft WHERE owner = ?`, d.Owner, limit); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_draft (id, name, process_key, definition_id, task_id, form_id, owner, content, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			d.ID[:], d.Name, d.ProcessKey, nullableID(d.DefinitionID), nullableID(d.TaskID), nullableID(d.FormID), d.Owner, content, d.Version, d.CreatedAt, d.UpdatedAt)
		return err
	})
}

// UpdateDraft writes a draft of its owner where the row still has d.Version, and counts it up. It returns
// ErrPeopleStale.
func (s *Store) UpdateDraft(ctx context.Context, d Draft) error {
	content, err := json.Marshal(d.Values)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workflow_draft SET name = ?, definition_id = ?, form_id = ?, content = ?, updated_at = ?, version = version + 1 WHERE id = ? AND owner = ? AND version = ?`,
			d.Name, nullableID(d.DefinitionID), nullableID(d.FormID), content, d.UpdatedAt, d.ID[:], d.Owner, d.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}

// DeleteDraft removes a draft of a person, who has seen its version match, 0 for any. Errors: ErrNoDraft,
// ErrPeopleStale.
func (s *Store) DeleteDraft(ctx context.Context, id engine.ID, owner string, match int64) error {
	return s.deleteOwn(ctx, ownRow{
		find: `SELECT version FROM workflow_draft WHERE id = ? AND owner = ? FOR UPDATE`, remove: `DELETE FROM workflow_draft WHERE id = ?`, none: ErrNoDraft,
	}, id, owner, match)
}
