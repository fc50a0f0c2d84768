package engine

import (
	"fmt"
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// rewatch sees to what a scope waits for: the start events of the event sub-processes in it. watching says that
// it has begun to wait and is not over.
func (m *migration) rewatch(scope int, container *bpmn.FlowNode, watching bool) error {
	for _, event := range m.events(0, scope) {
		if err := m.event(Token{Scope: scope, Node: event.node}, event); err != nil {
			return err
		}
	}
	if !watching || m.superseded(scope) {
		return nil
	}
	for _, start := range m.startsOf(scope, container) {
		if !m.covered[start.ID] {
			if err := m.arm(Token{Scope: scope, Node: start.ID}, start); err != nil {
				return err
			}
		}
	}
	return nil
}

// rewatchProcess is rewatch for the process itself, whose first token may have failed to let it wait.
func (m *migration) rewatchProcess() error {
	return m.rewatch(0, nil, !slices.ContainsFunc(m.instance.Incidents, func(i Incident) bool { return i.Opening }))
}

// superseded reports whether an event sub-process that interrupts is under way in a scope.
func (m *migration) superseded(scope int) bool {
	return slices.ContainsFunc(m.instance.Tokens, func(t Token) bool {
		node := m.process.Node(t.Node)
		return t.Scope == scope && !t.Undoes && node != nil && m.interrupts(node)
	})
}

// watches reports whether the scope of a token that is inside of its node still waits for events.
func (m *migration) watches(t Token) bool {
	return !t.Undoes && !slices.ContainsFunc(m.instance.Jobs, func(j Job) bool {
		return j.Token == t.Number && j.Listener != nil && j.Listener.Event == bpmn.ListenEnd
	})
}

// timers keeps the timers of those timeout listeners of an open task which the target has, too, and begins those
// that it has more.
func (m *migration) timers(t Token, was, node *bpmn.FlowNode) error {
	if node.UserTask == nil || was.UserTask == nil || !slices.ContainsFunc(m.instance.Tasks, func(x Task) bool { return x.Token == t.Number }) {
		return nil
	}
	has := func(node *bpmn.FlowNode, id string) bool {
		return slices.ContainsFunc(bpmn.Listening(node.UserTask.Listeners, bpmn.ListenTimeout), func(l bpmn.Listener) bool { return l.ID == id })
	}
	for _, timer := range slices.Clone(m.instance.Timers) {
		if timer.Token == t.Number && timer.Listener != "" && !has(node, timer.Listener) {
			m.do(Change{Kind: TimerCancelled, TimerID: timer.ID, Node: timer.Node})
		}
	}
	fresh, err := m.timeouts(t, node)
	if err != nil {
		return err
	}
	for _, timer := range fresh {
		if !has(was, timer.Listener) {
			m.do(Change{Kind: TimerCreated, Timer: timer})
		}
	}
	return nil
}

// stays reports whether a token is in a scope for what undoes activities: wherever its node stands, it stays there.
func (m *migration) stays(t Token) bool {
	scope := m.instance.scope(t.Scope)
	if scope.Number == 0 {
		return false
	}
	owner := *m.instance.token(scope.Token)
	node := m.process.Node(owner.Node)
	return owner.Undoes || node != nil && node.Compensates()
}

// recall renames what was completed and can be undone.
func (m *migration) recall() {
	for _, c := range slices.Clone(m.instance.Compensations) {
		if to := m.images[c.Node].Target; to != c.Node {
			m.do(Change{Kind: EventMigrated, Compensated: c.Number, Node: to})
		}
	}
}

// checkCompensations returns why completed activities cannot be undone by another definition: they must be mapped,
// in the same sub-process, to an activity that is undone in the same way (Camunda 7, I/migration, asks for the
// compensation boundary events to be mapped).
func (in *Instance) checkCompensations(source, target *bpmn.Process, images map[string]Mapping) []Problem {
	var found []Problem
	for _, c := range in.Compensations {
		add := func(format string, arguments ...any) {
			found = append(found, Problem{Mapping: -1, Node: c.Node, Text: fmt.Sprintf(format, arguments...)})
		}
		from, image := source.Node(c.Node), images[c.Node]
		to := target.Node(image.Target)
		switch {
		case from == nil || to == nil:
			add("%s was completed and can be compensated, but is not mapped", c.Node)
		case c.Kept == 0 && !joined(to):
			add("%s was completed and can be compensated, but nothing compensates %s", c.Node, to.ID)
		case !together(from.Parent, to.Parent, images):
			add("%s was completed and can be compensated, but %s is not in the sub-process to which that around it is mapped", c.Node, to.ID)
		}
	}
	return found
}

// together reports whether two containers are mapped to each other; nil is the process itself.
func together(from, to *bpmn.FlowNode, images map[string]Mapping) bool {
	if from == nil || to == nil {
		return from == to
	}
	return images[from.ID].Target == to.ID
}
