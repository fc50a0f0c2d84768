package bpmn

import (
	"strconv"
	"strings"

	"diom.io/workflow/shared/expr"
)

// A bean is an object of a Java program. Here there is none: what a task asks of one becomes a job,
// elsewhere the model is refused.

// BeanCall is a lone call ${bean.method(…)} in a task: a job of the topic bean.method, unless there is a
// variable Root and the method may be one of a value.
type BeanCall struct {
	Root  string
	Topic string
	// Always is whether no value has such a method.
	Always bool
	// Arguments are the variables arg0, arg1 … of the job.
	Arguments []Parameter
}

// bean refuses an expression that calls what no value has where nobody could answer.
func (r *reader) bean(s subject, where string, e *expr.Expression) {
	if e == nil || len(e.Beans()) == 0 {
		return
	}
	r.addFix(ruleBean, s, "", "the %s calls %s, which no value has: %s", where, clip(strings.Join(e.Beans(), ", ")), clip(e.Source()))
}

// beanCall finds out whether the expression of a task may be a job.
func (r *reader) beanCall(s subject, w *Work) {
	call := w.Expression.Call()
	if call == nil {
		r.bean(s, "attribute expression", w.Expression)
		return
	}
	topic := r.topic(s, "attribute expression", call.Path)
	if topic == nil {
		return
	}
	w.Bean = &BeanCall{Root: call.Root, Topic: call.Path, Always: len(w.Expression.Beans()) > 0, Arguments: arguments(call)}
	if w.Bean.Always {
		r.servedBy(s, "bean", topic)
	}
}

func arguments(call *expr.Call) []Parameter {
	list := make([]Parameter, len(call.Arguments))
	for i, a := range call.Arguments {
		list[i] = Parameter{Name: "arg" + strconv.Itoa(i), Value: a}
	}
	return list
}

// beanName reads a delegateExpression of one name as a topic.
func (r *reader) beanName(s subject, text string) *expr.Expression {
	delegate := r.unchecked(s, "attribute delegateExpression", text)
	if delegate == nil {
		return nil
	}
	source := delegate.Source()
	names := delegate.Identifiers()
	if len(names) != 1 || !strings.HasSuffix(source, "}") || strings.TrimSpace(source[2:len(source)-1]) != names[0] {
		r.addFix(ruleUnsupportedExtension, s, "Write ${name}: a worker fetches the jobs with the topic name.",
			"the delegateExpression %s is more than the name of one bean", clip(source))
		return nil
	}
	return r.topic(s, "attribute delegateExpression", names[0])
}

// fields reads camunda:field: the variable fields of the job, by their names.
func (r *reader) fields(n *node, s subject) []Parameter {
	var entries []Parameter
	for _, e := range fieldElements(n) {
		at := s
		at.line = e.line
		name := e.attr("name")
		if name == "" {
			r.add(ruleMapping, at, "the field has no name")
			continue
		}
		entries = append(entries, Parameter{Name: name, Value: r.fieldValue(e, at)})
	}
	if entries == nil {
		return nil
	}
	return []Parameter{{Name: "fields", Entries: entries}}
}

// fieldElements finds them in the extensionElements of a task and directly in a listener.
func fieldElements(n *node) []*node {
	var list []*node
	for _, e := range append(n.extensions(), n.children...) {
		if e.local == "field" && extensionSpace(e.space) {
			list = append(list, e)
		}
	}
	return list
}

// fieldValue is a text or an expression, in an attribute or in a child.
func (r *reader) fieldValue(n *node, s subject) *expr.Expression {
	where := "field " + clip(n.attr("name"))
	if text := n.raw("stringValue"); text != "" {
		return expr.Literal(text)
	}
	if text := n.raw("expression"); text != "" {
		return r.expression(s, where, text)
	}
	for _, c := range n.children {
		switch {
		case !extensionSpace(c.space):
		case c.local == "string":
			return expr.Literal(c.text)
		case c.local == "expression":
			return r.expression(s, where, c.text)
		}
	}
	return nil
}
