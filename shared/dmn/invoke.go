package dmn

import (
	"maps"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/feel"
)

// Invocation is the outcome of Invoke.
type Invocation struct {
	Value       feel.Value
	Diagnostics []feel.Diagnostic
}

// Invoke evaluates a decision, a decision service or a business knowledge model by its name, as DMN has
// it. inputs are the values of input data, and of decisions that are given rather than made, by their
// names; they are coerced to the declared types. For a service and a knowledge model they are the
// arguments. A name of an imported model has that of the import before it, as in FEEL, or its namespace:
// {namespace}name. The error is ErrNoDecision or ErrBudget.
func (m *Model) Invoke(name string, inputs map[string]feel.Value, now time.Time) (Invocation, error) {
	e := m.find(name)
	if e == nil {
		return Invocation{}, ErrNoDecision.Withf("The model has no decision %q.", clip(name))
	}
	return m.invoke(e, inputs, now)
}

// InvokeFunction is Invoke of a decision service or a business knowledge model, also where a decision has
// the same name.
func (m *Model) InvokeFunction(name string, inputs map[string]feel.Value, now time.Time) (Invocation, error) {
	e := m.first(0, func(e *element) bool { return e.kind != kindDecision && e.named(name) })
	if e == nil {
		return m.Invoke(name, inputs, now)
	}
	return m.invoke(e, inputs, now)
}

func (m *Model) invoke(e *element, inputs map[string]feel.Value, now time.Time) (Invocation, error) {
	run := feel.NewRun(now)
	f := newFrame(run, m, 0)
	f.give(m, inputs)
	v := f.value(e)
	if function, ok := v.(*feel.Function); ok && e.kind != kindDecision {
		arguments := make([]feel.Value, len(e.parameters))
		for i, p := range e.parameters {
			arguments[i] = inputs[p.Name]
			if e.kind == kindService {
				arguments[i] = f.givenTo(e.given[i], inputs)
			}
		}
		v = run.Invoke(function, arguments, nil)
	}
	if run.Err() != nil {
		return Invocation{}, ErrBudget
	}
	return Invocation{v, run.Diagnostics()}, nil
}

func (f *frame) givenTo(e *element, inputs map[string]feel.Value) feel.Value {
	if v, ok := f.given[e]; ok {
		return v
	}
	return inputs[e.name]
}

// find looks for an element by its name or, when it has none such, its id; a decision goes first.
func (m *Model) find(name string) *element {
	if from, local := m.within(name); local != name {
		return from.find(local)
	}
	if e := m.first(0, func(e *element) bool { return e.kind == kindDecision && e.named(name) }); e != nil {
		return e
	}
	if e := m.first(0, func(e *element) bool { return e.named(name) }); e != nil {
		return e
	}
	if e := m.lookup(name, 0); e != nil {
		return e
	}
	if alias, rest, dotted := strings.Cut(name, "."); dotted && m.imports[feel.Name(alias)] != nil {
		return m.imports[feel.Name(alias)].find(rest)
	}
	return nil
}

// within takes {namespace}name apart: the model with that namespace, this one when there is none, and the
// name in it.
func (m *Model) within(name string) (*Model, string) {
	namespace, local, found := strings.Cut(strings.TrimPrefix(name, "{"), "}")
	if !found || name[0] != '{' {
		return m, name
	}
	if from := m.imported(namespace, 0); from != nil {
		return from, local
	}
	return m, local
}

// imported is the model with a namespace among this one and what it imports.
func (m *Model) imported(namespace string, depth int) *Model {
	if m.Namespace == namespace {
		return m
	}
	for _, i := range append(slices.Collect(maps.Values(m.imports)), m.merged...) {
		if depth > maxImports {
			break
		}
		if from := i.imported(namespace, depth+1); from != nil {
			return from
		}
	}
	return nil
}

// first finds an element: the model's own, or that of a model that it imports without a name.
func (m *Model) first(depth int, fits func(e *element) bool) *element {
	if at := slices.IndexFunc(m.elements, fits); at >= 0 {
		return m.elements[at]
	}
	if depth > maxImports {
		return nil
	}
	for _, i := range m.merged {
		if e := i.first(depth+1, fits); e != nil {
			return e
		}
	}
	return nil
}

// named reports whether an element that can be evaluated has a name, of its own or of its variable.
func (e *element) named(name string) bool {
	return e.kind != kindInput && (e.name == feel.Name(name) || feel.Name(e.node.raw("name")) == feel.Name(name))
}

// give sets the inputs, also those of imported models, whose names may carry that of the import.
func (f *frame) give(m *Model, inputs map[string]feel.Value) {
	f.giveAs(m, "", inputs, 0)
}

func (f *frame) giveAs(m *Model, prefix string, inputs map[string]feel.Value, depth int) {
	for _, e := range m.elements {
		if e.kind == kindInput || e.kind == kindDecision {
			f.giveTo(m, e, prefix, inputs)
		}
	}
	if depth > maxImports {
		return
	}
	for alias, imported := range m.imports {
		if c, ok := inputs[alias].(*feel.Context); ok {
			f.giveAs(imported, "", entries(c), depth+1)
		}
		f.giveAs(imported, feel.Name(prefix+alias+"."), inputs, depth+1)
	}
	for _, imported := range m.merged {
		f.giveAs(imported, prefix, inputs, depth+1)
	}
}

// giveTo sets the value of one element, unless it has one; that of an input may come without the prefix.
func (f *frame) giveTo(m *Model, e *element, prefix string, inputs map[string]feel.Value) {
	v, ok := inputs["{"+m.Namespace+"}"+e.name]
	if !ok {
		v, ok = inputs[prefix+e.name]
	}
	if !ok && e.kind == kindInput {
		v, ok = inputs[e.name]
	}
	if _, set := f.given[e]; ok && !set {
		f.given[e] = f.run.Coerce(v, e.typ, "the input "+e.name)
	}
}

func entries(c *feel.Context) map[string]feel.Value {
	m := map[string]feel.Value{}
	for _, k := range c.Keys() {
		m[k], _ = c.Get(k)
	}
	return m
}

// maxImports bounds how deep models import each other.
const maxImports = 8

// InputType returns the declared type of an input or decision by its name, nil when there is none.
func (m *Model) InputType(name string) *feel.Type {
	from, local := m.within(name)
	return from.inputType(feel.Name(local), 0)
}

func (m *Model) inputType(name string, depth int) *feel.Type {
	for _, e := range m.elements {
		if e.name == name || feel.Name(e.node.raw("name")) == name {
			return e.typ
		}
	}
	if depth > maxImports {
		return nil
	}
	for _, imported := range append(slices.Collect(maps.Values(m.imports)), m.merged...) {
		if t := imported.inputType(name, depth+1); t != nil {
			return t
		}
	}
	return nil
}
