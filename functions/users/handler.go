// Package users is the directory: users, roles, permissions, departments and groups for
// administrators, and getUserInfo for the other functions; log-ins, API tokens, settings and the audit trail.
package users

import (
	"slices"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/identity"
)

// Function describes users.
var Function = faas.Function{
	Name:    "users",
	Summary: "Users, roles, the permission tree, departments and groups; log-ins, API tokens, settings and the audit trail.",
	Routes:  slices.Concat(userRoutes(), roleRoutes(), permissionRoutes(), departmentRoutes(), groupRoutes(), accountRoutes(), settingRoutes(), postRoutes(), directoryRoutes(), personRoutes(), erasureRoutes()),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", access.SecretPublic, access.SecretInternal, identity.Secret},
	Limits: faas.Limits{
		Memory: "128Mi", CPU: "500m", RequestMemory: "32Mi", RequestCPU: "25m",
		Exec: 10 * time.Second, MaxInflight: 200, Pool: 8, Min: 2, Max: 5,
	},
}

// Handle serves users on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }
