package manifest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
)

type color string

type piece struct {
	Name string `json:"name"`
}

type limb struct {
	Length int `json:"length"`
}

// tree has everything that schemas treat by itself.
type tree struct {
	piece
	ID       engine.ID         `json:"id"`
	Color    color             `json:"color"`
	At       *time.Time        `json:"at"`
	Since    *time.Time        `json:"since,omitempty"`
	Best     *limb             `json:"best"`
	Other    *limb             `json:"other,omitempty"`
	Children []tree            `json:"children"`
	Words    map[string]string `json:"words,omitempty"`
	Raw      json.RawMessage   `json:"raw"`
	Vars     engine.Variables  `json:"vars"`
	Hidden   string            `json:"-"`
}

type unspeakable struct{ F func() }

type newTree struct {
	Name  string  `json:"name" api:"required"`
	Color *string `json:"color"`
	Parts []piece `json:"parts"`
}

// orchard are the routes of a function that has one of each kind.
func orchard() []faas.Function {
	return []faas.Function{
		{Name: "trees", Summary: "Trees.", Routes: []faas.Route{
			{Method: "GET", Pattern: "/api/v1/trees", Summary: "List trees.", Permission: access.WorkflowTask, Answer: page.Page[tree]{}, Serve: serve, List: page.List{
				Name: "trees", Sorts: []string{"-at"}, Filters: []page.Filter{{Name: "color", Values: []string{"red"}, Summary: "what it looks like"}, {Name: "of", Form: page.ID}},
			}},
			{Method: "POST", Pattern: "/api/v1/trees", Permission: access.WorkflowTask, Replayable: true, Status: 201, Body: newTree{}, Answer: tree{}, Serve: serve},
			{Method: "PUT", Pattern: "/api/v1/trees/{id}", Permission: access.Authenticated, Versioned: true, Body: newTree{}, Answer: tree{}, Serve: serve},
			{Method: "GET", Pattern: "/api/v1/trees/{id}/bark", Permission: access.WorkflowTask, Media: "application/xml", Serve: serve},
			{Method: "DELETE", Pattern: "/api/v1/trees/{id}", Permission: access.WorkflowTask, Serve: serve},
			{Method: "GET", Pattern: "/internal/trees", Permission: access.Internal, Serve: serve},
		}},
		{Name: "hidden", Internal: true, Routes: []faas.Route{{Method: "GET", Pattern: "/hidden", Permission: access.Public, Serve: serve}}},
	}
}

const orchardSource = "package manifest\n\n// tree grows,\n// slowly.\ntype tree struct {\n\tAt *time.Time // when it was planted\n}\n" +
	"// color is how it looks.\ntype color string\nconst (\n\tred color = \"red\"\n\tgreen color = \"green\"\n)\n" +
	"var errGone = fault.New(fault.NotFound, \"tree_gone\", \"There is no such tree.\")\n"

// parsed is the document of functions as JSON has it.
func parsed(t *testing.T, functions []faas.Function) (object, string) {
	t.Helper()
	text, err := openAPI(fstest.MapFS{"shared/manifest/x.go": {Data: []byte(orchardSource)}, "functions/x.go": {Data: []byte("package x")}}, functions)
	if err != nil {
		t.Fatal(err)
	}
	var d object
	if err := yaml.UnmarshalStrict(text, &d); err != nil {
		t.Fatal(err)
	}
	return d, string(text)
}

// at follows names into a document.
func at(v any, names ...string) any {
	for _, name := range names {
		if o, ok := v.(object); ok {
			v = map[string]any(o)
		}
		in, _ := v.(map[string]any)
		v = in[name]
	}
	return v
}

func TestOpenAPISchemas(t *testing.T) {
	t.Parallel()
	d, _ := parsed(t, orchard())
	got, err := yaml.Marshal(at(d, "components", "schemas", "Tree"))
	if err != nil {
		t.Fatal(err)
	}
	want := `additionalProperties: false
description: tree grows, slowly.
properties:
  at:
    description: when it was planted
    format: date-time
    type:
    - "null"
    - string
  best:
    anyOf:
    - $ref: '#/components/schemas/Limb'
    - type: "null"
  children:
    items:
      $ref: '#/components/schemas/Tree'
    type: array
  color:
    $ref: '#/components/schemas/Color'
  id:
    format: uuid
    type: string
  name:
    type: string
  other:
    $ref: '#/components/schemas/Limb'
  raw: true
  since:
    format: date-time
    type: string
  vars:
    $ref: '#/components/schemas/Variables'
  words:
    additionalProperties:
      type: string
    type: object
required:
- name
- id
- color
- at
- best
- children
- raw
- vars
type: object
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"red", "green"}, at(d, "components", "schemas", "Color", "enum")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"name"}, at(d, "components", "schemas", "NewTree", "required")); diff != "" {
		t.Error(diff)
	}
}

func TestOpenAPIOperations(t *testing.T) {
	t.Parallel()
	d, text := parsed(t, orchard())
	paths, _ := at(d, "paths").(map[string]any)
	if len(paths) != 3 || strings.Contains(text, "hidden") || strings.Contains(text, "internal/") {
		t.Errorf("%d paths", len(paths))
	}
	list := at(paths["/api/v1/trees"], "get")
	if at(list, "operationId") != "getTrees" || at(list, "summary") != "List trees" || at(list, "responses", "404") != nil || at(list, "responses", "400") == nil {
		t.Errorf("%v", list)
	}
	parameters, _ := json.Marshal(at(list, "parameters"))
	for _, want := range []string{`"enum":["at","-at"]`, `"default":"-at"`, `"enum":["red"]`, `"What it looks like."`, `"format":"uuid"`, `parameters/cursor`} {
		if !strings.Contains(string(parameters), want) {
			t.Errorf("%s is not in %s", want, parameters)
		}
	}
	post := at(paths["/api/v1/trees"], "post")
	if at(post, "requestBody", "required") != true || at(post, "responses", "201", "headers", "Idempotency-Replayed") == nil || at(post, "responses", "200") != nil {
		t.Errorf("%v", post)
	}
	put := at(paths["/api/v1/trees/{id}"], "put")
	if at(put, "responses", "412") == nil || at(put, "responses", "403") == nil || at(put, "responses", "200", "headers", "ETag") == nil {
		t.Errorf("%v", put)
	}
	if at(paths["/api/v1/trees/{id}"], "delete", "responses", "204") == nil || at(paths["/api/v1/trees/{id}/bark"], "get", "responses", "200", "content", "application/xml") == nil {
		t.Errorf("%v", paths)
	}
	if codes, _ := json.Marshal(at(d, "components", "responses", "NotFound")); !strings.Contains(string(codes), `"enum":["tree_gone"]`) {
		t.Errorf("%s", codes)
	}
}

// What was recorded is shown where a body or an answer is JSON.
func TestOpenAPIExamples(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"functions/x.go": {Data: []byte("package x")}, "shared/x.go": {Data: []byte("package x")},
		ExamplesPath: {Data: []byte(`{"POST /api/v1/trees": {"request": {"name": "oak"}, "answer": {"name": "elm"}}, "GET /api/v1/trees/{id}/bark": {"answer": 1}}`)},
	}
	text, err := openAPI(root, orchard())
	if err != nil || strings.Count(string(text), "example:") != 2 || !strings.Contains(string(text), "name: oak") || !strings.Contains(string(text), "name: elm") {
		t.Errorf("%v: %d examples", err, strings.Count(string(text), "example:"))
	}
	root[ExamplesPath] = &fstest.MapFile{Data: []byte("{")}
	if _, err := openAPI(root, orchard()); err == nil {
		t.Error("a broken file of examples is taken")
	}
}

// The same functions give the same document, in whatever order they come.
func TestOpenAPIIsStable(t *testing.T) {
	t.Parallel()
	functions := orchard()
	_, first := parsed(t, functions)
	for range 20 {
		functions[0], functions[1] = functions[1], functions[0]
		if _, again := parsed(t, functions); again != first {
			t.Fatal("another document")
		}
	}
}

func TestOpenAPIRefuses(t *testing.T) {
	t.Parallel()
	twice := orchard()
	twice[0].Routes = append(twice[0].Routes, faas.Route{Method: "GET", Pattern: "/trees", Permission: access.Public, Serve: serve})
	function, nameless, leaf := orchard(), orchard(), orchard()
	function[0].Routes[0].Answer = unspeakable{}
	nameless[0].Routes[0].Answer = struct{ Name string }{}
	leaf[0].Routes[0].Answer = engine.ID{}
	for name, functions := range map[string][]faas.Function{"one operation id twice": twice, "no JSON": function, "no name": nameless, "no object": leaf} {
		if _, err := openAPI(os.DirFS("../.."), functions); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
