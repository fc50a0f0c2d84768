package dmn

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/feel"
)

// Result is the outcome of a decision in Camunda 7's form.
type Result struct {
	// Rules has one map for each rule that matched, in order: the outputs by their names. A collected
	// value, and the result of a decision that is no table, is one map.
	Rules []map[string]expr.Value
	// Evaluated are the decisions in the order in which they were made, the asked one last.
	Evaluated []Evaluated
	// Diagnostics say where null stands for a mistake.
	Diagnostics []feel.Diagnostic
}

// Evaluated is one decision that was made, for its history.
type Evaluated struct {
	DecisionID string
	// Inputs are the values of a table's inputs.
	Inputs []expr.Value
	// Matched are the ids of the rules that matched, in order.
	Matched []string
	Rules   []map[string]expr.Value
}

// Evaluate makes a decision as Camunda 7 does, with all it requires (see the package comment). variables
// are seen by every expression. The error is ErrNoDecision, ErrEvaluation or ErrBudget. A decision may be
// a table with any hit policy, also those that Camunda 7 has not (PRIORITY and OUTPUT ORDER), or any
// other expression.
func (m *Model) Evaluate(decisionID string, variables map[string]expr.Value, now time.Time) (*Result, error) {
	d := m.Decision(decisionID)
	if d == nil {
		return nil, ErrNoDecision.Withf("The model has no decision with the id %q.", clip(decisionID))
	}
	run := feel.NewRun(now)
	scope := feel.NewScope(nil)
	for name, v := range variables {
		scope.Put(feel.Name(name), feel.FromValue(v))
	}
	e := &evaluation{run: run, scope: scope, result: &Result{}, made: map[*element]bool{}, frame: newFrame(run, m, 0)}
	rules, err := e.decide(d.element)
	if err != nil {
		return nil, err
	}
	e.result.Rules = rules
	e.result.Diagnostics = run.Diagnostics()
	return e.result, nil
}

// evaluation is one run of Evaluate: one scope for all decisions.
type evaluation struct {
	run    *feel.Run
	scope  *feel.Scope
	frame  *frame
	result *Result
	made   map[*element]bool
}

// decide makes the decisions that e requires, each once, then e itself.
func (v *evaluation) decide(e *element) ([]map[string]expr.Value, error) {
	v.made[e] = true
	for _, needed := range e.needs {
		if needed.kind != kindDecision || v.made[needed] {
			continue
		}
		if _, err := v.decide(needed); err != nil {
			return nil, err
		}
	}
	for _, k := range e.knowledge {
		v.scope.Put(k.name, v.frame.value(k))
	}
	if e.table != nil {
		return v.table(e)
	}
	value := v.run.Coerce(e.body(v.run, v.scope), e.typ, "the decision "+e.name)
	if err := v.failed(e); err != nil {
		return nil, err
	}
	v.publish(e, value)
	rules := []map[string]expr.Value{{e.node.label(): feel.ToValue(value)}}
	v.result.Evaluated = append(v.result.Evaluated, Evaluated{DecisionID: e.id, Rules: rules})
	return rules, nil
}

// label is the name of the variable as it is written, else that of the decision, else its id.
func (n *node) label() string {
	if v := n.child("variable"); v != nil && v.raw("name") != "" {
		return v.raw("name")
	}
	if name := n.raw("name"); name != "" {
		return name
	}
	return n.attr("id")
}

// publish makes a result visible to the decisions that follow, under the names of the decision.
func (v *evaluation) publish(e *element, value feel.Value) {
	for _, name := range []string{e.name, feel.Name(e.node.raw("name")), feel.Name(e.id)} {
		if name != "" {
			v.scope.Put(name, value)
		}
	}
}

func (v *evaluation) failed(e *element) error {
	err := v.run.Err()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, feel.ErrBudget):
		return ErrBudget
	}
	return ErrEvaluation.Withf("The decision %s cannot be evaluated: %s", e.id, sentence(err.Error()))
}

func (v *evaluation) table(e *element) ([]map[string]expr.Value, error) {
	t := e.table
	var wrong error
	hits, values := t.match(v.run, v.scope, checker{
		input: func(in input, value feel.Value) feel.Value {
			converted, err := convert(value, in.typeRef)
			if err != nil {
				wrong = ErrEvaluation.Withf("The decision %s cannot be evaluated: an input %s.", e.id, err)
			}
			return converted
		},
		output: func(o output, value feel.Value) feel.Value {
			if converted, err := convert(value, o.typeRef); err == nil {
				return converted
			}
			return value
		},
	})
	if err := v.failed(e); err != nil || wrong != nil {
		return nil, errors.Join(wrong, err)
	}
	before := len(v.run.Diagnostics())
	value := t.result(v.run, v.scope, hits)
	if value == nil && len(hits) > 1 && (t.policy == "UNIQUE" || t.policy == "ANY") {
		return nil, ErrEvaluation.Withf("The decision %s cannot be evaluated: %s.", e.id, v.reason(before))
	}
	rules := t.rulesOf(e, hits, value)
	if err := v.failed(e); err != nil {
		return nil, err
	}
	v.publish(e, value)
	t.publishOutputs(v.scope, e, rules)
	record := Evaluated{DecisionID: e.id, Rules: rules}
	for _, in := range values {
		record.Inputs = append(record.Inputs, feel.ToValue(in))
	}
	for _, h := range hits {
		record.Matched = append(record.Matched, h.rule.id)
	}
	v.result.Evaluated = append(v.result.Evaluated, record)
	return rules, nil
}

func (v *evaluation) reason(before int) string {
	if d := v.run.Diagnostics(); len(d) > before {
		return d[before].Message
	}
	return "the rules that match disagree"
}

// rulesOf is the list of Camunda 7: a map a rule, or the one value of a policy that chooses or collects.
func (t *table) rulesOf(e *element, hits []hit, value feel.Value) []map[string]expr.Value {
	rules := []map[string]expr.Value{}
	switch {
	case len(hits) == 0 && (value == nil || isEmpty(value)):
	case t.lists() && len(hits) > 0:
		for _, h := range hits {
			rules = append(rules, t.mapOf(e, t.value(h)))
		}
	default:
		rules = append(rules, t.mapOf(e, value))
	}
	return rules
}

// lists reports whether the policy gives every rule that matches.
func (t *table) lists() bool {
	return t.policy == "RULE ORDER" || t.policy == "OUTPUT ORDER" || t.policy == "COLLECT" && t.aggregation == ""
}

func isEmpty(v feel.Value) bool {
	l, ok := v.(feel.List)
	return ok && len(l) == 0
}

// mapOf names the outputs of one value.
func (t *table) mapOf(e *element, value feel.Value) map[string]expr.Value {
	if len(t.outputs) == 1 {
		return map[string]expr.Value{t.outputs[0].label(e): feel.ToValue(value)}
	}
	m := map[string]expr.Value{}
	c, _ := value.(*feel.Context)
	for _, o := range t.outputs {
		if c != nil {
			v, _ := c.Get(o.name)
			m[o.name] = feel.ToValue(v)
		}
	}
	return m
}

// publishOutputs sets each output for the decisions that follow (DefaultDmnDecisionContext): one rule
// gives the values, several give lists, as do the policies that list even one.
func (t *table) publishOutputs(s *feel.Scope, e *element, rules []map[string]expr.Value) {
	for _, o := range t.outputs {
		name := o.label(e)
		switch {
		case len(rules) == 0:
		case len(rules) == 1 && !t.lists():
			s.Put(feel.Name(name), feel.FromValue(rules[0][name]))
		default:
			l := make(feel.List, len(rules))
			for i, r := range rules {
				l[i] = feel.FromValue(r[name])
			}
			s.Put(feel.Name(name), l)
		}
	}
}

// convert applies a type of Camunda 7 to a value: numbers are read from texts and cut where the type is
// whole, texts are made of anything; other types leave the value as it is.
func convert(v feel.Value, typeRef string) (feel.Value, error) {
	if v == nil {
		return nil, nil
	}
	switch strings.ToLower(typeRef[strings.LastIndexByte(typeRef, ':')+1:]) {
	case "integer", "long", "double", "number":
		return toNumber(v, strings.EqualFold(typeRef, "integer") || strings.EqualFold(typeRef, "long"))
	case "string":
		if _, isText := v.(string); !isText && slices.Contains([]string{"number", "boolean"}, feel.Kind(v)) {
			return feel.String(v), nil
		}
	case "boolean":
		if s, isText := v.(string); isText {
			b, err := strconv.ParseBool(strings.ToLower(s))
			if err != nil {
				return nil, errors.New("is no boolean")
			}
			return b, nil
		}
	}
	return v, nil
}

func toNumber(v feel.Value, whole bool) (feel.Value, error) {
	if s, isText := v.(string); isText {
		n, ok := feel.Parse(strings.TrimSpace(s), "number")
		if !ok {
			return nil, errors.New("is no number")
		}
		v = n
	}
	if whole && feel.Kind(v) == "number" {
		v = feel.Truncate(v)
	}
	return v, nil
}
