package users

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func roleRoutes() []faas.Route {
	return resource[access.Role, access.NewRole, access.RoleChange]{
		path: "roles", one: "a role", many: "roles", permission: access.SysRole,
		rows: store.RoleList, page: page.Page[access.Role]{}, list: listRoles, get: (*access.Service).Role,
		add: func(ctx context.Context, r *faas.Request, body access.NewRole) (access.Role, error) {
			return r.App.Access.CreateRole(ctx, r.Principal, body, r.Idempotency)
		},
		put: func(ctx context.Context, r *faas.Request, id engine.ID, body access.RoleChange, version int64) (access.Role, error) {
			return r.App.Access.UpdateRole(ctx, r.Principal, id, body, version)
		},
		remove: func(ctx context.Context, r *faas.Request, id engine.ID) error {
			return r.App.Access.DeleteRole(ctx, r.Principal, id)
		},
		version: func(x access.Role) int64 { return x.Version },
	}.routes()
}

func listRoles(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Access.Roles(ctx, list)
}
