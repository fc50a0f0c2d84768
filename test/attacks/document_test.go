package attacks

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"diom.io/workflow/test/producttest"
)

// object is any JSON object.
type object = map[string]any

// operation is one operation of openapi.yaml. Routes are never listed by hand: what is new is attacked, too.
type operation struct {
	method, path string // with {wildcards}
	bearer       bool
	permission   string // "" where every caller may
	parameters   []parameter
	body         object // the schema of the JSON body, nil where there is none
	kinds        []string
}

// parameter is a parameter of a query, a path or a header.
type parameter struct {
	name, in string
	schema   object
}

func (o operation) name() string { return o.method + " " + o.path }

// query returns the parameters of the query.
func (o operation) query() []parameter {
	return slices.DeleteFunc(slices.Clone(o.parameters), func(p parameter) bool { return p.in != "query" })
}

// fill replaces the wildcards of the path by a text.
func (o operation) fill(text string) string {
	for _, p := range o.parameters {
		if p.in == "path" {
			o.path = strings.ReplaceAll(o.path, "{"+p.name+"}", text)
		}
	}
	return o.path
}

// collection is the first part of the path below /api/v1.
func (o operation) collection() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(o.path, "/api/v1/"), "/")
	return name
}

// document is openapi.yaml.
type document struct{ root object }

func readDocument(t testing.TB) document {
	t.Helper()
	root, err := producttest.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	d := document{}
	if err := yaml.Unmarshal(text, &d.root); err != nil {
		t.Fatal(err)
	}
	return d
}

// resolve follows a reference within the document.
func (d document) resolve(v any) object {
	o, _ := v.(object)
	for {
		reference, _ := o["$ref"].(string)
		if reference == "" {
			return o
		}
		var at any = d.root
		for step := range strings.SplitSeq(strings.TrimPrefix(reference, "#/"), "/") {
			inner, _ := at.(object)
			at = inner[step]
		}
		o, _ = at.(object)
	}
}

// operations returns every operation by path and method.
func (d document) operations() []operation {
	var list []operation
	paths, _ := d.root["paths"].(object)
	for path, item := range paths {
		methods, _ := item.(object)
		for method, v := range methods {
			if o, is := v.(object); is {
				list = append(list, d.operation(strings.ToUpper(method), path, o))
			}
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return list
}

func (d document) operation(method, path string, o object) operation {
	op := operation{method: method, path: path}
	parameters, _ := o["parameters"].([]any)
	for _, v := range parameters {
		p := d.resolve(v)
		name, _ := p["name"].(string)
		in, _ := p["in"].(string)
		op.parameters = append(op.parameters, parameter{name, in, d.resolve(p["schema"])})
	}
	requirements, _ := o["security"].([]any)
	for _, v := range requirements {
		if scopes, is := v.(object)["bearer"].([]any); is {
			op.bearer = true
			if len(scopes) > 0 {
				op.permission, _ = scopes[0].(string)
			}
		}
	}
	content, _ := d.resolve(o["requestBody"])["content"].(object)
	for kind, media := range content {
		op.kinds = append(op.kinds, kind)
		if kind == "application/json" {
			op.body = d.resolve(media.(object)["schema"])
		}
	}
	slices.Sort(op.kinds)
	return op
}

// properties are the fields of an object's schema, with references resolved.
func (d document) properties(schema object) object {
	fields := object{}
	properties, _ := schema["properties"].(object)
	for name, v := range properties {
		fields[name] = d.resolve(v)
	}
	return fields
}
