package notification

import (
	"context"
	"fmt"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/gather"
	"diom.io/workflow/shared/store"
)

// gathered are what events ask and write. Those that come together do it together; all of it may be done twice.
type gathered struct {
	tasks   *gather.Gatherer[engine.ID, *store.Task]   // nil where there is none
	origins *gather.Gatherer[engine.ID, *store.Origin] // nil where there is no such instance
	members *gather.Gatherer[store.Audience, []string]
	wishes  *gather.Gatherer[[]string, map[string]Preferences]
	notices *gather.Gatherer[store.Notice, struct{}]
	looks   *gather.Gatherer[struct{}, bool]
}

func (s *Service) gather() gathered {
	return gathered{
		tasks:   gather.New(found(s.store.TasksByID)),
		origins: gather.New(found(s.store.Origins)),
		members: gather.New(s.membersOf),
		wishes:  gather.New(s.wishesOf),
		notices: gather.New(func(ctx context.Context, list []store.Notice) ([]struct{}, error) {
			return make([]struct{}, len(list)), s.store.Announce(ctx, list)
		}),
		looks: gather.New(func(ctx context.Context, asked []struct{}) ([]bool, error) {
			return slices.Repeat([]bool{s.feed.Watched(ctx)}, len(asked)), nil
		}),
	}
}

// found answers each id with what is there.
func found[T any](read func(context.Context, []engine.ID) (map[engine.ID]T, error)) func(context.Context, []engine.ID) ([]*T, error) {
	return func(ctx context.Context, ids []engine.ID) ([]*T, error) {
		there, err := read(ctx, ids)
		answers := make([]*T, len(ids))
		for i, id := range ids {
			if one, ok := there[id]; ok {
				answers[i] = &one
			}
		}
		return answers, err
	}
}

// wishesOf answers everybody with the preferences of all.
func (s *Service) wishesOf(ctx context.Context, asked [][]string) ([]map[string]Preferences, error) {
	known, err := s.preferences(ctx, distinct(slices.Concat(asked...)))
	return slices.Repeat([]map[string]Preferences{known}, len(asked)), err
}

// membersOf reads audiences of named people with one statement, and every other one once.
func (s *Service) membersOf(ctx context.Context, asked []store.Audience) ([][]string, error) {
	answers := make([][]string, len(asked))
	var names []string
	for _, a := range asked {
		if a.Named() {
			names = append(names, a.Users...)
		}
	}
	names = distinct(names)
	enabled, err := s.store.Members(ctx, store.Audience{Users: names}, len(names))
	if err != nil {
		return nil, err
	}
	known := map[string][]string{}
	for i, a := range asked {
		if a.Named() {
			answers[i] = chosen(a, intersection(enabled, a.Users))
			continue
		}
		key := fmt.Sprintf("%q %q %q", a.Users, a.Identities, a.Permission)
		if _, read := known[key]; !read {
			everybody := a
			everybody.Except = ""
			if known[key], err = s.store.Members(ctx, everybody, maxAudience+1); err != nil {
				return nil, err
			}
		}
		answers[i] = chosen(a, slices.Clone(known[key]))
	}
	return answers, nil
}

// chosen is those of people, who are in the order of their names, who are told.
func chosen(a store.Audience, people []string) []string {
	people = slices.DeleteFunc(people, func(name string) bool { return name == a.Except })
	return people[:min(len(people), maxAudience)]
}

func intersection(enabled, names []string) []string {
	var list []string
	for _, name := range enabled {
		if slices.Contains(names, name) {
			list = append(list, name)
		}
	}
	return list
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
