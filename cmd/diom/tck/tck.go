// Package tck runs the conformance tests of DMN (github.com/dmn-tck/tck, in their format of 2016) against
// shared/dmn: a directory of compliance-level-N/<name>/ with models and <name>-test-NN.xml beside them.
package tck

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/feel"
)

// Case is the outcome of one test case. Reason says why it has failed, and is empty when it has passed.
type Case struct {
	Level  string // "2", "3", or "-" outside of a compliance level
	Folder string
	ID     string
	Reason string
}

// Passed reports whether every result was the expected one.
func (c Case) Passed() bool { return c.Reason == "" }

// now is the clock of all tests: nothing in them depends on it.
var now = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

// Run runs every test file below a directory, in the order of their names.
func Run(directory string) ([]Case, error) {
	var cases []Case
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".xml" {
			return err
		}
		found, err := runFile(path)
		cases = append(cases, found...)
		return err
	})
	return cases, err
}

// element is any element of a test file.
type element struct {
	Name       xml.Name
	Attributes []xml.Attr `xml:",any,attr"`
	Children   []element  `xml:",any"`
	Text       string     `xml:",chardata"`
}

// UnmarshalXML keeps the name, which the struct alone would only check.
func (e *element) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type plain element
	e.Name = start.Name
	return d.DecodeElement((*plain)(e), &start)
}

func (e *element) attr(local string) string {
	for _, a := range e.Attributes {
		if a.Name.Local == local {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

func (e *element) all(local string) []*element {
	var list []*element
	for i := range e.Children {
		if e.Children[i].Name.Local == local {
			list = append(list, &e.Children[i])
		}
	}
	return list
}

func (e *element) child(local string) *element {
	if list := e.all(local); len(list) > 0 {
		return list[0]
	}
	return nil
}

var level = regexp.MustCompile(`compliance-level-(\d+)`)

func runFile(path string) ([]Case, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the files that the user names are what this is for
	if err != nil {
		return nil, err
	}
	root, ok := testCases(data)
	if !ok {
		return nil, nil // some other XML
	}
	at := Case{Level: "-", Folder: filepath.Base(filepath.Dir(path))}
	if m := level.FindStringSubmatch(filepath.ToSlash(path)); m != nil {
		at.Level = m[1]
	}
	name := ""
	if m := root.child("modelName"); m != nil {
		name = strings.TrimSpace(m.Text)
	}
	l := &loader{models: map[string]*dmn.Model{}, open: map[string]bool{}}
	model, loadErr := l.load(filepath.Join(filepath.Dir(path), filepath.FromSlash(name)))
	var cases []Case
	for i, t := range root.all("testCase") {
		c := at
		if c.ID = t.attr("id"); c.ID == "" {
			c.ID = fmt.Sprint(i + 1)
		}
		if loadErr != nil {
			c.Reason = fmt.Sprintf("the model cannot be read: %v", loadErr)
		} else {
			c.Reason = runCase(model, t)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// testCases reads a test file; false when it is none.
func testCases(data []byte) (*element, bool) {
	var root element
	err := xml.Unmarshal(data, &root)
	return &root, err == nil && root.Name.Local == "testCases"
}

// loader reads each model once, so that what several models import is the same for all.
type loader struct {
	models map[string]*dmn.Model
	open   map[string]bool
}

// load reads a model and what it imports: from where the import says, or a file beside with the namespace.
func (l *loader) load(path string) (*dmn.Model, error) {
	if model := l.models[path]; model != nil {
		return model, nil
	}
	data, err := os.ReadFile(path) //nolint:gosec // as above
	if err != nil {
		return nil, err
	}
	l.open[path] = true
	defer delete(l.open, path)
	options := dmn.Options{Lenient: true, MaxBytes: 64 << 20}
	_, imports := dmn.Imports(data)
	for _, i := range imports {
		file := find(filepath.Dir(path), i)
		if file == "" || l.open[file] {
			continue
		}
		model, err := l.load(file)
		if err != nil {
			return nil, err
		}
		options.Imports = append(options.Imports, model)
	}
	model, err := dmn.Read(data, options)
	if err == nil {
		l.models[path] = model
	}
	return model, err
}

func find(directory string, i dmn.Import) string {
	if i.Location != "" && filepath.IsLocal(filepath.FromSlash(i.Location)) {
		path := filepath.Join(directory, filepath.FromSlash(i.Location))
		if own := namespace(path); own == i.Namespace {
			return path
		}
	}
	found := ""
	_ = filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error { // what cannot be read is not found
		if err == nil && !entry.IsDir() && filepath.Ext(path) == ".dmn" && found == "" && namespace(path) == i.Namespace {
			found = path
		}
		return nil
	})
	return found
}

func namespace(path string) string {
	data, err := os.ReadFile(path) //nolint:gosec // as above
	if err != nil {
		return ""
	}
	own, _ := dmn.Imports(data)
	return own
}

// runCase returns why a test case fails, or "".
func runCase(model *dmn.Model, t *element) string {
	inputs := map[string]feel.Value{}
	for _, in := range t.all("inputNode") {
		name := qualified(in)
		v, err := decode(in, model.InputType(name))
		if err != nil {
			return fmt.Sprintf("the input %s: %v", name, err)
		}
		inputs[name] = v
	}
	for _, want := range t.all("resultNode") {
		if reason := runResult(model, t, want, inputs); reason != "" {
			return reason
		}
	}
	return ""
}

// qualified is the name of a node, behind the namespace of its model when the node says that.
func qualified(node *element) string {
	name := feel.Name(node.attr("name"))
	if namespace := node.attr("namespace"); namespace != "" {
		return "{" + namespace + "}" + name
	}
	return name
}

func runResult(model *dmn.Model, t, want *element, inputs map[string]feel.Value) string {
	name := want.attr("name")
	invoke, invocable := model.Invoke, qualified(want)
	kind := t.attr("type")
	function := kind == "decisionService" || kind == "bkm"
	if function {
		invoke, invocable = model.InvokeFunction, cmp.Or(t.attr("invocableName"), name)
	}
	got, err := invoke(invocable, inputs, now)
	expected, failing := want.child("expected"), want.attr("errorResult") == "true"
	switch {
	case failing && (errors.Is(err, dmn.ErrBudget) || err == nil && got.Value == nil):
		return ""
	case err != nil:
		return fmt.Sprintf("%s: %v", name, err)
	case expected == nil && failing:
		return fmt.Sprintf("%s: %s, not an error", name, feel.String(got.Value))
	case expected == nil:
		return ""
	}
	// A result with an error in it may be a value with null at the place of the error.
	if function && name != invocable {
		got.Value = pick(got.Value, name)
	}
	if !equal(expected, got.Value) {
		return fmt.Sprintf("%s: %s, not %s%s", name, feel.String(got.Value), describe(expected), first(got.Diagnostics))
	}
	return ""
}

// pick is the output decision of a service that has several.
func pick(v feel.Value, name string) feel.Value {
	if c, ok := v.(*feel.Context); ok {
		if inner, has := c.Get(feel.Name(name)); has {
			return inner
		}
	}
	return v
}

func first(diagnostics []feel.Diagnostic) string {
	if len(diagnostics) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s: %s)", strings.TrimSpace(diagnostics[0].Where), diagnostics[0].Message)
}

// Summary counts the cases of one level, or of one folder of it.
type Summary struct {
	Level, Folder string
	Passed, Total int
}

// Percent is the share that has passed, rounded down; 100 of nothing.
func (s Summary) Percent() int {
	if s.Total == 0 {
		return 100
	}
	return 100 * s.Passed / s.Total
}

// Summarize counts by level, sorted.
func Summarize(cases []Case) []Summary {
	return count(cases, func(c Case) Summary { return Summary{Level: c.Level} })
}

// Folders counts by level and folder, sorted.
func Folders(cases []Case) []Summary {
	return count(cases, func(c Case) Summary { return Summary{Level: c.Level, Folder: c.Folder} })
}

func count(cases []Case, group func(c Case) Summary) []Summary {
	var list []Summary
	for _, c := range cases {
		g := group(c)
		i := slices.IndexFunc(list, func(s Summary) bool { return s.Level == g.Level && s.Folder == g.Folder })
		if i < 0 {
			i = len(list)
			list = append(list, g)
		}
		list[i].Total++
		if c.Passed() {
			list[i].Passed++
		}
	}
	slices.SortFunc(list, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Folder, b.Folder))
	})
	return list
}
