// Package gateway is the gateway, the one door to the product: it routes requests to the functions,
// in the same process or by URL, and on the way checks access tokens, applies rate limits and circuit
// breakers, sets security headers and starts traces. Functions check tokens and permissions again:
// the gateway is convenience, not the wall.
package gateway

import (
	"context"
	"net/http"
	"sync"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
)

// Function describes gateway. Served alone it reaches the others by DIOM_FUNCTION_URL.
var Function = faas.Function{
	Name:    "gateway",
	Summary: "The public door: routes requests to the functions, checks tokens, limits rates, and shows where to begin.",
	Routes: []faas.Route{
		{Method: http.MethodGet, Pattern: "/{$}", Permission: access.Public, Summary: "The console, or where it is not built a page that leads on", Media: "text/html", Also: http.StatusNotModified, Versioned: true, Serve: serve},
		{Method: http.MethodGet, Pattern: "/api", Permission: access.Public, Summary: "The routes of every function, as JSON or, for browsers, as a page", Answer: listing{}, Serve: serve},
		{Method: http.MethodGet, Pattern: "/openapi.yaml", Permission: access.Public, Summary: "This document", Media: yamlType, Also: http.StatusNotModified, Versioned: true, Serve: serve},
		{Method: http.MethodGet, Pattern: consolePath, Permission: access.Public, Summary: "What the console shows before anybody has logged in; the accounts of the demo where it is loaded", Answer: consoleInfo{}, Serve: serve},
		{Method: http.MethodGet, Pattern: functionsPath, Permission: access.Authenticated, Summary: "List the functions with their versions, their health and their routes", Answer: functionList{}, Serve: serveFunctions},
		{Method: http.MethodGet, Pattern: "/asyncapi.yaml", Permission: access.Public, Summary: "The events that the product sends and takes (AsyncAPI)", Media: yamlType, Also: http.StatusNotModified, Versioned: true, Serve: serve},
		{Method: http.MethodGet, Pattern: streamPath, Permission: access.Authenticated, Summary: "What happens, as it happens, by id: server-sent events that a caller goes on with by Last-Event-ID", Media: streamType, Serve: noStream},
		{Pattern: "/", Permission: access.Public, Summary: "Every route of the other functions", Serve: serve},
	},
	Limits: faas.Limits{Memory: "128Mi", CPU: "1000m", RequestMemory: "32Mi", RequestCPU: "50m", Pool: 4, Min: 2, Max: 5},
}

// Handle serves gateway on OpenFaaS. The trace begins here: one from outside is not continued.
func Handle(req handler.Request) (handler.Response, error) {
	req.Header.Del("Traceparent")
	return faas.Serve(Function, req)
}

// proxies are the gateways that serve, one for each App: a process has one.
var proxies sync.Map // *faas.App → *gateway

// serve hands the request to the gateway of the App, which answers it by itself.
func serve(_ context.Context, r *faas.Request) (any, error) {
	g, known := proxies.Load(r.App)
	if !known {
		fresh, err := assemble(r.App, nil)
		if err != nil {
			return nil, err
		}
		g, _ = proxies.LoadOrStore(r.App, fresh)
	}
	return http.HandlerFunc(g.(*gateway).serveNested), nil //nolint:forcetypeassert // the map holds nothing else
}
