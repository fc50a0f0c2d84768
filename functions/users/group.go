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
	return resource[access.Group, access.NewGroup, access.GroupChange]{
		path: "groups", one: "a group", many: "groups", permission: access.SysGroup,
		rows: store.GroupList, page: page.Page[access.Group]{}, list: listGroups, get: (*access.Service).Group,
		add: func(ctx context.Context, r *faas.Request, body access.NewGroup) (access.Group, error) {
			return r.App.Access.CreateGroup(ctx, body, r.Idempotency)
		},
		put: func(ctx context.Context, r *faas.Request, id engine.ID, body access.GroupChange, version int64) (access.Group, error) {
			return r.App.Access.UpdateGroup(ctx, id, body, version)
		},
		remove: func(ctx context.Context, r *faas.Request, id engine.ID) error {
			return r.App.Access.DeleteGroup(ctx, id)
		},
		version: func(x access.Group) int64 { return x.Version },
	}.routes()
}

func listGroups(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Access.Groups(ctx, list)
}
