package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// prepare opens the scope of a node that has one, with its input parameters, and arms the boundary
// events of an activity and the event sub-processes inside.
func (s *step) prepare(t Token, node *bpmn.FlowNode) error {
	if err := s.openScope(t, node); err != nil {
		return err
	}
	for _, event := range node.Boundary {
		if err := s.arm(t, event); err != nil {
			return err
		}
	}
	if !node.Element.Embeds() || node.MultiInstance != nil {
		return nil
	}
	return s.watch(s.instance.owned(t.Number).Number, node)
}

// openScope opens the scope of a node that has one. The inputs are evaluated in order, a later one sees
// those before it (Camunda 7 IoMapping). An instance of a multi-instance activity has its scope already.
func (s *step) openScope(t Token, node *bpmn.FlowNode) error {
	if !node.HasScope() {
		return nil
	}
	inputs := newValues()
	e := s.environment(t, nil)
	show(e, inputs, nil)
	for _, p := range s.inputsOf(node) {
		value, kind, err := evaluateParameter(e, p)
		if err != nil {
			return err
		}
		inputs.set(p.Name, value, kind)
	}
	s.fillOwn(t, inputs)
	return nil
}

// fillOwn sets variables in the scope of a token at its node, which is opened where it is not there.
func (s *step) fillOwn(t Token, own values) {
	c := Change{Kind: ScopeOpened, Scope: s.instance.LastScope + 1, Parent: t.Scope, Token: t.Number, Node: t.Node, Variables: own.Variables}
	if there := s.instance.owned(t.Number); there != nil {
		if len(own.Variables) == 0 {
			return
		}
		c = Change{Kind: VariablesSet, Scope: there.Number, Variables: own.Variables}
	}
	s.typed(own.types, func() { s.do(c) })
}

// ErrOutput: what is interrupted has an output parameter that cannot be evaluated, and the command is strict.
var ErrOutput = fault.New(fault.Conflict, "output_failed", "An output parameter of what is interrupted cannot be evaluated.")

func (s *step) inputsOf(node *bpmn.FlowNode) []bpmn.Parameter {
	if s.world.SkipMappings {
		return nil
	}
	return node.Inputs
}

// show lets an environment see values that are not set yet, except where a variable of inner hides them.
func show(e *expr.Environment, made values, inner Variables) {
	outer, outerType := e.Variable, e.Type
	shown := func(name string) bool {
		_, hidden := inner[name]
		_, ok := made.Variables[name]
		return ok && !hidden
	}
	e.Variable = func(name string) (expr.Value, bool) {
		if shown(name) {
			return made.Variables[name], true
		}
		return outer(name)
	}
	e.Type = func(name string) string {
		if shown(name) {
			return made.types[name]
		}
		return outerType(name)
	}
}

// evaluateParameter returns the value of a parameter, and its type where that alone does not say it.
func evaluateParameter(e *expr.Environment, p bpmn.Parameter) (expr.Value, string, error) {
	switch {
	case p.Value != nil && p.Value.IsLiteral():
		return p.Value.Source(), "", nil
	case p.Value != nil:
		return p.Value.EvaluateTyped(e)
	case p.List != nil:
		list := make([]expr.Value, 0, len(p.List))
		for _, item := range p.List {
			value, _, err := evaluateParameter(e, item)
			if err != nil {
				return nil, "", err
			}
			list = append(list, value)
		}
		return list, "", nil
	case p.Entries != nil:
		entries := make(map[string]expr.Value, len(p.Entries))
		for _, entry := range p.Entries {
			value, _, err := evaluateParameter(e, entry)
			if err != nil {
				return nil, "", err
			}
			entries[entry.Name] = value
		}
		return entries, "", nil
	}
	return nil, "", nil
}

// output is one output parameter with its value.
type output struct {
	name  string
	value expr.Value
	kind  string // its type, where the value alone does not say it
}

// outputs evaluates the output parameters of a node in the scope of its token, in order: a later one
// sees those before it, unless a variable of the scope hides them. Where an activity is interrupted,
// those that cannot be evaluated are left out: the variables they read may not be there yet.
func (s *step) outputs(t Token, node *bpmn.FlowNode, interrupted bool) ([]output, error) {
	own := s.instance.owned(t.Number)
	if own == nil || node == nil || s.world.SkipMappings {
		return nil, nil
	}
	list, given := make([]output, 0, len(node.Outputs)), newValues()
	e := s.environment(t, nil)
	show(e, given, own.Variables)
	for _, p := range node.Outputs {
		value, kind, err := evaluateParameter(e, p)
		if err != nil && interrupted {
			if s.world.Strict && s.failure == nil {
				s.failure = ErrOutput.Withf("%s: %s", node.ID, err)
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, output{p.Name, value, kind})
		given.set(p.Name, value, kind)
	}
	return list, nil
}

// finish leaves a node whose work is done: its output parameters go to the scope around it, what is
// left of it is cancelled, and its token goes on, after a job if the node asks for one.
func (s *step) finish(t Token) {
	node := s.node(t)
	if node == nil {
		s.unknown(t)
		return
	}
	if node.Compensates() && node.Event.Trigger == bpmn.TriggerCancel {
		s.leaveTransaction(t)
		return
	}
	if !s.heeded(t) {
		return
	}
	if own := s.instance.owned(t.Number); own != nil {
		s.unwatch(own.Number) // it is over, whatever becomes of the output parameters
	}
	s.finishFrom(t, node, 0)
}

// finishFrom is finish with the listeners of the node's end from one on.
func (s *step) finishFrom(t Token, node *bpmn.FlowNode, from int) {
	passed, err := s.notify(t, node, bpmn.ListenEnd, from)
	if err != nil && !s.decidesAnew(t, err) {
		s.incident(t, Incident{Leaving: true, Ending: true}, err)
	}
	if err != nil || !passed {
		return
	}
	values, err := s.outputs(t, node, false)
	if err != nil {
		if !s.decidesAnew(t, err) {
			s.raise(t, true, err)
		}
		return
	}
	completed, err := s.remember(t)
	if err != nil {
		s.raise(t, true, err)
		return
	}
	s.recordAll(completed)
	s.release(t)
	s.give(t.Scope, values)
	delete(s.decided, t.Number)
	s.exit(t, node)
}

// exit lets a token go out of a node that is done, after a job if the node asks for one. What fails
// here is retried from here: a join, for one, has consumed the tokens that it waited for.
func (s *step) exit(t Token, node *bpmn.FlowNode) {
	if s.jump(t) {
		return
	}
	var err error
	switch {
	case !node.AsyncAfter:
		s.depart(t)
	case len(node.Outgoing) == 0:
		err = s.continueBy(t, node, AfterJob)
	default:
		err = s.exitLater(t, node)
	}
	if err != nil {
		s.raise(t, true, err)
	}
}

func (s *step) give(scope int, values []output) {
	for _, o := range values {
		s.typed(Types{o.name: o.kind}, func() { s.setVariables(scope, Variables{o.name: o.value}) })
	}
}

// depart lets a token go out of a node that is done.
func (s *step) depart(t Token) {
	node := s.node(t)
	if node == nil {
		s.unknown(t)
		return
	}
	if err := s.leave(t, node); err != nil {
		s.raise(t, true, err)
	}
}

// interrupt cancels an activity with all that is in it and puts its token at a boundary event.
func (s *step) interrupt(t Token, event *bpmn.FlowNode) {
	s.empty(t, "interrupted")
	values, _ := s.outputs(t, s.process.Node(t.Node), true)
	s.unbind(t, "interrupted")
	s.give(t.Scope, values)
	s.do(Change{Kind: TokenMoved, Token: t.Number, Node: event.ID})
	s.arrive(t.Number)
}

// release ends everything that a token has at its node and leaves the token: what is inside of its
// scope, its tasks, jobs, timers, subscriptions and incidents, then the scope, unless it is that of an
// instance.
func (s *step) release(t Token) {
	s.empty(t, "")
	s.unbind(t, "")
}

// empty ends what is inside of a token's scope. A token that does not end its work by itself is abandoned
// after that: its listeners hear of it.
func (s *step) empty(t Token, reason string) {
	if own := s.instance.owned(t.Number); own != nil {
		s.cancelScope(own.Number, reason)
	}
	if reason != "" || s.cancelling {
		s.abandon(t)
	}
}

// unbind ends what a token waits for, and its scope.
func (s *step) unbind(t Token, reason string) {
	own := s.instance.owned(t.Number)
	s.cancelWaits(t, reason)
	if own != nil && s.instance.body(t) == nil {
		s.do(Change{Kind: ScopeClosed, Scope: own.Number, Node: t.Node})
	}
}

// cancelScope ends every token in a scope, and what the scope itself waits for.
func (s *step) cancelScope(scope int, reason string) {
	for _, t := range slices.Clone(s.instance.Tokens) {
		if t.Scope == scope {
			s.cancelToken(t, reason)
		}
	}
	s.unwatch(scope)
}

// cancelToken ends a token with its work; the output parameters of what is interrupted go out as well.
func (s *step) cancelToken(t Token, reason string) {
	s.empty(t, reason)
	var values []output
	if reason != "" || s.cancelling {
		values, _ = s.outputs(t, s.node(t), true)
	}
	s.unbind(t, reason)
	s.give(t.Scope, values)
	s.consume(t, nil)
}

// cancelWaits ends what a token waits for.
func (s *step) cancelWaits(t Token, reason string) {
	for _, c := range s.instance.endWaits(t.Number, reason) {
		s.do(c)
	}
}

// endWaits returns the changes that end what a token waits for.
func (in *Instance) endWaits(token int, reason string) []Change {
	list := in.endWork(token, reason)
	for _, timer := range in.Timers {
		if timer.Token == token {
			list = append(list, Change{Kind: TimerCancelled, TimerID: timer.ID, Node: timer.Node})
		}
	}
	for _, sub := range in.Subscriptions {
		if sub.Token == token {
			list = append(list, Change{Kind: SubscriptionClosed, SubscriptionID: sub.ID, Node: sub.Node})
		}
	}
	for _, call := range in.Calls {
		if call.Token == token {
			list = append(list, Change{Kind: CallCancelled, CallID: call.ID, Node: call.Node, Reason: reason})
		}
	}
	for _, i := range in.Incidents {
		if i.Token == token {
			list = append(list, Change{Kind: IncidentResolved, IncidentID: i.ID, Node: i.Node})
		}
	}
	return list
}

// endWork returns the changes that end the tasks and the jobs of a token.
func (in *Instance) endWork(token int, reason string) []Change {
	var list []Change
	for _, task := range in.Tasks {
		if task.Token == token {
			list = append(list, Change{Kind: TaskCancelled, TaskID: task.ID, Node: task.Node, Reason: reason})
		}
	}
	for _, job := range in.Jobs {
		if job.Token == token {
			list = append(list, Change{Kind: JobCancelled, JobID: job.ID, Node: job.Node, Topic: job.Topic})
		}
	}
	return list
}
