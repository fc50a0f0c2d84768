// Package receiveevent is where other systems come in: CloudEvents from registered sources, messages,
// and what administrators need for both. Our own events it hands on to the functions that consume them.
package receiveevent

import (
	"net/http"
	"slices"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// Function describes receive-event.
var Function = faas.Function{
	Name:    "receive-event",
	Summary: "Take CloudEvents, messages and signals from other systems, and hand our own events on.",
	Routes: slices.Concat([]faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/events", Summary: "Receive CloudEvents: one (binary or structured) or a batch, signed by their source",
			Permission: access.Public, Proof: faas.EventSignature, Status: http.StatusAccepted, Accepts: eventTypes, Serve: receive,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/messages", Summary: "Correlate a message with the instance that waits for it",
			Permission: access.WorkflowMessage, Replayable: true, Body: message{}, Answer: workflow.Correlation{}, Also: http.StatusAccepted, Serve: correlate,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/signals", Summary: "Throw a signal to every instance and process that waits for it",
			Permission: access.WorkflowMessage, Replayable: true, Body: signal{}, Answer: workflow.Thrown{}, Status: http.StatusAccepted, Serve: throw,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/conditions", Summary: "Start every process whose start condition holds for the variables",
			Permission: access.WorkflowMessage, Replayable: true, Body: conditions{}, Answer: workflow.Conditions{}, Serve: evaluate,
		},
	}, sourceRoutes(), deadLetterRoutes(), engineRest()),
	Secrets: []string{access.SecretInternal, access.SecretData},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", MaxInflight: 100, Pool: 8, Min: 1, Max: 5},
}

// Handle serves receive-event on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }
