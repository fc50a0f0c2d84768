package engine

import (
	"fmt"
	"maps"
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// An activity that is completed leaves a compensation in the scope around it: its handler is known by the
// definition. So does a sub-process, or a multi-instance activity as a whole, in whose scope there are
// compensations: its scope is kept under its number, with a snapshot of its variables, until the scope
// around it closes. The token of an event that throws compensation has a scope in which every handler has
// a token; a kept scope is opened again in it, by a token that stands for the completed activity. The
// event is done when no token is left in its scope (BPMN 2.0.2 §13.5.5; Camunda 7 CompensationUtil).

// maxCompensations is how many completed activities an instance remembers: as many handlers it may have.
const maxCompensations = maxTokens

// Compensation is completed work that can be undone.
type Compensation struct {
	Number int    `json:"number"` // in the order of completion
	Scope  int    `json:"scope"`  // in which it was completed: an open one, or one that another compensation keeps
	Node   string `json:"node"`   // the activity
	// Kept is the scope of the activity, and Variables are what it had: what was completed in it is undone.
	// Zero: the handler that is joined to the activity undoes it.
	Kept      int       `json:"kept,omitempty"`
	Variables Variables `json:"variables,omitempty"`
}

// compensation returns the one with the number, or nil.
func (in *Instance) compensation(number int) *Compensation {
	for i := range in.Compensations {
		if in.Compensations[i].Number == number {
			return &in.Compensations[i]
		}
	}
	return nil
}

// completed returns the compensations in some scopes, the latest first.
func (in *Instance) completed(scopes ...int) []Compensation {
	var list []Compensation
	for _, c := range slices.Backward(in.Compensations) {
		if slices.Contains(scopes, c.Scope) {
			list = append(list, c)
		}
	}
	return list
}

// remember adds what a change says was completed, with the variables that its scope has now.
func (in *Instance) remember(c Compensation) {
	if c.Kept > 0 {
		c.Variables = maps.Clone(in.scope(c.Kept).Variables)
	}
	in.Compensations = append(in.Compensations, c)
	in.LastCompensation = c.Number
}

// forget drops what was completed in a scope that closes, unless it is kept, and what only that keeps.
func (in *Instance) forget(closed int) {
	if !slices.ContainsFunc(in.Compensations, func(c Compensation) bool { return c.Scope == closed }) {
		return
	}
	for before := 0; before != len(in.Compensations); {
		before = len(in.Compensations)
		known := map[int]bool{}
		for _, s := range in.Scopes {
			known[s.Number] = true
		}
		for _, c := range in.Compensations {
			known[c.Kept] = known[c.Kept] || c.Kept > 0
		}
		in.Compensations = slices.DeleteFunc(in.Compensations, func(c Compensation) bool { return !known[c.Scope] })
	}
}

// joined reports whether a handler is joined to an activity by its compensation boundary event.
func joined(node *bpmn.FlowNode) bool {
	return node.Compensation != nil && !node.Compensation.TriggeredByEvent
}

// remember returns what to record of a token whose work is done, before its scope closes. Each instance of
// an activity has its handler; the whole keeps what they leave. What a handler does is not undone.
func (s *step) remember(t Token) ([]Compensation, error) {
	node := s.process.Node(t.Node)
	if node == nil || t.Undoes || node.ForCompensation || node.Compensates() {
		return nil, nil
	}
	var list []Compensation
	whole := node.MultiInstance != nil && s.instance.body(t) == nil
	within := !whole && node.Compensation != nil && node.Compensation.TriggeredByEvent
	own := s.instance.owned(t.Number)
	if own != nil && node.Holds() && (within || len(s.instance.completed(own.Number)) > 0) {
		list = append(list, Compensation{Scope: t.Scope, Node: t.Node, Kept: own.Number})
	}
	if !whole && joined(node) {
		list = append(list, Compensation{Scope: t.Scope, Node: t.Node})
	}
	if len(list) > 0 && !whole && len(s.instance.Compensations)+len(list) > maxCompensations {
		return nil, &dataError{"too_many_compensations", fmt.Sprintf("the instance would have more than %d activities to compensate", maxCompensations)}
	}
	return list, nil
}

// recordAll makes the changes for what remember has returned.
func (s *step) recordAll(list []Compensation) {
	for _, c := range list {
		c.Number = s.instance.LastCompensation + 1
		s.do(Change{Kind: CompensationRecorded, Compensation: &c})
	}
}

// throwCompensation undoes what was completed in the scope of an event, or of the one activity that it
// names; from within an event sub-process also in the scope around. The token waits for that. Without
// anything to undo it goes on (Camunda 7 CompensationEventActivityBehavior).
func (s *step) throwCompensation(t Token, node *bpmn.FlowNode) error {
	scopes := []int{t.Scope}
	for around := node.Parent; around != nil && around.TriggeredByEvent; around = around.Parent {
		scopes = append(scopes, s.instance.scope(scopes[len(scopes)-1]).Parent)
	}
	list := s.instance.completed(scopes...)
	if ref := node.Event.ActivityRef; ref != "" {
		named := s.process.Node(ref)
		if named == nil {
			return errNodeUnknown
		}
		list = slices.DeleteFunc(list, func(c Compensation) bool { return !c.meant(named) })
	}
	if err := s.undoable(list); err != nil {
		return err
	}
	s.do(Change{Kind: CompensationThrown, Token: t.Number, Node: t.Node})
	s.compensate(t, list)
	return nil
}

// meant reports whether an event that names an activity means c: the handler of the activity where it has
// one, else what is kept of it (Camunda 7 CompensationUtil.getSubscriptionActivityId).
func (c Compensation) meant(named *bpmn.FlowNode) bool {
	handler := named.MultiInstance == nil && joined(named)
	return c.Node == named.ID && handler == (c.Kept == 0)
}

// undoable reports why compensations cannot be undone: the definition does not know them, or the handlers
// would be too many. The tokens at kept scopes take the place of what keeps them.
func (s *step) undoable(list []Compensation) error {
	count, err := s.count(list, "")
	if err != nil {
		return err
	}
	return s.room(count)
}

func (s *step) count(list []Compensation, inside string) (int, error) {
	total := 0
	for _, c := range list {
		node := s.process.Node(c.Node)
		if node == nil || c.Kept == 0 && !joined(node) {
			return 0, errNodeUnknown
		}
		if c.Kept == 0 || s.undoneWithin(c, inside) != nil {
			total++
			continue
		}
		more, err := s.count(s.instance.completed(c.Kept), c.Node)
		if err != nil {
			return 0, err
		}
		total += more
	}
	return total, nil
}

// undoneWithin returns the event sub-process that undoes the activity whose scope c keeps, or nil: then
// what was completed in it is. inside is the activity that keeps c, which makes c one of its instances.
func (s *step) undoneWithin(c Compensation, inside string) *bpmn.FlowNode {
	node := s.process.Node(c.Node)
	whole := node.MultiInstance != nil && inside != c.Node
	if whole || node.Compensation == nil || !node.Compensation.TriggeredByEvent {
		return nil
	}
	return node.Compensation
}

// compensate undoes what undoable has accepted, in the scope of the token that waits for it.
func (s *step) compensate(t Token, list []Compensation) {
	if len(list) == 0 {
		s.finish(t)
		return
	}
	s.undo(list, s.instance.owned(t.Number).Number, "")
}

// undo starts the handlers in a scope, the latest activity's first.
func (s *step) undo(list []Compensation, scope int, inside string) {
	for _, c := range list {
		token := s.instance.LastToken + 1
		s.do(Change{Kind: CompensationStarted, Token: token, Node: c.Node, Compensated: c.Number})
		if c.Kept == 0 {
			s.create(scope, s.process.Node(c.Node).Compensation.ID, "")
			continue
		}
		s.do(Change{Kind: TokenCreated, Token: token, Scope: scope, Node: c.Node, Undoes: true})
		s.do(Change{Kind: ScopeOpened, Scope: c.Kept, Parent: scope, Token: token, Node: c.Node, Variables: c.Variables})
		if within := s.undoneWithin(c, inside); within != nil {
			s.create(c.Kept, within.ID, "")
			continue
		}
		s.undo(s.instance.completed(c.Kept), c.Kept, c.Node)
	}
}

// undone is a completed activity as the token has it that stands for it while it is undone: it holds the
// handlers and leads nowhere; what is on its border was over when it was completed.
func undone(node *bpmn.FlowNode) *bpmn.FlowNode {
	return &bpmn.FlowNode{ID: node.ID, Name: node.Name, Element: bpmn.ElementSubProcess, Parent: node.Parent}
}
