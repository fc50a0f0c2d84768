package attacks

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// sample makes values that a schema allows, and some that it does not.
type sample struct {
	document document
	random   *rand.Rand
}

func newSample(d document, seed uint64) *sample {
	return &sample{d, rand.New(rand.NewPCG(seed, 0))}
}

// kind is the type of a schema, null left out; "" where every value will do.
func kind(schema object) string {
	switch k := schema["type"].(type) {
	case string:
		return k
	case []any:
		for _, v := range k {
			if v != "null" {
				text, _ := v.(string)
				return text
			}
		}
	}
	return ""
}

// value is one that the schema allows, with its required fields alone. Schemas may name themselves: depth ends it.
func (s *sample) value(schema any, depth int) any {
	o := s.document.resolve(schema)
	if words, _ := o["enum"].([]any); len(words) > 0 {
		return words[0]
	}
	for _, choice := range []string{"anyOf", "oneOf", "allOf"} {
		if list, _ := o[choice].([]any); len(list) > 0 && depth < 8 {
			return s.value(list[0], depth+1)
		}
	}
	switch kind(o) {
	case "object":
		return s.fields(o, depth)
	case "array":
		if depth > 4 || o["items"] == nil {
			return []any{}
		}
		return []any{s.value(o["items"], depth+1)}
	case "integer", "number":
		return 1
	case "boolean":
		return true
	}
	return s.text(o)
}

func (s *sample) fields(o object, depth int) object {
	out := object{}
	required, _ := o["required"].([]any)
	for name, field := range s.document.properties(o) {
		if slices.Contains(required, any(name)) {
			out[name] = s.value(field, depth+1)
		}
	}
	return out
}

func (s *sample) text(o object) string {
	switch o["format"] {
	case "uuid":
		return nothing
	case "date-time":
		return "2030-01-31T09:30:00Z"
	}
	return "x"
}

// hostile are values that break readers. None of them looks like what internals finds.
var hostile = []any{
	nil, true, false, 0, -1, 1.5, -1e308, 1e308, 9007199254740993, "", " ", "\u0000", "\u202e\u200b", "a\u0301́", "𝐀😀", "\ufeff", "null", "true", "NaN", "-0", "0x10", "1e999",
	"<b>", "${7*191}", "' OR 1=1", "..", "%s%n", "{}", "[]", []any{}, object{}, []any{nil}, []any{[]any{[]any{}}}, object{"": nil}, object{"a": object{"b": object{}}},
	strings.Repeat("A", 256), strings.Repeat("汉", 1001), strings.Repeat("B", 70_000), nothing, "019A9CF3-5B5E-7000-8000-0000000000FF", "2026-02-30T25:61:61Z", "0000-00-00T00:00:00Z",
	"9999-12-31T23:59:59.999999999+14:00", "PT-1S", "P99999999Y", -9223372036854775808, 2147483648, "\r\nX: y", "a,b;c|d", "\\", "\"", "/", "~0~1", "*", "%", "_",
}

func (s *sample) hostile() any { return hostile[s.random.IntN(len(hostile))] }

// spoilt is a body that the schema mostly forbids: fields of other types, none, some more, in places anywhere below.
func (s *sample) spoilt(schema object) any {
	if s.random.IntN(12) == 0 {
		return s.hostile()
	}
	body, is := s.value(schema, 0).(object)
	if !is {
		return s.hostile()
	}
	fields := s.document.properties(schema)
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names) // the seed alone decides
	for range 1 + s.random.IntN(3) {
		switch s.random.IntN(8) {
		case 0:
			body["undeclared"] = s.hostile()
		case 1:
			if len(names) > 0 {
				delete(body, names[s.random.IntN(len(names))])
			}
		default:
			if len(names) > 0 {
				name := names[s.random.IntN(len(names))]
				body[name] = s.inside(fields[name], 0)
			}
		}
	}
	return body
}

// inside spoils a value itself or, half of the time, something within it.
func (s *sample) inside(schema any, depth int) any {
	o := s.document.resolve(schema)
	if depth > 4 || s.random.IntN(2) == 0 {
		return s.hostile()
	}
	switch kind(o) {
	case "array":
		list := []any{s.inside(o["items"], depth+1)}
		for range s.random.IntN(3) {
			list = append(list, s.value(o["items"], depth+1))
		}
		return list
	case "object":
		if s.document.properties(o) == nil || len(s.document.properties(o)) == 0 {
			return object{"a": s.hostile(), "${x}": s.hostile()}
		}
		return s.spoilt(o)
	}
	return s.hostile()
}
