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
	const all, item = "/api/v1/channels", "/api/v1/channels/{id}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: all, Summary: "List the channels by which notifications leave the product",
			Permission: access.SysSetting, List: store.ChannelList, Answer: page.Page[store.Channel]{}, Serve: listChannels,
		},
		{
			Method: http.MethodPost, Pattern: all, Summary: "Make a channel; its URL and its secret are not shown again",
			Permission: access.SysSetting, Replayable: true, Status: http.StatusCreated, Body: notification.NewChannel{}, Answer: store.Channel{}, Versioned: true, Serve: createChannel,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read a channel",
			Permission: access.SysSetting, Answer: store.Channel{}, Versioned: true, Serve: readChannel,
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Change a channel; what is absent stays",
			Permission: access.SysSetting, Body: notification.ChannelChange{}, Answer: store.Channel{}, Versioned: true, Serve: changeChannel,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Delete a channel",
			Permission: access.SysSetting, Status: http.StatusNoContent, Serve: deleteChannel,
		},
		{
			Method: http.MethodPost, Pattern: item + "/test", Summary: "Send a test message by a channel and show the receiver's answer",
			Permission: access.SysSetting, Body: notification.ChannelTest{}, Answer: notification.ChannelTested{}, Serve: testChannel,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/deliveries", Summary: "List what was delivered by channels, and what became of it, the newest first",
			Permission: access.SysSetting, List: store.DeliveryList, Answer: page.Page[store.ChannelDelivery]{}, Serve: listDeliveries,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/deliveries/{id}/resend", Summary: "Deliver again what was sent, left out or given up",
			Permission: access.SysSetting, Replayable: true, Answer: store.ChannelDelivery{}, Serve: resend,
		},
	}
}

func listChannels(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return notifications(r).Channels(ctx, list)
}

func createChannel(ctx context.Context, r *faas.Request) (any, error) {
	var body notification.NewChannel
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	c, err := notifications(r).CreateChannel(ctx, body, r.Idempotency)
	if err != nil {
		return nil, err
	}
	return faas.Tagged(http.StatusCreated, c.Version, c), nil
}

func readChannel(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	c, err := notifications(r).Channel(ctx, id)
	if err != nil {
		return nil, err
	}
	return faas.Tagged(0, c.Version, c), nil
}

func changeChannel(ctx context.Context, r *faas.Request) (any, error) {
	id, body, err := item[notification.ChannelChange](r)
	if err != nil {
		return nil, err
	}
	version, err := r.Match()
	if err != nil {
		return nil, err
	}
	c, err := notifications(r).UpdateChannel(ctx, id, body, version)
	if err != nil {
		return nil, err
	}
	return faas.Tagged(0, c.Version, c), nil
}

func deleteChannel(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return nil, notifications(r).DeleteChannel(ctx, id)
}

func testChannel(ctx context.Context, r *faas.Request) (any, error) {
	id, body, err := item[notification.ChannelTest](r)
	if err != nil {
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

func resend(ctx context.Context, r *faas.Request) (any, error) {
	id, _, err := item[struct{}](r)
	if err != nil {
		return nil, err
	}
	return notifications(r).Resend(ctx, id, r.Idempotency)
}

// item reads the id and the body of a request about one thing.
func item[T any](r *faas.Request) (id engine.ID, body T, err error) {
	if id, err = r.ID("id"); err == nil {
		err = r.Decode(&body)
	}
	return id, body, err
}
