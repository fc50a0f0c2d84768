package tasklist

import (
	"context"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// homeRows is how many rows of each list the start page shows.
const homeRows = 5

// Home is what a person sees first: how much waits, and the newest of it. Copied are copies that he has not read,
// done is what he completed last. Announcement is what administrators have to say to everybody, or empty.
type Home struct {
	Counts       store.HomeCounts `json:"counts"`
	Todo         []store.Task     `json:"todo"`
	Claimable    []store.Task     `json:"claimable"`
	Copied       []store.Task     `json:"copied"`
	Done         []store.Task     `json:"done"`
	Started      []store.Instance `json:"started"`
	Announcement string           `json:"announcement"`
}

// Home returns the start page of a principal in one answer, by six statements.
func (s *Service) Home(ctx context.Context, p access.Principal) (*Home, error) {
	r := page.Request{Limit: homeRows, Sort: "createdAt", Descending: true}
	h := &Home{Announcement: s.settings.Now(ctx).Text(setting.Announcement)}
	var err error
	if h.Counts, err = s.store.HomeCounts(ctx, p.Username, p.Identities(), time.Now().UTC()); err != nil {
		return nil, err
	}
	for _, l := range []struct {
		into   *[]store.Task
		view   store.View
		unread bool
	}{{&h.Todo, store.Todo, false}, {&h.Claimable, store.Claimable, false}, {&h.Copied, store.Copied, true}, {&h.Done, store.Done, false}} {
		found, err := s.store.Tasks(ctx, store.TaskFilter{View: l.view, Username: p.Username, Identities: p.Identities(), Unread: l.unread}, r)
		if err != nil {
			return nil, err
		}
		*l.into = found.Items
	}
	active, _ := store.StateCode("active")
	started, err := s.store.Instances(ctx, store.InstanceFilter{Starter: p.Username, State: active}, r)
	h.Started = started.Items
	return h, err
}
