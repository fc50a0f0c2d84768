package camunda

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
)

// marks are what one row of the history says about why visits end in it.
type marks struct {
	cancelled  map[int]bool          // tokens whose task or job was cancelled
	thrown     map[int]string        // node from which a token threw an error or escalation that something caught
	ended      map[int]bool          // tokens whose error nothing caught
	emptied    map[int]bool          // scopes out of which a token was cut
	forced     map[int]bool          // tokens whose scope was closed after that
	ends       bool                  // the instance is cancelled
	interrupts bool                  // something was interrupted
	migrated   bool                  // the instance goes on by another definition
	fulfilled  map[int]bool          // scopes of multi-instance activities whose completion condition was met
	merged     map[engine.Token]bool // joins, as tokens without numbers, that have fired
}

func newMarks(changes []engine.Change, p *bpmn.Process) *marks {
	m := &marks{cancelled: map[int]bool{}, thrown: map[int]string{}, emptied: map[int]bool{}, ended: map[int]bool{}, forced: map[int]bool{}, merged: map[engine.Token]bool{}, fulfilled: map[int]bool{}}
	for _, c := range changes {
		switch c.Kind {
		case engine.ErrorThrown, engine.EscalationThrown:
			m.thrown[c.Token] = c.Node
		case engine.ErrorUnhandled:
			delete(m.thrown, c.Token)
			m.ended[c.Token] = true
		case engine.EscalationUnhandled:
			delete(m.thrown, c.Token)
		case engine.InstanceCancelled:
			m.ends = true
		case engine.InstanceMigrated:
			m.migrated = true
		case engine.TokenMoved, engine.TokenCreated:
			if n := p.Node(c.Node); n != nil && c.Flow == "" {
				m.interrupts = m.interrupts || n.AttachedTo != nil && n.Interrupting || n.TriggeredByEvent && interrupting(p, n)
			}
		}
	}
	return m
}

// interrupting reports whether what starts an event sub-process ends all else around it.
func interrupting(p *bpmn.Process, eventSubProcess *bpmn.FlowNode) bool {
	start := p.InnerStart(eventSubProcess)
	return start != nil && start.Interrupting
}

// whole reports whether a token is at a multi-instance activity as a whole, not at one of its instances.
func (x scene) whole(t engine.Token) bool {
	n := x.process.Node(t.Node)
	if n == nil || n.MultiInstance == nil {
		return false
	}
	outer := x.Token(x.Around(t).Token)
	return outer == nil || outer.Node != t.Node
}

// supersede notes that an instance met the completion condition of its multi-instance activity: it ends the others.
func (m *marks) supersede(c *engine.Change, t *engine.Token) {
	met := func(w engine.Why) bool { return w.Subject == "completionCondition" && string(w.Result) == "true" }
	if t != nil && c.Kind == engine.TokenConsumed && slices.ContainsFunc(c.Why, met) {
		m.fulfilled[t.Scope] = true
	}
}

// cut reports whether a visit that a change ends was cancelled, and remembers it for what is around it. A
// worker's or a task's error that nothing catches does not cancel its activity (Camunda 7).
func (f *past) cut(c *engine.Change, m *marks) bool {
	t := f.state.Token(c.Token)
	if t == nil {
		return false
	}
	n := f.process.Node(t.Node)
	cancelled := n == nil && m.migrated || n != nil && (c.Kind == engine.TokenMoved && f.movedOut(c, n) || c.Kind == engine.TokenConsumed && f.consumed(*t, n, m))
	if cancelled {
		m.emptied[t.Scope] = true
	}
	return cancelled
}

func (f *past) movedOut(c *engine.Change, n *bpmn.FlowNode) bool {
	if c.Flow != "" {
		return n.Element == bpmn.ElementEventBasedGateway
	}
	event := f.process.Node(c.Node)
	return event != nil && event.AttachedTo != nil // else along a link
}

func (f *past) consumed(t engine.Token, n *bpmn.FlowNode, m *marks) bool {
	switch {
	case m.ended[t.Number]:
		return false
	case m.cancelled[t.Number], m.migrated && n.Holds():
		return true
	case n.Element == bpmn.ElementEndEvent:
		return m.thrown[t.Number] == n.ID && m.interrupts || n.Event != nil && n.Event.Trigger == bpmn.TriggerCancel
	case n.Holds() && (m.emptied[f.ownScope(t.Number)] || m.forced[t.Number] && len(n.Outgoing) > 0):
		return true
	case n.MultiInstance != nil && !(scene{f.state, f.process}).whole(t):
		return false
	case n.Element == bpmn.ElementParallelGateway:
		return !f.fires(t, n, m)
	case n.Element == bpmn.ElementInclusiveGateway:
		return false
	}
	return len(n.Outgoing) > 0 && m.interrupts
}

// fires reports whether a parallel join ends a token because as many have come as it waits for.
func (f *past) fires(t engine.Token, n *bpmn.FlowNode, m *marks) bool {
	at, waiting := engine.Token{Scope: t.Scope, Node: t.Node}, 0
	for _, other := range f.state.Tokens {
		if other.Scope == t.Scope && other.Node == t.Node {
			waiting++
		}
	}
	m.merged[at] = m.merged[at] || waiting >= len(n.Incoming)
	return m.merged[at]
}

func (f *past) ownScope(token int) int {
	for _, s := range f.state.Scopes {
		if s.Number > 0 && s.Token == token {
			return s.Number
		}
	}
	return -1
}
