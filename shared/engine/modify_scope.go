package engine

import (
	"fmt"
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// level is a kind of place in which tokens are: a sub-process, or a multi-instance activity as a whole,
// in which its instances are.
type level struct {
	node  *bpmn.FlowNode
	whole bool
}

// around returns the levels around a node, the innermost first. One instance of a multi-instance activity
// is inside of the whole.
func around(node *bpmn.FlowNode, instance bool) []level {
	var list []level
	if instance {
		list = append(list, level{node, true})
	}
	for p := node.Parent; p != nil; p = p.Parent {
		list = append(list, level{node: p})
		if p.MultiInstance != nil {
			list = append(list, level{p, true})
		}
	}
	return list
}

// openAt returns the scopes of a level in which something can be started: not of those that are not
// entered yet, or left already.
func (s *step) openAt(l level) []Scope {
	var list []Scope
	for _, scope := range s.instance.Scopes[1:] {
		owner := *s.instance.token(scope.Token)
		if owner.Undoes {
			continue
		}
		whole := l.node.MultiInstance != nil && s.instance.body(owner) == nil
		if owner.Node == l.node.ID && l.whole == whole && !s.stuck(owner.Number) && !s.continues(owner.Number) {
			list = append(list, scope)
		}
	}
	return list
}

// place finds the scope in which to start something, and what is missing between it and the node, the
// innermost first. A token that is moved stays in the sub-processes that it is in.
func (s *step) place(i Instruction, levels []level, moved int) (scope int, missing []level, err error) {
	if i.Ancestor != nil && *i.Ancestor == 0 {
		return 0, levels, nil
	}
	var inside []int // the scopes that the moved token is in
	if token := s.instance.token(moved); token != nil {
		for around := range s.instance.outward(token.Scope) {
			inside = append(inside, around.Number)
		}
	}
	for n, l := range levels {
		found := slices.DeleteFunc(s.openAt(l), func(x Scope) bool { return s.within(x, moved) })
		if i.Ancestor != nil {
			found = slices.DeleteFunc(found, func(x Scope) bool { return x.Token != *i.Ancestor })
		} else if n := slices.IndexFunc(found, func(x Scope) bool { return slices.Contains(inside, x.Number) }); n >= 0 {
			found = found[n : n+1]
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0].Number, levels[:n], nil
		}
		return 0, nil, fmt.Errorf("%s is active %d times: the ancestor must be named", l.node.ID, len(found))
	}
	if i.Ancestor != nil {
		return 0, nil, fmt.Errorf("the token %d is at nothing that holds the node", *i.Ancestor)
	}
	return 0, levels, nil
}

// within reports whether a scope is a token's own or inside of it.
func (s *step) within(scope Scope, token int) bool {
	for around := range s.instance.outward(scope.Number) {
		if around.Number > 0 && around.Token == token {
			return true
		}
	}
	return false
}

// enclosing finds the scope in which to start something, after what is missing around it has been entered
// as a token enters it: with its parameters and what it waits for, but nothing inside begins.
func (s *step) enclosing(i Instruction, node *bpmn.FlowNode, instance bool, moved int) (int, error) {
	scope, missing, err := s.place(i, around(node, instance), moved)
	if err != nil {
		return 0, err
	}
	if err := s.room(len(missing) + 1); err != nil {
		return 0, err
	}
	for _, l := range slices.Backward(missing) {
		s.supersede(scope, l.node)
		if scope, err = s.openLevel(l, scope); err != nil {
			return 0, fmt.Errorf("%s cannot be entered: %w", l.node.ID, err)
		}
	}
	return scope, nil
}

// openLevel enters one level in a scope and returns its scope.
func (s *step) openLevel(l level, scope int) (int, error) {
	if l.node.MultiInstance != nil && !l.whole {
		t, err := s.another(scope, l.node)
		if err != nil {
			return 0, err
		}
		return s.instance.owned(t.Number).Number, s.occupy(t, s.node(t))
	}
	t := s.plant(scope, l.node.ID, "")
	if !l.whole {
		if err := s.occupy(t, l.node); err != nil {
			return 0, err
		}
		return s.instance.owned(t.Number).Number, nil
	}
	if err := s.prepare(t, l.node); err != nil {
		return 0, err
	}
	own := s.instance.owned(t.Number).Number
	s.do(Change{Kind: VariablesSet, Scope: own, Variables: Variables{
		bpmn.NumberOfInstances: int64(0), bpmn.NumberOfActiveInstances: int64(0), bpmn.NumberOfCompletedInstances: int64(0),
	}})
	return own, nil
}

// occupy is prepare with the listeners of the start (Camunda 7 PvmAtomicOperationActivityInitStackNotifyListenerStart).
// Nothing waits for what a worker would do, so that is passed over.
func (s *step) occupy(t Token, node *bpmn.FlowNode) error {
	if err := s.prepare(t, node); err != nil {
		return err
	}
	for _, l := range s.listening(node, bpmn.ListenStart) {
		if l.Topic == nil {
			if err := s.hear(t, nil, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// supersede ends what is in a scope in which an event sub-process that interrupts begins (Camunda 7
// ActivityStartBehavior.INTERRUPT_EVENT_SCOPE).
func (s *step) supersede(scope int, node *bpmn.FlowNode) {
	if s.interrupts(node) {
		s.cancelScope(scope, "interrupted")
	}
}

// plant creates a token at a node that it does not enter yet.
func (s *step) plant(scope int, node, flow string) Token {
	number := s.instance.LastToken + 1
	s.do(Change{Kind: TokenCreated, Token: number, Scope: scope, Node: node, Flow: flow})
	return *s.instance.token(number)
}

// another adds an instance to a multi-instance activity, without an element (Camunda 7
// ParallelMultiInstanceActivityBehavior.createInnerInstance). A sequence has one at a time.
func (s *step) another(scope int, node *bpmn.FlowNode) (Token, error) {
	if node.MultiInstance.Sequential && s.inhabited(scope) {
		return Token{}, fmt.Errorf("the instances of %s are sequential: one is active", node.ID)
	}
	if policy(node) != nil {
		return Token{}, fmt.Errorf("the instances of %s are its signers: add one, or start %s%s", node.ID, node.ID, WholeSuffix)
	}
	total, err := s.counter(scope, bpmn.NumberOfInstances, node)
	if err != nil {
		return Token{}, err
	}
	active, err := s.counter(scope, bpmn.NumberOfActiveInstances, node)
	if err != nil {
		return Token{}, err
	}
	if total < 0 || total >= bpmn.MaxInstances {
		return Token{}, fmt.Errorf("%s would have more than %d instances", node.ID, bpmn.MaxInstances)
	}
	s.do(Change{Kind: VariablesSet, Scope: scope, Variables: Variables{
		bpmn.NumberOfInstances: total + 1, bpmn.NumberOfActiveInstances: active + 1,
	}})
	t := s.plant(scope, node.ID, "")
	s.do(Change{Kind: ScopeOpened, Scope: s.instance.LastScope + 1, Parent: scope, Token: t.Number, Node: node.ID, Variables: Variables{bpmn.LoopCounter: total}})
	return t, nil
}

// startBefore puts a token at a node that it will enter. One at an interrupting boundary event takes the
// place of what is at its activity.
func (s *step) startBefore(i Instruction, node *bpmn.FlowNode, instance bool, moved int) error {
	scope, err := s.enclosing(i, node, instance, moved)
	if err != nil {
		return err
	}
	if host := s.host(scope, node); host != nil {
		s.interrupt(*host, node)
		s.equip(i, *s.instance.token(host.Number), false)
		return nil
	}
	var t Token
	if instance {
		if t, err = s.another(scope, node); err != nil {
			return err
		}
	} else {
		s.supersede(scope, node)
		t = s.plant(scope, node.ID, "")
	}
	s.equip(i, t, true)
	s.arrive(t.Number)
	return nil
}

// host returns the only token at the activity of an interrupting boundary event, or nil.
func (s *step) host(scope int, event *bpmn.FlowNode) *Token {
	if event.AttachedTo == nil || !event.Interrupting {
		return nil
	}
	var found []Token
	for _, t := range s.instance.Tokens {
		if t.Scope == scope && t.Node == event.AttachedTo.ID {
			found = append(found, t)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return &found[0]
}

// startAlong lets a token come to a node along a sequence flow, whatever the condition of the flow.
func (s *step) startAlong(i Instruction, flow *bpmn.SequenceFlow) error {
	scope, err := s.enclosing(i, flow.Target, false, 0)
	if err != nil {
		return err
	}
	t := s.plant(scope, flow.Target.ID, flow.ID)
	s.equip(i, t, true)
	s.arrive(t.Number)
	return nil
}

// equip sets the variables of an instruction. The token's own are in a scope that lasts as long as it is at
// the node; where a node leaves no scope behind, as a gateway, they are in the one around.
func (s *step) equip(i Instruction, t Token, entering bool) {
	s.setVariables(s.instance.scopeOf(t), i.Variables)
	if len(i.Local) == 0 {
		return
	}
	own, node := s.instance.owned(t.Number), s.process.Node(t.Node)
	switch {
	case own != nil:
		s.do(Change{Kind: VariablesSet, Scope: own.Number, Variables: i.Local})
	case entering && node.IsActivity():
		s.do(Change{Kind: ScopeOpened, Scope: s.instance.LastScope + 1, Parent: t.Scope, Token: t.Number, Node: node.ID, Variables: i.Local})
	default:
		s.do(Change{Kind: VariablesSet, Scope: t.Scope, Variables: i.Local})
	}
}
