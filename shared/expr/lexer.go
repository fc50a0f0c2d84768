package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota // the closing brace
	tokenName
	tokenNumber
	tokenText
	tokenOperator
)

// operator is a sign or the word that means it.
type operator uint8

const (
	opNone operator = iota
	opOr
	opAnd
	opEqual
	opUnequal
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opAdd
	opSubtract
	opMultiply
	opDivide
	opModulo
	opNot
	opEmpty
	opQuestion
	opColon
	opOpen
	opClose
	opOpenIndex
	opCloseIndex
	opDot
	opComma
)

// words are the operators that are written as words (EL 2.2 §1.15).
var words = map[string]operator{
	"and": opAnd, "or": opOr, "not": opNot, "eq": opEqual, "ne": opUnequal, "lt": opLess, "le": opLessEqual,
	"gt": opGreater, "ge": opGreaterEqual, "div": opDivide, "mod": opModulo, "empty": opEmpty,
}

// signs are the other operators, a longer one before its beginning.
var signs = []struct {
	text string
	op   operator
}{
	{"&&", opAnd}, {"||", opOr}, {"==", opEqual}, {"!=", opUnequal}, {"<=", opLessEqual}, {">=", opGreaterEqual},
	{"<", opLess}, {">", opGreater}, {"+", opAdd}, {"-", opSubtract}, {"*", opMultiply}, {"/", opDivide}, {"%", opModulo},
	{"!", opNot}, {"?", opQuestion}, {":", opColon}, {"(", opOpen}, {")", opClose}, {"[", opOpenIndex}, {"]", opCloseIndex},
	{".", opDot}, {",", opComma},
}

type token struct {
	kind tokenKind
	op   operator
	text string // as it is in the source; of a text literal: without quotes and escapes
	at   int
}

// isWord reports whether the token may stand as a name behind a dot: there "empty" is no operator.
func (t token) isWord() bool {
	return t.kind == tokenName || t.kind == tokenOperator && words[t.text] != opNone
}

// lexer cuts an expression into tokens, from behind the opening delimiter to the closing brace.
type lexer struct {
	source string
	at     int
}

func (l *lexer) next() (token, error) {
	for l.at < len(l.source) && strings.IndexByte(" \t\r\n\f", l.source[l.at]) >= 0 {
		l.at++
	}
	start := l.at
	if start >= len(l.source) {
		return token{}, &SyntaxError{start, "the closing brace is missing"}
	}
	r, _ := utf8.DecodeRuneInString(l.source[start:])
	switch {
	case r == '}':
		l.at++
		return token{kind: tokenEnd, text: "}", at: start}, nil
	case r == '\'' || r == '"':
		return l.text(byte(r))
	case digits(l.source[start:]) > 0, r == '.' && digits(l.source[start+1:]) > 0:
		return l.number(), nil
	case nameStart(r):
		return l.name(), nil
	}
	for _, sign := range signs {
		if strings.HasPrefix(l.source[start:], sign.text) {
			l.at += len(sign.text)
			return token{tokenOperator, sign.op, sign.text, start}, nil
		}
	}
	return token{}, &SyntaxError{start, "unexpected character " + string(r)}
}

// nameStart and namePart follow Java's identifiers, so that names in any script are names.
func nameStart(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.In(r, unicode.Nl, unicode.Pc, unicode.Sc)
}

func namePart(r rune) bool {
	return nameStart(r) || unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc)
}

func (l *lexer) name() token {
	start := l.at
	for l.at < len(l.source) {
		r, size := utf8.DecodeRuneInString(l.source[l.at:])
		if !namePart(r) {
			break
		}
		l.at += size
	}
	t := token{tokenName, opNone, l.source[start:l.at], start}
	if t.op = words[t.text]; t.op != opNone {
		t.kind = tokenOperator
	}
	return t
}

// text reads a literal in quotes. A backslash escapes a quote and itself, and is kept before anything
// else, so that a regular expression needs no doubling (JUEL would refuse it).
func (l *lexer) text(quote byte) (token, error) {
	start := l.at
	var b strings.Builder
	for l.at++; l.at < len(l.source); l.at++ {
		c := l.source[l.at]
		switch {
		case c == quote:
			l.at++
			return token{tokenText, opNone, b.String(), start}, nil
		case c == '\\' && l.at+1 < len(l.source) && strings.IndexByte(`\'"`, l.source[l.at+1]) >= 0:
			l.at++
			b.WriteByte(l.source[l.at])
		default:
			b.WriteByte(c)
		}
	}
	return token{}, &SyntaxError{start, "the closing quote is missing"}
}

// number reads digits, a fraction and an exponent; 5. and .5 are numbers too (EL 2.2 §1.19).
func (l *lexer) number() token {
	start := l.at
	l.at += digits(l.source[l.at:])
	if l.at < len(l.source) && l.source[l.at] == '.' {
		l.at += 1 + digits(l.source[l.at+1:])
	}
	if rest := l.source[l.at:]; rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		signed := 1
		if len(rest) > 1 && (rest[1] == '+' || rest[1] == '-') {
			signed = 2
		}
		if n := digits(rest[min(signed, len(rest)):]); n > 0 {
			l.at += signed + n
		}
	}
	return token{tokenNumber, opNone, l.source[start:l.at], start}
}
