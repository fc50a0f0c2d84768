package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
)

// ErrTakeOver: the state of another engine is none that this one can go on from. Nothing was changed.
var ErrTakeOver = fault.New(fault.Invalid, "bad_take_over", "The instance cannot be taken over as it is.")

// TakeOver continues an instance that another engine has run. Changes lead from what is known of its past to
// where it stands; nothing is evaluated on the way.
type TakeOver struct{ Changes []Change }

// Name is the command's name in the history.
func (TakeOver) Name() string { return "take-over" }

func (a TakeOver) apply(s *step) error {
	s.looking = true // a condition is looked at when something changes here, not while the state is laid out
	for _, c := range a.Changes {
		s.do(c)
	}
	s.looking = false
	if s.failure != nil {
		return ErrTakeOver.Withf("%s", s.failure)
	}
	for _, t := range s.instance.Tokens {
		if why := s.astray(t); why != "" {
			return ErrTakeOver.Withf("%s: %s", t.Node, why)
		}
	}
	return nil
}

// astray returns why a token could never go on from where it is; empty: it can.
func (s *step) astray(t Token) string {
	node := s.node(t)
	if node == nil {
		return "the definition has no such flow node"
	}
	if own := s.instance.owned(t.Number); own != nil && s.inhabited(own.Number) {
		return ""
	}
	if s.continues(t.Number) || s.stuck(t.Number) {
		return ""
	}
	switch {
	case node.Holds():
		return "nothing is active inside of it"
	case node.UserTask != nil:
		if !slices.ContainsFunc(s.instance.Tasks, func(x Task) bool { return x.Token == t.Number }) {
			return "there is no task"
		}
	case node.Call != nil:
		if s.instance.callOf(t.Number) == nil {
			return "there is no called instance"
		}
	case node.Element == bpmn.ElementParallelGateway || node.Element == bpmn.ElementInclusiveGateway:
		if len(node.Incoming) < 2 {
			return "no other token is waited for there"
		}
	case !s.waits(t):
		return "nothing is waited for there"
	}
	return ""
}

// waits reports whether an event will let a token go on: at its node or, at an event-based gateway, behind it.
func (s *step) waits(t Token) bool {
	ends := func(id string) bool {
		event := s.process.Node(id)
		return event != nil && event.AttachedTo == nil
	}
	return slices.ContainsFunc(s.instance.Timers, func(x Timer) bool { return x.Token == t.Number && x.Listener == "" && ends(x.Node) }) ||
		slices.ContainsFunc(s.instance.Subscriptions, func(x Subscription) bool { return x.Token == t.Number && ends(x.Node) })
}
