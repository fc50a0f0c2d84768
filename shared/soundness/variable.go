package soundness

import (
	"slices"
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
)

// given are the names that expressions may use without a variable of that name.
var given = []string{
	"execution", "task", "externalTask", "authenticatedUserId", "decisionResult", "connector", "org",
	bpmn.NumberOfInstances, bpmn.NumberOfActiveInstances, bpmn.NumberOfCompletedInstances, bpmn.LoopCounter,
}

// variables reports names that are read and that nothing in the model sets. Where somebody may set what the
// model does not name (who starts it by the API, a worker, a message, a task without a form), only names
// that are all but the same as one that the model sets are told: most likely a slip.
func (c *checker) variables() {
	set, open := c.settings()
	told := map[string]bool{}
	for _, n := range c.process.Nodes {
		for _, name := range unknown(n, set) {
			near := nearest(name, set)
			if told[name] || open && near == "" {
				continue
			}
			told[name] = true
			c.unset(n, name, near)
		}
	}
}

// unknown lists the names that a node reads and that are not among those set.
func unknown(n *bpmn.FlowNode, set map[string]bool) []string {
	var list []string
	for _, x := range reads(n) {
		for _, name := range x.Identifiers() {
			if !set[name] && !slices.Contains(given, name) && !slices.Contains(x.Calls(), name) {
				list = append(list, name)
			}
		}
	}
	return list
}

func (c *checker) unset(n *bpmn.FlowNode, name, near string) {
	path := c.way(n)
	if near == "" {
		c.add(ruleUnset, n, path, "The node reads the variable %s, but no form, mapping or result of the model sets it.", name)
		return
	}
	c.add(ruleUnset, n, path, "The node reads the variable %s, which nothing in the model sets; it sets %s.", name, near)
}

// settings returns the names that the model sets, and whether others may be set that it does not name.
func (c *checker) settings() (set map[string]bool, open bool) {
	set = map[string]bool{}
	for _, n := range c.process.Nodes {
		for _, name := range writes(n) {
			set[name] = true
		}
		open = open || undeclared(n)
	}
	return set, open
}

// writes are the names that a node sets.
func writes(n *bpmn.FlowNode) []string {
	var names []string
	for _, p := range slices.Concat(n.Inputs, n.Outputs) {
		names = append(names, p.Name)
	}
	if n.Work != nil {
		names = append(names, n.Work.ResultVariable)
		for _, p := range n.Work.Results {
			names = append(names, p.Name)
		}
	}
	if n.Call != nil {
		for _, v := range n.Call.Out {
			names = append(names, v.Target)
		}
	}
	if n.MultiInstance != nil {
		names = append(names, n.MultiInstance.ElementVariable)
		names = append(names, writes(n.MultiInstance.Instance)...)
	}
	if n.Event != nil {
		names = append(names, n.Event.CodeVariable, n.Event.MessageVariable)
	}
	if n.StartEvent != nil {
		names = append(names, n.StartEvent.Initiator)
	}
	if form := formOf(n); form != nil {
		for _, f := range form.FormFields {
			names = append(names, f.ID, f.Variable)
		}
	}
	return names
}

func formOf(n *bpmn.FlowNode) *bpmn.Form {
	switch {
	case n.UserTask != nil:
		return &n.UserTask.Form
	case n.StartEvent != nil:
		return &n.StartEvent.Form
	}
	return nil
}

// undeclared reports whether what happens at a node may set variables that the model does not name: all but
// gateways, plain tasks, expressions that only compute, and forms with their fields in the model.
func undeclared(n *bpmn.FlowNode) bool {
	if slices.ContainsFunc(reads(n), func(x *expr.Expression) bool { return slices.Contains(x.Calls(), "execution") }) {
		return true
	}
	if slices.ContainsFunc(n.Listeners, func(l bpmn.Listener) bool { return l.Topic != nil }) {
		return true
	}
	switch {
	case n.UserTask != nil:
		return len(n.UserTask.FormFields) == 0
	case n.Element == bpmn.ElementStartEvent:
		return n.Event != nil || n.Parent == nil && len(n.StartEvent.FormFields) == 0
	case n.Element.Works():
		return n.Work != nil && (n.Work.Expression == nil || n.Work.Bean != nil)
	case n.Call != nil:
		return slices.ContainsFunc(n.Call.Out, func(v bpmn.SignalVariable) bool { return v.All })
	}
	return n.Event != nil && (n.Event.Trigger == bpmn.TriggerMessage || n.Event.Trigger == bpmn.TriggerSignal)
}

// reads are the expressions that are evaluated at a node or at a flow out of it.
func reads(n *bpmn.FlowNode) []*expr.Expression {
	list := []*expr.Expression{n.RetryCycle, n.JobPriority}
	if u := n.UserTask; u != nil {
		list = append(list, u.Name, u.Assignee, u.CandidateUsers, u.CandidateGroups, u.DueDate, u.FollowUpDate, u.Priority)
	}
	if e := n.Event; e != nil {
		list = append(list, e.Message, e.Signal, e.SignalKey, e.ErrorMessage, e.Condition)
		if e.Timer != nil {
			list = append(list, e.Timer.Value)
		}
	}
	if w := n.Work; w != nil {
		list = append(list, w.Topic, w.Priority, w.Expression)
	}
	if m := n.MultiInstance; m != nil {
		list = append(list, m.Cardinality, m.Collection, m.Condition)
		list = append(list, reads(m.Instance)...)
	}
	list = append(list, values(slices.Concat(n.Inputs, n.Outputs))...)
	for _, f := range n.Outgoing {
		list = append(list, f.Condition)
	}
	for _, l := range n.Listeners {
		list = append(list, l.Expression)
	}
	return slices.DeleteFunc(list, func(x *expr.Expression) bool { return x == nil })
}

func values(parameters []bpmn.Parameter) []*expr.Expression {
	var list []*expr.Expression
	for _, p := range parameters {
		list = append(list, p.Value)
		list = append(list, values(slices.Concat(p.List, p.Entries))...)
	}
	return list
}

// nearest returns the name among those set that differs from a name by nothing but capitals, hyphens and
// underscores, or of five letters and more by two neighbours that have changed places; else none.
func nearest(name string, set map[string]bool) string {
	var found []string
	for other := range set {
		if other != "" && (plain(other) == plain(name) || swapped(other, name)) {
			found = append(found, other)
		}
	}
	if len(found) == 0 {
		return ""
	}
	return slices.Min(found)
}

func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

func swapped(a, b string) bool {
	if len(a) != len(b) || len(a) < 5 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
