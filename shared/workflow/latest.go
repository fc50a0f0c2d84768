package workflow

import (
	"context"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/store"
)

// LatestProcess returns the latest version of a process with its model. It looks at the database: other processes
// of ours deploy, too. It returns store.ErrNoDefinition.
func (s *Service) LatestProcess(ctx context.Context, key string) (store.Definition, *bpmn.Process, error) {
	latest, _, err := s.store.LatestDefinition(ctx, key)
	if err != nil {
		return latest, nil, err
	}
	d, err := s.definition(ctx, latest.ID)
	if err != nil {
		return latest, nil, err
	}
	return latest, d.process, nil
}
