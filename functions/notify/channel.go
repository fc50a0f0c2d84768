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

func channelRoutes() []faas.Route {
	return append(faas.Resource[store.Channel, notification.NewChannel, notification.ChannelChange]{
		Path: "/api/v1/channels", Permission: access.SysSetting, Rows: store.ChannelList,
		Summaries: faas.Summaries{
			List:   "List the channels by which notifications leave the product",
			Create: "Make a channel; its URL and its secret are not shown again",
			Read:   "Read a channel",
			Change: "Change a channel; what is absent stays",
			Delete: "Delete a channel",
		},
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return notifications(r).Channels(ctx, list)
		},
		Create: func(ctx context.Context, r *faas.Request, body notification.NewChannel) (store.Channel, error) {
			return notifications(r).CreateChannel(ctx, body, r.Idempotency)
		},
		Read: func(ctx context.Context, r *faas.Request, id engine.ID) (store.Channel, error) {
			return notifications(r).Channel(ctx, id)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body notification.ChannelChange, version int64) (store.Channel, error) {
			return notifications(r).UpdateChannel(ctx, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return notifications(r).DeleteChannel(ctx, id)
		},
		Version: func(x store.Channel) int64 { return x.Version },
	}.Routes(), []faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/channels/{id}/test", Summary: "Send a test message by a channel and show the receiver's answer",
			Permission: access.SysSetting, Body: notification.ChannelTest{}, Answer: notification.ChannelTested{}, Serve: faas.WithID(testChannel),
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/deliveries", Summary: "List what was delivered by channels, and what became of it, the newest first",
			Permission: access.SysSetting, List: store.DeliveryList, Answer: page.Page[store.ChannelDelivery]{}, Serve: listDeliveries,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/deliveries/{id}/resend", Summary: "Deliver again what was sent, left out or given up",
			Permission: access.SysSetting, Replayable: true, Answer: store.ChannelDelivery{}, Serve: faas.WithID(resend),
		},
	}...)
}

func testChannel(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body notification.ChannelTest
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return notifications(r).TestChannel(ctx, id, body)
}

func listDeliveries(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	f := store.DeliveryFilter{State: store.DeliveryState(list.Filters.Get("state")), Username: list.Filters.Get("username"), Type: list.Filters.Get("type")}
	if text := list.Filters.Get("channel"); text != "" {
		if f.ChannelID, err = engine.ParseID(text); err != nil {
			return nil, err
		}
	}
	return notifications(r).Deliveries(ctx, f, list)
}

func resend(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	if err := r.Decode(&struct{}{}); err != nil {
		return nil, err
	}
	return notifications(r).Resend(ctx, id, r.Idempotency)
}
