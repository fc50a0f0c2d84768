package engine

import "diom.io/workflow/shared/bpmn"

// behavior is what happens when a token arrives at a flow node: the token goes on (leave, take), is
// consumed, or stays because something was created that it waits for. An error is the data's fault
// and becomes an incident: a behavior evaluates first and changes afterwards.
type behavior func(s *step, t Token, node *bpmn.FlowNode) error

// behaviors has one entry for each element that executes; adding one is a file and a line here.
var behaviors = map[bpmn.Element]behavior{}

func init() { // a registry: the behaviors refer to step, which refers to the registry
	behaviors[bpmn.ElementStartEvent] = enterStartEvent
	behaviors[bpmn.ElementEndEvent] = enterEndEvent
	behaviors[bpmn.ElementUserTask] = enterUserTask
	behaviors[bpmn.ElementExclusiveGateway] = enterExclusiveGateway
	behaviors[bpmn.ElementParallelGateway] = enterJoin
	behaviors[bpmn.ElementInclusiveGateway] = enterJoin
	behaviors[bpmn.ElementEventBasedGateway] = enterEventBasedGateway
	behaviors[bpmn.ElementSubProcess] = enterSubProcess
	behaviors[bpmn.ElementTransaction] = enterSubProcess
	behaviors[bpmn.ElementTask] = pass
	behaviors[bpmn.ElementManualTask] = pass
	behaviors[bpmn.ElementServiceTask] = enterWork
	behaviors[bpmn.ElementSendTask] = enterWork
	behaviors[bpmn.ElementBusinessRuleTask] = enterWork
	behaviors[bpmn.ElementReceiveTask] = enterCatchEvent
	behaviors[bpmn.ElementIntermediateCatchEvent] = enterCatchEvent
	behaviors[bpmn.ElementIntermediateThrowEvent] = enterThrowEvent
	behaviors[bpmn.ElementBoundaryEvent] = pass
	behaviors[bpmn.ElementCallActivity] = enterCallActivity
	behaviors[bpmn.ElementScriptTask] = enterScript
}

// behaviorOf returns what a node does. Several instances are laid around the behavior of the element.
func behaviorOf(node *bpmn.FlowNode) behavior {
	if node.MultiInstance != nil && policy(node) != nil {
		return enterApproval
	}
	if node.MultiInstance != nil {
		return enterMultiInstance
	}
	return behaviors[node.Element]
}

// Executes reports whether the engine has a behavior for the element.
func Executes(e bpmn.Element) bool { return behaviors[e] != nil }

// pass lets a token go on: an undefined or manual task, which is done outside of the product, and a
// boundary event, which a token reaches when it has been triggered.
func pass(s *step, t Token, _ *bpmn.FlowNode) error {
	s.finish(t)
	return nil
}
