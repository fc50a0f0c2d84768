package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// throwSignal throws the signal of a node (Camunda 7 ThrowSignalEventActivityBehavior). What waits for it
// in this instance receives it in this step, in the order in which it began to wait, before the token
// goes on; whoever else waits is reached after the commit, by what the change says. A node that is
// entered later in the step hears nothing of it.
func (s *step) throwSignal(t Token, node *bpmn.FlowNode) error {
	name, err := s.eventName(t, node)
	if err != nil {
		return err
	}
	payload, err := s.payload(t, node.Event.SignalVariables)
	if err != nil {
		return err
	}
	key, err := s.text(t, node.Event.SignalKey)
	if err == nil && len([]rune(key)) > maxMessageName {
		err = &dataError{"bad_business_key", "the business key of the signal of " + node.ID + " is longer than 255 characters"}
	}
	if err != nil {
		return err
	}
	s.do(Change{Kind: SignalThrown, Token: t.Number, Node: node.ID, SignalID: s.newID(), Message: name, BusinessKey: key, Variables: payload.Variables})
	for _, sub := range slices.Clone(s.instance.Subscriptions) {
		// An earlier one may have ended it; a scope in which nothing is left has ended.
		if sub.Signal && sub.Message == name && s.instance.Subscription(sub.ID) != nil && (sub.Token > 0 || s.inhabited(sub.Scope)) {
			s.typed(payload.types, func() { s.receive(sub, payload.Variables) })
		}
	}
	if now := s.instance.token(t.Number); now != nil && now.Node == t.Node { // nor has it ended the thrower
		s.finish(*now)
	}
	return nil
}

// payload evaluates what a signal or a call carries; later entries hide earlier ones.
func (s *step) payload(t Token, list []bpmn.SignalVariable) (values, error) {
	if len(list) == 0 {
		return values{}, nil
	}
	own := s.instance.scope(s.instance.scopeOf(t))
	all, local := values{s.instance.Visible(t.Number), s.instance.VisibleTypes(t.Number)}, values{own.Variables, own.Types}
	payload := newValues()
	for _, v := range list {
		seen := all
		if v.Local {
			seen = local
		}
		switch {
		case v.All:
			payload.addAll(seen.Variables, seen.types)
		case v.Expression == nil:
			payload.set(v.Target, seen.Variables[v.Source], seen.types[v.Source]) // null when there is none
		case v.Expression.IsLiteral():
			payload.set(v.Target, v.Expression.Source(), "")
		default:
			value, kind, err := v.Expression.EvaluateTyped(s.environment(t, nil))
			if err != nil {
				return values{}, err
			}
			payload.set(v.Target, value, kind)
		}
	}
	return payload, nil
}
