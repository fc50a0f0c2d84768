package tasklist

import (
	"context"
	"net/url"

	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// SubscriptionList is the list of what instances and start events wait for.
var SubscriptionList = page.List{Name: "subscriptions", Sorts: []string{"-createdAt"}, Filters: []page.Filter{ofInstance, {Name: "message"}, {Name: "signal"}}}

// Subscriptions returns a page of the messages, signals and conditions that are waited for.
func (s *Service) Subscriptions(ctx context.Context, q url.Values, r page.Request) (page.Page[store.Waiting], error) {
	f := store.WaitingFilter{Message: q.Get("message"), Signal: q.Get("signal")}
	var err error
	if f.InstanceID, err = idFilter(q, "instanceId"); err != nil {
		return page.Page[store.Waiting]{}, err
	}
	return s.store.Waiting(ctx, f, r)
}
