package users

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// accountRoutes are those about log-ins: delays after wrong passwords, sessions, API tokens.
func accountRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/delayed-accounts", Permission: access.SysUser,
			Summary: "List the accounts whose log-ins wait after wrong passwords.", Answer: access.DelayedAccounts{}, Serve: listDelayed,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/users/{id}/unlock", Permission: access.SysUser, Status: http.StatusNoContent,
			Summary: "Lift the delays of an account after wrong passwords.", Serve: unlock,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/sessions", Permission: access.Authenticated,
			Summary: "List one's own log-ins, or those of a user.", List: store.LoginList, Answer: page.Page[access.Session]{}, Serve: listSessions,
		},
		{
			Method: http.MethodDelete, Pattern: "/api/v1/sessions/{id}", Permission: access.Authenticated, Status: http.StatusNoContent,
			Summary: "End a log-in; its tokens end within two seconds.", Serve: endSession,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/sessions:revoke-all", Permission: access.Authenticated, Status: http.StatusNoContent,
			Summary: "End every log-in of oneself or of a user.", Body: access.EndedSessions{}, Serve: endSessions,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/api-tokens", Permission: access.Authenticated,
			Summary: "List one's own API tokens, or those of a user.", List: store.TokenList, Answer: page.Page[access.APIToken]{}, Serve: listTokens,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/api-tokens", Permission: access.Authenticated, Status: http.StatusCreated,
			Summary: "Make an API token; it is shown this once.", Body: access.NewAPIToken{}, Answer: access.APIToken{}, Serve: createToken,
		},
		{
			Method: http.MethodDelete, Pattern: "/api/v1/api-tokens/{id}", Permission: access.Authenticated, Status: http.StatusNoContent,
			Summary: "Revoke an API token within two seconds.", Serve: revokeToken,
		},
	}
}

func listDelayed(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Access.DelayedAccounts(ctx)
}

func unlock(ctx context.Context, r *faas.Request) (any, error) {
	return nil, withID(ctx, r, r.App.Access.Unlock)
}

func endSession(ctx context.Context, r *faas.Request) (any, error) {
	return nil, withID(ctx, r, r.App.Access.EndSession)
}

func revokeToken(ctx context.Context, r *faas.Request) (any, error) {
	return nil, withID(ctx, r, r.App.Access.RevokeAPIToken)
}

// withID does something about the thing that the path names.
func withID(ctx context.Context, r *faas.Request, do func(context.Context, access.Principal, engine.ID) error) error {
	id, err := r.ID("id")
	if err != nil {
		return err
	}
	return do(ctx, r.Principal, id)
}

func listSessions(ctx context.Context, r *faas.Request) (any, error) {
	list, user, err := listOf(r)
	if err != nil {
		return nil, err
	}
	return r.App.Access.Sessions(ctx, r.Principal, list, user)
}

func listTokens(ctx context.Context, r *faas.Request) (any, error) {
	list, user, err := listOf(r)
	if err != nil {
		return nil, err
	}
	return r.App.Access.APITokens(ctx, r.Principal, list, user)
}

// listOf reads a list that has the filter user.
func listOf(r *faas.Request) (list page.Request, user engine.ID, err error) {
	if list, err = r.List(); err == nil {
		user, _ = engine.ParseID(list.Filters.Get("user")) // the list asks for an id
	}
	return list, user, err
}

func endSessions(ctx context.Context, r *faas.Request) (any, error) {
	var body access.EndedSessions
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Access.EndSessions(ctx, r.Principal, body)
}

func createToken(ctx context.Context, r *faas.Request) (any, error) {
	var body access.NewAPIToken
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Access.CreateAPIToken(ctx, r.Principal, body)
}
