package tasklist

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// homeRows is how many rows of each list the start page shows.
const homeRows = 5

// Home is what a person sees first: how much waits, and the newest of it.
type Home struct {
	Counts    Counts           `json:"counts"`
	Todo      []store.Task     `json:"todo"`
	Claimable []store.Task     `json:"claimable"`
	Started   []store.Instance `json:"started"`
}

// Counts are capped at 10,000 each.
type Counts struct {
	Todo      int `json:"todo"`
	Claimable int `json:"claimable"`
	Started   int `json:"started"` // active instances of one's own
}

// Home returns the start page of a principal in one answer.
func (s *Service) Home(ctx context.Context, p access.Principal) (*Home, error) {
	r := page.Request{Limit: homeRows, Sort: "createdAt", Descending: true, Count: true}
	f := store.TaskFilter{View: store.Todo, Username: p.Username, Identities: p.Identities()}
	todo, err := s.store.Tasks(ctx, f, r)
	if err != nil {
		return nil, err
	}
	f.View = store.Claimable
	claimable, err := s.store.Tasks(ctx, f, r)
	if err != nil {
		return nil, err
	}
	active, _ := store.StateCode("active")
	started, err := s.store.Instances(ctx, store.InstanceFilter{Starter: p.Username, State: active}, r)
	if err != nil {
		return nil, err
	}
	return &Home{
		Counts: Counts{Todo: *todo.Total, Claimable: *claimable.Total, Started: *started.Total},
		Todo:   todo.Items, Claimable: claimable.Items, Started: started.Items,
	}, nil
}
