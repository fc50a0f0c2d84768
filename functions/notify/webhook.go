package notify

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func webhookRoutes() []faas.Route {
	const item = "/api/v1/webhooks/{id}"
	return append(faas.Resource[store.Webhook, notification.NewWebhook, notification.WebhookChange]{
		Path: "/api/v1/webhooks", Permission: access.SysSetting, Rows: store.WebhookList,
		Summaries: faas.Summaries{
			List:   "List the webhooks by which other systems are told of events",
			Create: "Make a webhook; its URL and its secret are not shown again",
			Read:   "Read a webhook",
			Change: "Change a webhook; what is absent stays",
			Delete: "Delete a webhook",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return notifications(r).Webhooks(ctx, list)
		},
		Create: func(ctx context.Context, r *faas.Request, body notification.NewWebhook) (store.Webhook, error) {
			return notifications(r).CreateWebhook(ctx, body, r.Idempotency)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.Webhook, error) {
			return notifications(r).Webhook(ctx, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body notification.WebhookChange, version int64) (store.Webhook, error) {
			return notifications(r).UpdateWebhook(ctx, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return notifications(r).DeleteWebhook(ctx, id)
		},
		Version: func(x store.Webhook) int64 { return x.Version },
	}.Routes(), []faas.Route{
		{
			Method: http.MethodPut, Pattern: item + "/secret", Summary: "Give a webhook another secret; the one before signs for a while, too",
			Permission: access.SysSetting, Body: notification.NewSecret{}, Answer: store.Webhook{}, Versioned: true, Serve: faas.Changing(rotate, func(w store.Webhook) int64 { return w.Version }),
		},
		{
			Method: http.MethodPost, Pattern: item + "/test", Summary: "Send an example of an event to a webhook and show the receiver's answer",
			Permission: access.SysSetting, Body: empty{}, Answer: notification.ChannelTested{}, Serve: faas.WithID(testWebhook),
		},
		{
			Method: http.MethodPost, Pattern: item + "/replay", Summary: "Deliver again to a webhook what was given up or sent since a time",
			Permission: access.SysSetting, Replayable: true, Body: notification.ReplayRequest{}, Answer: notification.Count{}, Serve: faas.WithID(replay),
		},
	}...)
}

// empty is a body that says nothing.
type empty struct{}

func rotate(ctx context.Context, r *faas.Request, id engine.ID, body notification.NewSecret, version int64) (store.Webhook, error) {
	return notifications(r).RotateSecret(ctx, id, body, version)
}

func testWebhook(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	if err := r.Decode(&empty{}); err != nil {
		return nil, err
	}
	return notifications(r).TestWebhook(ctx, id)
}

func replay(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body notification.ReplayRequest
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return notifications(r).Replay(ctx, id, body, r.Idempotency)
}

// handedOn are the events that are for webhooks alone.
func handedOn() []faas.Event {
	list := make([]faas.Event, len(notification.HandedOn))
	for n, kind := range notification.HandedOn {
		list[n] = faas.Event{Type: kind, Summary: "Hand it on to the webhooks that want it", Serve: consume}
	}
	return list
}
