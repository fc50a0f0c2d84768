package engine

import (
	"cmp"
	"maps"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
)

// Start creates the instance and puts a token at a start event: the one named Node, which a message,
// a signal or a timer has triggered, or the none start event.
type Start struct {
	Node           string
	InstanceID     ID
	DefinitionID   ID
	ProcessVersion int
	BusinessKey    string
	Hops           int       // instances that started one another by messages before it
	CalledBy       *CalledBy // nil: nobody called it
	Variables      Variables
	// For is the user for whom the actor starts, who is the starter then; empty: the actor himself.
	For string
	// Request is what people know the instance by, without what the engine finds out.
	Request Request
	// Form says that the variables are what a start form was filled in with: its fields count then.
	Form bool
}

// Name is the command's name in the history.
func (Start) Name() string { return "start" }

func (a Start) apply(s *step) error {
	start := s.beginning(a.Node)
	if start == nil {
		return ErrNoStart
	}
	if a.Form && start.StartEvent != nil {
		var err error
		if a.Variables, err = s.fill(Token{}, start.StartEvent.FormFields, a.Variables); err != nil {
			return err
		}
	}
	variables, key := a.submitted(start.StartEvent, a.starter(s))
	a.born(s, key)
	switch e := start.Event; {
	case e == nil:
	case e.Trigger == bpmn.TriggerMessage:
		s.do(Change{Kind: MessageReceived, Node: start.ID, Message: e.Message.Source()})
	case e.Trigger == bpmn.TriggerSignal:
		s.do(Change{Kind: SignalReceived, Node: start.ID, Message: e.Signal.Source()})
	}
	if len(variables) > 0 {
		s.do(Change{Kind: VariablesSet, Variables: variables})
	}
	if e := start.Event; e != nil && e.Trigger == bpmn.TriggerConditional {
		_, why := s.holdsNow(Token{}, start)
		s.do(Change{Kind: ConditionMet, Node: start.ID, Why: why})
	}
	s.do(Change{Kind: TokenCreated, Token: s.instance.LastToken + 1, Node: start.ID})
	s.watchProcess(s.instance.Tokens[0])
	return nil
}

// born creates the instance, without variables and tokens.
func (a Start) born(s *step, key string) {
	started := &Started{
		ID: a.InstanceID, DefinitionID: a.DefinitionID, ProcessKey: s.process.Key, ProcessVersion: a.ProcessVersion,
		BusinessKey: key, Hops: a.Hops, Starter: a.starter(s), At: s.now,
	}
	if by := a.CalledBy; by != nil {
		started.ParentID, started.ParentNode, started.RootID, started.Depth = by.ParentID, by.Node, by.RootID, by.Depth
	}
	started.Request = a.Request
	if a.For != "" && a.For != s.command.Actor {
		started.StartedBy = s.command.Actor
	}
	s.do(Change{Kind: InstanceStarted, Instance: started})
}

// starter is who started the outermost instance.
func (a Start) starter(s *step) string {
	if a.CalledBy != nil {
		return a.CalledBy.Starter
	}
	return cmp.Or(a.For, s.command.Actor)
}

// beginning returns where an instance begins: at the node, or where the process begins by itself; nil where neither
// is.
func (s *step) beginning(node string) *bpmn.FlowNode {
	if node == "" {
		return s.process.Initial()
	}
	start := s.process.Node(node)
	if start == nil || start.Parent != nil || start.Element != bpmn.ElementStartEvent && (!start.Begins() || start.Event == nil) {
		return nil
	}
	return start
}

// submitted returns the variables and the business key with which an instance begins: what the start form
// makes of what was given, and who started.
func (a Start) submitted(f *bpmn.StartEvent, starter string) (Variables, string) {
	if f == nil {
		return a.Variables, a.BusinessKey
	}
	key := a.BusinessKey
	if f.BusinessKey != "" && key == "" {
		key = clip(expr.String(a.Variables[f.BusinessKey]))
	}
	variables := Variables(f.Submitted(a.Variables))
	if f.Initiator == "" {
		return variables, key
	}
	all := Variables{}
	maps.Copy(all, variables)
	all[f.Initiator] = orNull(starter) // who started is not the caller's to say
	return all, key
}

func enterStartEvent(s *step, t Token, _ *bpmn.FlowNode) error {
	s.finish(t)
	return nil
}
