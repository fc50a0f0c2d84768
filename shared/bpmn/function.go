package bpmn

import (
	"regexp"
	"strings"

	"diom.io/workflow/shared/expr"
)

// FunctionTopic is what the topic of a task begins with that a function of the platform does: the
// function's name follows.
const FunctionTopic = "function:"

// functionName is a DNS label, as OpenFaaS and Knative name their functions.
var functionName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// IsFunctionName reports whether a text can be the name of a function: a DNS label in lower case.
func IsFunctionName(name string) bool { return functionName.MatchString(name) }

// function reads diom:function: the jobs of the task are pushed to the function of that name.
func (r *reader) function(n *node, s subject) *expr.Expression {
	name := n.ours("function")
	if !IsFunctionName(name) {
		r.addFix(ruleTopic, s, "Name the function by 1 to 63 lower-case letters, digits and hyphens.", "the attribute function %q is not the name of a function", clip(name))
		return nil
	}
	return r.expression(s, "attribute function", FunctionTopic+name)
}

// ours returns an attribute of our own namespace alone, empty when absent.
func (n *node) ours(local string) string {
	for _, a := range n.attributes {
		if a.local == local && a.space == spaceDIOM {
			return strings.TrimSpace(a.value)
		}
	}
	return ""
}
