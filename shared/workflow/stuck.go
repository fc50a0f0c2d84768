package workflow

import (
	"context"
	"fmt"
	"sync"

	"diom.io/workflow/shared/engine"
)

// stuckLook is how many active instances one round looks at.
const stuckLook = 10_000

// stuck counts the instances that nothing will move, page by page.
type stuck struct {
	mutex       sync.Mutex
	after       engine.ID
	found, last int // of the round under way, and of the last whole one
}

// Stuck returns how many active instances wait for nothing, as of the last whole look at all of them: 10,000
// a minute in the process that ticks. There should be none; `diom check` names them.
func (s *Service) Stuck() int {
	s.stuck.mutex.Lock()
	defer s.stuck.mutex.Unlock()
	return max(s.stuck.found, s.stuck.last)
}

// findStuck looks at some more instances; those that are stuck are its error.
func (s *Service) findStuck(ctx context.Context) (Ticked, bool, error) {
	s.stuck.mutex.Lock()
	defer s.stuck.mutex.Unlock()
	list, last, err := s.store.Stuck(ctx, s.stuck.after, stuckLook)
	if err != nil {
		return Ticked{}, false, fmt.Errorf("stuck instances: %w", err)
	}
	s.stuck.after = last
	s.stuck.found += len(list)
	if last.IsZero() {
		s.stuck.last, s.stuck.found = s.stuck.found, 0
	}
	if len(list) == 0 {
		return Ticked{}, false, nil
	}
	return Ticked{}, false, fmt.Errorf("%d instances wait for nothing, among them %s", len(list), list[0])
}
