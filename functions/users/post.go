package users

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
)

type postList struct {
	Items []store.Post `json:"items"`
}

// postRoutes are those of the posts of people, and of how much of the company a role shows.
func postRoutes() []faas.Route {
	const posts, scope = "/api/v1/users/{id}/posts", "/api/v1/roles/{id}/scope"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/posts", Summary: "List one's posts, the main one first",
			Permission: access.Authenticated, Answer: postList{}, Serve: ownPosts,
		},
		{
			Method: http.MethodGet, Pattern: posts, Summary: "List the posts of a user",
			Permission: access.SysUser, Answer: postList{}, Serve: faas.WithID(readPosts),
		},
		{
			Method: http.MethodPut, Pattern: posts, Summary: "Give a user posts beside the main one",
			Permission: access.SysUser, Body: access.Posts{}, Answer: postList{}, Serve: faas.WithID(putPosts),
		},
		{
			Method: http.MethodGet, Pattern: scope, Summary: "Read how much of what others start a role shows",
			Permission: access.SysRole, Answer: store.RoleScope{}, Serve: faas.WithID(readScope),
		},
		{
			Method: http.MethodPut, Pattern: scope, Summary: "Say how much of what others start a role shows",
			Permission: access.SysRole, Body: access.NewScope{}, Answer: store.RoleScope{}, Serve: faas.WithID(putScope),
		},
	}
}

func ownPosts(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.App.Access.Posts(ctx, r.Principal.Username)
	return postList{list}, err
}

func readPosts(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	list, err := r.App.Access.PostsOf(ctx, id)
	return postList{list}, err
}

func putPosts(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body access.Posts
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	list, err := r.App.Access.SetPosts(ctx, id, body)
	return postList{list}, err
}

func readScope(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	return r.App.Access.RoleScope(ctx, id)
}

func putScope(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body access.NewScope
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Access.SetRoleScope(ctx, r.Principal, id, body)
}
