package feel

// Tests are compiled unary tests (DMN §10.3.1.2, rules 15 to 18): the entry of a decision table, or
// allowed values.
type Tests struct {
	source  string
	any     bool // - or nothing
	negated bool
	tests   []test
}

// test is one of them: a comparison with a sign, or a value or condition.
type test struct {
	sign  string
	value node
	// asks is set when the condition uses ?.
	asks bool
	// plain tells that a condition that does not ask counts as any other value.
	plain bool
}

// Source returns the text that was compiled.
func (t *Tests) Source() string { return t.source }

// Plain makes a condition count only when it uses ?, as allowed values have it; another boolean is a
// value like the rest.
func (t *Tests) Plain() *Tests {
	for i := range t.tests {
		t.tests[i].plain = true
	}
	return t
}

// IsAny reports whether every input passes.
func (t *Tests) IsAny() bool { return t.any }

// CompileTests reads unary tests; the error is a *SyntaxError.
func CompileTests(source string, symbols *Symbols) (*Tests, error) {
	t := &Tests{source: source}
	p := newParser(source, symbols, builtinNames)
	err := p.run(func() {
		if p.space(); p.at == len(p.source) {
			t.any = true
			return
		}
		if p.take("-") && p.atEnd() {
			t.any = true
			return
		}
		p.at = 0
		p.tests(t)
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (p *parser) atEnd() bool {
	p.space()
	return p.at == len(p.source)
}

func (p *parser) tests(t *Tests) {
	if p.keyword("not") && p.take("(") {
		t.tests = p.testList()
		if p.take(")") && p.atEnd() {
			t.negated = true
			return
		}
	}
	p.at = 0
	if p.take("(") && !p.is("..") {
		p.inner(func() { t.tests = p.testList() })
		if len(t.tests) > 1 && p.take(")") && p.atEnd() {
			return
		}
	}
	p.at = 0
	t.tests = p.testList()
}

func (p *parser) testList() []test {
	var list []test
	for n := 0; n == 0 || p.take(","); n++ {
		list = append(list, p.test())
	}
	return list
}

func (p *parser) test() test {
	if sign := p.comparator(); sign != "" {
		return test{sign: sign, value: p.sum()}
	}
	saved := p.asksInput
	p.asksInput = false
	t := test{value: p.expression()}
	t.asks = p.asksInput
	p.asksInput = saved || t.asks
	return t
}

// inTests reads what follows in: tests in brackets, or one without.
func (p *parser) inTests() []test {
	if p.space(); !p.is("(") {
		if sign := p.comparator(); sign != "" {
			return []test{{sign: sign, value: p.sum()}}
		}
		return []test{{value: p.sum()}}
	}
	start := p.at
	p.at++
	var list []test
	p.inner(func() { list = p.testList() })
	if len(list) == 1 && list[0].sign == "" && p.is("..") || !p.take(")") {
		p.at = start
		return []test{{value: p.sum()}}
	}
	return list
}

// Match tests an input in a scope, which may be nil: true, false, or nil where a comparison is.
func (t *Tests) Match(r *Run, s *Scope, input Value) Value {
	if t.any {
		return true
	}
	defer r.At(t.source)()
	result := r.matchAny(t.tests, s, input)
	if t.negated {
		return not(result)
	}
	return result
}

func (r *Run) matchAny(tests []test, s *Scope, input Value) Value {
	var result Value = false
	inner := NewScope(s)
	inner.Put("?", input)
	for _, t := range tests {
		if result = or(result, t.match(r, inner, input)); result == true || r.err != nil {
			return result
		}
	}
	return result
}

func (t test) match(r *Run, s *Scope, input Value) Value {
	if !r.step(1) {
		return nil
	}
	if u, ok := t.value.(unequal); ok {
		return r.relation("!=", input, u.value.evaluate(r, s))
	}
	v := t.value.evaluate(r, s)
	if _, isRange := t.value.(rangeNode); isRange && v == nil {
		return nil
	}
	if t.sign != "" {
		return r.quietly(func() Value { return r.relation(t.sign, input, v) })
	}
	if t.asks && v == nil {
		return nil
	}
	if b, ok := v.(bool); ok {
		if t.asks {
			return b
		}
		if _, isBool := input.(bool); !isBool && !t.plain && t.isCondition() {
			return b
		}
	}
	return r.quietly(func() Value { return r.matchValue(input, v) })
}

// quietly keeps comparisons that are part of a test from being told as mistakes.
func (r *Run) quietly(f func() Value) Value {
	r.quiet++
	defer func() { r.quiet-- }()
	return f()
}

// isCondition tells a condition about other values than the input from a value.
func (t test) isCondition() bool {
	if _, ok := t.value.(call); ok {
		return true
	}
	if _, ok := t.value.(constant); ok {
		return false
	}
	return isBoolean(t.value)
}

// matchValue is e1 in e2 for a value e2 (DMN table 55): a range holds it, a list has it or a range that
// holds it, or it is the same.
func (r *Run) matchValue(input, v Value) Value {
	switch x := v.(type) {
	case *Range:
		if _, both := input.(*Range); !both {
			return r.includes(x, input)
		}
	case List:
		if r.Equal(input, v) {
			return true
		}
		var result Value = false
		for _, e := range x {
			if !r.step(1) {
				return nil
			}
			if g, ok := e.(*Range); ok {
				result = or(result, r.includes(g, input) == true)
			} else {
				result = or(result, r.Equal(input, e))
			}
		}
		return result
	}
	same, known := r.equal(input, v)
	if !known {
		return nil
	}
	return same
}

type inside struct {
	value node
	tests []test
}

func (n inside) evaluate(r *Run, s *Scope) Value {
	return r.matchAny(n.tests, s, n.value.evaluate(r, s))
}
