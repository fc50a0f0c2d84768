package engine

import "diom.io/workflow/shared/bpmn"

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
	if start == nil || start.Element != bpmn.ElementStartEvent || start.Parent != nil {
		return ErrNoStart
	}
	a.born(s)
	variables := a.Variables
	if name := start.StartEvent.Initiator; name != "" {
		variables = Variables{name: s.command.Actor}
		for k, v := range a.Variables {
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
	s.create(0, start.ID, "")
	return nil
}

// born creates the instance, without variables and tokens.
func (a Start) born(s *step) {
	s.do(Change{Kind: InstanceStarted, Instance: &Started{
		ID: a.InstanceID, DefinitionID: a.DefinitionID, ProcessKey: s.process.Key, ProcessVersion: a.ProcessVersion,
		BusinessKey: a.BusinessKey, Hops: a.Hops, Starter: s.command.Actor, At: s.now,
	}})
}

func enterStartEvent(s *step, t Token, _ *bpmn.FlowNode) error {
	s.finish(t)
	return nil
}
