package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a design is not found or not written.
var (
	ErrNoDesign        = fault.New(fault.NotFound, "design_not_found", "There is no such design.")
	ErrNoDesignVersion = fault.New(fault.NotFound, "design_version_not_found", "The design has no such version, or it is too old to be kept.")
	ErrDesignUsed      = fault.New(fault.Conflict, "design_taken", "There is a design of this kind with this key.")
)

// The kinds of designs: a process, the decisions of one file, a form.
const (
	DesignBPMN = "bpmn"
	DesignDMN  = "dmn"
	DesignForm = "form"
)

// The states of a design: never published, published, not to be used any more.
const (
	DesignDraft      = "draft"
	DesignPublished  = "published"
	DesignDeprecated = "deprecated"
)

// What was done to a design.
const (
	DesignCreated     = "create"
	DesignUpdated     = "update"
	DesignRolledBack  = "rollback"
	DesignPublication = "publish"
	DesignRetired     = "deprecate"
	DesignRestored    = "restore"
)

// Design is a process, the decisions of a file, or a form as it is drawn. Key is that of the process, of one
// of the decisions, or of the form. Version counts what was done to it; PublishedVersion is the one that was
// published last.
type Design struct {
	ID               engine.ID  `json:"id"`
	Kind             string     `json:"kind"`
	Key              string     `json:"key"`
	Name             string     `json:"name"`
	Description      string     `json:"description"`
	CategoryID       engine.ID  `json:"categoryId,omitzero"`
	State            string     `json:"state"`
	Version          int64      `json:"version"`
	PublishedVersion int64      `json:"publishedVersion,omitempty"`
	DeploymentID     engine.ID  `json:"deploymentId,omitzero"`
	PublishedBy      string     `json:"publishedBy,omitempty"`
	PublishedAt      *time.Time `json:"publishedAt,omitempty"`
	CreatedBy        string     `json:"createdBy"`
	CreatedAt        time.Time  `json:"createdAt"`
	UpdatedBy        string     `json:"updatedBy"`
	UpdatedAt        time.Time  `json:"updatedAt"`
	// Content is the file: BPMN, DMN, or the JSON of a form schema. Lists leave it out.
	Content string `json:"content,omitempty"`
}

const designColumns = `d.id, d.kind, d.process_key, d.name, d.description, d.category_id, d.version, IFNULL(d.published, 0), d.deployment_id,
 IFNULL(d.published_by, ''), d.published_at, d.created_by, d.created_at, d.updated_by, d.updated_at, IF(d.deprecated = 1, 'deprecated', IF(d.published IS NULL, 'draft', 'published'))`

func (d *Design) fields() []any {
	return []any{
		&d.ID, &d.Kind, &d.Key, &d.Name, &d.Description, &d.CategoryID, &d.Version, &d.PublishedVersion, &d.DeploymentID,
		&d.PublishedBy, &d.PublishedAt, &d.CreatedBy, &d.CreatedAt, &d.UpdatedBy, &d.UpdatedAt, &d.State,
	}
}

// DesignFilter narrows a list of designs; zero fields do not.
type DesignFilter struct {
	Kind, Key, State string
	CategoryID       engine.ID
}

// DesignList names the list of designs.
var DesignList = page.List{Name: "designs", Sorts: []string{"-createdAt"}, Filters: []page.Filter{
	{Name: "kind", Values: []string{DesignBPMN, DesignDMN, DesignForm}}, {Name: "key"}, {Name: "categoryId", Form: page.ID},
	{Name: "state", Values: []string{DesignDraft, DesignPublished, DesignDeprecated}},
}}

var designList = list[Design]{
	columns: designColumns + " FROM workflow_process_design d", count: "workflow_process_design d", sort: byID("d.id"),
	scan: into((*Design).fields), key: func(d Design) []string { return []string{d.ID.String()} },
}

func (f DesignFilter) query() query {
	q := query{}
	q.equal("d.kind", f.Kind)
	q.equal("d.process_key", f.Key)
	q.equalID("d.category_id", f.CategoryID)
	switch f.State {
	case DesignDraft:
		q.where("d.deprecated = 0 AND d.published IS NULL")
	case DesignPublished:
		q.where("d.deprecated = 0 AND d.published IS NOT NULL")
	case DesignDeprecated:
		q.where("d.deprecated = 1")
	}
	return q
}

// Designs reads one page of designs, without their content, by the time of their creation (their id).
func (s *Store) Designs(ctx context.Context, f DesignFilter, r page.Request) (page.Page[Design], error) {
	return designList.read(ctx, s, f.query(), r)
}

// Design returns a design with its content: ErrNoDesign when there is none.
func (s *Store) Design(ctx context.Context, id engine.ID) (Design, error) {
	var d Design
	err := s.DB.QueryRow(ctx, append(d.fields(), &d.Content), `SELECT `+designColumns+`, d.content FROM workflow_process_design d WHERE d.id = ?`, id[:])
	return d, absent(err, ErrNoDesign)
}

// DesignVersion is one version of a design: what was done, by whom, and why.
type DesignVersion struct {
	Version      int64     `json:"version"`
	Action       string    `json:"action"`
	Comment      string    `json:"comment"`
	DeploymentID engine.ID `json:"deploymentId,omitzero"`
	SavedBy      string    `json:"savedBy"`
	SavedAt      time.Time `json:"savedAt"`
	// Content is the file of then. Lists leave it out.
	Content string `json:"content,omitempty"`
}

const versionColumns = `h.version, h.action, h.comment, h.deployment_id, h.saved_by, h.saved_at`

func (v *DesignVersion) fields() []any {
	return []any{&v.Version, &v.Action, &v.Comment, &v.DeploymentID, &v.SavedBy, &v.SavedAt}
}

// DesignVersionList names the list of the versions of a design.
var DesignVersionList = page.List{Name: "design-versions", Sorts: []string{"-version"}}

var designVersionList = list[DesignVersion]{
	columns: versionColumns + " FROM workflow_process_design_history h", count: "workflow_process_design_history h", sort: byName("h.version"),
	scan: into((*DesignVersion).fields), key: func(v DesignVersion) []string { return []string{fmt.Sprint(v.Version)} },
}

// DesignVersions reads one page of the versions of a design. It returns ErrNoDesign.
func (s *Store) DesignVersions(ctx context.Context, design engine.ID, r page.Request) (page.Page[DesignVersion], error) {
	p, err := designVersionList.read(ctx, s, versionsOf(design), r)
	if err != nil || len(p.Items) > 0 {
		return p, err
	}
	found, err := s.found(ctx, `SELECT 1 FROM workflow_process_design WHERE id = ?`, design[:])
	if err == nil && !found {
		err = ErrNoDesign
	}
	return p, err
}

func versionsOf(design engine.ID) query {
	q := query{}
	q.where("h.design_id = ?", design[:])
	return q
}

const designVersion = `SELECT ` + versionColumns + `, h.content FROM workflow_process_design_history h WHERE h.design_id = ? AND h.version = ?`

// DesignVersion returns one version of a design with its content: ErrNoDesignVersion when there is none.
func (s *Store) DesignVersion(ctx context.Context, design engine.ID, version int64) (DesignVersion, error) {
	var v DesignVersion
	err := s.DB.QueryRow(ctx, append(v.fields(), &v.Content), designVersion, design[:], version)
	return v, absent(err, ErrNoDesignVersion)
}

// lockDesign returns a design that is to be changed, ErrNoDesign, or ErrPeopleStale where it has another
// version than match.
func lockDesign(ctx context.Context, tx *sql.Tx, id engine.ID, match int64) (Design, error) {
	var d Design
	err := tx.QueryRowContext(ctx, `SELECT `+designColumns+`, d.content FROM workflow_process_design d WHERE d.id = ? FOR UPDATE`, id[:]).Scan(append(d.fields(), &d.Content)...)
	switch {
	case err != nil:
		return d, absent(err, ErrNoDesign)
	case match != 0 && match != d.Version:
		return d, ErrPeopleStale
	}
	return d, nil
}
