package users

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func groupRoutes() []faas.Route {
	return faas.Resource[access.Group, access.NewGroup, access.GroupChange]{
		Path: "/api/v1/groups", Summaries: summaries("a group", "groups"), Permission: access.SysGroup, Rows: store.GroupList,
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Access.Groups(ctx, list)
		},
		Read: read((*access.Service).Group),
		Create: func(ctx context.Context, r *faas.Request, body access.NewGroup) (access.Group, error) {
			return r.App.Access.CreateGroup(ctx, body, r.Idempotency)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body access.GroupChange, version int64) (access.Group, error) {
			return r.App.Access.UpdateGroup(ctx, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return r.App.Access.DeleteGroup(ctx, id)
		},
		Version: func(x access.Group) int64 { return x.Version },
	}.Routes()
}
