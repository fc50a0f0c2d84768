package manifest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
)

// schemas are the JSON Schemas of the Go types that routes take and answer: a component for each struct,
// closed to other fields, each named map and each list of words.
type schemas struct {
	sources    *sources
	names      map[reflect.Type]string
	known      map[reflect.Type]*jsonschema.Schema // what stands in place of a type within another one
	answered   map[reflect.Type]bool               // types that some answer holds
	components object
}

// leaves are the types whose JSON is not what their Go says.
func leaves() map[reflect.Type]*jsonschema.Schema {
	states := make([]any, 0, len(store.States()))
	for _, word := range store.States() {
		states = append(states, word)
	}
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[engine.ID]():       {Type: "string", Format: "uuid"},
		reflect.TypeFor[time.Time]():       {Type: "string", Format: "date-time"},
		reflect.TypeFor[json.RawMessage](): {},
		reflect.TypeFor[engine.State]():    {Type: "string", Enum: states},
		reflect.TypeFor[[]byte]():          {Type: "string", ContentEncoding: "base64"},
		reflect.TypeFor[faas.Binary]():     {Type: "string", ContentMediaType: "application/octet-stream"},
		reflect.TypeFor[[][]byte]():        {Type: "array", Items: &jsonschema.Schema{Type: "string", ContentMediaType: "application/octet-stream"}},
	}
}

// reflectRoutes makes the schemas of everything that the routes name, and of the problem document.
func reflectRoutes(root fs.FS, routes []faas.Route) (*schemas, error) {
	s := &schemas{sources: newSources(root), names: map[reflect.Type]string{}, known: leaves(), answered: map[reflect.Type]bool{}, components: object{}}
	found := map[reflect.Type]bool{}
	s.collect(reflect.TypeFor[faas.Problem](), found)
	for _, value := range values(routes, func(r faas.Route) any { return r.Answer }) {
		s.collect(reflect.TypeOf(value), found)
	}
	s.answered = maps.Clone(found)
	for _, value := range values(routes, func(r faas.Route) any { return r.Body }) {
		s.collect(reflect.TypeOf(value), found)
	}
	s.name(found)
	if err := s.complete(routes); err != nil {
		return nil, err
	}
	for t := range s.names {
		schema, err := s.component(t)
		if err != nil {
			return nil, err
		}
		s.components[s.names[t]] = schema
	}
	return s, s.sources.err
}

// values are the bodies or the answers of routes, without those that are none.
func values(routes []faas.Route, of func(faas.Route) any) []any {
	var list []any
	for _, r := range routes {
		if value := of(r); value != nil {
			list = append(list, value)
		}
	}
	return list
}

// complete holds that each body and each answer has a component.
func (s *schemas) complete(routes []faas.Route) error {
	for _, r := range routes {
		for _, value := range []any{r.Body, r.Answer} {
			if value != nil && s.names[reflect.TypeOf(value)] == "" {
				return fmt.Errorf("openapi: %s %s: %T has no name that a schema could have", r.Method, r.Pattern, value)
			}
		}
	}
	return nil
}

// collect finds the types below t; true are those that become components.
func (s *schemas) collect(t reflect.Type, found map[reflect.Type]bool) {
	if s.known[t] != nil || found[t] {
		return
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		s.collect(t.Elem(), found)
	case reflect.Map:
		found[t] = t.Name() != ""
		s.collect(t.Elem(), found)
	case reflect.String:
		found[t] = t.PkgPath() != "" && len(s.sources.words(t)) > 0
	case reflect.Struct:
		found[t] = t.Name() != ""
		for _, f := range fields(t) {
			if !f.Anonymous && f.IsExported() && f.Tag.Get("json") != "-" {
				s.collect(f.Type, found)
			}
		}
	}
}

var generic = regexp.MustCompile(`^(\w+)\[.*\.(\w+)\]$`)

// name gives each component its name: that of its type. Of two types with one name the one of the package
// that comes first in the alphabet gets the name of its package too.
func (s *schemas) name(found map[reflect.Type]bool) {
	maps.DeleteFunc(found, func(_ reflect.Type, component bool) bool { return !component })
	types := slices.SortedFunc(maps.Keys(found), func(a, b reflect.Type) int { return strings.Compare(b.String(), a.String()) })
	taken := map[string]bool{}
	for _, t := range types {
		name := t.Name()
		if m := generic.FindStringSubmatch(name); m != nil {
			name = m[2] + capital(m[1])
		}
		if name = capital(name); taken[name] {
			pkg, _, _ := strings.Cut(t.String(), ".")
			name = capital(pkg) + name
		}
		taken[name] = true
		s.names[t] = name
		ref := &jsonschema.Schema{Ref: "#/components/schemas/" + name}
		s.known[t] = ref
		s.known[reflect.SliceOf(t)] = &jsonschema.Schema{Type: "array", Items: ref} // lets a type hold itself
	}
}

func capital(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// component is the schema of one named type.
func (s *schemas) component(t reflect.Type) (object, error) {
	if t.Kind() == reflect.String {
		return object{"type": "string", "enum": s.sources.words(t), "description": s.sources.text(t, "")}, nil
	}
	known := maps.Clone(s.known)
	for _, f := range fields(t) {
		if f.Anonymous { // its fields are t's own
			delete(known, f.Type)
		}
	}
	delete(known, t)
	schema, err := s.reflect(t, known)
	if err != nil {
		return nil, err
	}
	if text := s.sources.text(t, ""); text != "" {
		schema["description"] = text
	}
	s.describe(t, schema)
	if !s.answered[t] {
		demand(t, schema)
	}
	return schema, nil
}

// fields are those of a struct, none of another type.
func fields(t reflect.Type) []reflect.StructField {
	if t.Kind() != reflect.Struct {
		return nil
	}
	return reflect.VisibleFields(t)
}

func (s *schemas) reflect(t reflect.Type, known map[reflect.Type]*jsonschema.Schema) (object, error) {
	reflected, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: known})
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	text, err := json.Marshal(reflected)
	if err != nil {
		return nil, fmt.Errorf("openapi: %s: %w", t, err)
	}
	var schema object
	if err := json.Unmarshal(text, &schema); err != nil {
		return nil, fmt.Errorf("openapi: %s: %w", t, err)
	}
	return tidy(schema).(object), nil //nolint:forcetypeassert // tidy keeps what it is given
}

// tidy mends what reflection cannot know: a reference that may be null, and lists, which are never null
// in the product's JSON.
func tidy(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = tidy(v[i])
		}
	case map[string]any:
		return map[string]any(tidy(object(v)).(object)) //nolint:forcetypeassert // see below
	case object:
		for key := range v {
			v[key] = tidy(v[key])
		}
		kinds, several := v["type"].([]any)
		switch {
		case several && slices.Contains(kinds, any("array")):
			v["type"] = "array"
		case several && v["$ref"] != nil:
			return object{"anyOf": []any{map[string]any{"$ref": v["$ref"]}, map[string]any{"type": "null"}}}
		}
	}
	return value
}

// describe gives the properties the comments of their fields, and takes null from those that are left
// out when they have no value.
func (s *schemas) describe(t reflect.Type, schema object) {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, f := range fields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		property, ok := properties[name].(map[string]any)
		if !ok || f.Anonymous {
			continue
		}
		owner := t
		for _, i := range f.Index[:len(f.Index)-1] {
			owner = owner.Field(i).Type
		}
		if text := s.sources.text(owner, f.Name); text != "" {
			property["description"] = text
		}
		if !slices.Contains(required, any(name)) {
			properties[name] = present(property)
		}
	}
}

// present is a schema without null.
func present(property map[string]any) map[string]any {
	if kinds, ok := property["type"].([]any); ok && len(kinds) == 2 && kinds[0] == "null" {
		property["type"] = kinds[1]
	}
	if list, ok := property["anyOf"].([]any); ok {
		property["$ref"] = list[0].(map[string]any)["$ref"] //nolint:forcetypeassert // as tidy has made it
		delete(property, "anyOf")
	}
	return property
}

// demand says which fields of a body must be there: those that are tagged so. Every other one that is absent
// is its zero value.
func demand(t reflect.Type, schema object) {
	delete(schema, "required")
	var list []string
	for _, f := range fields(t) {
		if f.Tag.Get("api") == "required" {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			list = append(list, name)
		}
	}
	if len(list) > 0 {
		schema["required"] = list
	}
}

// of refers to the schema of a value's type.
func (s *schemas) of(value any) object { return object{"$ref": s.known[reflect.TypeOf(value)].Ref} }

// demands reports whether a body must be there.
func (s *schemas) demands(body any) bool {
	schema, _ := s.components[s.names[reflect.TypeOf(body)]].(object)
	return schema["required"] != nil
}
