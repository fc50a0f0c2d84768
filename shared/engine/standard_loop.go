package engine

import (
	"math"

	"diom.io/workflow/shared/bpmn"
)

// A standard loop is laid around an activity as a multi-instance marker is: the instances are the times
// that it is done, one after the other (BPMN 2.0.2 §13.3.6).

// loops returns 1 when a loop is entered, 0 when its condition is asked before and does not hold.
func (s *step) loops(t Token, l *bpmn.Loop) (int, error) {
	if !l.TestBefore {
		return 1, nil
	}
	holds, err := s.loopHolds(t, l)
	if err != nil || !holds {
		return 0, err
	}
	return 1, nil
}

// loopAgain returns the index of the next time after an index, or -1. The condition is asked in the scope of the
// time that is over.
func (s *step) loopAgain(t Token, l *bpmn.Loop, index int64) (int, error) {
	if index < 0 || index >= math.MaxInt32 || l.Maximum > 0 && index+1 >= int64(l.Maximum) {
		return -1, nil
	}
	holds, err := s.loopHolds(t, l)
	if err != nil || !holds {
		return -1, err
	}
	return int(index + 1), nil
}

func (s *step) loopHolds(t Token, l *bpmn.Loop) (bool, error) {
	if l.Condition == nil {
		return true, nil
	}
	return l.Condition.EvaluateBool(s.environment(t, nil))
}
