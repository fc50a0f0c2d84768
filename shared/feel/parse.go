package feel

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// Expression is a compiled text. It is immutable and safe for concurrent use.
type Expression struct {
	source   string
	root     node
	free     []string
	external bool
}

// Source returns the text that was compiled.
func (e *Expression) Source() string { return e.source }

// Free returns the names that are neither known symbols nor built-in, sorted, each once: the variables that
// it looks up.
func (e *Expression) Free() []string { return slices.Clone(e.free) }

// External reports whether the text defines a function of Java or PMML, which gives null when it is called.
func (e *Expression) External() bool { return e.external }

// Evaluate runs the expression in a scope, which may be nil. Whether the budget sufficed is for Run.Err.
func (e *Expression) Evaluate(r *Run, s *Scope) Value {
	defer r.At(e.source)()
	return e.root.evaluate(r, s)
}

// Compile reads a FEEL expression (DMN §10.3.1.2, rule 1). The error is a *SyntaxError. symbols may be
// nil. A name that nobody knows is no error here: it is null when it is evaluated.
func Compile(source string, symbols *Symbols) (*Expression, error) {
	e := &Expression{source: source}
	p := newParser(source, symbols, builtinNames)
	err := p.run(func() { e.root = p.expression() })
	if err != nil {
		return nil, err
	}
	e.external = p.external
	slices.Sort(p.free)
	e.free = slices.Compact(p.free)
	return e, nil
}

func (p *parser) run(read func()) (err error) {
	if len(p.source) > maxSource {
		return &SyntaxError{maxSource, "the text is longer than 32 KiB"}
	}
	if !utf8.ValidString(p.source) {
		return &SyntaxError{0, "the text is not UTF-8"}
	}
	defer func() {
		if stopped := recover(); stopped != nil {
			b, ours := stopped.(bailed)
			if !ours {
				panic(stopped)
			}
			err = b.err
		}
	}()
	read()
	if p.space(); p.at < len(p.source) {
		return &SyntaxError{p.at, "something stands behind the expression"}
	}
	return nil
}

// IsSyntax reports whether an error is about the text of an expression, and where.
func IsSyntax(err error) (*SyntaxError, bool) {
	var syntax *SyntaxError
	ok := errors.As(err, &syntax)
	return syntax, ok
}

func (p *parser) expression() node {
	defer p.enter()()
	return p.disjunction()
}

// chain bounds how many operators of one sort stand in a row: each makes the tree deeper.
const maxChain = 2000

func (p *parser) disjunction() node {
	left := p.conjunction()
	for n := 0; p.keyword("or"); n++ {
		p.chained(n)
		left = logic{true, left, p.conjunction()}
	}
	return left
}

func (p *parser) conjunction() node {
	left := p.comparison()
	for n := 0; p.keyword("and"); n++ {
		p.chained(n)
		left = logic{false, left, p.comparison()}
	}
	return left
}

func (p *parser) chained(n int) {
	if n > maxChain {
		p.bail("more than %d operators in a row", maxChain)
	}
}

// comparator reads a relational sign.
func (p *parser) comparator() string {
	for _, sign := range [...]string{"<=", ">=", "!=", "<", ">", "="} {
		if p.take(sign) {
			return sign
		}
	}
	return ""
}

func (p *parser) comparison() node {
	left := p.operand()
	for n := 0; ; n++ {
		p.chained(n)
		p.space()
		switch {
		case p.keyword("between"):
			low := p.sum()
			p.needKeyword("and")
			left = between3{left, low, p.sum()}
		case p.keyword("in"):
			left = inside{left, p.inTests()}
		case p.keyword("instance"):
			p.needKeyword("of")
			left = instanceOf{left, p.typeName()}
		default:
			sign := p.comparator()
			if sign == "" {
				return left
			}
			left = relation{sign, left, p.operand()}
		}
	}
}

// operand of a comparison, and so any expression, may be a sign with an end, which is a range (rule 2.h):
// x = >= 2, {limit: < 5}.
func (p *parser) operand() node {
	if sign := p.comparator(); sign != "" {
		return boundOf(sign, p.sum())
	}
	return p.sum()
}

func (p *parser) sum() node {
	left := p.product()
	for n := 0; ; n++ {
		p.chained(n)
		switch {
		case p.take("+"):
			left = arithmetic{'+', left, p.product()}
		case p.is("-") && !p.is("->"):
			p.at++
			left = arithmetic{'-', left, p.product()}
		default:
			return left
		}
	}
}

func (p *parser) product() node {
	left := p.power()
	for n := 0; ; n++ {
		p.chained(n)
		switch {
		case p.is("*") && !p.is("**"):
			p.at++
			left = arithmetic{'*', left, p.power()}
		case p.take("/"):
			left = arithmetic{'/', left, p.power()}
		default:
			return left
		}
	}
}

func (p *parser) power() node {
	left := p.unary()
	for n := 0; p.take("**"); n++ {
		p.chained(n)
		left = arithmetic{'^', left, p.unary()}
	}
	return left
}

func (p *parser) unary() node {
	if p.take("-") {
		defer p.enter()()
		return negation{p.unary()}
	}
	return p.postfix()
}

// postfix reads what follows a value: a path, a filter, an invocation.
func (p *parser) postfix() node {
	base := p.primary()
	for n := 0; ; n++ {
		p.chained(n)
		switch {
		case p.is(".") && !p.is(".."):
			p.at++
			base = path{base, p.member()}
		case p.descends():
			base = descendants{base, p.member()}
		case p.is("[") && !p.endpoint:
			p.at++
			base = p.filter(base)
		case p.is("("):
			p.at++
			base = p.invocation(base)
		default:
			return base
		}
	}
}

// inner reads within brackets, where the end of a range around them does not matter.
func (p *parser) inner(read func()) {
	saved := p.endpoint
	p.endpoint = false
	read()
	p.endpoint = saved
}

func (p *parser) filter(base node) node {
	var condition node
	p.filters++
	p.inner(func() { condition = p.expression() })
	p.filters--
	p.need("]")
	return newFilter(base, condition)
}

func (p *parser) invocation(function node) node {
	c := call{function: function}
	p.inner(func() {
		for n := 0; !p.is(")"); n++ {
			if n > 0 {
				p.need(",")
			}
			name := p.argumentName()
			if n > 0 && (name != "") != (len(c.names) > 0) {
				p.bail("arguments are named all or none")
			}
			if name != "" {
				c.names = append(c.names, name)
			}
			c.arguments = append(c.arguments, p.expression())
		}
	})
	p.need(")")
	return c
}

// argumentName reads the name before a colon, if that is what stands here.
func (p *parser) argumentName() string {
	p.space()
	saved := p.at
	for p.at < len(p.source) {
		p.blanks()
		w := p.wordAt(p.at)
		c, size := utf8.DecodeRuneInString(p.source[p.at:])
		switch {
		case c == ':' && p.at > saved:
			name := Name(p.source[saved:p.at])
			p.at++
			return name
		case w != "":
			p.at += len(w)
		case p.at > saved && (isPart(c) || strings.ContainsRune(".-'", c)):
			p.at += size
		default:
			p.at = saved
			return ""
		}
	}
	p.at = saved
	return ""
}
