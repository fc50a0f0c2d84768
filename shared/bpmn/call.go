package bpmn

import (
	"strconv"
	"strings"

	"diom.io/workflow/shared/expr"
)

// CallBinding says which version of the called process an instance is started from.
type CallBinding string

// The bindings (Camunda 7, camunda:calledElementBinding). Latest, the usual one, is looked up when the
// call is made.
const (
	CallLatest     CallBinding = "latest"
	CallDeployment CallBinding = "deployment"
	CallVersion    CallBinding = "version"
	CallVersionTag CallBinding = "versionTag"
)

// Call is what a call activity adds to a flow node (BPMN 2.0.2 §10.3.5).
type Call struct {
	// Key is the key of the called process.
	Key     *expr.Expression
	Binding CallBinding
	// Version, of CallVersion, gives a whole number; VersionTag, of CallVersionTag, a text. Nil otherwise.
	Version, VersionTag *expr.Expression
	// In is what the called instance begins with, Out what comes back when it is over: nothing without any.
	In, Out []SignalVariable
	// BusinessKey is that of the called instance, or nil.
	BusinessKey *expr.Expression
}

// callRules are those about call activities. They are Camunda 7's (BpmnParse.parseCallActivity).
var callRules = map[string]Rule{
	ruleNoCalled: {
		Reason: "the call activity names no process",
		Fix:    "Set calledElement to the id of the process that it calls.",
	},
	ruleCallBinding: {
		Reason: "the calledElementBinding is none of latest, deployment, version and versionTag, or what it needs is missing",
		Fix:    "Set calledElementBinding to latest or deployment, to version with a calledElementVersion, or to versionTag with a calledElementVersionTag.",
	},
	ruleCallMapping: {
		Reason: "the camunda:in or camunda:out of the call activity has not exactly one of source, sourceExpression, variables=\"all\" and, at camunda:in, businessKey",
		Fix:    "Write source or sourceExpression with a target, variables=\"all\", or businessKey.",
	},
}

const (
	fixMappingClass = "Use camunda:in and camunda:out with source, sourceExpression or variables=\"all\"."
	fixCase         = "Model the case as a process and name it in calledElement."
)

func readCallActivity(r *reader, n *node, f *FlowNode) {
	s := f.subject()
	c := &Call{Key: r.called(n, s)}
	if c.Key == nil && n.extension("caseRef") == "" && n.raw("calledElement")+n.rawExtension("calledElement") == "" {
		r.add(ruleNoCalled, s, "")
	}
	r.callBinding(n, s, c)
	c.In, c.BusinessKey = r.passed(n, "in", s, passing{"call activity", ruleCallMapping})
	c.Out, _ = r.passed(n, "out", s, passing{"call activity", ruleCallMapping})
	f.Call = c
}

// called reads the key of the called process: an expression, or a QName, whose prefix says nothing here.
func (r *reader) called(n *node, s subject) *expr.Expression {
	text := n.raw("calledElement")
	if strings.TrimSpace(text) == "" {
		text = n.rawExtension("calledElement")
	}
	e := r.expression(s, "attribute calledElement", text)
	if e == nil || !e.IsLiteral() {
		return e
	}
	key := e.Source()
	if _, local, prefixed := strings.Cut(key, ":"); prefixed {
		return r.expression(s, "attribute calledElement", local)
	}
	return e
}

func (r *reader) callBinding(n *node, s subject, c *Call) {
	c.Binding, c.Version, c.VersionTag = r.binding(n, s, "calledElement", ruleCallBinding)
}

// binding reads which version of what the attribute prefix names is meant, from prefixBinding, prefixVersion
// and prefixVersionTag. A breach is one of the rule.
func (r *reader) binding(n *node, s subject, prefix, rule string) (b CallBinding, version, tag *expr.Expression) {
	b = CallBinding(n.extension(prefix + "Binding"))
	version = r.expression(s, "attribute "+prefix+"Version", n.rawExtension(prefix+"Version"))
	tag = r.expression(s, "attribute "+prefix+"VersionTag", n.rawExtension(prefix+"VersionTag"))
	switch b {
	case "":
		return CallLatest, nil, nil
	case CallLatest, CallDeployment:
		return b, nil, nil
	case CallVersion:
		if n.extension(prefix+"Version") == "" {
			r.add(rule, s, "the %sBinding is version, but there is no %sVersion", prefix, prefix)
		}
		if version != nil && version.IsLiteral() {
			if number, err := strconv.Atoi(version.Source()); err != nil || number < 1 {
				r.add(rule, s, "the %sVersion %s is not a whole number from 1", prefix, clip(version.Source()))
			}
		}
		return b, version, nil
	case CallVersionTag:
		if n.extension(prefix+"VersionTag") == "" {
			r.add(rule, s, "the %sBinding is versionTag, but there is no %sVersionTag", prefix, prefix)
		}
		return b, nil, tag
	}
	r.add(rule, s, "the %sBinding is %s", prefix, clip(string(b)))
	return b, nil, nil
}
