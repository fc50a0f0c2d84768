package engine

import "diom.io/workflow/shared/bpmn"

// enterSubProcess puts a token at the start event inside. The token at the sub-process waits; it goes on when
// no token is left inside (BPMN 2.0.2 §13.3.4). An event sub-process is entered when its event has happened.
func enterSubProcess(s *step, t Token, node *bpmn.FlowNode) error {
	start := s.process.InnerStart(node)
	if inside := s.entrance(t, node); inside != nil {
		start = inside
	}
	if start == nil {
		return &dataError{"no_start_event", "the sub-process " + node.ID + " has no start event"}
	}
	s.create(s.instance.scopeOf(t), start.ID, "")
	return nil
}
