package expr

import (
	"slices"
	"strings"
)

// hostObjects are the names that stand for objects of the engine in some expressions.
var hostObjects = []string{"execution", "task", "externalTask", "decisionResult", "connector", "org"}

// Literal is a text without expressions, whatever it looks like.
func Literal(text string) *Expression {
	return &Expression{source: text, parts: []node{constant{text}}, literal: true}
}

// Beans returns the calls that no value can answer, as paths (payer.pay), sorted, each once: what is
// called has to be an object of a Java program.
func (e *Expression) Beans() []string { return slices.Clone(e.beans) }

// Call is an expression that is nothing but a call ${root.path.method(…)} of something that may be a bean.
type Call struct {
	Root string // the identifier at its beginning
	Path string // with the method: root.path.method
	// Arguments evaluate as the arguments do, but for an object of the engine, which is null.
	Arguments []*Expression
}

// Call returns the call that the expression is, or nil.
func (e *Expression) Call() *Call {
	if e.literal || len(e.parts) != 1 {
		return nil
	}
	m, ok := e.parts[0].(method)
	if !ok {
		return nil
	}
	base := path(m.base)
	rootName := root(m.base, false)
	if base == "" || slices.Contains(hostObjects, rootName) {
		return nil
	}
	c := &Call{Root: rootName, Path: base + "." + m.name}
	for _, a := range m.arguments {
		c.Arguments = append(c.Arguments, &Expression{source: e.source, parts: []node{detached{a}}})
	}
	return c
}

// path writes a.b.c, or is "" for anything else.
func path(n node) string {
	switch x := n.(type) {
	case identifier:
		return string(x)
	case access:
		key, _ := x.key.(constant)
		name, named := key.value.(string)
		if base := path(x.base); base != "" && named {
			return base + "." + name
		}
	}
	return ""
}

// detached is an argument that leaves the engine: its objects do not.
type detached struct{ argument node }

func (n detached) evaluate(v *evaluation) (any, error) {
	value, err := n.argument.evaluate(v)
	if _, host := value.(Object); host {
		return nil, err
	}
	return value, err
}

// called notes a method call on base when only a bean can answer it.
func (e *Expression) called(base node, name string, arguments int) {
	from := root(base, true)
	if from == "" || slices.Contains(hostObjects, from) || hasMethod(name, arguments) {
		return
	}
	at := path(base)
	if at == "" {
		at = from + "…"
	}
	e.beans = append(e.beans, at+"."+name)
}

// hasMethod reports whether some value has a method of that name; a getter may be one of a Java bean
// that has become JSON.
func hasMethod(name string, arguments int) bool {
	if _, ok := textMethods[name]; ok {
		return true
	}
	if _, ok := listMethods[name]; ok {
		return true
	}
	if _, ok := spinMethods[name]; ok {
		return true
	}
	if unit, moved := strings.CutPrefix(name, "plus"); moved && spans[unit] != spans[""] {
		return true
	}
	if unit, moved := strings.CutPrefix(name, "minus"); moved && spans[unit] != spans[""] {
		return true
	}
	return arguments == 0 && beanProperty(name) != "" || slices.Contains(otherMethods, name)
}

// otherMethods are those of maps, numbers and dates that are in no table.
var otherMethods = []string{
	"containsKey", "put", "keySet", "get", "remove", "intValue", "longValue", "doubleValue", "toDate", "getTime", "before", "after", "toString", "equals",
}
