package expr

import (
	"strconv"
	"strings"
)

// parser is a Pratt parser: one loop over the binary operators by how strongly they bind.
type parser struct {
	lexer      lexer
	expression *Expression
	current    token
	depth      int // of brackets, signs and ternaries
	colons     int // that ternaries around still wait for
}

// binding gives the strength of the binary operators (EL 2.2 §1.14); all of them are left-associative.
func binding(o operator) int {
	switch o {
	case opOr:
		return 1
	case opAnd:
		return 2
	case opEqual, opUnequal:
		return 3
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		return 4
	case opAdd, opSubtract:
		return 5
	case opMultiply, opDivide, opModulo:
		return 6
	}
	return 0
}

// parse reads one expression up to its closing brace and returns where the text goes on.
func (p *parser) parse() (node, int, error) {
	if err := p.advance(); err != nil {
		return nil, 0, err
	}
	root, err := p.ternary()
	if err != nil {
		return nil, 0, err
	}
	if p.current.kind != tokenEnd {
		return nil, 0, p.unexpected()
	}
	return root, p.lexer.at, nil
}

func (p *parser) advance() (err error) {
	p.current, err = p.lexer.next()
	return err
}

func (p *parser) unexpected() error {
	if p.current.kind == tokenEnd {
		return &SyntaxError{p.current.at, "something is missing before the closing brace"}
	}
	return &SyntaxError{p.current.at, "unexpected " + strconv.Quote(clip(p.current.text))}
}

// accept takes the operator when it is next.
func (p *parser) accept(o operator) (bool, error) {
	if p.current.op != o {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(o operator) error {
	if p.current.op != o {
		return p.unexpected()
	}
	return p.advance()
}

// enter bounds the recursion: a hostile text must not use up the stack, neither here nor in evaluate.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxNesting {
		return &SyntaxError{p.current.at, "the expression nests deeper than 64 levels"}
	}
	return nil
}

func (p *parser) tooLong() error {
	return &SyntaxError{p.current.at, "the expression has more than 256 operators in a row"}
}

func (p *parser) ternary() (node, error) {
	condition, err := p.binary(1)
	if err != nil || p.current.op != opQuestion {
		return condition, err
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	p.colons++
	yes, err := p.ternary()
	if err != nil {
		return nil, err
	}
	p.colons--
	if err := p.expect(opColon); err != nil {
		return nil, err
	}
	no, err := p.ternary()
	p.depth--
	return choice{condition, yes, no}, err
}

func (p *parser) binary(least int) (node, error) {
	left, err := p.unary()
	for n := 0; err == nil; n++ {
		o := p.current.op
		strength := binding(o)
		if strength == 0 || strength < least {
			return left, nil
		}
		if n >= maxChain {
			return nil, p.tooLong()
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		var right node
		right, err = p.binary(strength + 1)
		left = operation(o, left, right)
	}
	return nil, err
}

func (p *parser) unary() (node, error) {
	o := p.current.op
	if o != opNot && o != opSubtract && o != opEmpty {
		return p.postfix()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	operand, err := p.unary()
	p.depth--
	switch o {
	case opNot:
		return negation{operand}, err
	case opSubtract:
		return minus{operand}, err
	}
	return emptiness{operand, root(operand, false)}, err
}

func (p *parser) postfix() (node, error) {
	base, err := p.primary()
	for n := 0; err == nil; n++ {
		o := p.current.op
		switch {
		case o != opDot && o != opOpenIndex:
			return base, nil
		case n >= maxChain:
			return nil, p.tooLong()
		case o == opDot:
			base, err = p.member(base)
		default:
			base, err = p.index(base)
		}
	}
	return nil, err
}

// inner reads a bracketed expression; the opening bracket is the current token.
func (p *parser) inner(closing operator) (node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	colons := p.colons
	p.colons = 0
	n, err := p.ternary()
	if err != nil {
		return nil, err
	}
	p.colons = colons
	p.depth--
	return n, p.expect(closing)
}

func (p *parser) index(base node) (node, error) {
	key, err := p.inner(opCloseIndex)
	return access{base, key}, err
}

func (p *parser) member(base node) (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	name := p.current
	if !name.isWord() {
		return nil, p.unexpected()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.current.op != opOpen {
		return access{base, constant{name.text}}, nil
	}
	arguments, err := p.arguments()
	if target := root(base, true); target != "" {
		p.expression.calls = append(p.expression.calls, target)
	}
	p.expression.called(base, name.text, len(arguments))
	return method{base, name.text, arguments}, err
}

func (p *parser) arguments() ([]node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	colons := p.colons
	p.colons = 0
	var list []node
	for more := p.current.op != opClose; more; {
		argument, err := p.ternary()
		if err != nil {
			return nil, err
		}
		list = append(list, argument)
		if more, err = p.accept(opComma); err != nil {
			return nil, err
		}
	}
	p.colons = colons
	p.depth--
	return list, p.expect(opClose)
}

func (p *parser) primary() (node, error) {
	t := p.current
	switch {
	case t.kind == tokenNumber:
		value, err := parseNumber(t.text)
		if _, whole := value.(int64); err != nil || !whole && !strings.ContainsAny(t.text, ".eE") {
			return nil, &SyntaxError{t.at, "the number " + clip(t.text) + " is out of range"}
		}
		return constant{value}, p.advance()
	case t.kind == tokenText:
		return constant{t.text}, p.advance()
	case t.kind == tokenName:
		return p.name()
	case t.op == opOpen:
		return p.inner(opClose)
	}
	return nil, p.unexpected()
}

// name reads a literal word, a function call or an identifier.
func (p *parser) name() (node, error) {
	t := p.current
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch t.text {
	case "true":
		return constant{true}, nil
	case "false":
		return constant{false}, nil
	case "null":
		return constant{nil}, nil
	}
	if p.current.op == opColon && p.colons == 0 { // ns:name(…); no namespace is known
		return nil, &SyntaxError{t.at, "there are no functions in a namespace " + clip(t.text)}
	}
	if p.current.op == opOpen {
		return p.function(t)
	}
	p.expression.identifiers = append(p.expression.identifiers, t.text)
	return identifier(t.text), nil
}

func (p *parser) function(name token) (node, error) {
	f, ok := functions[name.text]
	if !ok {
		return nil, &SyntaxError{name.at, "there is no function " + clip(name.text)}
	}
	arguments, err := p.arguments()
	if err != nil {
		return nil, err
	}
	if len(arguments) != f.takes {
		return nil, &SyntaxError{name.at, name.text + " takes " + strconv.Itoa(f.takes) + " arguments, not " + strconv.Itoa(len(arguments))}
	}
	return call{f.run, arguments}, nil
}
