package faas

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
)

// EngineRestComments returns the routes of the comments on what a path with {id} names.
func EngineRestComments(path string, permission access.Permission, thing func(id string) camunda.Thing) []Route {
	of := func(r *Request) camunda.Thing { return thing(r.PathValue("id")) }
	one := path + "/{comment}"
	return []Route{
		EngineRest(http.MethodGet, path, permission, func(ctx context.Context, r *Request) (any, error) {
			return r.App.Camunda.Comments(ctx, r.Principal, of(r))
		}),
		EngineRest(http.MethodPost, path+"/create", permission, WithBody(func(ctx context.Context, r *Request, body camunda.CommentText) (any, error) {
			return r.App.Camunda.AddComment(ctx, r.Call(), of(r), body, r.Base())
		})),
		EngineRest(http.MethodPut, path, permission, WithBody(func(ctx context.Context, r *Request, body camunda.CommentText) (any, error) {
			return nil, r.App.Camunda.EditComment(ctx, r.Call(), of(r), body)
		})),
		EngineRest(http.MethodDelete, path, permission, func(ctx context.Context, r *Request) (any, error) {
			return nil, r.App.Camunda.DeleteComments(ctx, r.Call(), of(r))
		}),
		EngineRest(http.MethodGet, one, permission, func(ctx context.Context, r *Request) (any, error) {
			return r.App.Camunda.Comment(ctx, r.Principal, of(r), r.PathValue("comment"))
		}),
		EngineRest(http.MethodDelete, one, permission, func(ctx context.Context, r *Request) (any, error) {
			return nil, r.App.Camunda.DeleteComment(ctx, r.Call(), of(r), r.PathValue("comment"))
		}),
	}
}
