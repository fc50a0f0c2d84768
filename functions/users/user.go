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
	return append(resource[access.User, access.NewUser, access.UserChange]{
		path: "users", one: "a user", many: "users", permission: access.SysUser,
		rows: store.UserList, page: page.Page[access.User]{}, list: listUsers, get: (*access.Service).User,
		add: func(ctx context.Context, r *faas.Request, body access.NewUser) (access.User, error) {
			return r.App.Access.CreateUser(ctx, r.Principal, body, r.Idempotency)
		},
		put: func(ctx context.Context, r *faas.Request, id engine.ID, body access.UserChange, version int64) (access.User, error) {
			return r.App.Access.UpdateUser(ctx, r.Principal, id, body, version)
		},
		remove: func(ctx context.Context, r *faas.Request, id engine.ID) error {
			return r.App.Access.DeleteUser(ctx, r.Principal, id)
		},
		version: func(u access.User) int64 { return u.Version },
	}.routes(), faas.Route{
		Method: http.MethodGet, Pattern: "/internal/users/{username}", Permission: access.Internal,
		Summary: "getUserInfo: what other functions may know of a user.", Answer: access.UserInfo{}, Serve: userInfo,
	})
}

func listUsers(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Access.Users(ctx, list, userFilter(list.Filters))
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
