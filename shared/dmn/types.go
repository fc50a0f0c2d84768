package dmn

import (
	"strings"

	"diom.io/workflow/shared/feel"
)

// camundaTypes are the names of Camunda 7 for numbers, beside those of FEEL.
var camundaTypes = map[string]string{"integer": "number", "long": "number", "double": "number"}

// itemDefinitions makes the types of the file (DMN §7.3.2). They may refer to each other.
func (b *builder) itemDefinitions() {
	for alias, m := range b.model.imports {
		for name, t := range m.types {
			full := feel.Name(alias + "." + name)
			b.model.types[full] = t
			b.symbols.DefineType(full, t)
		}
	}
	for _, m := range b.model.merged {
		for name, t := range m.types {
			if b.model.types[name] == nil {
				b.model.types[name] = t
				b.symbols.DefineType(name, t)
			}
		}
	}
	definitions := b.root.all("itemDefinition")
	for _, n := range definitions {
		name := feel.Name(n.raw("name"))
		t := &feel.Type{Name: n.raw("name")}
		b.model.types[name] = t
		b.symbols.DefineType(name, t)
	}
	for _, n := range definitions {
		b.fill(b.model.types[feel.Name(n.raw("name"))], n, b.symbols)
	}
}

// fill reads an item definition or component into a type; its allowed values may use the symbols.
func (b *builder) fill(t *feel.Type, n *node, s *feel.Symbols) {
	element := t
	if n.attr("isCollection") == "true" {
		element = &feel.Type{Name: t.Name}
		t.Kind, t.Element = feel.KindList, element
	}
	switch components := n.all("itemComponent"); {
	case len(components) > 0:
		element.Kind = feel.KindContext
		siblings := feel.NewSymbols(b.symbols)
		for _, c := range components {
			siblings.Define(c.raw("name"))
		}
		for _, c := range components {
			field := &feel.Type{Name: c.raw("name")}
			b.fill(field, c, siblings)
			element.Fields = append(element.Fields, feel.Field{Name: feel.Name(c.raw("name")), Type: field})
		}
	case n.child("functionItem") != nil:
		f := n.child("functionItem")
		element.Kind = feel.KindFunction
		element.Result = b.typeRef(f, f.attr("outputTypeRef"))
		for _, p := range f.all("parameters") {
			element.Parameters = append(element.Parameters, b.typeRef(p, p.attr("typeRef")))
		}
	default:
		if ref := n.child("typeRef"); ref != nil {
			element.Base = b.typeRef(ref, strings.TrimSpace(ref.text))
		}
	}
	element.Allowed = b.allowed(n.child("allowedValues"), s)
	t.Constraint = b.allowed(n.child("typeConstraint"), s)
}

func (b *builder) allowed(n *node, s *feel.Symbols) *feel.Tests {
	if n == nil || strings.TrimSpace(n.body()) == "" {
		return nil
	}
	tests, err := feel.CompileTests(n.body(), s)
	if err != nil {
		b.expressionProblem(n.subject(), "allowed values", n.body(), err)
		return nil
	}
	return tests.Plain()
}

// typeRef finds a type by its name, which may carry the prefix of a namespace (DMN 1.1).
func (b *builder) typeRef(n *node, ref string) *feel.Type {
	if ref == "" {
		return nil
	}
	names := []string{ref}
	if _, local, prefixed := strings.Cut(ref, ":"); prefixed {
		names = append(names, local)
	}
	if at := strings.LastIndexByte(ref, '}'); at > 0 {
		names = append(names, ref[at+1:])
	}
	for _, name := range names {
		if t, ok := b.model.types[feel.Name(name)]; ok {
			return t
		}
		if t := feel.Simple(strings.TrimSpace(name)); t != nil {
			return t
		}
		if simple, ok := camundaTypes[name]; ok {
			return &feel.Type{Name: name, Kind: simple}
		}
	}
	b.add(ruleType, n.subject(), "there is no type %s", clip(ref))
	return nil
}
