package dmn

import (
	"slices"

	"diom.io/workflow/shared/feel"
)

// result makes the value of a table of the rules that match, by its hit policy (DMN §8.2.10, §8.2.11).
func (t *table) result(r *feel.Run, s *feel.Scope, hits []hit) feel.Value {
	if len(hits) == 0 {
		return t.none(r, s)
	}
	switch t.policy {
	case "UNIQUE":
		if len(hits) > 1 {
			return r.Fail("the rules %s and %s match, and the table is unique", hits[0].rule.label(), hits[1].rule.label())
		}
	case "ANY":
		for _, h := range hits[1:] {
			if !r.Equal(t.value(h), t.value(hits[0])) {
				return r.Fail("the rules %s and %s match with different outputs", hits[0].rule.label(), h.rule.label())
			}
		}
	case "PRIORITY":
		t.order(r, hits)
	case "OUTPUT ORDER":
		t.order(r, hits)
		return t.values(hits)
	case "RULE ORDER":
		return t.values(hits)
	case "COLLECT":
		if t.aggregation != "" {
			return t.aggregated(r, hits)
		}
		return t.values(hits)
	}
	return t.value(hits[0])
}

func (w *row) label() string {
	if w.id != "" {
		return w.id
	}
	return "without an id"
}

// value is one rule's: the output, or a context of several.
func (t *table) value(h hit) feel.Value {
	if len(t.outputs) == 1 {
		return h.outputs[0]
	}
	c := feel.NewContext(len(t.outputs))
	for i, o := range t.outputs {
		c.Put(o.name, h.outputs[i])
	}
	return c
}

func (t *table) values(hits []hit) feel.Value {
	l := make(feel.List, len(hits))
	for i, h := range hits {
		l[i] = t.value(h)
	}
	return l
}

// none is the value when no rule matches: the defaults, if there are any; else an empty list of what is
// collected, 0 of a count, or null (DMN §10.3.2.10).
func (t *table) none(r *feel.Run, s *feel.Scope) feel.Value {
	has := false
	h := hit{outputs: make([]feel.Value, len(t.outputs))}
	for i, o := range t.outputs {
		if o.defaultValue != nil {
			has = true
			h.outputs[i] = r.Coerce(o.defaultValue(r, s), o.typ, "the output "+o.name)
		}
	}
	switch {
	case has:
		return t.value(h)
	case t.aggregation == "COUNT":
		v, _ := feel.Parse("0", "number")
		return v
	case t.aggregation == "" && t.policy == "COLLECT":
		return feel.List{}
	}
	return nil
}

// order sorts by the places of the outputs among the allowed values, the first column first; what is
// none of them comes last.
func (t *table) order(r *feel.Run, hits []hit) {
	rank := func(h hit, i int) int {
		tests := t.outputs[i].allowed
		if tests == nil && t.outputs[i].typ != nil {
			tests = t.outputs[i].typ.Allowed
		}
		if tests == nil {
			return 0
		}
		if at := tests.Index(r, h.outputs[i]); at >= 0 {
			return at
		}
		return 1 << 30
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		for i := range t.outputs {
			if c := rank(a, i) - rank(b, i); c != 0 {
				return c
			}
		}
		return 0
	})
}

var aggregations = map[string]string{"SUM": "sum", "MIN": "min", "MAX": "max", "COUNT": "count"}

// aggregated collects each output by the aggregation.
func (t *table) aggregated(r *feel.Run, hits []hit) feel.Value {
	h := hit{outputs: make([]feel.Value, len(t.outputs))}
	for i := range t.outputs {
		column := make(feel.List, len(hits))
		for j := range hits {
			column[j] = hits[j].outputs[i]
		}
		h.outputs[i] = r.Aggregate(aggregations[t.aggregation], column)
	}
	return t.value(h)
}
