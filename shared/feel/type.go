package feel

import (
	"slices"

	"github.com/cockroachdb/apd/v3"
)

// The kinds of a Type.
const (
	KindAny      = "Any"
	KindList     = "list"
	KindContext  = "context"
	KindRange    = "range"
	KindFunction = "function"
)

// Type is a FEEL type (DMN §10.3.2.9). Kind is one of the constants, or the name of a simple type as
// instance of has it ("number", "date and time", "Null"). A type may refer to itself.
type Type struct {
	Name    string // of an item definition
	Kind    string
	Element *Type // of list and range; nil is Any
	Fields  []Field
	// Parameters and Result are those of a function; Open is a function type that says nothing of them.
	Parameters []*Type
	Result     *Type
	Open       bool
	// Allowed and Constraint restrict the value, beside what Base allows. For a list they apply to the
	// whole.
	Allowed, Constraint *Tests
	// Base is what an item definition refers to.
	Base *Type
}

// Field is an entry of a context type.
type Field struct {
	Name string
	Type *Type
}

// simple are the types with a name of their own; any, too.
var simple = map[string]*Type{
	"Any": {Kind: KindAny}, "any": {Kind: KindAny}, "Null": {Kind: "Null"}, "number": {Kind: "number"}, "string": {Kind: "string"},
	"boolean": {Kind: "boolean"}, "date": {Kind: "date"}, "time": {Kind: "time"}, "date and time": {Kind: "date and time"},
	"dateTime": {Kind: "date and time"}, "days and time duration": {Kind: "days and time duration"},
	"dayTimeDuration": {Kind: "days and time duration"}, "yearMonthDuration": {Kind: "years and months duration"},
	"years and months duration": {Kind: "years and months duration"}, "context": {Kind: KindContext}, "list": {Kind: KindList},
	"function": {Kind: KindFunction, Open: true}, "range": {Kind: KindRange}, "duration": {Kind: "duration"},
}

// Simple returns a built-in type by its name, or nil.
func Simple(name string) *Type { return simple[name] }

// conforms reports whether a value is of a type (DMN §10.3.2.9.2); null is of every type. Allowed
// values count, but not for instance of.
func (r *Run) conforms(v Value, t *Type, depth int) bool {
	if t == nil {
		return true
	}
	if !r.step(1) || depth > maxWalk {
		return false
	}
	if v == nil {
		return true
	}
	return r.shape(v, t, depth) && r.allows(v, t)
}

// allows tests the allowed values and the constraints of a type and of all its bases: a type restricts what
// its base allows, and never widens it (DMN §7.3.3).
func (r *Run) allows(v Value, t *Type) bool {
	if r.shapeOnly > 0 {
		return true
	}
	for i := 0; t != nil && i < maxWalk; i++ {
		for _, tests := range []*Tests{t.Constraint, t.Allowed} {
			if tests != nil && tests.Match(r, r.siblings, v) != true {
				return false
			}
		}
		t = t.Base
	}
	return true
}

// shape compares with a type but for what it allows.
func (r *Run) shape(v Value, t *Type, depth int) bool {
	if t.Base != nil && (depth > maxWalk || !r.shape(v, t.Base, depth+1)) {
		return false
	}
	switch t.Kind {
	case "", KindAny:
		return true
	case KindList:
		l, ok := v.(List)
		return ok && r.elements(l, t.Element, depth)
	case KindContext:
		c, ok := v.(*Context)
		return ok && r.fields(c, t, depth)
	case KindRange:
		g, ok := v.(*Range)
		return ok && r.conforms(g.Start, t.Element, depth+1) && r.conforms(g.End, t.Element, depth+1)
	case KindFunction:
		f, ok := v.(*Function)
		return ok && f.is(t)
	case "duration":
		return kindOf(v) == "days and time duration" || kindOf(v) == "years and months duration"
	}
	return kindOf(v) == t.Kind
}

func (r *Run) elements(l List, t *Type, depth int) bool {
	for _, e := range l {
		if !r.conforms(e, t, depth+1) {
			return false
		}
	}
	return true
}

func (r *Run) fields(c *Context, t *Type, depth int) bool {
	defer func(outer *Scope) { r.siblings = outer }(r.siblings)
	for _, f := range t.Fields {
		v, ok := c.Get(f.Name)
		r.siblings = &Scope{item: c} // allowed values may name them (DMN §7.3.3)
		if !ok || !r.conforms(v, f.Type, depth+1) {
			return false
		}
	}
	return true
}

// is compares function types: parameters contravariant, the result covariant. A built-in function, which
// converts its arguments, only has to take as many.
func (f *Function) is(t *Type) bool {
	if t.Open {
		return true
	}
	if len(f.native) > 0 {
		return slices.ContainsFunc(f.native, func(s signature) bool { return s.takes(len(t.Parameters)) })
	}
	if len(f.Parameters) != len(t.Parameters) {
		return false
	}
	for i, p := range f.Parameters {
		if t.Parameters[i] != nil && !subtype(t.Parameters[i], p.Type, 0) {
			return false
		}
	}
	result := f.Result
	if result == nil {
		result = f.inferred
	}
	return result == nil || subtype(result, t.Result, 0)
}

// infer is the type of a literal, nil where it takes an evaluation to know.
func infer(n node, depth int) *Type {
	if depth > maxWalk {
		return nil
	}
	switch x := n.(type) {
	case constant:
		return simple[kindOf(x.value)]
	case contextNode:
		t := &Type{Kind: KindContext}
		for i, key := range x.keys {
			t.Fields = append(t.Fields, Field{key, infer(x.values[i], depth+1)})
		}
		return t
	}
	return nil
}

// resolved follows what a type refers to.
func (t *Type) resolved() *Type {
	for i := 0; t != nil && t.Kind == "" && t.Base != nil && i < maxWalk; i++ {
		t = t.Base
	}
	return t
}

// subtype reports whether each value of a is one of b.
func subtype(a, b *Type, depth int) bool {
	a, b = a.resolved(), b.resolved()
	if b == nil || b.Kind == KindAny || b.Kind == "" || a == b || depth > maxWalk {
		return true
	}
	if a == nil || a.Kind != b.Kind {
		return a != nil && a.Kind == "Null"
	}
	for _, f := range b.Fields {
		if !a.has(f.Name) || !subtype(a.field(f.Name), f.Type, depth+1) {
			return false
		}
	}
	return b.Element == nil || subtype(a.Element, b.Element, depth+1)
}

func (t *Type) has(name string) bool {
	return slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Name == name })
}

func (t *Type) field(name string) *Type {
	for _, f := range t.Fields {
		if f.Name == name {
			return f.Type
		}
	}
	return nil
}

// instance is instance of: null is of no type but Null; allowed values do not count.
func (r *Run) instance(v Value, t *Type) bool {
	if v == nil {
		return t != nil && t.Kind == "Null"
	}
	r.shapeOnly++
	defer func() { r.shapeOnly-- }()
	return t == nil || t.Kind != "Null" && r.conforms(v, t, 0)
}

// Coerce makes a value conform to a type (DMN §10.3.2.9.4): as it is, the element of a list of one, a
// list of it, or a date's midnight; otherwise null with a diagnostic.
func (r *Run) Coerce(v Value, t *Type, what string) Value {
	if t == nil || v == nil {
		return v
	}
	if result, ok := r.coerced(v, t); ok {
		return result
	}
	return r.Fail("%s: %s does not conform to the type %s", what, kindOf(v), t.label())
}

func (r *Run) coerced(v Value, t *Type) (Value, bool) {
	if r.conforms(v, t, 0) {
		return bound(v, t), true
	}
	if l, ok := v.(List); ok && len(l) == 1 && r.conforms(l[0], t, 0) {
		return l[0], true
	}
	switch t.shapeKind() {
	case KindList:
		if _, isList := v.(List); !isList && r.conforms(List{v}, t, 0) {
			return List{v}, true
		}
	case "date and time":
		if d, ok := v.(Date); ok && r.conforms(d.midnight(), t, 0) {
			return d.midnight(), true
		}
	}
	return nil, false
}

// bound gives a function the types that a function type adds to its own.
func bound(v Value, t *Type) Value {
	f, ok := v.(*Function)
	if !ok || t.shapeKind() != KindFunction || len(f.native) > 0 {
		return v
	}
	for i := 0; t.Kind == "" && i < maxWalk; i++ {
		t = t.Base
	}
	if t.Open {
		return v
	}
	typed := &Function{Name: f.Name, Result: f.Result, Parameters: append([]Parameter(nil), f.Parameters...)}
	for i := range typed.Parameters {
		if typed.Parameters[i].Type == nil {
			typed.Parameters[i].Type = t.Parameters[i]
		}
	}
	typed.Call = func(r *Run, arguments []Value) Value {
		return r.Coerce(f.Call(r, arguments), t.Result, "the result of "+f.label())
	}
	return typed
}

// shapeKind is the kind of the type or of what it refers to.
func (t *Type) shapeKind() string {
	for i := 0; t.Kind == "" && t.Base != nil && i < maxWalk; i++ {
		t = t.Base
	}
	return t.Kind
}

func (t *Type) label() string {
	if t.Name != "" {
		return t.Name
	}
	if t.Kind == "" && t.Base != nil {
		return t.Base.label()
	}
	return t.Kind
}

// isNumber tells numbers.
func isNumber(v Value) bool { _, ok := v.(*apd.Decimal); return ok }
