package dmn

import (
	"strings"

	"diom.io/workflow/shared/feel"
)

// table is a compiled decision table (DMN chapter 8). Its orientation makes no difference.
type table struct {
	policy      string // a name of DMN: "UNIQUE"
	aggregation string // "SUM", "MIN", "MAX", "COUNT" or empty
	inputs      []input
	outputs     []output
	rules       []row
}

type input struct {
	part    feel.Part
	allowed *feel.Tests
	typ     *feel.Type
	typeRef string
	// name is camunda:inputVariable, under which JUEL sees the value; cellInput by default.
	name string
}

type output struct {
	name         string
	typ          *feel.Type
	typeRef      string
	allowed      *feel.Tests
	defaultValue feel.Part
}

// label is how a result is called: by the output, or the decision when that has no name.
func (o output) label(e *element) string {
	if o.name == "" {
		return e.name
	}
	return o.name
}

type row struct {
	id      string
	line    int
	tests   []cell
	outputs []feel.Part
}

// cell tests one input: nil lets anything pass.
type cell func(r *feel.Run, s *feel.Scope, v feel.Value) feel.Value

var policies = map[string]string{
	"": "UNIQUE", "UNIQUE": "UNIQUE", "ANY": "ANY", "PRIORITY": "PRIORITY", "FIRST": "FIRST", "RULE ORDER": "RULE ORDER",
	"OUTPUT ORDER": "OUTPUT ORDER", "COLLECT": "COLLECT",
}

func (b *builder) table(n *node, s *feel.Symbols) *table {
	t := &table{policy: policies[strings.ToUpper(n.attr("hitPolicy"))], aggregation: strings.ToUpper(n.attr("aggregation"))}
	if t.policy == "" {
		b.add(ruleHitPolicy, n.subject(), "there is no hit policy %s", clip(n.attr("hitPolicy")))
		t.policy = "UNIQUE"
	}
	switch t.aggregation {
	case "", "SUM", "MIN", "MAX", "COUNT":
		if t.aggregation != "" && t.policy != "COLLECT" {
			b.add(ruleAggregation, n.subject(), "")
		}
	default:
		b.add(ruleAggregation, n.subject(), "there is no aggregation %s", clip(t.aggregation))
		t.aggregation = ""
	}
	for _, c := range n.all("input") {
		t.inputs = append(t.inputs, b.input(c, s))
	}
	for _, c := range n.all("output") {
		t.outputs = append(t.outputs, b.output(c, s))
	}
	b.outputNames(n, t)
	for _, c := range n.all("rule") {
		b.row(c, t, s)
	}
	return t
}

func (b *builder) input(n *node, s *feel.Symbols) input {
	in := input{name: feel.Name(n.extension("inputVariable")), allowed: b.allowed(n.child("inputValues"), s)}
	if in.name == "" {
		in.name = "cellInput"
	}
	e := n.child("inputExpression")
	if e == nil || strings.TrimSpace(e.body()) == "" {
		// Camunda: an input without an expression is null.
		in.part = func(*feel.Run, *feel.Scope) feel.Value { return nil }
		return in
	}
	in.typeRef = e.attr("typeRef")
	in.typ = b.typeRef(e, in.typeRef)
	subject := e.subject()
	if subject.id == "" {
		e.attributes = append(e.attributes, n.attributes...)
	}
	in.part = b.expression(e, "input expression", e.body(), s)
	return in
}

func (b *builder) output(n *node, s *feel.Symbols) output {
	o := output{name: feel.Name(n.raw("name")), typeRef: n.attr("typeRef"), allowed: b.allowed(n.child("outputValues"), s)}
	o.typ = b.typeRef(n, o.typeRef)
	if d := n.child("defaultOutputEntry"); d != nil && strings.TrimSpace(d.body()) != "" {
		o.defaultValue = b.expression(d, "default output", d.body(), s)
	}
	return o
}

// outputNames applies the rules about the columns as a whole.
func (b *builder) outputNames(n *node, t *table) {
	if len(t.outputs) == 0 {
		b.add(ruleNoOutput, n.subject(), "")
	}
	seen := map[string]bool{}
	ordered := false
	for i, o := range t.outputs {
		if len(t.outputs) > 1 && (o.name == "" || seen[o.name]) {
			b.add(ruleOutputName, n.all("output")[i].subject(), "")
		}
		seen[o.name] = true
		ordered = ordered || o.allowed != nil || o.typ != nil && o.typ.Allowed != nil
	}
	if !ordered && (t.policy == "PRIORITY" || t.policy == "OUTPUT ORDER") {
		b.add(rulePriority, n.subject(), "")
	}
}

func (b *builder) row(n *node, t *table, s *feel.Symbols) {
	r := row{id: n.attr("id"), line: n.line}
	inputs, outputs := n.all("inputEntry"), n.all("outputEntry")
	if len(inputs) != len(t.inputs) || len(outputs) != len(t.outputs) {
		b.add(ruleEntries, n.subject(), "the rule has %d input and %d output entries, the table %d inputs and %d outputs",
			len(inputs), len(outputs), len(t.inputs), len(t.outputs))
		return
	}
	for i, c := range inputs {
		r.tests = append(r.tests, b.cell(c, t.inputs[i], s))
	}
	for _, c := range outputs {
		source := c.body()
		if strings.TrimSpace(source) == "" || strings.TrimSpace(source) == "-" {
			r.outputs = append(r.outputs, func(*feel.Run, *feel.Scope) feel.Value { return nil })
			continue
		}
		r.outputs = append(r.outputs, b.typed(c, b.expression(c, "output entry", source, s)))
	}
	t.rules = append(t.rules, r)
}

func (b *builder) cell(n *node, in input, s *feel.Symbols) cell {
	source := n.body()
	if strings.TrimSpace(source) == "" || strings.TrimSpace(source) == "-" {
		return nil
	}
	if b.languageOf(n) != "feel" {
		part := b.expression(n, "input entry", source, s)
		return func(r *feel.Run, scope *feel.Scope, v feel.Value) feel.Value {
			inner := feel.NewScope(scope)
			inner.Put(in.name, v)
			inner.Put("cellInput", v)
			return part(r, inner)
		}
	}
	symbols := feel.NewSymbols(s)
	symbols.Define(in.name)
	tests, err := feel.CompileTests(source, symbols)
	if err != nil {
		b.expressionProblem(n.subject(), "input entry", source, err)
		part := failing(err.Error())
		return func(r *feel.Run, scope *feel.Scope, _ feel.Value) feel.Value { return part(r, scope) }
	}
	return func(r *feel.Run, scope *feel.Scope, v feel.Value) feel.Value {
		inner := feel.NewScope(scope)
		inner.Put(in.name, v)
		return tests.Match(r, inner, v)
	}
}

// hit is a rule that matches, with the values of its outputs.
type hit struct {
	rule    *row
	outputs []feel.Value
}

// match finds the rules that match, and the values of the inputs. check sees each value of an input and
// of an output first, and may change it.
func (t *table) match(r *feel.Run, s *feel.Scope, check checker) (hits []hit, values []feel.Value) {
	values = make([]feel.Value, len(t.inputs))
	for i, in := range t.inputs {
		values[i] = check.input(in, in.part(r, s))
	}
	for i := range t.rules {
		if !t.rules[i].matches(r, s, values) {
			continue
		}
		h := hit{rule: &t.rules[i]}
		for j, part := range t.rules[i].outputs {
			h.outputs = append(h.outputs, check.output(t.outputs[j], part(r, s)))
		}
		hits = append(hits, h)
		if t.policy == "FIRST" {
			break
		}
	}
	return hits, values
}

// checker is how the values of a table are seen by the standard, or by Camunda 7.
type checker struct {
	input  func(in input, v feel.Value) feel.Value
	output func(o output, v feel.Value) feel.Value
}

func (w *row) matches(r *feel.Run, s *feel.Scope, values []feel.Value) bool {
	for i, test := range w.tests {
		if test != nil && test(r, s, values[i]) != true {
			return false
		}
	}
	return true
}
