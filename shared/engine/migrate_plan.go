package engine

import (
	"fmt"
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// Mapping says at which node of the target what is at a node of the source goes on. With
// UpdateEventTrigger what is waited for there is worked out anew: when a timer is due, the name of a
// message or a signal, the topic of a job.
type Mapping struct {
	Source             string
	Target             string
	UpdateEventTrigger bool
}

// Problem is a reason why a plan cannot be followed. Mapping is the index of what it is about in the plan;
// -1 where Token, which is at Node, is what it is about.
type Problem struct {
	Mapping int
	Token   int
	Node    string
	Text    string
}

// GeneratePlan maps each node to the one of the same id that it can be mapped to (Camunda 7
// MigrationPlanBuilder.mapEqualActivities).
func GeneratePlan(source, target *bpmn.Process, updateEventTriggers bool) []Mapping {
	var list []Mapping
	for _, node := range source.Nodes {
		if to := target.Node(node.ID); to != nil && alike(node, to) == "" {
			list = append(list, Mapping{node.ID, node.ID, updateEventTriggers && triggers(node)})
		}
	}
	for {
		bad := map[int]bool{}
		for _, p := range CheckPlan(source, target, list) {
			bad[p.Mapping] = true
		}
		if len(bad) == 0 {
			return list
		}
		var kept []Mapping
		for n, m := range list {
			if !bad[n] {
				kept = append(kept, m)
			}
		}
		list = kept
	}
}

// CheckPlan returns what is wrong with a plan, whatever the instance (Camunda 7's
// MigrationInstructionValidator and its kinds).
func CheckPlan(source, target *bpmn.Process, plan []Mapping) []Problem {
	c := planCheck{source: source, target: target, images: images(plan)}
	for n, m := range plan {
		c.mapping(n, m, plan[:n])
	}
	return c.found
}

// images are the nodes of the target by those of the source.
func images(plan []Mapping) map[string]Mapping {
	byNode := make(map[string]Mapping, len(plan))
	for _, m := range plan {
		if _, taken := byNode[m.Source]; !taken {
			byNode[m.Source] = m
		}
	}
	return byNode
}

type planCheck struct {
	source, target *bpmn.Process
	images         map[string]Mapping
	found          []Problem
}

func (c *planCheck) mapping(n int, m Mapping, before []Mapping) {
	add := func(format string, arguments ...any) {
		c.found = append(c.found, Problem{Mapping: n, Node: m.Source, Text: fmt.Sprintf(format, arguments...)})
	}
	from, to := c.source.Node(m.Source), c.target.Node(m.Target)
	switch {
	case from == nil:
		add("the source has no flow node %q", m.Source)
		return
	case to == nil:
		add("the target has no flow node %q", m.Target)
		return
	case slices.ContainsFunc(before, func(x Mapping) bool { return x.Source == m.Source }):
		add("%s is mapped twice", m.Source)
		return
	}
	if text := alike(from, to); text != "" {
		add("%s", text)
	}
	if m.UpdateEventTrigger && !triggers(from) {
		add("%s waits for nothing that could be worked out anew", from.ID)
	}
	joins := from.Element == bpmn.ElementParallelGateway || from.Element == bpmn.ElementInclusiveGateway
	if joins && slices.ContainsFunc(before, func(x Mapping) bool { return x.Target == m.Target }) {
		add("another gateway is mapped to %s", to.ID)
	}
	if from.StartsEventSubProcess() && to.StartsEventSubProcess() && !together(from.Parent.Parent, to.Parent.Parent, c.images) {
		add("what waits for %s is not mapped to what waits for %s", from.ID, to.ID)
	} else if text := c.place(from, to); text != "" {
		add("%s", text)
	}
}

// place checks that a mapped node stays inside of what it is in, and a boundary event at its activity.
func (c *planCheck) place(from, to *bpmn.FlowNode) string {
	if from.AttachedTo != nil && to.AttachedTo != nil {
		if host, ok := c.images[from.AttachedTo.ID]; !ok || host.Target != to.AttachedTo.ID {
			return fmt.Sprintf("%s is at the border of %s, but %s, at whose border %s is, is not mapped to it", to.ID, to.AttachedTo.ID, from.AttachedTo.ID, from.ID)
		}
	}
	outer := from.Parent
	for ; outer != nil; outer = outer.Parent {
		if _, mapped := c.images[outer.ID]; mapped {
			break
		}
		if outer.MultiInstance != nil {
			return fmt.Sprintf("%s is inside of the multi-instance activity %s, which is not mapped", from.ID, outer.ID)
		}
	}
	image := ""
	if outer != nil {
		image = c.images[outer.ID].Target
	}
	for p := to.Parent; ; p = p.Parent {
		switch {
		case p == nil && image == "":
			return ""
		case p == nil:
			return fmt.Sprintf("%s is inside of %s, but %s is not inside of %s, to which that is mapped", from.ID, outer.ID, to.ID, image)
		case p.ID == image:
			return ""
		case p.MultiInstance != nil:
			return fmt.Sprintf("%s is inside of the multi-instance activity %s, to which nothing around %s is mapped", to.ID, p.ID, from.ID)
		}
	}
}

// alike says why what is at one node cannot go on at another; empty when it can.
func alike(from, to *bpmn.FlowNode) string {
	switch {
	case from.Element != to.Element && !(toWorker(from) && toWorker(to)):
		return fmt.Sprintf("%s is a %s, %s is a %s", from.ID, from.Element, to.ID, to.Element)
	case trigger(from) != trigger(to):
		return fmt.Sprintf("%s and %s have different triggers", from.ID, to.ID)
	case toWorker(from) != toWorker(to):
		return fmt.Sprintf("of %s and %s only one is done by workers", from.ID, to.ID)
	case from.Interrupting != to.Interrupting:
		return fmt.Sprintf("of %s and %s only one interrupts its activity", from.ID, to.ID)
	case from.StartsEventSubProcess() != to.StartsEventSubProcess():
		return fmt.Sprintf("of %s and %s only one starts an event sub-process", from.ID, to.ID)
	case undoes(from) != undoes(to):
		return fmt.Sprintf("of %s and %s only one compensates", from.ID, to.ID)
	case (from.MultiInstance == nil) != (to.MultiInstance == nil):
		return fmt.Sprintf("of %s and %s only one is multi-instance", from.ID, to.ID)
	case from.MultiInstance != nil && from.MultiInstance.Sequential != to.MultiInstance.Sequential:
		return fmt.Sprintf("of %s and %s only one is sequential", from.ID, to.ID)
	case (from.Element == bpmn.ElementParallelGateway || from.Element == bpmn.ElementInclusiveGateway) && len(to.Incoming) < len(from.Incoming):
		return fmt.Sprintf("%s has fewer incoming sequence flows than %s", to.ID, from.ID)
	}
	return ""
}

// undoes reports whether a node is what undoes an activity.
func undoes(node *bpmn.FlowNode) bool {
	return node.ForCompensation || node.TriggeredByEvent && node.Parent != nil && node.Parent.Compensation == node
}

// toWorker reports whether a node creates a job for a worker.
func toWorker(node *bpmn.FlowNode) bool { return node.Work != nil && node.Work.Topic != nil }

func trigger(node *bpmn.FlowNode) bpmn.Trigger {
	if node.Event == nil {
		return 0
	}
	return node.Event.Trigger
}

// triggers reports whether a node waits for something that its model works out.
func triggers(node *bpmn.FlowNode) bool {
	switch trigger(node) {
	case bpmn.TriggerTimer, bpmn.TriggerMessage, bpmn.TriggerSignal, bpmn.TriggerConditional:
		return node.StartsEventSubProcess() || node.Element == bpmn.ElementIntermediateCatchEvent || node.Element == bpmn.ElementReceiveTask || node.AttachedTo != nil
	}
	return toWorker(node)
}

// CheckInstance returns why an instance cannot follow a plan that has no other problems: something is
// active at a node that the plan does not name, or what was completed there can be compensated. A sub-process around
// mapped nodes need not be mapped.
func (in *Instance) CheckInstance(source, target *bpmn.Process, plan []Mapping) []Problem {
	mapped := images(plan)
	found := in.checkCompensations(source, target, mapped)
	for _, t := range in.Tokens {
		if _, ok := mapped[t.Node]; ok || in.holds(t) && !keeps(source, t) {
			continue
		}
		found = append(found, Problem{Mapping: -1, Token: t.Number, Node: t.Node, Text: fmt.Sprintf("token %d is at %s, which is not mapped", t.Number, t.Node)})
	}
	return found
}

// keeps reports whether a token holds what undoes activities.
func keeps(source *bpmn.Process, t Token) bool {
	node := source.Node(t.Node)
	return t.Undoes || node != nil && node.Compensates()
}

// holds reports whether other tokens are inside of a token's scope.
func (in *Instance) holds(t Token) bool {
	own := in.owned(t.Number)
	return own != nil && slices.ContainsFunc(in.Tokens, func(x Token) bool { return x.Scope == own.Number })
}
