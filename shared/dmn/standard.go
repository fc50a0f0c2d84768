package dmn

import "diom.io/workflow/shared/feel"

// standard checks the values of a table as DMN has it (§8.3.2, §8.3.3): one that is not among the input or
// output values, or not allowed by the type of the column, is null.
type standard struct {
	run   *feel.Run
	scope *feel.Scope
}

// permits tests a value, or each element of a list.
func (c *standard) permits(tests *feel.Tests, v feel.Value) bool {
	if tests == nil || tests.Match(c.run, c.scope, v) == true {
		return true
	}
	l, ok := v.(feel.List)
	for _, e := range l {
		ok = ok && tests.Match(c.run, c.scope, e) == true
	}
	return ok && len(l) > 0
}

func (c *standard) refuse(what string, v feel.Value) feel.Value {
	return c.run.Fail("%s has the value %s, which is not allowed", what, clip(feel.String(v)))
}

func (c *standard) input(in input, v feel.Value) feel.Value {
	if v == nil {
		return nil
	}
	if !c.permits(in.allowed, v) {
		return c.refuse("an input", v)
	}
	if in.allowed == nil && in.typ.Restricts() && c.run.Coerce(v, in.typ, "an input") == nil {
		return c.refuse("an input", v)
	}
	return v
}

func (c *standard) output(o output, v feel.Value) feel.Value {
	if v == nil {
		return nil
	}
	result := c.run.Coerce(v, o.typ, "the output "+o.name)
	if result != nil && !c.permits(o.allowed, result) {
		return c.refuse("the output "+o.name, v)
	}
	return result
}

// part evaluates the table by the standard.
func (t *table) part() feel.Part {
	return func(r *feel.Run, s *feel.Scope) feel.Value {
		c := &standard{run: r, scope: s}
		hits, _ := t.match(r, s, checker{input: c.input, output: c.output})
		return t.result(r, s, hits)
	}
}
