package form

import (
	"regexp"
	"slices"
	"strings"

	"diom.io/workflow/shared/feel"
)

// scope is what holds values by their paths: the form itself, or one item of a list.
type scope struct {
	fields []*field // in the order of the document
	tree   *branch
}

// branch is a part of the paths of a scope: where a field ends it has one.
type branch struct {
	below map[string]*branch
	field *field
}

func newScope() *scope { return &scope{tree: &branch{}} }

// field is a component that has a value.
type field struct {
	*component
	path  []string // in its scope
	name  string   // with the lists around it: what field rights name
	hide  []*feel.Expression
	items *scope // of a list; nil: no list

	readonly *feel.Expression
	compute  *feel.Expression
	choices  *feel.Expression
	required *feel.Expression
	pattern  *regexp.Regexp
	bounds   map[string]bound // by the names of the rules
	initial  any              // the default value
	sum      *sum             // of a total; nil: it is none
}

// sum is what a total adds up: a field of the lines of a list.
type sum struct {
	list *field
	path []string
}

// bound is a number of a rule, or an expression for it.
type bound struct {
	number any
	expr   *feel.Expression
}

// add puts a field into a scope, and reports whether there is room at its path.
func (s *scope) add(f *field) bool {
	b := s.tree
	for _, part := range f.path {
		if b.field != nil {
			return false
		}
		if b.below == nil {
			b.below = map[string]*branch{}
		}
		if b.below[part] == nil {
			b.below[part] = &branch{}
		}
		b = b.below[part]
	}
	if b.field != nil || b.below != nil {
		return false
	}
	b.field = f
	s.fields = append(s.fields, f)
	return true
}

// parts splits a key or a path at its dots.
func parts(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, ".")
}

// Field describes a field of a form to those who choose rights and suggestions.
type Field struct {
	// Path has the keys from the form to the field, joined by dots; those of a list's items have the list's before.
	Path, Type, Label string
	// InList: the field is one of the items of a list.
	InList bool
	// Required and ReadOnly are what the form says whatever its values are.
	Required, ReadOnly bool
}

// Fields lists the fields of a form in order.
func (f *Form) Fields() []Field { return listed(f.root, false) }

func listed(s *scope, inside bool) []Field {
	var list []Field
	for _, f := range s.fields {
		readonly, _ := f.Readonly.(bool)
		list = append(list, Field{
			Path: f.name, Type: f.Type, Label: f.Label, InList: inside, Required: f.Validate.Required == true,
			ReadOnly: readonly || f.Disabled || f.Type == "expression" || f.sum != nil,
		})
		if f.items != nil {
			list = append(list, listed(f.items, true)...)
		}
	}
	return list
}

// Variables are the names of the variables that the form reads and sets, sorted.
func (f *Form) Variables() []string {
	var names []string
	for name := range f.root.tree.below {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
