package users

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// personRoutes show everybody who has logged in whom a task, a form or a shared thing can name.
func personRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/people", Summary: "List colleagues by name: what one chooses from",
			Permission: access.Authenticated, List: store.PersonList, Answer: page.Page[store.Person]{}, Serve: listPeople,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/units", Summary: "List the departments, roles and groups that can be named, by code",
			Permission: access.Authenticated, Answer: access.Units{}, Serve: listUnits,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/me/phrases", Summary: "Read what one writes again and again, such as opinions",
			Permission: access.Authenticated, Answer: access.Phrases{}, Versioned: true, Serve: readPhrases,
		},
		{
			Method: http.MethodPut, Pattern: "/api/v1/me/phrases", Summary: "Put other phrases in the place of one's own",
			Permission: access.Authenticated, Body: access.WrittenPhrases{}, Answer: access.Phrases{}, Versioned: true, Serve: writePhrases,
		},
	}
}

func listPeople(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Access.People(ctx, list, store.PersonFilter{
		Words: list.Filters.Get("q"), Department: list.Filters.Get("department"), Usernames: list.Filters.Get("usernames"),
	})
}

func listUnits(ctx context.Context, r *faas.Request) (any, error) { return r.App.Access.Units(ctx) }

func readPhrases(ctx context.Context, r *faas.Request) (any, error) {
	p, err := r.App.Access.Phrases(ctx, r.Principal)
	return faas.Tagged(0, p.Version, p, err)
}

func writePhrases(ctx context.Context, r *faas.Request) (any, error) {
	var body access.WrittenPhrases
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	match, err := r.Match()
	if err != nil {
		return nil, err
	}
	p, err := r.App.Access.WritePhrases(ctx, r.Principal, body, match)
	return faas.Tagged(0, p.Version, p, err)
}
