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
	return faas.Resource[access.Role, access.NewRole, access.RoleChange]{
		Path: "/api/v1/roles", Summaries: summaries("a role", "roles"), Permission: access.SysRole, Rows: store.RoleList,
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Access.Roles(ctx, list)
		},
		Read: read((*access.Service).Role),
		Create: func(ctx context.Context, r *faas.Request, body access.NewRole) (access.Role, error) {
			return r.App.Access.CreateRole(ctx, r.Principal, body, r.Idempotency)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body access.RoleChange, version int64) (access.Role, error) {
			return r.App.Access.UpdateRole(ctx, r.Principal, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return r.App.Access.DeleteRole(ctx, r.Principal, id)
		},
		Version: func(x access.Role) int64 { return x.Version },
	}.Routes()
}
