package takeover

import (
	"fmt"
	"slices"
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
)

// level is a place that holds others: a sub-process, or a multi-instance activity as a whole.
type level struct {
	node  *bpmn.FlowNode
	whole bool
}

// levels returns what is around a node, outermost first. inside means one instance of a multi-instance activity.
func levels(node *bpmn.FlowNode, inside bool) []level {
	var list []level
	if inside {
		list = append(list, level{node, true})
	}
	for p := node.Parent; p != nil; p = p.Parent {
		list = append(list, level{node: p})
		if p.MultiInstance != nil {
			list = append(list, level{p, true})
		}
	}
	slices.Reverse(list)
	return list
}

// layout turns the executions of an instance into tokens and scopes. Camunda has one execution that is a scope for
// each level around an activity, and one more where the activity is a scope itself.
type layout struct {
	process     *bpmn.Process
	member      *member
	byID        map[string]*execution
	tokens      int
	scopes      int
	changes     []engine.Change
	leaves      []*execution
	notes       []string
	problem     string
	compensated int

	jobs      map[string]continuation // by the execution that waits for it
	variables map[string]*values      // by execution
	ofTask    map[string]*values      // those of tasks, by execution
}

func (l *layout) add(c engine.Change) { l.changes = append(l.changes, c) }

func (l *layout) fail(format string, arguments ...any) {
	if l.problem == "" {
		l.problem = fmt.Sprintf(format, arguments...)
	}
}

func (l *layout) note(format string, arguments ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, arguments...))
}

// place gives every execution that is at an activity its token.
func (l *layout) place() {
	for _, e := range l.member.executions {
		if e.event {
			l.fail("a finished sub-process whose compensation is kept (execution %s) cannot be taken over", e.id)
		}
		if len(e.children) > 0 || e.event || l.problem != "" {
			continue
		}
		if e.activity == "" {
			l.fail("the execution %s is at no activity", e.id)
			continue
		}
		l.settle(e)
	}
}

// settle places one execution and all that is around it.
func (l *layout) settle(e *execution) {
	id, whole := strings.CutSuffix(e.activity, engine.WholeSuffix)
	node := l.process.Node(id)
	if node == nil {
		l.fail("the definition has no activity %s", e.activity)
		return
	}
	inside := node.MultiInstance != nil && !whole
	waits, continues := l.jobs[e.id]
	if inside && e.instance == "" && !continues && e.concurrent {
		return // an instance that is done, which Camunda keeps until the others are
	}
	around := levels(node, inside)
	chain, between := l.chain(e)
	if len(chain) != len(around) && len(chain) != len(around)+1 {
		l.fail("%s stands in %d scopes, but its model has %d", e.activity, len(chain), len(around))
		return
	}
	scope := 0
	for i, at := range around {
		scope = l.open(chain[i], at, scope, between[i])
	}
	rest := slices.Concat(between[len(around):]...)
	if len(chain) > len(around) {
		rest = append(rest, e.id)
	}
	locals := l.gather(rest)
	locals.add(l.ofTask[e.id])
	if inside {
		l.takeFrom(chain[len(around)-1], node, locals)
	}
	at := node
	if continues && waits.target != nil {
		at = waits.target
	}
	e.leaf = l.token(at.ID, scope)
	if len(chain) > len(around) {
		e.token, e.level = e.leaf, level{node, whole}
	}
	if inside || len(locals.values) > 0 || !continues && node.HasScope() && !whole {
		e.own = l.scope(e.leaf, scope, at.ID, locals)
	}
	l.leaves = append(l.leaves, e)
}

// chain returns the executions from below the process instance to e that are scopes, and, before each of them and
// behind the last, the ones between that are none.
func (l *layout) chain(e *execution) (chain []*execution, between [][]string) {
	var up []*execution
	for at := e; at != nil && at.id != l.member.id; at = l.byID[at.parent] {
		up = append(up, at)
	}
	slices.Reverse(up)
	between = append(between, nil)
	for _, at := range up {
		if at.scope {
			chain = append(chain, at)
			between = append(between, nil)
			continue
		}
		between[len(between)-1] = append(between[len(between)-1], at.id)
	}
	return chain, between
}

// open returns the scope that an execution has here, after it was made at the first time.
func (l *layout) open(e *execution, at level, around int, between []string) int {
	if e.inner > 0 {
		if e.level != at {
			l.fail("the execution %s is at %s and at %s", e.id, e.level.node.ID, at.node.ID)
		}
		return e.inner
	}
	e.level = at
	locals := l.gather(append(slices.Clone(between), e.id))
	if at.node.MultiInstance != nil && !at.whole {
		if outer := l.wholeAround(e); outer != nil {
			l.takeFrom(outer, at.node, locals)
		}
	}
	e.token = l.token(at.node.ID, around)
	kept := locals
	if at.whole {
		kept = locals.without(loopNames(at.node))
		l.variables[e.id] = locals // the instance of a sequence takes its own out of these
	}
	e.inner = l.scope(e.token, around, at.node.ID, kept)
	return e.inner
}

// wholeAround returns the execution of the multi-instance activity of which e is an instance.
func (l *layout) wholeAround(e *execution) *execution {
	for at := l.byID[e.parent]; at != nil; at = l.byID[at.parent] {
		if at.scope {
			return at
		}
	}
	return nil
}

func loopNames(node *bpmn.FlowNode) []string {
	return []string{bpmn.LoopCounter, node.MultiInstance.ElementVariable}
}

// takeFrom gives an instance of a sequence what Camunda keeps with the activity as a whole.
func (l *layout) takeFrom(whole *execution, node *bpmn.FlowNode, into *values) {
	outer := l.variables[whole.id]
	if outer == nil {
		return
	}
	for _, name := range loopNames(node) {
		if value, ok := outer.values[name]; ok && name != "" {
			if _, known := into.values[name]; !known {
				into.set(name, value, outer.types[name])
			}
		}
	}
}

func (l *layout) token(node string, scope int) int {
	l.tokens++
	l.add(engine.Change{Kind: engine.TokenCreated, Token: l.tokens, Scope: scope, Node: node})
	return l.tokens
}

func (l *layout) scope(token, parent int, node string, v *values) int {
	l.scopes++
	l.add(engine.Change{Kind: engine.ScopeOpened, Scope: l.scopes, Parent: parent, Token: token, Node: node})
	l.set(l.scopes, v)
	return l.scopes
}

func (l *layout) set(scope int, v *values) {
	if v != nil && len(v.values) > 0 {
		l.add(engine.Change{Kind: engine.VariablesSet, Scope: scope, Variables: v.values, Types: v.types})
	}
}

// gather merges the variables of executions that are one place here.
func (l *layout) gather(ids []string) *values {
	all := newValues()
	for _, id := range ids {
		all.add(l.variables[id])
	}
	return all
}
