package workflow

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// usualKnowledge is for how long delegations are taken for all that there are: as long as rights are.
const usualKnowledge = 2 * time.Second

// delegations are those that are not over, as they were read last.
type delegations struct {
	turn  chan struct{} // holds one element while somebody reads or looks: who waits for it gives up with his context
	list  []store.Delegation
	until atomic.Int64 // Unix nanoseconds
}

func newDelegations() *delegations { return &delegations{turn: make(chan struct{}, 1)} }

func (d *delegations) take(ctx context.Context) error {
	select {
	case d.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *delegations) leave() { <-d.turn }

// forget lets the next one who asks read.
func (d *delegations) forget() { d.until.Store(0) }

// known returns the delegations that are not over. One reads, the others wait for him.
func (s *Service) knownDelegations(ctx context.Context, now time.Time) ([]store.Delegation, error) {
	d := s.delegations
	if err := d.take(ctx); err != nil {
		return nil, database.Classify(err)
	}
	defer d.leave()
	if time.Now().UnixNano() < d.until.Load() {
		return d.list, nil
	}
	list, err := s.store.DelegationsFrom(ctx, now)
	if err != nil {
		return nil, err
	}
	d.list = list
	d.until.Store(time.Now().Add(cmp.Or(s.KnowDelegations, usualKnowledge)).UnixNano())
	return list, nil
}

// standIns returns who stands in for whom in a process at a time; never nil. Who stands in and is away himself has
// another one who does, unless that comes round to where it began.
func (s *Service) standIns(ctx context.Context, processKey string, at time.Time) (map[string]string, error) {
	list, err := s.knownDelegations(ctx, at)
	if err != nil {
		return nil, err
	}
	direct := map[string]string{}
	for _, d := range list {
		if d.Covers(processKey, at) {
			direct[d.Owner] = d.Substitute
		}
	}
	all := make(map[string]string, len(direct))
	for owner, other := range direct {
		seen := map[string]bool{owner: true, other: true}
		for next := direct[other]; next != "" && !seen[next]; next = direct[other] {
			other, seen[next] = next, true
		}
		all[owner] = other
	}
	return all, nil
}

// peopled reports whether a step makes a task for somebody by name.
func peopled(changes []engine.Change) bool {
	for i := range changes {
		if t := changes[i].Task; changes[i].Kind == engine.TaskCreated && (t.Assignee != "" || len(t.CandidateUsers) > 0) {
			return true
		}
	}
	return false
}

// absent reports whether a task is for somebody who is away.
func absent(standIns map[string]string, changes []engine.Change) bool {
	if len(standIns) == 0 {
		return false
	}
	for i := range changes {
		t := changes[i].Task
		if changes[i].Kind != engine.TaskCreated {
			continue
		}
		for _, user := range append([]string{t.Assignee}, t.CandidateUsers...) {
			if standIns[user] != "" {
				return true
			}
		}
	}
	return false
}
