package bpmn

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/feel"
)

// languageFEEL is the name of FEEL in attributes: scriptFormat, and language of an expression.
const languageFEEL = "feel"

// isFEEL reports whether an expression element says that it is in FEEL, by the name or by a namespace of DMN.
func isFEEL(n *node) bool {
	language := strings.ToLower(n.attr("language"))
	return language == languageFEEL || strings.HasPrefix(language, "http") && slices.Contains(strings.Split(language, "/"), languageFEEL)
}

// feel compiles a text in FEEL; nil when it is empty or wrong, which is reported with its place. An = before
// it, which some modelers write, is no part of it.
func (r *reader) feel(s subject, where, text string) *expr.Expression {
	source := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "="))
	if source == "" {
		return nil
	}
	compiled, err := feel.Compile(source, nil)
	if err == nil {
		return expr.Other(source, compiled.Free(), func(e *expr.Environment) (expr.Value, error) { return evaluateFEEL(compiled, e) })
	}
	var syntax *feel.SyntaxError
	if !errors.As(err, &syntax) {
		r.add(ruleBadExpression, s, "the %s has a wrong expression: %s", where, err)
		return nil
	}
	at := strings.Index(text, source) + min(max(syntax.Offset, 0), len(source))
	r.add(ruleBadExpression, s, "the %s has a wrong expression at character %d: %s (%s)", where,
		utf8.RuneCountInString(text[:at])+1, strings.TrimRight(syntax.Message, "."), clip(source))
	return nil
}

// evaluateFEEL runs an expression on the variables that an environment shows. What goes wrong within gives
// null, as FEEL has it; only what is too expensive is an error.
func evaluateFEEL(x *feel.Expression, e *expr.Environment) (expr.Value, error) {
	now := e.Now
	if e.Location != nil {
		now = now.In(e.Location)
	}
	run := feel.NewRun(now)
	value := x.Evaluate(run, feel.NewLookup(func(name string) (feel.Value, bool) {
		if e.Variable == nil {
			return nil, false
		}
		v, ok := e.Variable(name)
		return feel.FromValue(v), ok
	}))
	if err := run.Err(); err != nil {
		return nil, &expr.EvaluationError{Code: expr.CodeBudgetExceeded, Message: err.Error()}
	}
	return feel.ToValue(value), nil
}

// inJUEL is formal where texts are joined before they are compiled, which only JUEL's can be.
func (r *reader) inJUEL(n *node, s subject) bool {
	if isFEEL(n) {
		r.add(ruleUnsupportedLanguage, s, "the expression is in FEEL, not in JUEL")
		return false
	}
	return r.formal(n, s)
}

// formula compiles the text of an expression element in the language that it names.
func (r *reader) formula(n *node, s subject, where, text string) *expr.Expression {
	if isFEEL(n) {
		return r.feel(s, where, text)
	}
	return r.expression(s, where, text)
}

// evaluated compiles a script that is evaluated here.
func (r *reader) evaluated(s subject, where, language, text string) *expr.Expression {
	if language == languageFEEL {
		return r.feel(s, where, text)
	}
	return r.expression(s, where, text)
}
