package users

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func departmentRoutes() []faas.Route {
	return resource[access.Department, access.NewDepartment, access.DepartmentChange]{
		path: "departments", one: "a department", many: "departments", permission: access.SysDepartment,
		rows: store.DepartmentList, page: page.Page[access.Department]{}, list: listDepartments, get: (*access.Service).Department,
		add: func(ctx context.Context, r *faas.Request, body access.NewDepartment) (access.Department, error) {
			return r.App.Access.CreateDepartment(ctx, body, r.Idempotency)
		},
		put: func(ctx context.Context, r *faas.Request, id engine.ID, body access.DepartmentChange, version int64) (access.Department, error) {
			return r.App.Access.UpdateDepartment(ctx, id, body, version)
		},
		remove: func(ctx context.Context, r *faas.Request, id engine.ID) error {
			return r.App.Access.DeleteDepartment(ctx, id)
		},
		version: func(x access.Department) int64 { return x.Version },
	}.routes()
}

func listDepartments(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Access.Departments(ctx, list)
}
