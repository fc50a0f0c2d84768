package camunda

import (
	"maps"
	"slices"
	"strings"
)

// modifiers say how the other conditions of a query are meant; alone they ask for nothing.
var modifiers = []string{"includeAssignedTasks", "variableNamesIgnoreCase", "variableValuesIgnoreCase"}

// either answers a query that may have orQueries: an item must be in the list of the query itself and, for each of
// its orQueries, in that of one of its conditions alone.
func either[T any](q Query, id func(T) string, list func(Query) ([]T, error)) ([]T, error) {
	given, listed := q.values["orQueries"].([]any)
	if q.Has("orQueries") && !listed {
		return nil, BadRequest("orQueries is no array of queries")
	}
	found, err := list(q)
	if err != nil {
		return nil, err
	}
	for _, one := range given {
		conditions, err := alone(one)
		if err != nil {
			return nil, err
		}
		if len(conditions) == 0 {
			continue
		}
		wanted, err := anyOf(conditions, id, list)
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(item T) bool { return !wanted[id(item)] })
	}
	return found, nil
}

// anyOf returns the ids of what is in one of the lists of several queries.
func anyOf[T any](queries []Query, id func(T) string, list func(Query) ([]T, error)) (map[string]bool, error) {
	ids := map[string]bool{}
	for _, q := range queries {
		items, err := list(q)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			ids[id(item)] = true
		}
	}
	return ids, nil
}

// alone returns a query for each condition of an or-query: each parameter, and of those about variables each of
// theirs. Order and orQueries have no meaning inside of one.
func alone(one any) ([]Query, error) {
	values, ok := one.(map[string]any)
	if !ok {
		return nil, BadRequest("One of the orQueries is no object")
	}
	base := map[string]any{}
	for _, name := range modifiers {
		if v, given := values[name]; given {
			base[name] = v
		}
	}
	var queries []Query
	add := func(name string, value any) {
		c := maps.Clone(base)
		c[name] = value
		queries = append(queries, Query{values: c})
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		_, modifies := base[name]
		variables, listed := values[name].([]any)
		switch {
		case modifies || name == "sorting" || name == "orQueries" || values[name] == false || !(Query{values: values}).Has(name):
		case listed && strings.HasSuffix(strings.ToLower(name), "variables"):
			for _, v := range variables {
				add(name, []any{v})
			}
		default:
			add(name, values[name])
		}
	}
	return queries, nil
}
