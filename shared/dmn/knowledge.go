package dmn

import (
	"strings"

	"diom.io/workflow/shared/feel"
)

// knowledge compiles a business knowledge model (DMN §6.3.9): a function of its parameters, which sees
// the models and services that it requires.
func (b *builder) knowledge(e *element) {
	n := e.node.child("encapsulatedLogic")
	if n == nil {
		e.body = failing("the business knowledge model has no logic")
		if !b.options.Lenient {
			b.add(ruleNoLogic, e.node.subject(), "")
		}
		return
	}
	inner := feel.NewSymbols(e.symbols)
	for _, p := range n.all("formalParameter") {
		e.parameters = append(e.parameters, feel.Parameter{Name: feel.Name(p.raw("name")), Type: b.typeRef(p, p.attr("typeRef"))})
		inner.Define(p.raw("name"))
	}
	if logic := b.typeRef(n, n.attr("typeRef")); e.typ == nil {
		e.typ = logic
	}
	e.adoptTypes()
	if kind := n.attr("kind"); kind != "" && !strings.EqualFold(kind, "FEEL") {
		b.add(ruleFunction, e.node.subject(), "the business knowledge model is in %s, which is not executed", clip(kind))
		e.body = failing("functions in " + kind + " are not executed")
		return
	}
	e.body = b.inner(n, inner)
}

// service makes the parameters of a decision service (DMN §6.3.10): its input data, then its input
// decisions, each with the type of its variable.
func (b *builder) service(e *element) {
	for _, g := range e.given {
		e.parameters = append(e.parameters, feel.Parameter{Name: e.model.seen(g), Type: g.typ})
	}
	e.adoptTypes()
	if len(e.outputs) == 0 {
		b.add(ruleNoOutput, e.node.subject(), "the decision service has no output decision")
	}
}

// adoptTypes gives parameters without a type the one that the function type of the variable has.
func (e *element) adoptTypes() {
	types := e.typ.Takes()
	if len(types) != len(e.parameters) {
		return
	}
	for i := range e.parameters {
		if e.parameters[i].Type == nil {
			e.parameters[i].Type = types[i]
		}
	}
}

// resultType is the type of what a call gives: a function type in the variable stands for its result. Any
// other type of a knowledge model says nothing: the variable holds the function (DMN §6.3.9), and files of
// DMN 1.1 have all sorts there.
func (e *element) resultType() *feel.Type {
	if e.typ != nil && e.typ.Shape() == feel.KindFunction {
		return e.typ.Gives()
	}
	if e.kind == kindKnowledge {
		return nil
	}
	return e.typ
}

// frame is one evaluation of a graph: the values that are given, and those found so far.
type frame struct {
	run   *feel.Run
	root  *Model // whose elements stand in for those of the same name in models that it imports without a name
	given map[*element]feel.Value
	found map[*element]feel.Value
	depth int
}

// maxGraph bounds how deep requirements and services call each other.
const maxGraph = 200

func newFrame(run *feel.Run, root *Model, depth int) *frame {
	return &frame{run: run, root: root, given: map[*element]feel.Value{}, found: map[*element]feel.Value{}, depth: depth}
}

// value is what an element stands for: the input, the result of the decision, or the function.
func (f *frame) value(e *element) feel.Value {
	e = f.root.own(e)
	if v, ok := f.given[e]; ok {
		return v
	}
	if v, ok := f.found[e]; ok {
		return v
	}
	if f.depth++; f.depth > maxGraph {
		return f.run.Fail("the requirements nest too deep")
	}
	defer func() { f.depth-- }()
	var v feel.Value
	switch e.kind {
	case kindInput:
		v = nil
	case kindDecision:
		v = f.run.Coerce(e.body(f.run, f.scope(e)), e.typ, "the decision "+e.name)
	case kindKnowledge:
		v = f.knowledge(e)
	case kindService:
		v = f.service(e)
	}
	f.found[e] = v
	return v
}

// scope holds what an element requires, under the names of the variables; those of an imported model
// are the entries of a context with the name of the import.
func (f *frame) scope(e *element) *feel.Scope {
	s := feel.NewScope(nil)
	imported := map[string]*feel.Context{}
	for _, list := range [...][]*element{e.needs, e.knowledge} {
		for _, other := range list {
			alias, foreign := e.model.alias(other)
			if !foreign {
				s.Put(other.name, f.value(other))
				continue
			}
			if imported[alias] == nil {
				imported[alias] = feel.NewContext(1)
				s.Put(alias, imported[alias])
			}
			imported[alias].Put(other.name, f.value(other))
		}
	}
	return s
}

func (f *frame) knowledge(e *element) feel.Value {
	// The function may be called after the frame has gone on: it keeps what it sees, itself as well.
	var scope *feel.Scope
	var self *feel.Function
	self = &feel.Function{Name: e.name, Parameters: e.parameters, Result: e.resultType(), Call: func(r *feel.Run, arguments []feel.Value) feel.Value {
		if scope == nil {
			scope = f.scope(e)
			scope.Put(e.name, self)
		}
		local := feel.NewScope(scope)
		for i, p := range e.parameters {
			local.Put(p.Name, arguments[i])
		}
		v := e.body(r, local)
		if inner, ok := v.(*feel.Function); ok && e.resultType() == nil {
			return inner
		}
		return r.Coerce(v, e.resultType(), "the result of "+e.name)
	}}
	return self
}

// service evaluates its output decisions in a frame of their own, so that nothing of the caller's leaks
// in: one gives its value, several a context.
func (f *frame) service(e *element) feel.Value {
	return &feel.Function{Name: e.name, Parameters: e.parameters, Result: e.resultType(), Call: func(r *feel.Run, arguments []feel.Value) feel.Value {
		inner := newFrame(r, f.root, f.depth+1)
		if inner.depth > maxGraph {
			return r.Fail("the services nest too deep")
		}
		for i, g := range e.given {
			inner.given[f.root.own(g)] = arguments[i]
		}
		var result feel.Value
		if len(e.outputs) == 1 {
			result = inner.value(e.outputs[0])
		} else {
			c := feel.NewContext(len(e.outputs))
			for _, o := range e.outputs {
				c.Put(e.model.seen(o), inner.value(o))
			}
			result = c
		}
		return r.Coerce(result, e.resultType(), "the result of "+e.name)
	}}
}
