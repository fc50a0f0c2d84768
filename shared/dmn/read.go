package dmn

import (
	"cmp"
	"encoding/xml"
	"regexp"
	"slices"
	"strings"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/feel"
)

// Read returns the model of a DMN file. The error is a *fault.Error: ErrModel with every problem sorted
// by line, ErrNotWellFormed or ErrTooLarge. It never keeps data.
func Read(data []byte, o Options) (*Model, error) {
	m, problems, err := read(data, o)
	switch {
	case err != nil:
		f := fault.From(err)
		finish(f.Details, o.File)
		return nil, f
	case len(problems) > 0 && !(o.Lenient && m != nil):
		return nil, ErrModel.With(finish(problems, o.File)...)
	}
	if m != nil {
		m.problems = problems
	}
	return m, nil
}

func read(data []byte, o Options) (*Model, []fault.Detail, error) {
	if bound := cmp.Or(o.MaxBytes, defaultMaxBytes); int64(len(data)) > bound {
		return nil, nil, ErrTooLarge.Withf("The DMN file has %d bytes; at most %d are accepted.", len(data), bound)
	}
	root, err := parse(data)
	if err != nil {
		return nil, nil, err
	}
	b := &builder{options: o}
	if root.local != "definitions" || version(root.space) == "" && !(o.Lenient && declaresDMN(root)) {
		b.add(ruleNotDMN, root.subject(), "the root element is %s in the namespace %q, not the definitions of DMN", clip(root.local), clip(root.space))
		return nil, b.problems, nil
	}
	b.build(root)
	return b.model, b.problems, nil
}

// declaresDMN reports whether the root declares a namespace of DMN without being in it, as some of the
// conformance tests do.
func declaresDMN(root *node) bool {
	return slices.ContainsFunc(root.attributes, func(a xml.Attr) bool { return version(a.Value) != "" })
}

// Import is one that a file asks for: by namespace, with where its author kept it, if that is said.
type Import struct{ Namespace, Location string }

// Imports lists what a DMN file imports, so that those files can be read first, with its own namespace;
// nothing when it is no DMN.
func Imports(data []byte) (own string, imported []Import) {
	root, err := parse(data)
	if err != nil || root.local != "definitions" {
		return "", nil
	}
	for _, i := range root.all("import") {
		imported = append(imported, Import{i.attr("namespace"), i.attr("locationURI")})
	}
	return root.attr("namespace"), imported
}

// builder makes a model of a tree and collects the problems on the way.
type builder struct {
	options  Options
	model    *Model
	root     *node
	symbols  *feel.Symbols // types and members, for every expression
	language string
	problems []fault.Detail
}

func (b *builder) build(root *node) {
	b.root = root
	b.model = &Model{
		ID: root.attr("id"), Name: root.raw("name"), Namespace: root.attr("namespace"), Version: version(root.space),
		byID: map[string]*element{}, types: map[string]*feel.Type{}, imports: map[string]*Model{},
	}
	b.symbols = feel.NewSymbols(nil)
	b.language = root.attr("expressionLanguage")
	b.importModels()
	b.itemDefinitions()
	b.members(root)
	for _, n := range root.all(kindInput, kindDecision, kindKnowledge, kindService) {
		b.declare(n)
	}
	for _, e := range b.model.elements {
		b.require(e)
	}
	cyclic := b.cycles()
	for _, e := range b.model.elements {
		b.scope(e)
		b.logic(e)
		if cyclic[e] {
			e.body = failing("the element requires itself")
		}
	}
	if len(b.model.Decisions) == 0 && !b.options.Lenient {
		b.add(ruleNoDecision, root.subject(), "")
	}
}

func (b *builder) importModels() {
	for _, n := range b.root.all("import") {
		if kind := n.attr("importType"); kind != "" && version(strings.TrimSuffix(kind, "/")) == "" && version(kind) == "" {
			continue
		}
		name, m := feel.Name(n.raw("name")), b.given(n.attr("namespace"))
		switch {
		case m == b.model: // what it imports from itself it has
		case m != nil && name == "":
			b.model.merged = append(b.model.merged, m)
		case m != nil:
			b.model.imports[name] = m
		default:
			b.add(ruleImport, n.subject(), "the imported model %s is not known", clip(n.attr("namespace")))
		}
	}
}

// given is the model with that namespace: this one, or one handed in; nil when there is none.
func (b *builder) given(namespace string) *Model {
	if namespace == b.model.Namespace {
		return b.model
	}
	for _, m := range b.options.Imports {
		if m.Namespace == namespace {
			return m
		}
	}
	return nil
}

var days = regexp.MustCompile(`^(\d{1,6}|P\d{1,6}D)$`)

// declare makes the element of a node; what it requires is known only when all are there.
func (b *builder) declare(n *node) {
	e := &element{kind: n.local, id: n.attr("id"), model: b.model, node: n, name: feel.Name(n.raw("name"))}
	variable := n.child("variable")
	if variable != nil && variable.raw("name") != "" {
		e.name = feel.Name(variable.raw("name"))
	}
	if e.id == "" && n.local == kindDecision {
		b.add(ruleMissingID, n.subject(), "")
	}
	if _, taken := b.model.byID[e.id]; taken && e.id != "" {
		b.add(ruleDuplicateID, n.subject(), "")
	} else {
		b.model.byID[e.id] = e
	}
	b.model.elements = append(b.model.elements, e)
	if variable != nil {
		e.typ = b.typeRef(variable, variable.attr("typeRef"))
	}
	if n.local != kindDecision {
		return
	}
	d := &Decision{
		ID: e.id, Name: n.raw("name"), Line: n.line, element: e,
		VersionTag: n.extension("versionTag"), HistoryTimeToLive: n.extension("historyTimeToLive"),
	}
	if d.HistoryTimeToLive != "" && !days.MatchString(d.HistoryTimeToLive) {
		b.add(ruleTimeToLive, n.subject(), "")
	}
	b.model.Decisions = append(b.model.Decisions, d)
}

// require resolves the requirements of an element.
func (b *builder) require(e *element) {
	n := e.node
	for _, r := range n.all("informationRequirement") {
		for _, c := range r.all("requiredDecision", "requiredInput") {
			e.needs = b.reference(e.needs, c)
		}
	}
	for _, r := range n.all("knowledgeRequirement") {
		for _, c := range r.all("requiredKnowledge") {
			e.knowledge = b.reference(e.knowledge, c)
		}
	}
	for _, c := range n.all("outputDecision") {
		e.outputs = b.reference(e.outputs, c)
	}
	// The parameters of a service are its input data and then its input decisions (DMN §10.4).
	for _, c := range append(n.all("inputData"), n.all("inputDecision")...) {
		e.given = b.reference(e.given, c)
	}
}

// reference appends what an href names: #id, or namespace#id of an imported model.
func (b *builder) reference(list []*element, n *node) []*element {
	space, id, found := strings.Cut(n.attr("href"), "#")
	model := b.model
	if !found {
		id = space
	} else if space != "" {
		model = b.given(space)
	}
	if model != nil {
		if e := model.lookup(id, 0); e != nil {
			return append(list, e)
		}
	}
	s := n.subject()
	s.id = clip(id)
	b.add(ruleReference, s, "there is no element %s", clip(n.attr("href")))
	return list
}

// cycles finds the elements that require themselves through decisions, which no evaluation would end.
func (b *builder) cycles() map[*element]bool {
	state := map[*element]int{}
	cyclic := map[*element]bool{}
	var visit func(e *element)
	visit = func(e *element) {
		state[e] = 1
		for _, next := range e.needs {
			switch state[next] {
			case 0:
				visit(next)
			case 1:
				cyclic[e] = true
				b.add(ruleCycle, e.node.subject(), "the decision requires itself through %s", clip(next.name))
			}
		}
		state[e] = 2
	}
	for _, e := range b.model.elements {
		if state[e] == 0 {
			visit(e)
		}
	}
	return cyclic
}

// scope tells the names that the expressions of an element may use.
func (b *builder) scope(e *element) {
	e.symbols = feel.NewSymbols(b.symbols)
	if e.kind == kindKnowledge {
		e.symbols.Define(e.name)
	}
	for _, other := range append(append([]*element(nil), e.needs...), e.knowledge...) {
		if alias, imported := b.model.alias(other); imported {
			e.symbols.Define(alias)
			e.symbols.Member(other.name)
		} else {
			e.symbols.Define(other.name)
		}
	}
}

// members collects every name that may stand behind a point: components, columns, entries.
func (b *builder) members(n *node) {
	for _, c := range n.children {
		switch c.local {
		case "itemComponent", "column", "output", "parameter", "variable", kindDecision, kindInput, kindKnowledge, kindService:
			if name := c.raw("name"); name != "" {
				b.symbols.Member(name)
			}
		}
		b.members(c)
	}
}
