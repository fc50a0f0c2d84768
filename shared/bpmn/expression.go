package bpmn

import (
	"errors"
	"strings"
	"unicode/utf8"

	"diom.io/workflow/shared/expr"
)

// expression compiles text without the white space around it; nil when nothing is left or when it
// has a syntax error, which is reported with its place. where is what a person finds in the file:
// "attribute assignee".
func (r *reader) expression(s subject, where, text string) *expr.Expression {
	e := r.unchecked(s, where, text)
	r.bean(s, where, e)
	return e
}

// unchecked is expression where a bean may be called, because a worker can answer.
func (r *reader) unchecked(s subject, where, text string) *expr.Expression {
	source := strings.TrimSpace(text)
	if source == "" {
		return nil
	}
	leading := text[:strings.Index(text, source)]
	return r.compile(s, where, source, utf8.RuneCountInString(leading))
}

// compile is expression for a source as it stands; skipped characters came before it.
func (r *reader) compile(s subject, where, source string, skipped int) *expr.Expression {
	compiled, err := expr.CompileJUEL(source)
	if err == nil {
		return compiled
	}
	var syntax *expr.SyntaxError
	if !errors.As(err, &syntax) {
		r.add(ruleBadExpression, s, "the %s has a wrong expression: %s", where, err)
		return nil
	}
	offset := min(max(syntax.Offset, 0), len(source))
	r.add(ruleBadExpression, s, "the %s has a wrong expression at character %d: %s (%s)", where,
		skipped+utf8.RuneCountInString(source[:offset])+1, strings.TrimRight(syntax.Message, "."), clip(source))
	return nil
}

// condition reads a conditionExpression (BPMN 2.0.2 §8.4.13). One in JUEL must hold an expression: text alone is never true. It is present, but nil, when it is wrong.
func (r *reader) condition(n *node, s subject) (condition *expr.Expression, present bool) {
	s.line = n.line
	r.judge(n, s)
	text := n.text
	if resource := n.extension("resource"); resource != "" {
		var found bool
		if text, found = r.file(s, resource); !found {
			return nil, true
		}
	}
	if !r.formal(n, s) {
		return nil, true
	}
	if strings.TrimSpace(text) == "" {
		r.add(ruleEmptyCondition, s, "")
		return nil, false
	}
	condition = r.formula(n, s, "condition", text)
	if condition != nil && condition.IsLiteral() {
		r.add(ruleLiteralCondition, s, "the condition is plain text and can be neither true nor false: %s", clip(condition.Source()))
	}
	return condition, true
}

// formal reports whether an expression element is a formal expression in JUEL or FEEL: xsi:type and
// language are absent or say so. The expressionLanguage of the definitions is not consulted: modelers
// write XPath there and JUEL below it.
func (r *reader) formal(n *node, s subject) bool {
	if language := n.attr("language"); language != "" && !strings.EqualFold(language, "juel") && !isFEEL(n) {
		r.add(ruleUnsupportedLanguage, s, "the expression is in %s, neither in JUEL nor in FEEL", clip(language))
		return false
	}
	for _, a := range n.attributes {
		if a.space != spaceXSI || a.local != "type" {
			continue
		}
		kind := strings.TrimSpace(a.value)
		if local := kind[strings.LastIndexByte(kind, ':')+1:]; local != "tFormalExpression" {
			r.add(ruleUnsupportedLanguage, s, "the expression has the type %s, not tFormalExpression", clip(kind))
			return false
		}
	}
	return true
}
