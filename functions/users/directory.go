package users

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/directory"
	"diom.io/workflow/shared/faas"
)

// directoryRoutes bring the organisation of an address book over.
func directoryRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/directories", Permission: access.SysUser,
			Summary: "List the address books with their last runs.", Answer: directory.Directories{}, Serve: listDirectories,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/directories/{name}/sync", Permission: access.SysUser, Status: http.StatusAccepted, Replayable: true,
			Summary: "Ask for a run of an address book; a dry run shows what would change.", Body: directory.Wanted{}, Answer: directory.Run{}, Serve: askRun,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/directory-runs/{id}", Permission: access.SysUser,
			Summary: "Read a run of an address book with its report.", Answer: directory.Run{}, Serve: readRun,
		},
	}
}

func directories(r *faas.Request) (*directory.Service, error) {
	return faas.Hold(r.App, func() (*directory.Service, error) { return directory.New(r.App.Config, r.App.Store, r.App.Access) })
}

func listDirectories(ctx context.Context, r *faas.Request) (any, error) {
	s, err := directories(r)
	if err != nil {
		return nil, err
	}
	return s.List(ctx)
}

func askRun(ctx context.Context, r *faas.Request) (any, error) {
	s, err := directories(r)
	if err != nil {
		return nil, err
	}
	var body directory.Wanted
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return s.Ask(ctx, r.Principal, r.PathValue("name"), body, r.Idempotency)
}

func readRun(ctx context.Context, r *faas.Request) (any, error) {
	s, err := directories(r)
	if err != nil {
		return nil, err
	}
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return s.Run(ctx, id)
}
