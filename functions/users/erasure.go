package users

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// erasureRoutes are those that erase people's data.
func erasureRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodPost, Pattern: "/api/v1/users/{id}/erase", Permission: access.SysErase, Status: http.StatusAccepted,
			Summary: "Erase a person's data; the account must be disabled. It cannot be undone.", Body: access.EraseRequest{}, Answer: store.Erasure{}, Serve: faas.WithID(erase),
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/erasures", Permission: access.SysErase,
			Summary: "List whose data were erased, and how far that is.", List: store.ErasureList, Answer: page.Page[store.Erasure]{}, Serve: listErasures,
		},
	}
}

func erase(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body access.EraseRequest
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Access.EraseUser(ctx, r.Principal, id, body)
}

func listErasures(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Access.Erasures(ctx, list)
}
