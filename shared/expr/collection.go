package expr

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

func sortedKeys(m map[string]Value) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// listMethods are those of java.util.List that expressions use. Members are compared as Equal does.
var listMethods = map[string]entry[[]Value]{
	"size":    {0, 0, func(_ *evaluation, l []Value, _ []Value) (any, error) { return int64(len(l)), nil }},
	"isEmpty": {0, 0, func(_ *evaluation, l []Value, _ []Value) (any, error) { return len(l) == 0, nil }},
	"indexOf": {1, 1, func(v *evaluation, l []Value, a []Value) (any, error) { return v.indexOf(l, a[0]) }},
	"contains": {1, 1, func(v *evaluation, l []Value, a []Value) (any, error) {
		i, err := v.indexOf(l, a[0])
		return i >= 0, err
	}},
	"get":      {1, 1, func(_ *evaluation, l []Value, a []Value) (any, error) { return element(l, "get", a[0], len(l)) }},
	"toString": {0, 0, func(v *evaluation, l []Value, _ []Value) (any, error) { return v.text(l) }},
	"equals":   {1, 1, func(v *evaluation, l []Value, a []Value) (any, error) { return v.same(l, a[0], 0) }},
	"add":      {1, 2, addToList},
	"remove":   {1, 1, removeFromList},
}

// element is a member by its index, which must be below limit.
func element(list []Value, method string, index Value, limit int) (Value, error) {
	i, err := position(index)
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= int64(limit) {
		return nil, failure(CodeOutOfBounds, method, "there is no element %d in a list of %d", i, len(list))
	}
	if i == int64(len(list)) {
		return nil, nil
	}
	return list[i], nil
}

// addToList returns true for add(value) and null for add(index, value).
func addToList(_ *evaluation, list []Value, a []Value) (any, error) {
	if len(a) == 1 {
		return true, nil
	}
	_, err := element(list, "add", a[0], len(list)+1)
	return nil, err
}

// removeFromList takes a number for an index and returns the member there; anything else is a member,
// and the result says whether it was there.
func removeFromList(v *evaluation, list []Value, a []Value) (any, error) {
	if isNumber(a[0]) {
		return element(list, "remove", a[0], len(list))
	}
	i, err := v.indexOf(list, a[0])
	return i >= 0, err
}

// callMap runs a method of java.util.Map. Any other getName() or isName() reads the member name: the
// map may be a Java bean that has become JSON.
func callMap(v *evaluation, m map[string]Value, name string, a []Value) (any, error) {
	switch {
	case len(a) == 0:
		return callMapAlone(v, m, name)
	case name == "equals" && len(a) == 1:
		return v.same(m, a[0], 0)
	case (name == "get" || name == "remove" || name == "containsKey") && len(a) == 1, name == "put" && len(a) == 2:
		key, err := v.text(a[0])
		if err != nil {
			return nil, err
		}
		value, ok := m[key]
		if name == "containsKey" {
			return ok, nil
		}
		return value, nil
	}
	return nil, unknownMethod(m, name, len(a))
}

func callMapAlone(v *evaluation, m map[string]Value, name string) (any, error) {
	switch name {
	case "size":
		return int64(len(m)), nil
	case "isEmpty":
		return len(m) == 0, nil
	case "toString":
		return v.text(m)
	case "keySet":
		keys := make([]Value, 0, len(m))
		for _, key := range sortedKeys(m) {
			keys = append(keys, key)
		}
		return keys, v.grow(16 * len(keys))
	}
	if member := beanProperty(name); member != "" {
		return m[member], nil
	}
	return nil, unknownMethod(m, name, 0)
}

// beanProperty turns getName and isName into name, getURL into URL (java.beans.Introspector); "" when
// it is no getter.
func beanProperty(getter string) string {
	rest, ok := strings.CutPrefix(getter, "get")
	if !ok {
		rest, ok = strings.CutPrefix(getter, "is")
	}
	first, size := utf8.DecodeRuneInString(rest)
	if !ok || size == 0 || unicode.IsLower(first) {
		return ""
	}
	if second, _ := utf8.DecodeRuneInString(rest[size:]); unicode.IsUpper(second) {
		return rest
	}
	return string(unicode.ToLower(first)) + rest[size:]
}
