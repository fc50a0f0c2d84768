package dmn

import (
	"strings"
	"unicode/utf8"

	"diom.io/workflow/shared/feel"
)

// boxNames are the elements of boxed expressions (DMN §7.3, §10.2).
func boxNames() []string {
	return []string{
		"literalExpression", "decisionTable", "context", "invocation", "relation", "list", "functionDefinition",
		"conditional", "filter", "for", "every", "some",
	}
}

// failing is what a part becomes that cannot be executed: null with its reason.
func failing(reason string) feel.Part {
	return func(r *feel.Run, _ *feel.Scope) feel.Value { return r.Fail("%s", reason) }
}

// logic compiles what an element decides by.
func (b *builder) logic(e *element) {
	switch e.kind {
	case kindDecision:
		e.body = b.decision(e)
	case kindKnowledge:
		b.knowledge(e)
	case kindService:
		b.service(e)
	}
	for _, d := range b.model.Decisions {
		if d.element == e {
			d.describe()
		}
	}
}

func (b *builder) decision(e *element) feel.Part {
	n := e.node.child(boxNames()...)
	if n == nil {
		if !b.options.Lenient {
			b.add(ruleNoLogic, e.node.subject(), "")
		}
		return failing("the decision has no expression")
	}
	if n.local == "decisionTable" {
		e.table = b.table(n, e.symbols)
		return b.typed(n, e.table.part())
	}
	return b.box(n, e.symbols)
}

// describe fills in what a caller may know of a decision.
func (d *Decision) describe() {
	for _, e := range d.element.needs {
		if e.kind == kindDecision {
			d.Requires = append(d.Requires, e.id)
		}
	}
	d.Outputs = []string{d.element.name}
	if t := d.element.table; t != nil {
		d.Outputs = nil
		for _, o := range t.outputs {
			d.Outputs = append(d.Outputs, o.label(d.element))
		}
	}
}

// box compiles one boxed expression with its declared type.
func (b *builder) box(n *node, s *feel.Symbols) feel.Part {
	var part feel.Part
	switch n.local {
	case "literalExpression":
		part = b.literal(n, s)
	case "decisionTable":
		part = b.table(n, s).part()
	case "context":
		part = b.context(n, s)
	case "invocation":
		part = b.invocation(n, s)
	case "relation":
		part = b.relation(n, s)
	case "list":
		part = b.list(n, s)
	case "functionDefinition":
		part = b.function(n, s)
	case "conditional":
		part = feel.Conditional(b.within(n, "if", s), b.within(n, "then", s), b.within(n, "else", s))
	case "filter":
		part = b.filter(n, s)
	default:
		part = b.iteration(n, s)
	}
	return b.typed(n, part)
}

// typed coerces a result to the type that the expression declares.
func (b *builder) typed(n *node, part feel.Part) feel.Part {
	t := b.typeRef(n, n.attr("typeRef"))
	if t == nil {
		return part
	}
	return func(r *feel.Run, s *feel.Scope) feel.Value { return r.Coerce(part(r, s), t, "the result") }
}

// inner compiles the expression that stands in an element.
func (b *builder) inner(n *node, s *feel.Symbols) feel.Part {
	if c := n.child(boxNames()...); c != nil {
		return b.box(c, s)
	}
	if n != nil && !b.options.Lenient {
		b.add(ruleNoLogic, n.subject(), "the %s has no expression", n.local)
	}
	return failing("an expression is missing")
}

func (b *builder) within(n *node, local string, s *feel.Symbols) feel.Part {
	c := n.child(local)
	if c == nil {
		b.add(ruleNoLogic, n.subject(), "the %s has no %s", n.local, local)
		return failing(local + " is missing")
	}
	return b.inner(c, s)
}

// expressionProblem reports a text that is no expression, with its place.
func (b *builder) expressionProblem(s subject, what, source string, err error) {
	if syntax, ok := feel.IsSyntax(err); ok {
		offset := min(max(syntax.Offset, 0), len(source))
		b.add(ruleExpression, s, "the %s has a wrong expression at character %d: %s (%s)", what,
			utf8.RuneCountInString(source[:offset])+1, syntax.Message, clip(strings.TrimSpace(source)))
		return
	}
	b.add(ruleExpression, s, "the %s has a wrong expression: %s", what, err)
}

// expression compiles a text in the language of its element, or of the file.
func (b *builder) expression(n *node, what, source string, s *feel.Symbols) feel.Part {
	switch language := b.languageOf(n); language {
	case "feel":
		e, err := feel.Compile(source, s)
		if err != nil {
			b.expressionProblem(n.subject(), what, source, err)
			return failing(err.Error())
		}
		if e.External() {
			b.add(ruleFunction, n.subject(), "the %s defines a function in Java or PMML, which is not executed", what)
		}
		return e.Evaluate
	case "juel":
		return b.juel(n, what, source)
	default:
		b.add(ruleLanguage, n.subject(), "the %s is in %s, not in FEEL or JUEL", what, clip(language))
		return failing("the language " + language + " is not executed")
	}
}

// languageOf is feel, juel, or another language as it is called.
func (b *builder) languageOf(n *node) string {
	language := n.attr("expressionLanguage")
	if language == "" {
		language = b.language
	}
	lower := strings.ToLower(language)
	switch {
	case language == "" || strings.Contains(lower, "feel"):
		return "feel"
	case lower == "juel":
		return "juel"
	case strings.Contains(lower, "/dmn/"):
		return "feel"
	}
	return language
}

func (b *builder) literal(n *node, s *feel.Symbols) feel.Part {
	source := n.body()
	if strings.TrimSpace(source) == "" {
		if n.child("importedValues") != nil {
			b.add(ruleElement, n.subject(), "imported values are not read")
		} else if !b.options.Lenient {
			b.add(ruleNoLogic, n.subject(), "the literal expression is empty")
		}
		return failing("the expression is empty")
	}
	return b.expression(n, "literal expression", source, s)
}

// entry is one of a boxed context.
type entry struct {
	name string
	typ  *feel.Type
	part feel.Part
}

// context evaluates to its entries, or to the last one when that has no name (DMN §10.2.1.4).
func (b *builder) context(n *node, s *feel.Symbols) feel.Part {
	inner := feel.NewSymbols(s)
	var entries []entry
	for _, c := range n.all("contextEntry") {
		e := entry{}
		if v := c.child("variable"); v != nil {
			e.name, e.typ = feel.Name(v.raw("name")), b.typeRef(v, v.attr("typeRef"))
		}
		e.part = b.inner(c, inner)
		// Symbols may not change once an expression is compiled with them.
		inner = feel.NewSymbols(inner)
		if e.name != "" {
			inner.Define(e.name)
		}
		entries = append(entries, e)
	}
	return func(r *feel.Run, scope *feel.Scope) feel.Value {
		result, local := feel.NewContext(len(entries)), feel.NewScope(scope)
		for _, e := range entries {
			v := e.part(r, local)
			if _, ok := v.(*feel.Function); !ok || e.typ.Shape() == feel.KindFunction { // another type is that of its results
				v = r.Coerce(v, e.typ, "the entry "+e.name)
			}
			if e.name == "" {
				return v
			}
			result.Put(e.name, v)
			local.Put(e.name, v)
		}
		return result
	}
}

func (b *builder) list(n *node, s *feel.Symbols) feel.Part {
	var parts []feel.Part
	for _, c := range n.all(boxNames()...) {
		parts = append(parts, b.box(c, s))
	}
	return func(r *feel.Run, scope *feel.Scope) feel.Value {
		l := make(feel.List, len(parts))
		for i, p := range parts {
			l[i] = p(r, scope)
		}
		return l
	}
}

// relation is a list of contexts (DMN §10.2.1.6).
func (b *builder) relation(n *node, s *feel.Symbols) feel.Part {
	var columns []string
	var types []*feel.Type
	for _, c := range n.all("column") {
		columns = append(columns, feel.Name(c.raw("name")))
		types = append(types, b.typeRef(c, c.attr("typeRef")))
	}
	var rows [][]feel.Part
	for _, row := range n.all("row") {
		var cells []feel.Part
		for _, c := range row.all(boxNames()...) {
			cells = append(cells, b.box(c, s))
		}
		if len(cells) != len(columns) {
			b.add(ruleEntries, row.subject(), "the row has %d cells for %d columns", len(cells), len(columns))
			return failing("a row has not one cell a column")
		}
		rows = append(rows, cells)
	}
	return func(r *feel.Run, scope *feel.Scope) feel.Value {
		l := make(feel.List, len(rows))
		for i, cells := range rows {
			c := feel.NewContext(len(columns))
			for j, cell := range cells {
				c.Put(columns[j], r.Coerce(cell(r, scope), types[j], columns[j]))
			}
			l[i] = c
		}
		return l
	}
}

// invocation calls a function by its name with named arguments (DMN §10.2.1.3).
func (b *builder) invocation(n *node, s *feel.Symbols) feel.Part {
	function := b.inner(n, s)
	var names []string
	var parts []feel.Part
	for _, c := range n.all("binding") {
		p := c.child("parameter")
		if p == nil {
			continue
		}
		names = append(names, feel.Name(p.raw("name")))
		if c.child(boxNames()...) == nil {
			parts = append(parts, func(*feel.Run, *feel.Scope) feel.Value { return nil })
			continue
		}
		parts = append(parts, b.typed(p, b.inner(c, s)))
	}
	return func(r *feel.Run, scope *feel.Scope) feel.Value {
		f, ok := function(r, scope).(*feel.Function)
		if !ok {
			return r.Fail("what is invoked is no function")
		}
		arguments := make([]feel.Value, len(parts))
		for i, p := range parts {
			arguments[i] = p(r, scope)
		}
		return r.Invoke(f, arguments, names)
	}
}

// function makes a function value of a boxed function definition (DMN §10.2.1.7).
func (b *builder) function(n *node, s *feel.Symbols) feel.Part {
	if kind := n.attr("kind"); kind != "" && !strings.EqualFold(kind, "FEEL") {
		b.add(ruleFunction, n.subject(), "the function is in %s, which is not executed", clip(kind))
		return failing("functions in " + kind + " are not executed")
	}
	inner := feel.NewSymbols(s)
	var parameters []feel.Parameter
	for _, p := range n.all("formalParameter") {
		parameters = append(parameters, feel.Parameter{Name: feel.Name(p.raw("name")), Type: b.typeRef(p, p.attr("typeRef"))})
		inner.Define(p.raw("name"))
	}
	body := b.inner(n, inner)
	return func(_ *feel.Run, scope *feel.Scope) feel.Value {
		return &feel.Function{Parameters: parameters, Call: func(r *feel.Run, arguments []feel.Value) feel.Value {
			local := feel.NewScope(scope)
			for i, p := range parameters {
				local.Put(p.Name, arguments[i])
			}
			return body(r, local)
		}}
	}
}

func (b *builder) filter(n *node, s *feel.Symbols) feel.Part {
	match := n.child("match")
	inner := feel.NewSymbols(s)
	inner.Define("item")
	b.itemNames(inner)
	if match == nil {
		return failing("match is missing")
	}
	return feel.Filter(b.within(n, "in", s), b.inner(match, inner))
}

// itemNames are those that an item of a filter may bring.
func (b *builder) itemNames(s *feel.Symbols) {
	var walk func(n *node)
	walk = func(n *node) {
		for _, c := range n.all("itemComponent") {
			s.Define(c.raw("name"))
			walk(c)
		}
	}
	for _, n := range b.root.all("itemDefinition") {
		walk(n)
	}
}

// iteration is for, every or some (DMN 1.4 §10.2.2.11, .12).
func (b *builder) iteration(n *node, s *feel.Symbols) feel.Part {
	name := n.raw("iteratorVariable")
	inner := feel.NewSymbols(s)
	inner.Define(name)
	inner.Define("partial")
	list := b.within(n, "in", s)
	if n.local == "for" {
		return feel.For(name, list, b.within(n, "return", inner))
	}
	return feel.Quantified(n.local == "every", name, list, b.within(n, "satisfies", inner))
}
