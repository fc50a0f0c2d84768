package dmn

import (
	"strings"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/feel"
)

// juel compiles a JUEL expression; without ${…} the whole text is one, as in Camunda 7.
func (b *builder) juel(n *node, what, source string) feel.Part {
	text := strings.TrimSpace(source)
	if !strings.Contains(text, "${") && !strings.Contains(text, "#{") {
		text = "${" + text + "}"
	}
	e, err := expr.CompileJUEL(text)
	if err != nil {
		b.add(ruleExpression, n.subject(), "the %s has a wrong expression: %s", what, err)
		return failing(err.Error())
	}
	return func(r *feel.Run, s *feel.Scope) feel.Value {
		v, err := e.Evaluate(&expr.Environment{Now: r.Now, Variable: func(name string) (expr.Value, bool) {
			v, ok := s.Get(feel.Name(name))
			return feel.ToValue(v), ok
		}})
		if err != nil {
			return r.Broken(err)
		}
		return feel.FromValue(v)
	}
}
