package notify

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/store"
)

func preferenceRoutes() []faas.Route {
	const mine, all, item = "/api/v1/notification-preferences", "/api/v1/notification-templates", "/api/v1/notification-templates/{kind}/{language}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: mine, Summary: "Read what one wants of one's notifications, and what there is to choose",
			Permission: access.Authenticated, Answer: notification.Choices{}, Versioned: true, Serve: readPreferences,
		},
		{
			Method: http.MethodPut, Pattern: mine, Summary: "Choose language, quiet hours, digests and channels; what is absent stays",
			Permission: access.Authenticated, Body: notification.PreferenceChange{}, Answer: notification.Choices{}, Versioned: true, Serve: changePreferences,
		},
		{
			Method: http.MethodGet, Pattern: all, Summary: "List the words of notifications by kind and language",
			Permission: access.SysSetting, Answer: notification.Templates{}, Serve: listTemplates,
		},
		{
			Method: http.MethodGet, Pattern: item, Summary: "Read the words of a kind of notification in a language",
			Permission: access.SysSetting, Answer: store.NotificationTemplate{}, Versioned: true, Serve: readTemplate,
		},
		{
			Method: http.MethodPut, Pattern: item, Summary: "Write the words of a kind of notification in a language",
			Permission: access.SysSetting, Body: notification.Words{}, Answer: store.NotificationTemplate{}, Versioned: true, Serve: changeTemplate,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Give a kind of notification the product's own words back",
			Permission: access.SysSetting, Answer: store.NotificationTemplate{}, Versioned: true, Serve: restoreTemplate,
		},
		{
			Method: http.MethodPost, Pattern: item + "/preview", Summary: "Show words with examples in the place of their fields",
			Permission: access.SysSetting, Body: notification.Words{}, Asks: true, Answer: notification.Words{}, Serve: previewTemplate,
		},
	}
}

func readPreferences(ctx context.Context, r *faas.Request) (any, error) {
	return choices(notifications(r).Preferences(ctx, r.Principal.Username))
}

func changePreferences(ctx context.Context, r *faas.Request) (any, error) {
	var body notification.PreferenceChange
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	version, err := r.Match()
	if err != nil {
		return nil, err
	}
	return choices(notifications(r).SetPreferences(ctx, r.Principal.Username, body, version))
}

func choices(c notification.Choices, err error) (any, error) {
	return faas.Tagged(0, c.Version, c, err)
}

func listTemplates(ctx context.Context, r *faas.Request) (any, error) {
	return notifications(r).Templates(ctx)
}

func readTemplate(ctx context.Context, r *faas.Request) (any, error) {
	return written(notifications(r).Template(ctx, r.PathValue("kind"), r.PathValue("language")))
}

func changeTemplate(ctx context.Context, r *faas.Request) (any, error) {
	var body notification.Words
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	version, err := r.Match()
	if err != nil {
		return nil, err
	}
	return written(notifications(r).SetTemplate(ctx, notification.TemplateChange{
		Kind: r.PathValue("kind"), Language: r.PathValue("language"), Username: r.Principal.Username, Match: version, Words: body,
	}))
}

func restoreTemplate(ctx context.Context, r *faas.Request) (any, error) {
	return written(notifications(r).RestoreTemplate(ctx, r.PathValue("kind"), r.PathValue("language")))
}

func written(t store.NotificationTemplate, err error) (any, error) {
	return faas.Tagged(0, t.Version, t, err)
}

func previewTemplate(_ context.Context, r *faas.Request) (any, error) {
	var body notification.Words
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return notifications(r).PreviewTemplate(r.PathValue("kind"), r.PathValue("language"), body)
}
