package workflow

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/store"
)

// Startable returns those of some definitions that a person may start and is offered in a task list: the
// latest of their keys, not suspended, with a start event without a trigger, for candidate starters or for everybody, and
// not isStartableInTasklist="false".
func (s *Service) Startable(ctx context.Context, p access.Principal, list []store.Definition) ([]store.Definition, error) {
	found := []store.Definition{}
	for _, d := range list {
		if d.Suspended || !d.Latest {
			continue
		}
		compiled, err := s.definition(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		process := compiled.process
		if process.HiddenInTasklist || process.NoneStart() == nil || mayStart(p, process) != nil {
			continue
		}
		found = append(found, d)
	}
	return found, nil
}
