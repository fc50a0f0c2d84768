package engine

import (
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
	Hops           int // instances that started one another by messages before it
	Variables      Variables
}

// Name is the command's name in the history.
func (Start) Name() string { return "start" }

func (a Start) apply(s *step) error {
	start := s.process.NoneStart()
	if a.Node != "" {
		start = s.process.Node(a.Node)
	}
	if start == nil || start.Parent != nil || start.Element != bpmn.ElementStartEvent && (!start.Begins() || start.Event == nil) {
		return ErrNoStart
	}
	variables, key := a.Variables, a.BusinessKey
	if f := start.StartEvent; f != nil {
		if name := f.BusinessKey; name != "" && key == "" {
			key = clip(expr.String(variables[name]))
		}
		variables = f.Submitted(variables)
	}
	s.do(Change{Kind: InstanceStarted, Instance: &Started{
		ID: a.InstanceID, DefinitionID: a.DefinitionID, ProcessKey: s.process.Key, ProcessVersion: a.ProcessVersion,
		BusinessKey: key, Hops: a.Hops, Starter: s.command.Actor, At: s.now,
	}})
	given := variables
	if start.StartEvent != nil && start.StartEvent.Initiator != "" {
		name := start.StartEvent.Initiator
		variables = Variables{name: s.command.Actor}
		for k, v := range given {
			if k != name { // who started is not the caller's to say
				variables[k] = v
			}
		}
	}
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
	if start.Element == bpmn.ElementStartEvent {
		s.create(0, start.ID, "")
		return nil
	}
	s.do(Change{Kind: TokenCreated, Token: s.instance.LastToken + 1, Node: start.ID})
	s.happen(*s.instance.token(s.instance.LastToken)) // what it would wait for has come
	return nil
}

func enterStartEvent(s *step, t Token, _ *bpmn.FlowNode) error {
	s.finish(t)
	return nil
}
