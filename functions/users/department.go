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
	return faas.Resource[access.Department, access.NewDepartment, access.DepartmentChange]{
		Path: "/api/v1/departments", Summaries: summaries("a department", "departments"), Permission: access.SysDepartment, Rows: store.DepartmentList,
		List: func(ctx context.Context, r *faas.Request, list page.Request) (any, error) {
			return r.App.Access.Departments(ctx, list)
		},
		Read: read((*access.Service).Department),
		Create: func(ctx context.Context, r *faas.Request, body access.NewDepartment) (access.Department, error) {
			return r.App.Access.CreateDepartment(ctx, body, r.Idempotency)
		},
		Change: func(ctx context.Context, r *faas.Request, id engine.ID, body access.DepartmentChange, version int64) (access.Department, error) {
			return r.App.Access.UpdateDepartment(ctx, id, body, version)
		},
		Delete: func(ctx context.Context, r *faas.Request, id engine.ID, _ int64) error {
			return r.App.Access.DeleteDepartment(ctx, id)
		},
		Version: func(x access.Department) int64 { return x.Version },
	}.Routes()
}
