package engine

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
)

// A conditional event is waited for by a subscription without a name. Its condition is looked at when the wait
// begins, and again for each change of a variable that it sees, once the operation that makes the change has
// done all its changes and before the token of it goes on (Camunda 7 ConditionalEventDefinition,
// ExecutionEntity.dispatchEvent).

// notice finds out, before variables are set or removed, which conditions will have to be looked at: those of the scope
// that holds the variables, then those inside of it; one for each variable. What begins to wait later sees the
// new values by itself.
func (s *step) notice(c Change) {
	holder := s.instance.scope(c.Scope)
	if s.looking || holder == nil {
		return
	}
	type waiting struct {
		sub   Subscription
		depth int
	}
	var list []waiting
	for _, sub := range s.instance.Subscriptions {
		if depth := s.below(sub, c.Scope); sub.Condition && depth >= 0 {
			list = append(list, waiting{sub, depth})
		}
	}
	slices.SortStableFunc(list, func(a, b waiting) int { return cmp.Compare(a.depth, b.depth) })
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(c.Variables)), c.Names) {
		change := changeOf(c.Kind, holder, name)
		for _, w := range list {
			if event := s.process.Node(w.sub.Node); event != nil && event.Event != nil && event.Event.Heeds(name, change) {
				s.noticed = append(s.noticed, w.sub.ID)
			}
		}
	}
}

// changeOf says what a change does to a variable of a scope.
func changeOf(kind Kind, holder *Scope, name string) string {
	_, found := holder.Variables[name]
	switch {
	case kind == VariablesRemoved:
		return bpmn.VariableDeleted
	case found:
		return bpmn.VariableUpdated
	}
	return bpmn.VariableCreated
}

// below returns how many scopes a wait is inside of a scope, -1 if it does not see it.
func (s *step) below(sub Subscription, scope int) int {
	if !sub.Condition {
		return -1
	}
	depth := 0
	for around := range s.instance.outward(s.instance.scopeOf(s.waiter(sub.Token, sub.Scope))) {
		if around.Number == scope {
			return depth
		}
		depth++
	}
	return -1
}

// heed looks at the conditions whose variables have changed, and lets the events happen whose conditions hold.
func (s *step) heed() {
	for len(s.noticed) > 0 && s.failure == nil && s.instance.State == Active {
		id := s.noticed[0]
		s.noticed = s.noticed[1:]
		// An earlier one may have ended it; a scope in which nothing is left has ended.
		if sub := s.instance.Subscription(id); sub != nil && (sub.Token > 0 || s.inhabited(sub.Scope)) {
			s.look(*sub)
		}
	}
}

// heeded is heed for a token that is about to go on. It reports whether the token still is where it was.
func (s *step) heeded(t Token) bool {
	if len(s.noticed) == 0 {
		return true
	}
	s.heed()
	now := s.instance.token(t.Number)
	return now != nil && now.Node == t.Node
}

// overtaken looks at the conditions that a token, or a scope, has just begun to wait for, and at those of the scope
// that the token has opened. It reports whether an event has interrupted what they watch.
func (s *step) overtaken(t Token) bool {
	interrupted, own := false, s.instance.owned(t.Number)
	for _, sub := range slices.Clone(s.instance.Subscriptions) {
		mine := sub.Token == t.Number && sub.Token > 0 || sub.Token == 0 && (own != nil && sub.Scope == own.Number || own == nil && t.Number == 0 && sub.Scope == t.Scope)
		if sub.Condition && mine && s.instance.Subscription(sub.ID) != nil {
			interrupted = s.look(sub) || interrupted
		}
	}
	return interrupted
}

// discover looks at the conditions that are waited for since known was the list: what has been put into an instance,
// or goes on by another definition, may be happening already. A suspended instance leaves them to the next change.
func (s *step) discover(known []Subscription) {
	for _, sub := range slices.Clone(s.instance.Subscriptions) {
		old := slices.ContainsFunc(known, func(k Subscription) bool { return k.ID == sub.ID })
		there := s.instance.Subscription(sub.ID) != nil && (sub.Token > 0 || s.inhabited(sub.Scope))
		if sub.Condition && !old && there && s.failure == nil && s.instance.State == Active {
			s.look(sub)
		}
	}
}

// look looks at a condition that is waited for. If it holds, its event happens; interrupted is whether that has ended
// what the event watches.
func (s *step) look(sub Subscription) (interrupted bool) {
	t, event := s.waiter(sub.Token, sub.Scope), s.process.Node(sub.Node)
	if event == nil || event.Event == nil || event.Event.Trigger != bpmn.TriggerConditional {
		return false
	}
	holds, why := s.holdsNow(t, event)
	if !holds {
		return false
	}
	stays := (event.AttachedTo != nil || t.Number == 0) && !event.Interrupting
	if err := s.room(1); stays && err != nil {
		s.do(Change{Kind: ConditionFailed, Node: event.ID, Code: "too_many_tokens", Reason: err.Error()})
		return false
	}
	s.do(Change{Kind: ConditionMet, SubscriptionID: sub.ID, Node: event.ID, Why: why})
	if t.Node == event.ID { // an event that a token is at happens once
		s.do(Change{Kind: SubscriptionClosed, SubscriptionID: sub.ID, Node: event.ID})
	}
	s.trigger(t, event.ID)
	return !stays
}

// holdsNow evaluates the condition of an event for who waits for it. A variable that is missing makes it false
// (Camunda 7 UelExpressionCondition.tryEvaluate); so does any other failure, which the history tells.
func (s *step) holdsNow(t Token, event *bpmn.FlowNode) (bool, []Why) {
	condition := event.Event.Condition
	at := Token{Number: t.Number, Scope: t.Scope, Node: event.ID}
	s.looking = true // what the evaluation itself sets does not begin another
	holds, err := condition.EvaluateBool(s.environment(at, nil))
	s.looking = false
	if failed, ok := err.(*expr.EvaluationError); ok && failed.Code != expr.CodeUnknownVariable { //nolint:errorlint // never wrapped
		s.do(Change{Kind: ConditionFailed, Node: event.ID, Code: failed.Code, Reason: failed.Message})
	}
	if err != nil || !holds {
		return false, nil
	}
	return true, []Why{explain("condition", condition, true, s.lookup(s.instance.scopeOf(at)))}
}

// enterConditional passes a conditional event whose condition holds, or waits for it.
func (s *step) enterConditional(t Token, node *bpmn.FlowNode) error {
	if holds, why := s.holdsNow(t, node); holds {
		s.do(Change{Kind: ConditionMet, Node: node.ID, Why: why})
		s.finish(t)
		return nil
	}
	return s.arm(t, node)
}

// chosen lets the first of the conditional events behind an event-based gateway happen whose condition holds
// already. It reports whether there is one.
func (s *step) chosen(t Token, gateway *bpmn.FlowNode) bool {
	for _, flow := range gateway.Outgoing {
		event := flow.Target
		if event.Event == nil || event.Event.Trigger != bpmn.TriggerConditional {
			continue
		}
		if holds, why := s.holdsNow(t, event); holds {
			s.do(Change{Kind: ConditionMet, Node: event.ID, Why: why})
			s.trigger(t, event.ID)
			return true
		}
	}
	return false
}

// StartHolds reports whether the condition of a start event of a process holds for variables at a time. What cannot
// be evaluated does not hold.
func StartHolds(p *bpmn.Process, event *bpmn.FlowNode, variables Variables, now time.Time, w World) bool {
	s := &step{process: p, instance: &Instance{Scopes: []Scope{{Variables: maps.Clone(variables)}}}, now: now.UTC(), world: w, looking: true}
	if s.instance.Scopes[0].Variables == nil {
		s.instance.Scopes[0].Variables = Variables{}
	}
	holds, _ := s.holdsNow(Token{}, event)
	return holds
}
