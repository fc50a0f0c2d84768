package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// ErrNoForm: there is no such form.
var ErrNoForm = fault.New(fault.NotFound, "form_not_found", "There is no such form.")

// Form is a form of a deployment as the API shows it. What was deployed again as it was has the version that it had.
type Form struct {
	ID           engine.ID `json:"id"`
	Key          string    `json:"key"`
	Version      int       `json:"version"`
	Latest       bool      `json:"latest"`
	DeploymentID engine.ID `json:"deploymentId"`
	Resource     string    `json:"resource"`
	DeployedBy   string    `json:"deployedBy"`
	DeployedAt   time.Time `json:"deployedAt"`
}

// insertForm takes the next version of its key, or the latest one where that has the same content. The rows of the key
// stay locked until the commit.
func insertForm(ctx context.Context, tx *sql.Tx, d *Deployment, f *Form) error {
	var content []byte
	for _, r := range d.Resources {
		if r.Name == f.Resource {
			content = r.Content
		}
	}
	sum := sha256.Sum256(content)
	var last int
	var before []byte
	err := tx.QueryRowContext(ctx, `SELECT version, hash FROM workflow_form WHERE latest = 1 AND form_key = ? FOR UPDATE`, f.Key).Scan(&last, &before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	f.Version, f.Latest = last+1, true
	if string(before) == string(sum[:]) {
		f.Version = last
	}
	if _, err := tx.ExecContext(ctx, `UPDATE workflow_form SET latest = 0 WHERE form_key = ? AND latest = 1`, f.Key); err != nil {
		return err
	}
	f.DeploymentID, f.DeployedBy, f.DeployedAt = d.ID, d.DeployedBy, d.DeployedAt
	_, err = tx.ExecContext(ctx, `INSERT INTO workflow_form (id, form_key, version, latest, hash, deployment_id, resource_name, deployed_by, deployed_at)
VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)`, f.ID[:], f.Key, f.Version, sum[:], f.DeploymentID[:], f.Resource, f.DeployedBy, f.DeployedAt)
	return err
}

// deleteForms removes the forms of a deployment; the one before one that was the latest is it again.
func deleteForms(ctx context.Context, tx *sql.Tx, deployment engine.ID) error {
	rows, err := tx.QueryContext(ctx, `SELECT form_key FROM workflow_form WHERE deployment_id = ? AND latest = 1`, deployment[:])
	keys, err := collect(rows, err, func(r *sql.Rows) (key string, err error) { return key, r.Scan(&key) })
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM workflow_form WHERE deployment_id = ?`, deployment[:]); err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := tx.ExecContext(ctx, `UPDATE workflow_form SET latest = 1 WHERE form_key = ? ORDER BY version DESC, id DESC LIMIT 1`, key); err != nil {
			return err
		}
	}
	return nil
}

const formColumns = `d.id, d.form_key, d.version, d.latest, d.deployment_id, d.resource_name, d.deployed_by, d.deployed_at`

func (f *Form) destinations() []any {
	return []any{&f.ID, &f.Key, &f.Version, &f.Latest, &f.DeploymentID, &f.Resource, &f.DeployedBy, &f.DeployedAt}
}

const formByID = `SELECT ` + formColumns + `, r.content FROM workflow_form d
JOIN workflow_resource r ON r.deployment_id = d.deployment_id AND r.name = d.resource_name WHERE d.id = ?`

// Form returns a form and the bytes of its schema, or ErrNoForm.
func (s *Store) Form(ctx context.Context, id engine.ID) (Form, []byte, error) {
	var f Form
	var content []byte
	err := s.DB.QueryRow(ctx, append(f.destinations(), &content), formByID, id[:])
	return f, content, absent(err, ErrNoForm)
}

// FormRef names a form as a user task or a start event does: the latest of a key, that of a version, or with
// SameDeployment that of the deployment, by its key or by the name of its file.
type FormRef struct {
	Key, File      string
	Version        int
	SameDeployment bool
}

const (
	latestForm       = `SELECT id FROM workflow_form WHERE latest = 1 AND form_key = ?`
	formOfVersion    = `SELECT id FROM workflow_form WHERE form_key = ? AND version = ? ORDER BY id LIMIT 1`
	formOfDeployment = `SELECT id FROM workflow_form WHERE form_key = ? AND deployment_id = ?`
	formOfFile       = `SELECT id FROM workflow_form WHERE deployment_id = ? AND resource_name = ?`
)

// FindForm returns the form that ref names; deployment is the one of the process that asks. It returns ErrNoForm.
func (s *Store) FindForm(ctx context.Context, ref FormRef, deployment engine.ID) (engine.ID, error) {
	query, arguments := latestForm, []any{ref.Key}
	switch {
	case ref.File != "":
		query, arguments = formOfFile, []any{deployment[:], ref.File}
	case ref.SameDeployment:
		query, arguments = formOfDeployment, []any{ref.Key, deployment[:]}
	case ref.Version != 0:
		query, arguments = formOfVersion, []any{ref.Key, ref.Version}
	}
	var id engine.ID
	err := s.DB.QueryRow(ctx, []any{&id}, query, arguments...)
	if err = absent(err, ErrNoForm); err != nil {
		return id, fmt.Errorf("form %s%s: %w", ref.Key, ref.File, err)
	}
	return id, nil
}

// FormList names the list of the deployed forms.
var FormList = page.List{Name: "forms", Sorts: []string{"-deployedAt"}, Filters: []page.Filter{{Name: "key"}, {Name: "latest", Values: []string{"true", "false"}}}}

var formList = list[Form]{
	columns: formColumns + " FROM workflow_form d", count: "workflow_form d", sort: byID("d.id"),
	scan: into((*Form).destinations), key: func(f Form) []string { return []string{f.ID.String()} },
}

// Forms lists forms by the time of their deployment (their id); zero fields of f do not narrow.
func (s *Store) Forms(ctx context.Context, f DefinitionFilter, r page.Request) (page.Page[Form], error) {
	q := query{}
	q.equal("d.form_key", f.Key)
	if f.Latest {
		q.where("d.latest = 1")
	}
	return formList.read(ctx, s, q, r)
}
