package store

import (
	"context"
	"fmt"

	"diom.io/workflow/shared/engine"
)

const deploymentFiles = `SELECT name, kind, content FROM workflow_resource WHERE deployment_id = ? AND kind IN ('file', 'options')`

// DeploymentFiles returns what a deployment has beside its models: the files that they refer to, and what
// it was asked for.
func (s *Store) DeploymentFiles(ctx context.Context, deployment engine.ID) ([]Resource, error) {
	rows, err := s.DB.Query(ctx, deploymentFiles, deployment[:])
	list, err := collect(rows, err, into(func(r *Resource) []any { return []any{&r.Name, &r.Kind, &r.Content} }))
	if err != nil {
		return nil, fmt.Errorf("files of deployment %s: %w", deployment, err)
	}
	return list, nil
}
