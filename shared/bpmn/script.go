package bpmn

import (
	"cmp"
	"slices"
	"strings"

	"diom.io/workflow/shared/expr"
)

// scriptTopic is what the topic of a script for a worker begins with; the language in small letters follows.
const scriptTopic = "script:"

// EveryScript in Options.Scripts is every script language.
const EveryScript = "*"

// scriptText is a script as it is executed: an expression, or a job of a topic.
type scriptText struct {
	expression   *expr.Expression // nil: an empty script, or a job
	topic        string           // empty: it is evaluated here
	format, text string
}

// locals are the variables of the job of a script.
func (t *scriptText) locals() []Parameter {
	return []Parameter{{Name: "script", Value: expr.Literal(t.text)}, {Name: "scriptFormat", Value: expr.Literal(t.format)}}
}

// script reads a camunda:script, or a script task, with the text n or a file of the deployment. It is nil
// when the script cannot be executed, which has been reported.
func (r *reader) script(n *node, s subject, what string) *scriptText {
	return r.scriptOf(s, what, n.attr("scriptFormat"), n.text, n.attr("resource"))
}

func (r *reader) scriptOf(s subject, what, format, text, resource string) *scriptText {
	if resource != "" {
		var found bool
		if text, found = r.file(s, resource); !found {
			return nil
		}
	}
	t := &scriptText{format: format, text: text}
	switch language := strings.ToLower(format); {
	case language == "juel" || language == languageFEEL:
		t.expression = r.evaluated(s, what, language, text)
		if t.expression == nil && strings.TrimSpace(text) != "" {
			return nil
		}
		return t
	case slices.Contains(r.options.Scripts, language) || slices.Contains(r.options.Scripts, EveryScript):
		t.topic = scriptTopic + language
		return t
	}
	r.add(ruleUnsupportedLanguage, s, "the %s is in %q, neither in JUEL nor in FEEL", what, clip(format))
	return nil
}

// file returns the text of a file of the same deployment; deployment:// is what Camunda 7 writes before
// its name, classpath:// before one that Java would find, which here is in the deployment, too.
func (r *reader) file(s subject, resource string) (string, bool) {
	name := strings.TrimPrefix(strings.TrimPrefix(resource, "deployment://"), "classpath://")
	if r.options.Resource != nil {
		if content, found := r.options.Resource(name); found {
			return string(content), true
		}
	}
	r.add(ruleResource, s, "the resource %s is no file of the deployment", clip(resource))
	return "", false
}

// readScriptTask reads a script task (BPMN 2.0.2 §10.3.3). Without a script a token passes it.
func readScriptTask(r *reader, n *node, f *FlowNode) {
	s := f.subject()
	text := ""
	for _, c := range n.children {
		if c.bpmn("script") {
			text = c.text
		}
	}
	t := r.scriptOf(s, "script", cmp.Or(n.attr("scriptFormat"), "juel"), text, n.extension("resource"))
	switch {
	case t == nil:
	case t.topic != "":
		f.Work = &Work{Topic: expr.Literal(t.topic), ResultVariable: resultVariable(n), Locals: t.locals(), Priority: r.taskPriority}
		r.servedBy(s, "script", f.Work.Topic)
	case t.expression != nil:
		f.Work = &Work{Expression: t.expression, ResultVariable: resultVariable(n)}
	}
}
