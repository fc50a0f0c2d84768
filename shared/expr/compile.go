package expr

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where a text is not an expression; Offset counts bytes from the beginning of the
// source.
type SyntaxError struct {
	Offset  int
	Message string
}

// Error returns the message with its place.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at offset %d", e.Message, e.Offset) }

// Expression is a compiled text. It is immutable and safe for concurrent use.
type Expression struct {
	source      string
	parts       []node // more than one: their texts are joined
	literal     bool
	identifiers []string
	calls       []string
	beans       []string
}

// CompileJUEL compiles a text with expressions in it: ${…} and #{…} are equal, \${ is the text ${, a
// lone expression keeps its type, otherwise the parts are joined as text (EL 2.2 §1.2, Camunda 7). The
// error is a *SyntaxError. The source is UTF-8 of at most 8 KiB and nests at most 64 levels, with
// at most 256 operators in a row.
func CompileJUEL(source string) (*Expression, error) {
	if len(source) > maxSource {
		return nil, &SyntaxError{maxSource, "the text is longer than 8 KiB"}
	}
	if !utf8.ValidString(source) {
		return nil, &SyntaxError{0, "the text is not UTF-8"}
	}
	e := &Expression{source: source, literal: true}
	var text strings.Builder
	for at := 0; at < len(source); {
		switch rest := source[at:]; {
		case opens(rest):
			e.flush(&text)
			p := &parser{lexer: lexer{source: source, at: at + 2}, expression: e}
			root, end, err := p.parse()
			if err != nil {
				return nil, err
			}
			e.parts, e.literal, at = append(e.parts, root), false, end
		case rest[0] == '\\' && opens(rest[1:]):
			text.WriteString(rest[1:3])
			at += 3
		default:
			text.WriteByte(rest[0])
			at++
		}
	}
	if e.flush(&text); len(e.parts) == 0 {
		e.parts = []node{constant{""}}
	}
	slices.Sort(e.identifiers)
	e.identifiers = slices.Compact(e.identifiers)
	slices.Sort(e.calls)
	e.calls = slices.Compact(e.calls)
	slices.Sort(e.beans)
	e.beans = slices.Compact(e.beans)
	return e, nil
}

func opens(text string) bool {
	return strings.HasPrefix(text, "${") || strings.HasPrefix(text, "#{")
}

// flush ends a stretch of text between expressions.
func (e *Expression) flush(text *strings.Builder) {
	if text.Len() > 0 {
		e.parts = append(e.parts, constant{text.String()})
		text.Reset()
	}
}

// Source returns the text that was compiled.
func (e *Expression) Source() string { return e.source }

// IsLiteral reports whether there is no expression in the text.
func (e *Expression) IsLiteral() bool { return e.literal }

// Identifiers returns the names that the expression looks up, sorted, each once.
func (e *Expression) Identifiers() []string { return slices.Clone(e.identifiers) }

// Calls returns the identifiers at the root of a method call, sorted, each once: a.b.run() gives a.
// They are variables, objects such as execution, or beans that the expression needs.
func (e *Expression) Calls() []string { return slices.Clone(e.calls) }
