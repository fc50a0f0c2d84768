package form

import (
	"maps"

	"diom.io/workflow/shared/expr"
)

// Conceal returns values without those of the named fields (Field.Path); values themselves are not changed.
func Conceal(values map[string]expr.Value, names []string) map[string]expr.Value {
	for _, name := range names {
		values = conceal(values, parts(name))
	}
	return values
}

func conceal(values map[string]expr.Value, path []string) map[string]expr.Value {
	if len(path) == 0 {
		return values
	}
	v, there := values[path[0]]
	if !there {
		return values
	}
	made := maps.Clone(values)
	if len(path) == 1 {
		delete(made, path[0])
	} else {
		made[path[0]] = concealIn(v, path[1:])
	}
	return made
}

// concealIn conceals in a group, or in each item of a list.
func concealIn(v expr.Value, path []string) expr.Value {
	switch inside := v.(type) {
	case map[string]expr.Value:
		return conceal(inside, path)
	case []expr.Value:
		list := make([]expr.Value, len(inside))
		for n, item := range inside {
			list[n] = item
			if fields, isMap := item.(map[string]expr.Value); isMap {
				list[n] = conceal(fields, path)
			}
		}
		return list
	}
	return v
}
