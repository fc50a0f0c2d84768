package users

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
)

func permissionRoutes() []faas.Route {
	return resource[access.PermissionNode, access.NewPermission, access.PermissionChange]{
		path: "permissions", one: "a permission", many: "the permission tree", permission: access.SysPermission,
		page: access.PermissionTree{}, list: listPermissions, get: (*access.Service).Permission,
		add: func(ctx context.Context, r *faas.Request, body access.NewPermission) (access.PermissionNode, error) {
			return r.App.Access.CreatePermission(ctx, body, r.Idempotency)
		},
		put: func(ctx context.Context, r *faas.Request, id engine.ID, body access.PermissionChange, version int64) (access.PermissionNode, error) {
			return r.App.Access.UpdatePermission(ctx, id, body, version)
		},
		remove: func(ctx context.Context, r *faas.Request, id engine.ID) error {
			return r.App.Access.DeletePermission(ctx, id)
		},
		version: func(x access.PermissionNode) int64 { return x.Version },
	}.routes()
}

// listPermissions answers the whole tree: it is small and has no pages.
func listPermissions(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Access.Permissions(ctx)
}
