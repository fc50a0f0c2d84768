package expr

import (
	"strconv"
	"strings"
)

// spin is a JSON node as Camunda's Spin shows it to expressions: S(x).prop("a").value(). It lives only
// during an evaluation; as a result it is the value that it holds.
type spin struct{ value Value }

// spinList is what elements() gives: its members are nodes.
type spinList []Value

// newSpin wraps a value; a text is read as JSON.
func newSpin(v *evaluation, a []Value) (any, error) {
	text, ok := a[0].(string)
	if !ok {
		return spin{a[0]}, nil
	}
	if err := v.grow(len(text)); err != nil {
		return nil, err
	}
	value, err := Unmarshal([]byte(text))
	if err != nil {
		return nil, mismatch("the text is not JSON: %v", err)
	}
	return spin{value}, nil
}

// spinMethods are those of SpinJsonNode and SpinJsonPathQuery that expressions use.
var spinMethods = map[string]entry[spin]{
	"prop":        {1, 1, func(v *evaluation, s spin, a []Value) (any, error) { return s.prop(v, a[0]) }},
	"jsonPath":    {1, 1, func(v *evaluation, s spin, a []Value) (any, error) { return s.path(v, a[0]) }},
	"hasProp":     {1, 1, hasProp},
	"value":       {0, 0, func(_ *evaluation, s spin, _ []Value) (any, error) { return s.value, nil }},
	"stringValue": {0, 0, func(_ *evaluation, s spin, _ []Value) (any, error) { return typed[string](s.value, "string") }},
	"boolValue":   {0, 0, func(_ *evaluation, s spin, _ []Value) (any, error) { return typed[bool](s.value, "boolean") }},
	"numberValue": {0, 0, numberValue},
	"elements":    {0, 0, elements},
	"elementList": {0, 0, elements},
	"element":     {0, 0, func(_ *evaluation, s spin, _ []Value) (any, error) { return s, nil }},
	"toString":    {0, 0, spinText},
}

// property is a method without its brackets: S(x).prop("n").value.
func (s spin) property(v *evaluation, name string) (any, error) {
	if m, ok := spinMethods[name]; ok && m.least == 0 {
		return m.run(v, s, nil)
	}
	return nil, failure(CodeUnknownProperty, name, "a JSON node has no property %s; prop(…) gives its members", clip(name))
}

func typed[T any](value Value, kind string) (any, error) {
	t, ok := value.(T)
	if !ok {
		return nil, mismatch("a %s is not a %s", kindOf(value), kind)
	}
	return t, nil
}

func numberValue(_ *evaluation, s spin, _ []Value) (any, error) {
	if !isNumber(s.value) {
		return nil, mismatch("a %s is not a number", kindOf(s.value))
	}
	return s.value, nil
}

func elements(_ *evaluation, s spin, _ []Value) (any, error) {
	list, ok := s.value.([]Value)
	if !ok {
		return nil, mismatch("a %s is not a list", kindOf(s.value))
	}
	return spinList(list), nil
}

func spinText(v *evaluation, s spin, _ []Value) (any, error) {
	raw, err := Marshal(s.value)
	if err != nil {
		return nil, mismatch("%v", err)
	}
	return v.made(string(raw))
}

func hasProp(v *evaluation, s spin, a []Value) (any, error) {
	name, err := v.text(a[0])
	if err != nil {
		return nil, err
	}
	m, _ := s.value.(map[string]Value)
	_, ok := m[name]
	return ok, nil
}

func (s spin) prop(v *evaluation, key Value) (any, error) {
	name, err := v.text(key)
	if err != nil {
		return nil, err
	}
	return s.member(name)
}

// member is an error where there is none, as in Spin.
func (s spin) member(name string) (any, error) {
	m, _ := s.value.(map[string]Value)
	value, ok := m[name]
	if !ok {
		return nil, failure(CodeUnknownProperty, name, "the JSON node has no member %s", clip(name))
	}
	return spin{value}, nil
}

// path follows $.a.b[0]['c']; wildcards, filters and what goes deeper by itself are refused.
func (s spin) path(v *evaluation, path Value) (any, error) {
	text, err := v.text(path)
	if err != nil {
		return nil, err
	}
	rest, ok := strings.CutPrefix(text, "$")
	current := s
	for ok && rest != "" {
		var key string
		var index bool
		if key, index, rest, ok = pathStep(rest); !ok {
			break
		}
		next, err := current.follow(key, index)
		if err != nil {
			return nil, err
		}
		current = next
	}
	if !ok {
		return nil, failure(CodeBadPath, "jsonPath", "the path %s is not a simple one", clip(text))
	}
	return current, v.step(len(text) / 16)
}

// pathStep cuts .name, [0] or ['name'] off.
func pathStep(path string) (key string, index bool, rest string, ok bool) {
	if path[0] == '.' {
		end := strings.IndexAny(path[1:], ".[")
		if end < 0 {
			end = len(path) - 1
		}
		key = path[1 : 1+end]
		return key, false, path[1+end:], key != "" && !strings.ContainsAny(key, "*?@()]'\"")
	}
	for _, quote := range []string{"'", `"`} {
		if inner, quoted := strings.CutPrefix(path, "["+quote); quoted {
			key, rest, ok = strings.Cut(inner, quote+"]")
			return key, false, rest, ok
		}
	}
	inner, bracket := strings.CutPrefix(path, "[")
	key, rest, ok = strings.Cut(inner, "]")
	return key, true, rest, bracket && ok && key != "" && digits(key) == len(key)
}

func (s spin) follow(key string, index bool) (spin, error) {
	if !index {
		next, err := s.member(key)
		found, _ := next.(spin)
		return found, err
	}
	list, _ := s.value.([]Value)
	i, err := strconv.Atoi(key)
	if err != nil || i >= len(list) {
		return spin{}, failure(CodeOutOfBounds, "jsonPath", "there is no element %s in a list of %d", clip(key), len(list))
	}
	return spin{list[i]}, nil
}

func callSpinList(v *evaluation, list spinList, name string, a []Value) (any, error) {
	value, err := run(v, listMethods, []Value(list), name, a)
	if err == nil && name == "get" {
		return spin{value}, nil
	}
	return value, err
}
