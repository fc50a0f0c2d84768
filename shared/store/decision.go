package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

// DeployedDecision is one deployed version of a decision as the API shows it.
type DeployedDecision struct {
	ID           engine.ID `json:"id"`
	Key          string    `json:"key"`
	Version      int       `json:"version"`
	Name         string    `json:"name"`
	VersionTag   string    `json:"versionTag,omitempty"`
	Latest       bool      `json:"latest"`
	ModelKey     string    `json:"modelKey"` // of the DMN file: what is deployed together
	DeploymentID engine.ID `json:"deploymentId"`
	Resource     string    `json:"resource"`
	DeployedBy   string    `json:"deployedBy"`
	DeployedAt   time.Time `json:"deployedAt"`
}

// UsedDecision is a decision that a business rule task names.
type UsedDecision struct {
	Key            string
	SameDeployment bool // it has to be in the same deployment
	NodeID, Name   string
	Line           int
}

// insertDecision takes the next version of its key, as insertDefinition does.
func insertDecision(ctx context.Context, tx *sql.Tx, d *Deployment, f *DeployedDecision, taken bool) error {
	var err error
	if f.Version, f.Latest, err = decisionVersions.add(ctx, tx, f.Key, given(f.Version, taken)); err != nil {
		return err
	}
	f.DeploymentID, f.DeployedBy, f.DeployedAt = d.ID, d.DeployedBy, d.DeployedAt
	_, err = tx.ExecContext(ctx, `INSERT INTO workflow_decision (id, decision_key, version, latest, name, version_tag, model_key, deployment_id, resource_name, deployed_by, deployed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.ID[:], f.Key, f.Version, f.Latest, f.Name, f.VersionTag, f.ModelKey, f.DeploymentID[:], f.Resource, f.DeployedBy, f.DeployedAt)
	return err
}

const decisionColumns = `d.id, d.decision_key, d.version, d.name, d.version_tag, d.latest, d.model_key, d.deployment_id, d.resource_name, d.deployed_by, d.deployed_at`

func (d *DeployedDecision) destinations() []any {
	return []any{&d.ID, &d.Key, &d.Version, &d.Name, &d.VersionTag, &d.Latest, &d.ModelKey, &d.DeploymentID, &d.Resource, &d.DeployedBy, &d.DeployedAt}
}

const decisionByID = `SELECT ` + decisionColumns + `, r.content FROM workflow_decision d
JOIN workflow_resource r ON r.deployment_id = d.deployment_id AND r.name = d.resource_name WHERE d.id = ?`

// Decision returns a decision and the bytes of its file, or dmn.ErrNoDecision.
func (s *Store) Decision(ctx context.Context, id engine.ID) (DeployedDecision, []byte, error) {
	var d DeployedDecision
	var content []byte
	err := s.DB.QueryRow(ctx, append(d.destinations(), &content), decisionByID, id[:])
	if errors.Is(err, sql.ErrNoRows) {
		return d, nil, dmn.ErrNoDecision
	}
	if err != nil {
		return d, nil, fmt.Errorf("decision: %w", err)
	}
	return d, content, nil
}

const (
	latestDecision       = `SELECT id FROM workflow_decision WHERE latest = 1 AND decision_key = ?`
	decisionOfDeployment = `SELECT id FROM workflow_decision WHERE decision_key = ? AND deployment_id = ?`
	decisionOfVersion    = `SELECT id FROM workflow_decision WHERE decision_key = ? AND version = ?`
	decisionsOfTag       = `SELECT id FROM workflow_decision WHERE decision_key = ? AND version_tag = ? LIMIT 2`
)

// FindDecision returns the decision that ref names; deployment is the one of who asks. It returns
// dmn.ErrNoDecision or ErrVersionTag.
func (s *Store) FindDecision(ctx context.Context, ref engine.DecisionRef, deployment engine.ID) (engine.ID, error) {
	var rows *sql.Rows
	var err error
	switch ref.Binding {
	case bpmn.CallDeployment:
		rows, err = s.DB.Query(ctx, decisionOfDeployment, ref.Key, deployment[:])
	case bpmn.CallVersion:
		rows, err = s.DB.Query(ctx, decisionOfVersion, ref.Key, ref.Version)
	case bpmn.CallVersionTag:
		rows, err = s.DB.Query(ctx, decisionsOfTag, ref.Key, ref.VersionTag)
	default:
		rows, err = s.DB.Query(ctx, latestDecision, ref.Key)
	}
	found, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
	switch {
	case err != nil:
		return engine.ID{}, fmt.Errorf("decision %s: %w", ref.Key, err)
	case len(found) == 0:
		return engine.ID{}, dmn.ErrNoDecision
	case len(found) > 1:
		return engine.ID{}, ErrVersionTag.Withf("Several versions of the decision have the version tag.")
	}
	return found[0], nil
}

const isDecisionDeployed = `SELECT 1 FROM workflow_decision WHERE decision_key = ? LIMIT 1`

// IsDecisionDeployed reports whether there is any version of a decision.
func (s *Store) IsDecisionDeployed(ctx context.Context, key string) (bool, error) {
	return s.found(ctx, isDecisionDeployed, key)
}

const decisionFiles = `SELECT name, kind, content FROM workflow_resource WHERE deployment_id = ? AND kind = 'dmn'`

// DecisionFiles returns the DMN files of a deployment: those that a file imports are among them.
func (s *Store) DecisionFiles(ctx context.Context, deployment engine.ID) ([]Resource, error) {
	rows, err := s.DB.Query(ctx, decisionFiles, deployment[:])
	list, err := collect(rows, err, into(func(r *Resource) []any { return []any{&r.Name, &r.Kind, &r.Content} }))
	if err != nil {
		return nil, fmt.Errorf("decision files of deployment %s: %w", deployment, err)
	}
	return list, nil
}

var decisionList = list[DeployedDecision]{
	columns: decisionColumns + " FROM workflow_decision d", count: "workflow_decision d", sort: byID("d.id"),
	scan: into((*DeployedDecision).destinations), key: func(d DeployedDecision) []string { return []string{d.ID.String()} },
}

// Decisions lists decisions by the time of their deployment (their id); zero fields of f do not narrow.
func (s *Store) Decisions(ctx context.Context, f DefinitionFilter, r page.Request) (page.Page[DeployedDecision], error) {
	q := query{}
	q.equal("d.decision_key", f.Key)
	if f.Latest {
		q.where("d.latest = 1")
	}
	return decisionList.read(ctx, s, q, r)
}
