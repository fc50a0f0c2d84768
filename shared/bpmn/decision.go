package bpmn

import (
	"slices"
	"strings"

	"diom.io/workflow/shared/expr"
)

// The forms in which the result of a decision is kept (Camunda 7, camunda:mapDecisionResult). What has more
// rules, or outputs, than the form can hold is an error when it is evaluated.
const (
	MapSingleEntry    = "singleEntry"    // the one value; null when no rule matches
	MapSingleResult   = "singleResult"   // the outputs of the one rule as a map; null when no rule matches
	MapCollectEntries = "collectEntries" // the values of the one output as a list
	MapResultList     = "resultList"     // a list of maps; the usual one
)

// DecisionCall is what a business rule task with camunda:decisionRef decides by (Camunda 7
// BpmnParse.parseDmnBusinessRuleTask).
type DecisionCall struct {
	// Key is the key of the decision, which is its id in the DMN file.
	Key     *expr.Expression
	Binding CallBinding
	// Version, of CallVersion, gives a whole number; VersionTag, of CallVersionTag, a text. Nil otherwise.
	Version, VersionTag *expr.Expression
	// Map is one of the forms above.
	Map string
}

// decisionRules are those about business rule tasks. They are Camunda 7's.
var decisionRules = map[string]Rule{
	ruleDecisionBinding: {
		Reason: "the decisionRefBinding is none of latest, deployment, version and versionTag, or what it needs is missing",
		Fix:    "Set decisionRefBinding to latest or deployment, to version with a decisionRefVersion, or to versionTag with a decisionRefVersionTag.",
	},
	ruleDecisionMapping: {
		Reason: "the mapDecisionResult is none of singleEntry, singleResult, collectEntries and resultList",
		Fix:    "Set mapDecisionResult to one of these.",
	},
}

// decision reads what a business rule task decides by; nil when it is wrong, which has been reported.
func (r *reader) decision(n *node, s subject) *Work {
	c := &DecisionCall{Key: r.expression(s, "attribute decisionRef", n.rawExtension("decisionRef")), Map: n.extension("mapDecisionResult")}
	c.Binding, c.Version, c.VersionTag = r.binding(n, s, "decisionRef", ruleDecisionBinding)
	switch {
	case c.Map == "":
		c.Map = MapResultList
	case !slices.Contains([]string{MapSingleEntry, MapSingleResult, MapCollectEntries, MapResultList}, c.Map):
		r.add(ruleDecisionMapping, s, "the mapDecisionResult is %s", clip(c.Map))
	}
	if c.Key == nil {
		return nil
	}
	return &Work{Decision: c, ResultVariable: resultVariable(n)}
}

// decisionText writes what a task decides by so that two texts are alike only when the calls are.
func decisionText(c *DecisionCall) string {
	if c == nil {
		return ""
	}
	return strings.Join([]string{sourceOf(c.Key), string(c.Binding), sourceOf(c.Version), sourceOf(c.VersionTag), c.Map}, "|")
}
