// Package soundness plays the tokens of a process before it runs, to find what a model's rules
// cannot: joins that wait for ever, nodes that no run enters, branches that meet without a join, loops
// without a wait state, and variables that nothing sets. The name is that of workflow nets (van der
// Aalst 1997); a finding is a warning, for a condition that the game cannot evaluate may exclude it.
//
// The process and each sub-process are played apart, from each of their start events, and a sub-process
// within another is one activity. Every choice is tried; the order of what does not influence each other is
// not. A game ends after maxMarkings markings: what it has found by then is true, what it has
// not found is not reported as absent.
package soundness

import (
	"cmp"
	"fmt"
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
)

// Rule is one thing that Check looks for, for the generated documentation.
type Rule struct{ Code, Reason, Fix string }

const (
	ruleDeadJoin   = "join_never_completes"
	ruleNotEntered = "node_never_entered"
	ruleNotJoined  = "branches_not_joined"
	ruleBusyLoop   = "loop_without_wait"
	ruleUnset      = "variable_never_set"
)

var rules = []Rule{
	{ruleNotJoined, "several tokens of one run meet at the node without a join: it and what follows is done once for each", "Put a parallel or inclusive gateway before the node, or let each branch end by itself."},
	{ruleDeadJoin, "the join waits for tokens that never come", "Let a gateway of the same kind split and join; lead a branch that may end early around the join."},
	{ruleBusyLoop, "the flows form a loop in which nothing waits", "Put a task, a timer or an asynchronous continuation into the loop; a loop that goes on for ever ends with an incident."},
	{ruleNotEntered, "no run of the process ever enters the node", "Correct what comes before it, or remove the node."},
	{ruleUnset, "the model reads a variable that nothing in it sets", "Correct the name, or let a form or a mapping set the variable."},
}

// Rules lists what is looked for, by code.
func Rules() []Rule { return slices.Clone(rules) }

// Check plays the process and returns what it finds, sorted by line. The path of a finding begins at a
// start event and names nodes and sequence flows in the order in which the tokens passed them.
func Check(p *bpmn.Process) []fault.Detail {
	c := &checker{process: p, entered: map[*bpmn.FlowNode]bool{}}
	for _, container := range containers(p) {
		c.play(container)
	}
	c.loops()
	c.variables()
	slices.SortStableFunc(c.found, func(a, b fault.Detail) int { return cmp.Compare(a.Line, b.Line) })
	return c.found
}

// checker collects the findings of one process.
type checker struct {
	process *bpmn.Process
	entered map[*bpmn.FlowNode]bool
	found   []fault.Detail
}

// containers returns nil, for the process itself, and every sub-process.
func containers(p *bpmn.Process) []*bpmn.FlowNode {
	list := []*bpmn.FlowNode{nil}
	for _, n := range p.Nodes {
		if n.Element.Embeds() {
			list = append(list, n)
		}
	}
	return list
}

// add records a finding about a node.
func (c *checker) add(code string, n *bpmn.FlowNode, path []string, format string, arguments ...any) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Code == code })
	c.found = append(c.found, fault.Detail{
		Code: code, Rule: code, Element: n.ID, Name: n.Name, Line: n.Line, Detail: fmt.Sprintf(format, arguments...), Fix: rules[i].Fix, Path: path,
	})
}
