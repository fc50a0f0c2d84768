package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrNoDeployment: there is no such deployment, or no such file in it.
var ErrNoDeployment = fault.New(fault.NotFound, "deployment_not_found", "There is no such deployment.")

// ErrDefinitionInUse: a definition has instances, which would be lost with it.
var ErrDefinitionInUse = fault.New(fault.Conflict, "definition_in_use", "The process definition has instances. Delete it with them (cascade).")

// ModelFile is the kind of a file that holds a BPMN model.
const ModelFile = "bpmn"

// DeploymentFilter narrows a list of deployments; zero fields do not.
type DeploymentFilter struct {
	ID   engine.ID
	Name string
}

const deploymentColumns = `SELECT d.id, d.name, IFNULL(d.source, ''), d.deployed_by, d.deployed_at FROM workflow_deployment d`

// Deployments returns up to limit deployments without their files, the newest first.
func (s *Store) Deployments(ctx context.Context, f DeploymentFilter, limit int) ([]Deployment, error) {
	q := query{}
	q.equalID("d.id", f.ID)
	q.equal("d.name", f.Name)
	rows, err := s.DB.Query(database.ToShow(ctx), deploymentColumns+q.text()+` ORDER BY d.id DESC LIMIT ?`, append(q.arguments, limit)...)
	return collect(rows, err, into(func(d *Deployment) []any { return []any{&d.ID, &d.Name, &d.Source, &d.DeployedBy, &d.DeployedAt} }))
}

// Stored is a file of a deployment without its content.
type Stored struct {
	Deployment engine.ID
	Name, Kind string
	Sum        []byte // SHA-256 of the content
}

// Resources lists the files of a deployment by name.
func (s *Store) Resources(ctx context.Context, deployment engine.ID) ([]Stored, error) {
	rows, err := s.DB.Query(ctx, `SELECT deployment_id, name, kind, sha256 FROM workflow_resource WHERE deployment_id = ? ORDER BY name`, deployment[:])
	return collect(rows, err, into(func(r *Stored) []any { return []any{&r.Deployment, &r.Name, &r.Kind, &r.Sum} }))
}

// Resource returns the content of a file of a deployment, or ErrNoDeployment.
func (s *Store) Resource(ctx context.Context, deployment engine.ID, name string) ([]byte, error) {
	var content []byte
	err := s.DB.QueryRow(ctx, []any{&content}, `SELECT content FROM workflow_resource WHERE deployment_id = ? AND name = ?`, deployment[:], name)
	return content, absent(err, ErrNoDeployment)
}

// Replacement is the version of a process that is the latest again when a later one is deleted, with its
// start events.
type Replacement = Definition

// Deletion is what is deleted together: definitions, with their ended instances, and the deployment that they
// came with unless that is zero. Latest are the versions that are the latest then.
type Deletion struct {
	Deployment  engine.ID
	Definitions []Definition
	Latest      []Replacement
}

// ofInstances are the tables with rows of instances; the instance itself comes last.
var ofInstances = []string{
	"workflow_task", "workflow_job", "workflow_timer", "workflow_subscription", "workflow_incident", "workflow_search_variable", "workflow_history",
	"workflow_comment", "workflow_attachment", "workflow_file",
}

// DeleteInstances removes up to limit instances of a definition with all that is known of them, and returns
// how many. They must have ended: it returns ErrDefinitionInUse at one that has not, and ErrHeld at one that is held.
func (s *Store) DeleteInstances(ctx context.Context, definition engine.ID, limit int) (int, error) {
	rows, err := s.DB.Query(ctx, `SELECT id, state FROM workflow_instance WHERE definition_id = ? LIMIT ?`, definition[:], limit)
	type found struct {
		id    engine.ID
		state int
	}
	list, err := collect(rows, err, into(func(f *found) []any { return []any{&f.id, &f.state} }))
	if err != nil {
		return 0, err
	}
	for _, f := range list {
		if !instanceStates[f.state].Ended() {
			return 0, ErrDefinitionInUse
		}
	}
	return len(list), s.DB.InTx(ctx, func(tx *sql.Tx) error {
		for _, f := range list {
			if err := deleteInstance(ctx, tx, f.id); err != nil {
				return fmt.Errorf("instance %s: %w", f.id, err)
			}
		}
		return nil
	})
}

func deleteInstance(ctx context.Context, tx *sql.Tx, id engine.ID) error {
	if err := checkHold(ctx, tx, instanceHeld, id, ErrHeld); err != nil {
		return err
	}
	statements := []string{`DELETE c FROM workflow_task t JOIN workflow_task_candidate c ON c.task_id = t.id WHERE t.instance_id = ?`, unuseInstance, unuseFiles}
	for _, table := range ofInstances {
		statements = append(statements, `DELETE FROM `+table+` WHERE instance_id = ?`)
	}
	for _, text := range append(statements, `DELETE FROM workflow_instance WHERE id = ?`) {
		if _, err := tx.ExecContext(ctx, text, id[:]); err != nil {
			return err
		}
	}
	return nil
}

// HasInstances reports whether a definition has instances, ended ones too.
func (s *Store) HasInstances(ctx context.Context, definition engine.ID) (bool, error) {
	return s.found(ctx, `SELECT 1 FROM workflow_instance WHERE definition_id = ? LIMIT 1`, definition[:])
}

// Delete removes definitions that have no instances, and their deployment.
func (s *Store) Delete(ctx context.Context, d Deletion) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		for i := range d.Definitions {
			if err := deleteDefinition(ctx, tx, &d.Definitions[i]); err != nil {
				return fmt.Errorf("definition %s: %w", d.Definitions[i].ID, err)
			}
		}
		for i := range d.Latest {
			if err := restoreDefinition(ctx, tx, &d.Latest[i]); err != nil {
				return fmt.Errorf("definition %s: %w", d.Latest[i].ID, err)
			}
		}
		return deleteDeployment(ctx, tx, d.Deployment)
	})
}

// deleteDeployment removes a deployment with its files; a zero id is none.
func deleteDeployment(ctx context.Context, tx *sql.Tx, id engine.ID) error {
	if id.IsZero() {
		return nil
	}
	if err := deleteDecisions(ctx, tx, id); err != nil {
		return err
	}
	if err := deleteForms(ctx, tx, id); err != nil {
		return err
	}
	for _, text := range []string{`DELETE FROM workflow_resource WHERE deployment_id = ?`, `DELETE FROM workflow_deployment WHERE id = ?`} {
		if _, err := tx.ExecContext(ctx, text, id[:]); err != nil {
			return err
		}
	}
	return nil
}

// deleteDecisions removes the decisions of a deployment; the version before one that was the latest is it again.
func deleteDecisions(ctx context.Context, tx *sql.Tx, deployment engine.ID) error {
	rows, err := tx.QueryContext(ctx, `SELECT decision_key FROM workflow_decision WHERE deployment_id = ? AND latest = 1`, deployment[:])
	keys, err := collect(rows, err, func(r *sql.Rows) (key string, err error) { return key, r.Scan(&key) })
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM workflow_decision WHERE deployment_id = ?`, deployment[:]); err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := tx.ExecContext(ctx, `UPDATE workflow_decision SET latest = 1 WHERE decision_key = ? ORDER BY version DESC LIMIT 1`, key); err != nil {
			return err
		}
	}
	return nil
}

func deleteDefinition(ctx context.Context, tx *sql.Tx, d *Definition) error {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM workflow_instance WHERE definition_id = ? LIMIT 1`, d.ID[:]).Scan(&one)
	if err == nil {
		return ErrDefinitionInUse
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if d.Latest {
		for _, text := range []string{deleteStartTimers, deleteStartSubscriptions} {
			if _, err := tx.ExecContext(ctx, text, d.Key); err != nil {
				return err
			}
		}
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM workflow_definition WHERE id = ?`, d.ID[:])
	return err
}

// restoreDefinition makes a version the latest of its key again.
func restoreDefinition(ctx context.Context, tx *sql.Tx, d *Definition) error {
	if _, err := tx.ExecContext(ctx, `UPDATE workflow_definition SET latest = 1 WHERE id = ?`, d.ID[:]); err != nil {
		return err
	}
	seed := d.ID
	seed[15] ^= byte(time.Now().UnixNano()) // the ids of its first start events may be known to signals
	for n, start := range d.Starts {
		if err := insertStart(ctx, tx, d, start, seed.Derive(n+1)); err != nil {
			return err
		}
	}
	return nil
}
