package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// What starts an event sub-process is waited for by the scope that it stands in, from the moment in which the
// scope is entered until it ends. A timer or a subscription of a scope has no token; where a token is asked for,
// one with the number 0 stands for the scope: it is never part of the state.

// waiter returns who waits for an event: a token, or what stands for a scope.
func (s *step) waiter(token, scope int) Token {
	if token == 0 {
		return Token{Scope: scope}
	}
	return *s.instance.token(token)
}

// watch lets a scope wait for the events that start the event sub-processes in it (BPMN 2.0.2 §13.5.4).
// container is the sub-process that the scope is of; nil: the process itself.
func (s *step) watch(scope int, container *bpmn.FlowNode) error {
	for _, start := range s.process.EventStarts(container) {
		if err := s.arm(Token{Scope: scope, Node: start.ID}, start); err != nil {
			return err
		}
	}
	return nil
}

// watchProcess lets the process itself wait for the events that start its event sub-processes, then its first token
// moves. What fails is an incident of that token.
func (s *step) watchProcess(t Token) {
	if err := s.watch(0, nil); err != nil {
		s.unwatch(0)
		s.incident(t, Incident{Opening: true}, err)
		return
	}
	if s.overtaken(Token{}) {
		return
	}
	if start := s.process.Node(t.Node); start != nil && start.Element != bpmn.ElementStartEvent {
		s.happen(t) // what it would wait for has come
		return
	}
	s.arrive(t.Number)
}

// unwatch ends what a scope itself waits for.
func (s *step) unwatch(scope int) {
	for _, timer := range slices.Clone(s.instance.Timers) {
		if timer.Token == 0 && timer.Scope == scope {
			s.do(Change{Kind: TimerCancelled, TimerID: timer.ID, Node: timer.Node})
		}
	}
	for _, sub := range slices.Clone(s.instance.Subscriptions) {
		if sub.Token == 0 && sub.Scope == scope {
			s.do(Change{Kind: SubscriptionClosed, SubscriptionID: sub.ID, Node: sub.Node})
		}
	}
}

// startEventSubProcess lets the event of a start event happen in a scope. An interrupting one ends all else in the
// scope first, what it waits for included; else it may happen again (Camunda 7 rules of executions:
// PvmAtomicOperationInterruptScope, …CreateConcurrentExecution).
func (s *step) startEventSubProcess(scope int, start *bpmn.FlowNode) {
	if start.Interrupting {
		s.cancelScope(scope, "interrupted")
		s.forestall(scope)
	}
	s.create(scope, start.Parent.ID, "")
}

// forestall ends the jobs of listeners which a sub-process waits for that is interrupted before it has begun.
func (s *step) forestall(scope int) {
	for _, job := range slices.Clone(s.instance.Jobs) {
		if job.Token == s.instance.scope(scope).Token && job.Listener != nil {
			s.resolve(job)
			s.do(Change{Kind: JobCancelled, JobID: job.ID, Node: job.Node, Topic: job.Topic})
		}
	}
}

// catcher is where an error or an escalation is caught: by a boundary event of the node that host is at, or by the
// start event of an event sub-process, which host stands for the scope of.
type catcher struct {
	host  Token
	event *bpmn.FlowNode
}

// findCatcher looks outwards from a token for the event that choose picks: among the boundary events of the node
// that it is at; then, for each scope around, among the start events of its event sub-processes and among the
// boundary events of its activity (Camunda 7 ErrorDeclarationForProcessInstanceFinder). An event sub-process
// catches nothing from within itself. event is nil when there is none.
func (s *step) findCatcher(t Token, choose func([]*bpmn.FlowNode) *bpmn.FlowNode) (catcher, error) {
	thrower := s.process.Node(t.Node)
	for host := t; ; {
		activity := s.node(host)
		if activity == nil {
			return catcher{}, errNodeUnknown
		}
		if event := choose(activity.Boundary); event != nil {
			return catcher{host, event}, nil
		}
		container, err := s.container(host.Scope)
		if err != nil {
			return catcher{}, err
		}
		starts := slices.Clone(s.startsOf(host.Scope, container))
		starts = slices.DeleteFunc(starts, func(start *bpmn.FlowNode) bool { return within(thrower, start.Parent) })
		if event := choose(starts); event != nil {
			return catcher{Token{Scope: host.Scope}, event}, nil
		}
		if host.Scope == 0 {
			return catcher{}, nil
		}
		host = *s.instance.token(s.instance.scope(host.Scope).Token)
	}
}

// container returns the node that a scope is of, nil for the process.
func (s *step) container(scope int) (*bpmn.FlowNode, error) {
	if scope == 0 {
		return nil, nil
	}
	node := s.node(*s.instance.token(s.instance.scope(scope).Token))
	if node == nil {
		return nil, errNodeUnknown
	}
	return node, nil
}

// startsOf returns the start events of the event sub-processes in a scope. A multi-instance activity as a whole has
// none: its instances have.
func (s *step) startsOf(scope int, container *bpmn.FlowNode) []*bpmn.FlowNode {
	if scope > 0 && container.MultiInstance != nil {
		return nil
	}
	return s.process.EventStarts(container)
}

// within reports whether a node stands in a sub-process, however deep.
func within(node, subProcess *bpmn.FlowNode) bool {
	for ; node != nil; node = node.Parent {
		if node.ID == subProcess.ID {
			return true
		}
	}
	return false
}

// caught lets a catching event happen and writes what it has caught where it sees it: after the activity or the scope was
// ended, whose output parameters may not hide it.
func (s *step) caught(c catcher, variables Variables) {
	if !c.event.Interrupting {
		s.setVariables(c.host.Scope, variables)
		s.trigger(c.host, c.event.ID)
		return
	}
	s.trigger(c.host, c.event.ID)
	s.setVariables(c.host.Scope, variables)
}

// interrupts reports whether a node is an event sub-process that ends what is beside it.
func (s *step) interrupts(node *bpmn.FlowNode) bool {
	return node.TriggeredByEvent && slices.ContainsFunc(s.process.EventStarts(node.Parent), func(start *bpmn.FlowNode) bool {
		return start.Parent == node && start.Interrupting
	})
}
