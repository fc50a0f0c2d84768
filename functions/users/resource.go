package users

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
)

// resource is one kind of things: its path, its words, and the operations on it. T is what a caller
// sees, N what creates one, C what changes one.
type resource[T, N, C any] struct {
	path, one, many string
	permission      access.Permission
	rows            page.List
	page            any // the answer of list
	list            func(context.Context, *faas.Request) (any, error)
	get             func(*access.Service, context.Context, engine.ID) (T, error)
	add             func(context.Context, *faas.Request, N) (T, error)
	put             func(context.Context, *faas.Request, engine.ID, C, int64) (T, error)
	remove          func(context.Context, *faas.Request, engine.ID) error
	version         func(T) int64
}

func (x resource[T, N, C]) routes() []faas.Route {
	collection, item := "/api/v1/"+x.path, "/api/v1/"+x.path+"/{id}"
	var one T
	var create N
	var change C
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Permission: x.permission, Summary: "List " + x.many + ".",
			List: x.rows, Answer: x.page, Serve: x.list,
		},
		{
			Method: http.MethodPost, Pattern: collection, Permission: x.permission, Summary: "Create " + x.one + ".",
			Body: create, Answer: one, Status: http.StatusCreated, Replayable: true, Versioned: true, Serve: x.create,
		},
		{Method: http.MethodGet, Pattern: item, Permission: x.permission, Summary: "Read " + x.one + ".", Answer: one, Versioned: true, Serve: x.read},
		{Method: http.MethodPut, Pattern: item, Permission: x.permission, Summary: "Change " + x.one + ".", Body: change, Answer: one, Versioned: true, Serve: x.change},
		{Method: http.MethodDelete, Pattern: item, Permission: x.permission, Summary: "Delete " + x.one + ".", Status: http.StatusNoContent, Serve: x.delete},
	}
}

func (x resource[T, N, C]) create(ctx context.Context, r *faas.Request) (any, error) {
	var body N
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	made, err := x.add(ctx, r, body)
	return x.tagged(http.StatusCreated, made, err)
}

func (x resource[T, N, C]) read(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	thing, err := x.get(r.App.Access, ctx, id)
	return x.tagged(0, thing, err)
}

func (x resource[T, N, C]) change(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	version, err := r.Match()
	if err != nil {
		return nil, err
	}
	var body C
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	thing, err := x.put(ctx, r, id, body, version)
	return x.tagged(0, thing, err)
}

func (x resource[T, N, C]) delete(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return nil, x.remove(ctx, r, id)
}

// tagged answers with a thing and its version as ETag.
func (x resource[T, N, C]) tagged(status int, thing T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return faas.Tagged(status, x.version(thing), thing), nil
}
