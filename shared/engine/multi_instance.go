package engine

import (
	"fmt"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
)

// The token at a multi-instance activity opens a scope with the counters and waits. In the scope are
// the tokens of the instances, at the same node, each with a scope of its own for its index, its
// element and the input parameters. That scope lasts as long as its token: a retry and the completion
// condition need it.

// body returns the token of the multi-instance activity that a token is an instance of, or nil.
func (in *Instance) body(t Token) *Token {
	scope := in.scope(t.Scope)
	if scope == nil || scope.Number == 0 || t.Undoes {
		return nil
	}
	if owner := in.token(scope.Token); owner != nil && owner.Node == t.Node {
		return owner
	}
	return nil
}

// node returns the flow node that a token is at, as the token does it: the activity as a whole or one
// instance of it. It is nil when the definition has none.
func (s *step) node(t Token) *bpmn.FlowNode {
	node := s.process.Node(t.Node)
	if node != nil && t.Undoes {
		return undone(node)
	}
	if node == nil || s.instance.body(t) == nil {
		return node
	}
	if node.MultiInstance == nil {
		return nil
	}
	return node.MultiInstance.Instance
}

// enterMultiInstance lets a token into an activity as a whole: all instances begin, or the first of a
// sequence (Camunda 7 ParallelMultiInstanceActivityBehavior and its sequential twin). Without instances
// the activity is skipped.
func enterMultiInstance(s *step, t Token, node *bpmn.FlowNode) error {
	list, count, err := s.elements(t, node)
	if err != nil {
		return err
	}
	if count == 0 {
		s.finish(t)
		return nil
	}
	begin := count
	if node.MultiInstance.Sequential {
		begin = 1
	}
	if err := s.room(begin); err != nil {
		return err
	}
	if node.MultiInstance.Loop != nil {
		s.begin(t, node, 0, nil)
		return nil
	}
	s.do(Change{Kind: VariablesSet, Scope: s.instance.owned(t.Number).Number, Variables: Variables{
		bpmn.NumberOfInstances: int64(count), bpmn.NumberOfActiveInstances: int64(begin), bpmn.NumberOfCompletedInstances: int64(0),
	}})
	for i := range begin {
		s.begin(t, node, i, list)
	}
	return nil
}

// elements evaluates how many instances there are, and the collection, if there is one. The cardinality
// counts when both are given.
func (s *step) elements(t Token, node *bpmn.FlowNode) (list []expr.Value, count int, err error) {
	m := node.MultiInstance
	if m.Loop != nil {
		count, err = s.loops(t, m.Loop)
		return nil, count, err
	}
	if m.Collection != nil {
		if list, err = s.collection(t, m); err != nil {
			return nil, 0, err
		}
		count = len(list)
	}
	if m.Cardinality != nil {
		n, err := s.integer(t, "loopCardinality", m.Cardinality)
		if err != nil {
			return nil, 0, err
		}
		if n < 0 {
			return nil, 0, &dataError{"bad_cardinality", fmt.Sprintf("loopCardinality of %s is %d", node.ID, n)}
		}
		count = int(min(n, bpmn.MaxInstances+1))
	}
	if count > bpmn.MaxInstances {
		return nil, 0, &dataError{"too_many_instances", fmt.Sprintf("%s would have more than %d instances", node.ID, bpmn.MaxInstances)}
	}
	if m.ElementVariable != "" && count > len(list) {
		return nil, 0, tooShort(node, len(list), count)
	}
	return list, count, nil
}

func tooShort(node *bpmn.FlowNode, has, needed int) error {
	return &dataError{"collection_too_short", fmt.Sprintf("the collection of %s has %d elements, not %d", node.ID, has, needed)}
}

func (s *step) collection(t Token, m *bpmn.MultiInstance) ([]expr.Value, error) {
	e := s.environment(t, nil)
	var value expr.Value
	if m.Collection.IsLiteral() {
		var found bool
		if value, found = e.Variable(m.Collection.Source()); !found {
			return nil, &expr.EvaluationError{Code: expr.CodeUnknownVariable, Name: m.Collection.Source(), Message: "there is no variable " + m.Collection.Source()}
		}
	} else {
		var err error
		if value, err = m.Collection.Evaluate(e); err != nil {
			return nil, err
		}
	}
	list, ok := value.([]expr.Value)
	if !ok {
		return nil, &dataError{"type_mismatch", "the collection " + m.Collection.Source() + " of " + t.Node + " is not a list"}
	}
	return list, nil
}

// begin creates the token of an instance and the scope with what is the instance's own.
func (s *step) begin(body Token, node *bpmn.FlowNode, index int, list []expr.Value) {
	own := Variables{bpmn.LoopCounter: int64(index)}
	if name := node.MultiInstance.ElementVariable; name != "" {
		own[name] = list[index]
	}
	inside := s.instance.owned(body.Number).Number
	s.create(inside, node.ID, "")
	s.do(Change{Kind: ScopeOpened, Scope: s.instance.LastScope + 1, Parent: inside, Token: s.instance.LastToken, Node: node.ID, Variables: own})
}

// end consumes a token whose path ends. If it is an instance of an activity, the activity counts it and
// looks at the completion condition; then the others are cancelled, or the next of a sequence begins.
// Once no instance is left, settle leaves the activity.
func (s *step) end(t Token) error {
	body := s.instance.body(t)
	if body == nil {
		if len(s.instance.Tokens) == 1 {
			if err := s.tellEnd(); err != nil {
				return err
			}
		}
		s.cancelToken(t, "") // it has nothing open, unless the definition is not the one it came by
		return nil
	}
	whole, node := *body, s.process.Node(t.Node)
	if s.endSigner(whole, t) {
		return nil
	}
	counters, err := s.counted(t, node)
	if err != nil {
		return err
	}
	met, why, err := s.met(t, node, counters)
	if err != nil {
		return err
	}
	next, list := -1, []expr.Value(nil)
	if !met && node.MultiInstance.Sequential {
		if next, list, err = s.following(whole, t, node); err != nil {
			return err
		}
	}
	if counters != nil {
		s.do(Change{Kind: VariablesSet, Scope: t.Scope, Variables: counters})
	}
	s.consume(t, why)
	switch {
	case met:
		s.cancelScope(t.Scope, "completed")
	case next >= 0:
		s.begin(whole, node, next, list)
	}
	return nil
}

// consume ends a token that has nothing left but, at most, its scope.
func (s *step) consume(t Token, why []Why) {
	if own := s.instance.owned(t.Number); own != nil {
		s.do(Change{Kind: ScopeClosed, Scope: own.Number, Node: t.Node})
	}
	s.do(Change{Kind: TokenConsumed, Token: t.Number, Node: t.Node, Why: why})
}

// counted returns the counters after an instance. In a sequence one is active until the last.
func (s *step) counted(t Token, node *bpmn.FlowNode) (Variables, error) {
	if node.MultiInstance.Loop != nil {
		return nil, nil // it counts by loopCounter alone
	}
	completed, err := s.counter(t.Scope, bpmn.NumberOfCompletedInstances, node)
	if err != nil {
		return nil, err
	}
	counters := Variables{bpmn.NumberOfCompletedInstances: completed + 1}
	if !node.MultiInstance.Sequential {
		active, err := s.counter(t.Scope, bpmn.NumberOfActiveInstances, node)
		if err != nil {
			return nil, err
		}
		counters[bpmn.NumberOfActiveInstances] = active - 1
	}
	return counters, nil
}

// counter reads a counter; the work of an instance may have overwritten it.
func (s *step) counter(scope int, name string, node *bpmn.FlowNode) (int64, error) {
	value, _ := s.instance.Variable(scope, name)
	n, ok := whole(value)
	if !ok {
		return 0, &dataError{"type_mismatch", name + " of " + node.ID + " is not a whole number"}
	}
	return n, nil
}

// met evaluates the completion condition in the scope of the instance that has ended, after it was
// counted, and records the evaluation.
func (s *step) met(t Token, node *bpmn.FlowNode, counters Variables) (bool, []Why, error) {
	condition := node.MultiInstance.Condition
	if condition == nil {
		return false, nil, nil
	}
	e := s.environment(t, nil)
	show(e, values{Variables: counters}, nil)
	met, err := condition.EvaluateBool(e)
	if err != nil {
		return false, nil, err
	}
	return met, []Why{explain("completionCondition", condition, met, e.Variable)}, nil
}

// following returns the index after that of an instance, and the collection as it is now; -1 after the
// last.
func (s *step) following(body, t Token, node *bpmn.FlowNode) (int, []expr.Value, error) {
	index, err := s.counter(s.instance.scopeOf(t), bpmn.LoopCounter, node)
	if err != nil {
		return 0, nil, err
	}
	if loop := node.MultiInstance.Loop; loop != nil {
		next, err := s.loopAgain(t, loop, index)
		return next, nil, err
	}
	count, err := s.counter(t.Scope, bpmn.NumberOfInstances, node)
	beyond := index < 0 || index >= bpmn.MaxInstances // somebody has overwritten it
	if err != nil || !beyond && index+1 >= count {
		return -1, nil, err
	}
	if beyond || index+1 >= bpmn.MaxInstances {
		return 0, nil, &dataError{"too_many_instances", fmt.Sprintf("%s would have more than %d instances", node.ID, bpmn.MaxInstances)}
	}
	m := node.MultiInstance
	if m.ElementVariable == "" {
		return int(index + 1), nil, nil
	}
	list, err := s.collection(body, m)
	if err == nil && int(index+1) >= len(list) {
		err = tooShort(node, len(list), int(index+2))
	}
	return int(index + 1), list, err
}
