// Package feel compiles and evaluates FEEL, the expression language of DMN 1.3 to 1.5 (chapter 10): a
// source text becomes a tree once, which any number of goroutines may evaluate. What goes wrong while
// an expression runs gives null and a Diagnostic, as the specification has it; an evaluation has no
// access to the host and no clock, and is bounded in steps, depth and bytes.
package feel

import (
	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/excerpt"
)

// Value is what FEEL works on: nil, bool, *apd.Decimal, string, Date, Time, DateTime, Months, Span,
// List, *Context, *Range or *Function, and nothing else. A value is never changed once it is made.
// FromValue and ToValue convert from and to the values of shared/expr.
type Value = any

// List is a FEEL list; positions are counted from 1 in expressions.
type List = []Value

// Context is a map that keeps the order of its entries (DMN §10.3.2.3.5). Names are in the form of
// Name.
type Context struct {
	keys   []string
	values map[string]Value
}

// NewContext returns an empty context with room for n entries.
func NewContext(n int) *Context {
	return &Context{keys: make([]string, 0, n), values: make(map[string]Value, n)}
}

// Put adds or replaces an entry. It is for the one who makes the context, before anybody else sees it.
func (c *Context) Put(name string, value Value) {
	if _, known := c.values[name]; !known {
		c.keys = append(c.keys, name)
	}
	c.values[name] = value
}

// Get returns an entry, false when there is none.
func (c *Context) Get(name string) (Value, bool) {
	v, ok := c.values[name]
	return v, ok
}

// Keys returns the names in order; the caller must not write to the list.
func (c *Context) Keys() []string { return c.keys }

func (c *Context) clone() *Context {
	n := NewContext(len(c.keys) + 1)
	n.keys = append(n.keys, c.keys...)
	for k, v := range c.values {
		n.values[k] = v
	}
	return n
}

// Range is an interval (DMN §10.3.2.7). An end without a value, of a comparison such as (> 5), is open.
type Range struct {
	Start, End                 Value
	StartIncluded, EndIncluded bool
	// hasStart and hasEnd tell an end that is unbounded from one that evaluated to null.
	hasStart, hasEnd bool
	// point is a range that is written with =, which is not the same as one with two equal ends.
	point bool
}

// Function is a function value: a built-in one, a function definition, a business knowledge model or a
// decision service.
type Function struct {
	Name       string
	Parameters []Parameter
	Result     *Type
	// Call gets one argument a parameter, coerced to its type.
	Call func(r *Run, arguments []Value) Value

	native   []signature
	inferred *Type // of what the body gives, as far as it is plain to see
}

// Parameter is a formal parameter; Type may be nil.
type Parameter struct {
	Name string
	Type *Type
}

// kindOf names the type of a value as FEEL's instance of does.
func kindOf(v Value) string {
	switch v.(type) {
	case nil:
		return "Null"
	case bool:
		return "boolean"
	case *apd.Decimal:
		return "number"
	case string:
		return "string"
	case Date:
		return "date"
	case Time:
		return "time"
	case DateTime:
		return "date and time"
	case Months:
		return "years and months duration"
	case Span:
		return "days and time duration"
	case List:
		return "list"
	case *Context:
		return "context"
	case *Range:
		return "range"
	case *Function:
		return "function"
	}
	return "foreign"
}

// single unwraps a list of one element (DMN §10.3.2.9.4).
func single(v Value) Value {
	if l, ok := v.(List); ok && len(l) == 1 {
		return l[0]
	}
	return v
}

// clip keeps foreign text short in messages.
func clip(text string) string { return excerpt.Of(text, 60) }
