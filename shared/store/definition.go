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

// ErrNoDefinition: there is no such definition.
var ErrNoDefinition = fault.New(fault.NotFound, "definition_not_found", "There is no such process definition.")

// Definition is one deployed version of a process as the API shows it.
type Definition struct {
	ID           engine.ID `json:"id"`
	Key          string    `json:"key"`
	Version      int       `json:"version"`
	Name         string    `json:"name"`
	VersionTag   string    `json:"versionTag,omitempty"`
	Latest       bool      `json:"latest"`
	Suspended    bool      `json:"suspended"`
	DeploymentID engine.ID `json:"deploymentId"`
	Resource     string    `json:"resource"`
	DeployedBy   string    `json:"deployedBy"`
	DeployedAt   time.Time `json:"deployedAt"`
	// CategoryID is that of the design with the key of the process, as it is now; absent where there is none.
	CategoryID engine.ID `json:"categoryId,omitzero"`

	// Starts are the start events with a trigger, for Deploy; no read fills them in.
	Starts []StartEvent `json:"-"`
	// Calls are the processes that it calls by name, for Deploy; no read fills them in.
	Calls []CalledProcess `json:"-"`
	// Uses are the decisions that its business rule tasks name, likewise.
	Uses []UsedDecision `json:"-"`
}

// Resource is one uploaded file, byte for byte.
type Resource struct {
	Name    string
	Kind    string // ModelFile, or what else the file is, dmn, file or options
	Content []byte
}

// Deployment is what a deployment writes. Deploy fills in the versions of its definitions and
// decisions.
type Deployment struct {
	ID          engine.ID
	Name        string
	Source      string
	DeployedBy  string
	DeployedAt  time.Time
	Resources   []Resource
	Definitions []Definition
	Decisions   []DeployedDecision
	Forms       []Form
	Design      *Publication // of the design that it publishes; nil: of none
}

// Deploy writes a deployment, all of it or nothing, and makes its definitions and decisions
// the latest of their keys; their start events take the place of those of the versions before. answer is called with the
// versions filled in and gives the answer to record for i. It returns ErrMessageTaken, or ErrRepeated
// when i's key is taken; of the design that it publishes, ErrNoDesign or ErrPeopleStale.
func (s *Store) Deploy(ctx context.Context, d *Deployment, i *Idempotency, answer func(*Deployment) (Recorded, error)) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := publishDesign(ctx, tx, d, i); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO workflow_deployment (id, name, source, deployed_by, deployed_at) VALUES (?, ?, ?, ?, ?)`,
			d.ID[:], d.Name, null(d.Source), d.DeployedBy, d.DeployedAt); err != nil {
			return err
		}
		if err := insertResources(ctx, tx, d); err != nil {
			return err
		}
		if err := insertVersions(ctx, tx, d, false); err != nil {
			return err
		}
		if err := replaceStarts(ctx, tx, d.Definitions); err != nil {
			return err
		}
		a, err := answer(d)
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, a, d.DeployedAt)
	})
}

// insertVersions writes the definitions, decisions and forms of a deployment. What is taken over keeps its versions, and
// nobody is told of it; all else has the next ones of its keys.
func insertVersions(ctx context.Context, tx *sql.Tx, d *Deployment, taken bool) error {
	for n := range d.Definitions {
		if err := insertDefinition(ctx, tx, d, &d.Definitions[n], taken); err != nil {
			return fmt.Errorf("definition %s: %w", d.Definitions[n].Key, err)
		}
	}
	for n := range d.Decisions {
		if err := insertDecision(ctx, tx, d, &d.Decisions[n], taken); err != nil {
			return fmt.Errorf("decision %s: %w", d.Decisions[n].Key, err)
		}
	}
	for n := range d.Forms {
		if err := insertForm(ctx, tx, d, &d.Forms[n]); err != nil {
			return fmt.Errorf("form %s: %w", d.Forms[n].Key, err)
		}
	}
	return nil
}

func insertResources(ctx context.Context, tx *sql.Tx, d *Deployment) error {
	for _, r := range d.Resources {
		sum := sha256.Sum256(r.Content)
		if _, err := tx.ExecContext(ctx, `INSERT INTO workflow_resource (deployment_id, name, kind, sha256, content) VALUES (?, ?, ?, ?, ?)`,
			d.ID[:], r.Name, r.Kind, sum[:], r.Content); err != nil {
			return err
		}
	}
	return nil
}

// insertDefinition takes the next version of its key, or its own. The rows of the key stay locked until the
// commit, so that two deployments of one key get two versions.
func insertDefinition(ctx context.Context, tx *sql.Tx, d *Deployment, f *Definition, taken bool) error {
	var err error
	if f.Version, f.Latest, err = definitionVersions.add(ctx, tx, f.Key, given(f.Version, taken)); err != nil {
		return err
	}
	f.DeploymentID, f.DeployedBy, f.DeployedAt = d.ID, d.DeployedBy, d.DeployedAt
	_, err = tx.ExecContext(ctx, `INSERT INTO workflow_definition (id, process_key, version, latest, suspended, name, version_tag, deployment_id, resource_name, deployed_by, deployed_at, unsent)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.ID[:], f.Key, f.Version, f.Latest, f.Suspended, f.Name, f.VersionTag, f.DeploymentID[:], f.Resource, f.DeployedBy, f.DeployedAt, sql.NullBool{Bool: true, Valid: !taken})
	return err
}

const definitionColumns = `d.id, d.process_key, d.version, d.name, d.version_tag, d.latest, d.suspended, d.deployment_id, d.resource_name, d.deployed_by, d.deployed_at,
 (SELECT g.category_id FROM workflow_process_design g WHERE g.kind = 'bpmn' AND g.process_key = d.process_key)`

func (d *Definition) destinations() []any {
	return []any{&d.ID, &d.Key, &d.Version, &d.Name, &d.VersionTag, &d.Latest, &d.Suspended, &d.DeploymentID, &d.Resource, &d.DeployedBy, &d.DeployedAt, &d.CategoryID}
}

// Definition returns a definition and the bytes of its model, or ErrNoDefinition.
func (s *Store) Definition(ctx context.Context, id engine.ID) (Definition, []byte, error) {
	return s.definition(ctx, `d.id = ?`, id[:])
}

// LatestDefinition returns the latest version of a process and the bytes of its model, or
// ErrNoDefinition.
func (s *Store) LatestDefinition(ctx context.Context, key string) (Definition, []byte, error) {
	return s.definition(ctx, `d.process_key = ? AND d.latest = 1`, key)
}

func (s *Store) definition(ctx context.Context, condition string, argument any) (Definition, []byte, error) {
	var d Definition
	var content []byte
	err := s.DB.QueryRow(ctx, append(d.destinations(), &content), `SELECT `+definitionColumns+`, r.content FROM workflow_definition d
JOIN workflow_resource r ON r.deployment_id = d.deployment_id AND r.name = d.resource_name WHERE `+condition, argument)
	if errors.Is(err, sql.ErrNoRows) {
		return d, nil, ErrNoDefinition
	}
	if err != nil {
		return d, nil, fmt.Errorf("definition: %w", err)
	}
	return d, content, nil
}

const (
	untold           = ` unsent = 1 AND (locked_until IS NULL OR locked_until <= ?)`
	untoldDefinition = `SELECT ` + definitionColumns + ` FROM workflow_definition d WHERE` + untold + ` ORDER BY d.id LIMIT ?`
	leaseDefinition  = `UPDATE workflow_definition SET locked_until = ? WHERE id = ? AND` + untold
)

// ClaimUntold returns up to limit definitions whose deployment has not been told, the oldest first, and leaves each to
// the caller until now+lease.
func (s *Store) ClaimUntold(ctx context.Context, limit int, now time.Time, lease time.Duration) ([]Definition, error) {
	rows, err := s.DB.Query(ctx, untoldDefinition, now, limit)
	due, err := collect(rows, err, into((*Definition).destinations))
	if err != nil {
		return nil, fmt.Errorf("untold definitions: %w", err)
	}
	return leased(due, func(d *Definition) (bool, error) {
		return s.changed(ctx, leaseDefinition, now.Add(lease), d.ID[:], now)
	})
}

// MarkDefinitionSent records that the event of a deployment has been accepted, or keeps it as a dead
// letter when letter is not nil.
func (s *Store) MarkDefinitionSent(ctx context.Context, id engine.ID, letter *DeadLetter) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if letter != nil {
			if err := addDeadLetter(ctx, tx, *letter); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE workflow_definition SET unsent = NULL, locked_until = NULL WHERE id = ?`, id[:])
		return err
	})
}

// DefinitionFilter narrows a list of definitions; zero fields do not.
type DefinitionFilter struct {
	Key          string
	Latest       bool
	DeploymentID engine.ID
	CategoryID   engine.ID
}

// Definitions lists definitions by the time of their deployment (their id).
func (s *Store) Definitions(ctx context.Context, f DefinitionFilter, r page.Request) (page.Page[Definition], error) {
	q := query{}
	q.equal("d.process_key", f.Key)
	q.equalID("d.deployment_id", f.DeploymentID)
	if !f.CategoryID.IsZero() {
		q.where("d.process_key IN (SELECT g.process_key FROM workflow_process_design g WHERE g.category_id = ? AND g.kind = 'bpmn')", f.CategoryID[:])
	}
	if f.Latest {
		q.where("d.latest = 1")
	}
	l := list[Definition]{
		columns: definitionColumns + " FROM workflow_definition d", count: "workflow_definition d", sort: byID("d.id"),
		scan: into((*Definition).destinations), key: func(d Definition) []string { return []string{d.ID.String()} },
	}
	return l.read(ctx, s, q, r)
}

// Suspension says whether a definition may start instances, by a call or by its start events. Batch, unless
// nil, does the same to those that run, however many there are.
type Suspension struct {
	ID        engine.ID
	Suspended bool
	Batch     *Batch
}

// SuspendDefinition makes a suspension and records the answer for i. A batch without instances is not made:
// its Total is 0. It returns ErrNoDefinition, ErrBatchTooLarge or ErrRepeated.
func (s *Store) SuspendDefinition(ctx context.Context, x Suspension, i *Idempotency, answer func(Definition) (Recorded, error)) error {
	return s.inClaim(ctx, func(tx *sql.Tx) error {
		var d Definition
		err := tx.QueryRowContext(ctx, `SELECT `+definitionColumns+` FROM workflow_definition d WHERE d.id = ? FOR UPDATE`, x.ID[:]).Scan(d.destinations()...)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoDefinition
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE workflow_definition SET suspended = ? WHERE id = ?`, x.Suspended, x.ID[:]); err != nil {
			return err
		}
		if err := suspendStarts(ctx, tx, x.ID, x.Suspended); err != nil {
			return err
		}
		d.Suspended = x.Suspended
		if err := s.suspendInstances(ctx, tx, d, x); err != nil {
			return err
		}
		a, err := answer(d)
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, a, time.Now().UTC())
	})
}

func (s *Store) suspendInstances(ctx context.Context, tx *sql.Tx, d Definition, x Suspension) error {
	if x.Batch == nil {
		return nil
	}
	state := stateCode(engine.Active)
	if !x.Suspended {
		state = stateCode(engine.Suspended)
	}
	err := s.insertBatch(ctx, tx, x.Batch, BatchOf{Filter: InstanceFilter{ProcessKey: d.Key, DefinitionID: d.ID, State: state}})
	if errors.Is(err, ErrBatchEmpty) {
		return nil
	}
	return err
}
