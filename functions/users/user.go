package users

import (
	"context"
	"net/http"
	"net/url"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func userRoutes() []faas.Route {
	return append(faas.Resource[access.User, access.NewUser, access.UserChange]{
		Path: "/api/v1/users", Summaries: summaries("a user", "users"), Permission: access.SysUser, Rows: store.UserList,
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Access.Users(ctx, list, userFilter(list.Filters))
		},
		Read: read((*access.Service).User),
		Create: func(ctx context.Context, r *faas.Request, body access.NewUser) (access.User, error) {
			return r.App.Access.CreateUser(ctx, r.Principal, body, r.Idempotency)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body access.UserChange, version int64) (access.User, error) {
			return r.App.Access.UpdateUser(ctx, r.Principal, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return r.App.Access.DeleteUser(ctx, r.Principal, id)
		},
		Version: func(u access.User) int64 { return u.Version },
	}.Routes(), faas.Route{
		Method: http.MethodPost, Pattern: "/api/v1/users:import", Permission: access.SysUser,
		Summary: "Make and change users by a table; a dry run shows what would change.", Body: access.Import{}, Answer: access.ImportReport{}, Serve: importUsers,
	}, faas.Route{
		Method: http.MethodGet, Pattern: "/api/v1/users/{id}/identities", Permission: access.SysUser,
		Summary: "List the accounts elsewhere with which a user's is linked.", Answer: access.Identities{}, Serve: listIdentities,
	}, faas.Route{
		Method: http.MethodGet, Pattern: "/internal/users/{username}", Permission: access.Internal,
		Summary: "getUserInfo: what other functions may know of a user.", Answer: access.UserInfo{}, Serve: userInfo,
	})
}

func userFilter(query url.Values) store.UserFilter {
	f := store.UserFilter{Prefix: query.Get("q"), Role: query.Get("role"), Group: query.Get("group")}
	f.Department, _ = engine.ParseID(query.Get("department")) // store.UserList asks for an id
	if query.Has("enabled") {
		enabled := query.Get("enabled") == "true"
		f.Enabled = &enabled
	}
	return f
}

func userInfo(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Access.UserInfo(ctx, r.PathValue("username"))
}

func importUsers(ctx context.Context, r *faas.Request) (any, error) {
	var body access.Import
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Access.ImportUsers(ctx, r.Principal, body)
}

func listIdentities(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return r.App.Access.Identities(ctx, id)
}
