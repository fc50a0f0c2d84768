// Package notification tells people in the product what concerns them: tasks that they have or may
// claim, the end of what they started, and failures to those who operate. It consumes the product's own
// CloudEvents and answers what a person sees of them.
package notification

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/courier"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/live"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// Options are what a Service works with.
type Options struct {
	Config   config.Config
	Store    *store.Store
	Feed     *live.Feed      // tells those who are looking; nil tells nobody
	Access   *access.Service // seals what is secret of a channel
	Location *time.Location  // of the times of day that people choose
	// Offer makes a link by which a person completes a task, "" where there is none; nil offers nothing.
	Offer func(ctx context.Context, username string, task engine.ID) (string, error)
	// Quiet tells people in the product alone: nothing goes to channels and webhooks.
	Quiet bool
	// Clock tells when somebody reads; nil is that of the machine.
	Clock func() time.Time
}

// Service holds the use cases. It is safe for concurrent use.
type Service struct {
	store     *store.Store
	feed      *live.Feed
	access    *access.Service
	location  *time.Location
	publicURL string
	offer     func(context.Context, string, engine.ID) (string, error)
	courier   *courier.Courier
	books     *otter.Cache[string, *book]
	quiet     bool
	clock     func() time.Time
	breakers  sync.Map // the id of a webhook → *limit.Breaker
	gathered
}

// New returns a Service. The error names the setting that cannot be read.
func New(o Options) (*Service, error) {
	c, err := courier.New(o.Config)
	s := &Service{
		store: o.Store, feed: o.Feed, access: o.Access, location: o.Location, publicURL: strings.TrimSuffix(o.Config.PublicURL, "/"), courier: c,
		offer: o.Offer, books: newBooks(), quiet: o.Quiet, clock: o.Clock,
	}
	s.gathered = s.gather()
	return s, err
}

// Count is how many notifications there are, at most 10,000 of unread ones.
type Count struct {
	Count int `json:"count"`
}

// List returns a page of a person's notifications, the newest first; only unread ones where q says
// unread=true. The list is store.NotificationList.
func (s *Service) List(ctx context.Context, username string, q url.Values, r page.Request) (page.Page[store.Notification], error) {
	return s.store.Notifications(ctx, username, q.Get("unread") == "true", r)
}

// Unread counts a person's unread notifications, up to 10,000.
func (s *Service) Unread(ctx context.Context, username string) (Count, error) {
	n, err := s.store.UnreadNotifications(ctx, username)
	return Count{n}, err
}

// Read marks one of a person's notifications as read and returns it; one that was read keeps its time.
// Errors: store.ErrNoNotification, store.ErrRepeated.
func (s *Service) Read(ctx context.Context, username string, id engine.ID, i *store.Idempotency) (json.RawMessage, error) {
	var answer store.Recorded
	err := s.store.ReadNotification(ctx, s.reader(username, i), id, func(n store.Notification) (store.Recorded, error) {
		var err error
		answer, err = recorded(n)
		return answer, err
	})
	return answer.Body, err
}

// ReadAll marks all of a person's notifications as read and returns, as Count, how many that were. It
// returns store.ErrRepeated.
func (s *Service) ReadAll(ctx context.Context, username string, i *store.Idempotency) (json.RawMessage, error) {
	var answer store.Recorded
	err := s.store.ReadAllNotifications(ctx, s.reader(username, i), func(n int) (store.Recorded, error) {
		var err error
		answer, err = recorded(Count{n})
		return answer, err
	})
	return answer.Body, err
}

func (s *Service) reader(username string, i *store.Idempotency) store.Reader {
	now := time.Now
	if s.clock != nil {
		now = s.clock
	}
	return store.Reader{Username: username, At: now().UTC().Truncate(time.Millisecond), Idempotency: i}
}

func recorded(answer any) (store.Recorded, error) {
	raw, err := json.Marshal(answer)
	return store.Recorded{Status: http.StatusOK, Body: raw}, err
}
