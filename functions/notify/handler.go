// Package notify tells people in the product what concerns them.
package notify

import (
	"context"
	"net/http"
	"slices"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/mailing"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// Function describes notify.
var Function = faas.Function{
	Name:    "notify",
	Summary: "Notify people of their tasks, of the end of what they started and of failures; list what they were notified of; channels, templates and preferences.",
	Routes: slices.Concat([]faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/notifications", Summary: "List one's notifications, the newest first",
			Permission: access.Authenticated, List: store.NotificationList, Answer: page.Page[store.Notification]{}, Serve: list,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/notifications/unread-count", Summary: "Count one's unread notifications",
			Permission: access.Authenticated, Answer: notification.Count{}, Serve: unread,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/notifications/{id}/read", Summary: "Mark one of one's notifications as read",
			Permission: access.Authenticated, Replayable: true, Answer: store.Notification{}, Serve: read,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/notifications:read-all", Summary: "Mark all of one's notifications as read",
			Permission: access.Authenticated, Replayable: true, Answer: notification.Count{}, Serve: readAll,
		},
	}, channelRoutes(), webhookRoutes(), preferenceRoutes()),
	Events: append([]faas.Event{
		{Type: cloudevent.TypeTaskCreated, Summary: "Notify the assignee, or those who may claim the task", Serve: consume},
		{Type: cloudevent.TypeTaskAssigned, Summary: "Notify the new assignee, or those who may claim the task again", Serve: consume},
		{Type: cloudevent.TypeTaskCompleted, Summary: "The offers of the task are over", Serve: consume},
		{Type: cloudevent.TypeTaskCancelled, Summary: "The offers of the task are over", Serve: consume},
		{Type: cloudevent.TypeTaskReturned, Summary: "The offers of the task are over", Serve: consume},
		{Type: cloudevent.TypeTaskCopied, Summary: "Notify those who were sent a copy", Serve: consume},
		{Type: cloudevent.TypeTaskUrged, Summary: "Notify those who have the task, and who is above them", Serve: consume},
		{Type: cloudevent.TypeInstanceEnded, Summary: "Notify the starter", Serve: consume},
		{Type: cloudevent.TypeInstanceCancelled, Summary: "Notify the starter", Serve: consume},
		{Type: cloudevent.TypeIncidentRaised, Summary: "Notify those who operate", Serve: consume},
		{Type: cloudevent.TypeInstanceStarted, Summary: "Tell those who are looking", Serve: consume},
		{Type: cloudevent.TypeInstanceSuspended, Summary: "Tell those who are looking", Serve: consume},
		{Type: cloudevent.TypeInstanceResumed, Summary: "Tell those who are looking", Serve: consume},
		{Type: cloudevent.TypeInstanceMigrated, Summary: "Tell those who are looking", Serve: consume},
		{Type: cloudevent.TypeIncidentResolved, Summary: "Tell those who are looking", Serve: consume},
		{Type: cloudevent.TypeBatchProgress, Summary: "Tell those who are looking", Serve: consume},
	}, handedOn()...),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public", access.SecretData, mailing.Secret},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", Min: 0, Max: 5},
}

// Handle serves notify on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }

func notifications(r *faas.Request) *notification.Service {
	return r.App.Notifications
}

func consume(ctx context.Context, r *faas.Request) error {
	return notifications(r).Consume(ctx, *r.Event)
}
