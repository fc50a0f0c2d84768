package faas

import (
	"cmp"
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

// Resource is a kind of plain things: they are listed, created, read, changed and deleted below one path.
// T is what a caller sees, N what creates one, C what changes one.
type Resource[T, N, C any] struct {
	// Path is that of the collection; a thing has its id behind it.
	Path string
	// Permission is for all five, or for reading alone where Write is another one.
	Permission, Write access.Permission
	Summaries         Summaries
	// Rows are the query parameters of the list, and Page its answer where that is not a page of T.
	Rows page.List
	Page any
	// Guarded and MaxBody are those of the routes that change something.
	Guarded bool
	MaxBody int64

	List   func(context.Context, *Request, page.Request) (any, error)
	Create func(context.Context, *Request, N) (T, error)
	Read   func(context.Context, *Request, engine.ID) (T, error)
	Change func(context.Context, *Request, engine.ID, C, int64) (T, error)
	// Delete is given the version of If-Match, 0 where the resource is not Guarded.
	Delete  func(context.Context, *Request, engine.ID, int64) error
	Version func(T) int64
}

// Summaries say what the routes of a Resource do.
type Summaries struct{ List, Create, Read, Change, Delete string }

// Routes are the five routes.
func (x Resource[T, N, C]) Routes() []Route {
	item, write := x.Path+"/{id}", cmp.Or(x.Write, x.Permission)
	var one T
	var create N
	var change C
	rows := x.Page
	if rows == nil {
		rows = page.Page[T]{}
	}
	return []Route{
		{Method: http.MethodGet, Pattern: x.Path, Permission: x.Permission, Summary: x.Summaries.List, List: x.Rows, Answer: rows, Serve: x.list},
		{
			Method: http.MethodPost, Pattern: x.Path, Permission: write, Summary: x.Summaries.Create, MaxBody: x.MaxBody,
			Body: create, Answer: one, Status: http.StatusCreated, Replayable: true, Versioned: true, Serve: x.create,
		},
		{Method: http.MethodGet, Pattern: item, Permission: x.Permission, Summary: x.Summaries.Read, Answer: one, Versioned: true, Serve: WithID(x.read)},
		{
			Method: http.MethodPut, Pattern: item, Permission: write, Summary: x.Summaries.Change, MaxBody: x.MaxBody,
			Body: change, Answer: one, Versioned: true, Guarded: x.Guarded, Serve: Changing(x.Change, x.Version),
		},
		{
			Method: http.MethodDelete, Pattern: item, Permission: write, Summary: x.Summaries.Delete,
			Status: http.StatusNoContent, Guarded: x.Guarded, Serve: WithID(x.deleting()),
		},
	}
}

func (x Resource[T, N, C]) list(ctx context.Context, r *Request) (any, error) {
	if x.Rows.Name == "" { // all of them, always
		return x.List(ctx, r, page.Request{})
	}
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return x.List(ctx, r, list)
}

func (x Resource[T, N, C]) create(ctx context.Context, r *Request) (any, error) {
	var body N
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	made, err := x.Create(ctx, r, body)
	return Tagged(http.StatusCreated, x.Version(made), made, err)
}

func (x Resource[T, N, C]) read(ctx context.Context, r *Request, id engine.ID) (any, error) {
	thing, err := x.Read(ctx, r, id)
	return Tagged(0, x.Version(thing), thing, err)
}

func (x Resource[T, N, C]) deleting() func(context.Context, *Request, engine.ID) (any, error) {
	return func(ctx context.Context, r *Request, id engine.ID) (any, error) {
		if !x.Guarded {
			return nil, x.Delete(ctx, r, id, 0)
		}
		version, err := r.Match()
		if err != nil {
			return nil, err
		}
		return nil, x.Delete(ctx, r, id, version)
	}
}

// Changing is a handler of a route that changes what {id} names, by a body, where it still has the version of
// If-Match. A body that is no good is told before a missing If-Match.
func Changing[T, C any](do func(context.Context, *Request, engine.ID, C, int64) (T, error), version func(T) int64) func(context.Context, *Request) (any, error) {
	return func(ctx context.Context, r *Request) (any, error) {
		id, match, body, err := ReadChange[C](r)
		if err != nil {
			return nil, err
		}
		thing, err := do(ctx, r, id, body, match)
		return Tagged(0, version(thing), thing, err)
	}
}

// ReadChange reads what {id} names, the version of If-Match and the body.
func ReadChange[C any](r *Request) (id engine.ID, match int64, body C, err error) {
	if id, err = r.ID("id"); err != nil {
		return id, 0, body, err
	}
	if err = r.Decode(&body); err != nil {
		return id, 0, body, err
	}
	match, err = r.Match()
	return id, match, body, err
}
