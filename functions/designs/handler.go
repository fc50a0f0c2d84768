// Package designs keeps what designers draw and what starters prepare.
package designs

import (
	"slices"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/faas"
)

// Function describes designs.
var Function = faas.Function{
	Name:    "designs",
	Summary: "Keep, compare and publish designs of processes, decisions and forms; keep categories, templates and drafts.",
	Routes:  slices.Concat(designRoutes(), versionRoutes(), categoryRoutes(), templateRoutes(), draftRoutes()),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public"},
	Limits:  faas.Limits{Memory: "128Mi", CPU: "500m", Min: 0, Max: 5},
}

// Handle serves designs on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }
