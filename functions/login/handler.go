// Package login is the function that people log in to: it checks passwords, signs access tokens and
// exchanges refresh tokens. It alone reads the private key.
package login

import (
	"net/http"
	"slices"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/identity"
)

// Function describes login.
var Function = faas.Function{
	Name:    "login",
	Summary: "Log-in and log-out, sign-in by others, access and refresh tokens, one's own password.",
	Routes: slices.Concat(elsewhereRoutes(), identityRoutes(), []faas.Route{
		{
			Method: http.MethodPost, Pattern: "/auth/login", Permission: access.Public, MaxBody: 8 << 10,
			Summary: "Log in with username and password.", Body: Credentials{}, Answer: access.Login{}, Serve: login,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/auth/login", Permission: access.Public, MaxBody: 8 << 10,
			Summary: "Log in with username and password.", Body: Credentials{}, Answer: access.Login{}, Serve: login,
		},
		{
			Method: http.MethodPost, Pattern: "/auth/refresh", Permission: access.Public, MaxBody: 1 << 10,
			Summary: "Exchange the refresh cookie for an access token.", Proof: faas.RefreshCookie, Answer: access.Login{}, Serve: refresh,
		},
		{
			Method: http.MethodPost, Pattern: "/auth/logout", Permission: access.Public, MaxBody: 1 << 10,
			Summary: "End the log-in of the refresh cookie.", Proof: faas.RefreshCookie, Status: http.StatusNoContent, Serve: logout,
		},
		{
			Method: http.MethodGet, Pattern: "/auth/userinfo", Permission: access.Authenticated,
			Summary: "Who the caller is and what he may do.", Answer: access.Profile{}, Early: true, Serve: userinfo,
		},
		{
			Method: http.MethodPut, Pattern: "/auth/password", Permission: access.Authenticated, MaxBody: 8 << 10,
			Summary: "Change one's own password; other log-ins end.", Body: Passwords{}, Answer: access.Login{}, Early: true, Serve: password,
		},
		{
			Method: http.MethodGet, Pattern: "/.well-known/jwks.json", Permission: access.Public,
			Summary: "The public keys of access tokens (RFC 7517).", Answer: access.JWKS{}, Serve: jwks,
		},
	}),
	Secrets: []string{"diom-mysql-dsn", "diom-redis-url", access.SecretPrivate, access.SecretPublic, identity.Secret},
	Limits: faas.Limits{
		Memory: "128Mi", CPU: "1000m", RequestMemory: "32Mi", RequestCPU: "50m",
		Exec: 10 * time.Second, MaxInflight: 200, Pool: 8, Min: 2, Max: 5,
	},
}

// Handle serves login on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }
