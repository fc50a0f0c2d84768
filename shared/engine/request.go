package engine

import (
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/expr"
)

// Request is what people know an instance by.
type Request struct {
	Number string `json:"number,omitempty"` // 单号
	// Summary is what lists show of its variables.
	Summary string `json:"summary,omitempty"`
	// Department is the code of the post in which the starter has started; empty: it does not matter.
	Department string `json:"department,omitempty"`
	// StartedBy is who started for the starter; empty: he did it himself.
	StartedBy string `json:"startedBy,omitempty"`
	// OriginID is the instance that this one was made of: sent in again, or copied.
	OriginID ID `json:"originId,omitzero"`
}

// maxSummary is how many characters of a summary are kept.
const maxSummary = 1000

// summarize makes the summary anew where a variable of the process has changed. One that cannot be evaluated stays
// as it was: nothing depends on it.
func (s *step) summarize() {
	if s.process.Request.Summary == nil || s.failure != nil || !s.described() {
		return
	}
	var value expr.Value = s.process.Request.Summary.Source()
	if !s.process.Request.Summary.IsLiteral() {
		var err error
		if value, err = s.process.Request.Summary.Evaluate(s.environment(Token{}, nil)); s.failure != nil || err != nil {
			return
		}
	}
	if text := excerpt.Cut(expr.String(value), maxSummary); text != s.instance.Summary {
		s.do(Change{Kind: InstanceDescribed, Message: text})
	}
}

// described reports whether the step has changed what a summary shows.
func (s *step) described() bool {
	for i := range s.changes {
		switch c := &s.changes[i]; c.Kind {
		case InstanceStarted, InstanceMigrated:
			return true
		case VariablesSet, VariablesRemoved:
			if c.Scope == 0 {
				return true
			}
		}
	}
	return false
}
