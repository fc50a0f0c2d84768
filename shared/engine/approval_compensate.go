package engine

import (
	"slices"

	"diom.io/workflow/shared/fault"
)

// ErrCompensates: what was completed since the task that a return goes to cannot be undone.
var ErrCompensates = fault.New(fault.Conflict, "return_cannot_compensate", "What was completed since that node cannot be undone by a return.")

// toUndo lists what a return that compensates undoes, the latest first: the activities that were completed after the
// task that it goes to, where that is, and are behind it. What was completed inside of a sub-process that is not, but is
// left, only the process itself could undo.
func (s *step) toUndo(way *wayBack) ([]Compensation, error) {
	ends := map[int]bool{way.own.Number: true}
	for _, t := range way.others {
		ends[t.Number] = true
	}
	for _, c := range s.instance.Compensations {
		for around := range s.instance.outward(c.Scope) {
			if around.Number > 0 && ends[around.Token] {
				return nil, ErrCompensates.Withf("What was completed inside of %q, which has not ended, cannot be undone by a return.", s.instance.token(around.Token).Node)
			}
		}
	}
	list := slices.DeleteFunc(s.instance.completed(way.to.Scope), func(c Compensation) bool {
		return c.Number <= way.to.Since || c.Node == way.to.Node || !way.behind[c.Node]
	})
	if err := s.undoable(list); err != nil {
		return nil, ErrCompensates.Withf("%s", err)
	}
	return list, nil
}

// returnBy lets a token come to the task that was returned to: now, or when all of list is undone. Until then a token
// that holds the handlers stands for it.
func (s *step) returnBy(to Passed, list []Compensation) {
	if len(list) == 0 {
		s.create(to.Scope, to.Node, "")
		return
	}
	holder, scope := s.instance.LastToken+1, s.instance.LastScope+1
	s.do(Change{Kind: TokenCreated, Token: holder, Scope: to.Scope, Node: to.Node, Undoes: true, Returns: true})
	s.do(Change{Kind: ScopeOpened, Scope: scope, Parent: to.Scope, Token: holder, Node: to.Node})
	s.do(Change{Kind: CompensationThrown, Token: holder, Node: to.Node})
	s.undo(list, scope, "")
}

// comeBack ends a token that has held handlers, and lets one into its node.
func (s *step) comeBack(holder Token) {
	s.release(holder)
	s.create(holder.Scope, holder.Node, "")
	s.consume(holder, nil)
}
