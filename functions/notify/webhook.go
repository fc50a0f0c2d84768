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
	const all, item = "/api/v1/webhooks", "/api/v1/webhooks/{id}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: all, Summary: "List the webhooks by which other systems are told of events",
			Permission: access.SysSetting, List: store.WebhookList, Answer: page.Page[store.Webhook]{}, Serve: listWebhooks,
		},
		{
			Method: http.MethodPost, Pattern: all, Summary: "Make a webhook; its URL and its secret are not shown again",
			Permission: access.SysSetting, Replayable: true, Status: http.StatusCreated, Body: notification.NewWebhook{}, Answer: store.Webhook{}, Versioned: true, Serve: createWebhook,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read a webhook",
			Permission: access.SysSetting, Answer: store.Webhook{}, Versioned: true, Serve: faas.WithID(readWebhook),
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Change a webhook; what is absent stays",
			Permission: access.SysSetting, Body: notification.WebhookChange{}, Answer: store.Webhook{}, Versioned: true, Serve: faas.WithID(changeWebhook),
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Delete a webhook",
			Permission: access.SysSetting, Status: http.StatusNoContent, Serve: faas.WithID(deleteWebhook),
		},
		{
			Method: http.MethodPut, Pattern: item + "/secret", Summary: "Give a webhook another secret; the one before signs for a while, too",
			Permission: access.SysSetting, Body: notification.NewSecret{}, Answer: store.Webhook{}, Versioned: true, Serve: faas.WithID(rotate),
		},
		{
			Method: http.MethodPost, Pattern: item + "/test", Summary: "Send an example of an event to a webhook and show the receiver's answer",
			Permission: access.SysSetting, Body: empty{}, Answer: notification.ChannelTested{}, Serve: faas.WithID(testWebhook),
		},
		{
			Method: http.MethodPost, Pattern: item + "/replay", Summary: "Deliver again to a webhook what was given up or sent since a time",
			Permission: access.SysSetting, Replayable: true, Body: notification.ReplayRequest{}, Answer: notification.Count{}, Serve: faas.WithID(replay),
		},
	}
}

// empty is a body that says nothing.
type empty struct{}

func listWebhooks(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return notifications(r).Webhooks(ctx, list)
}

func createWebhook(ctx context.Context, r *faas.Request) (any, error) {
	var body notification.NewWebhook
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	w, err := notifications(r).CreateWebhook(ctx, body, r.Idempotency)
	return hooked(http.StatusCreated, w, err)
}

func readWebhook(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	w, err := notifications(r).Webhook(ctx, id)
	return hooked(0, w, err)
}

func changeWebhook(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return changed(ctx, r, id, notifications(r).UpdateWebhook)
}

func rotate(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return changed(ctx, r, id, notifications(r).RotateSecret)
}

// changed changes a webhook by a body, where it still has the version of If-Match.
func changed[T any](ctx context.Context, r *faas.Request, id engine.ID, do func(context.Context, engine.ID, T, int64) (store.Webhook, error)) (any, error) {
	var body T
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	match, err := r.Match()
	if err != nil {
		return nil, err
	}
	w, err := do(ctx, id, body, match)
	return hooked(0, w, err)
}

func hooked(status int, w store.Webhook, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return faas.Tagged(status, w.Version, w), nil
}

func deleteWebhook(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return nil, notifications(r).DeleteWebhook(ctx, id)
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
