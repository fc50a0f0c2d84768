package users

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
)

func permissionRoutes() []faas.Route {
	return faas.Resource[access.PermissionNode, access.NewPermission, access.PermissionChange]{
		Path: "/api/v1/permissions", Summaries: summaries("a permission", "the permission tree"), Permission: access.SysPermission,
		Page: access.PermissionTree{}, // the whole tree: it is small and has no pages
		List: func(ctx context.Context, r *faas.Request, _ page.Request) (any, error) {
			return r.App.Access.Permissions(ctx)
		},
		Read: read((*access.Service).Permission),
		Create: func(ctx context.Context, r *faas.Request, body access.NewPermission) (access.PermissionNode, error) {
			return r.App.Access.CreatePermission(ctx, body, r.Idempotency)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body access.PermissionChange, version int64) (access.PermissionNode, error) {
			return r.App.Access.UpdatePermission(ctx, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return r.App.Access.DeletePermission(ctx, id)
		},
		Version: func(x access.PermissionNode) int64 { return x.Version },
	}.Routes()
}
