package workflow

import (
	"context"
	"fmt"
	"time"
)

// countEvery is how often what waits in the database is counted for the metrics.
const countEvery = 10 * time.Second

// countBacklog tells the metrics what waits in the database.
func (s *Service) countBacklog(ctx context.Context) (Ticked, bool, error) {
	now := instant()
	b, err := s.store.Queued(ctx, now)
	if err != nil {
		return Ticked{}, false, fmt.Errorf("backlog: %w", err)
	}
	m := &s.Metrics.Backlog
	m.OutboxPending.Set(float64(b.Unsent))
	m.OutboxOldest.Set(age(now, b.UnsentSince))
	m.Parked.Set(float64(b.Parked))
	m.TimerLag.Set(age(now, b.TimerDue))
	m.Incidents.Set(float64(b.Incidents))
	m.DeadLetters.Set(float64(b.DeadLetters))
	m.ActiveUsers.Set(float64(b.Users))
	m.Instances.Set(float64(b.Instances))
	m.Stuck.Set(float64(s.Stuck()))
	s.Metrics.Ticked.Set(float64(now.UnixMilli()) / 1000)
	return Ticked{}, false, nil
}

// age is how many seconds ago a time was; 0 for none.
func age(now, then time.Time) float64 {
	if then.IsZero() {
		return 0
	}
	return max(0, now.Sub(then).Seconds())
}
