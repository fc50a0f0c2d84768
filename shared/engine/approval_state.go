package engine

import (
	"slices"
)

// Passed is a user task that somebody has completed, in an instance whose process has approvals: what an approver
// may return to, and take back. There is one for a node in a scope; it ends with the scope.
type Passed struct {
	Node  string `json:"node"`
	Scope int    `json:"scope"`
	// By is who completed it, Task his task; of an approval the last one who voted.
	By   string `json:"by,omitempty"`
	Task ID     `json:"task,omitzero"`
	// Version is the version of the instance then.
	Version int64 `json:"version"`
	// Since is the number of the latest compensation before.
	Since int `json:"since,omitempty"`
	// Opened are the tokens that moved because of it, where they came to rest; Merged are those that waited at
	// a join and were taken by it, besides his own.
	Opened []Place `json:"opened,omitempty"`
	Merged []Place `json:"merged,omitempty"`
	// Final says that more has happened than can be taken back.
	Final    bool      `json:"final,omitempty"`
	Approval *Approval `json:"approval,omitempty"`
}

// Place is where a token is.
type Place struct {
	Token int    `json:"token,omitempty"`
	Scope int    `json:"scope"`
	Node  string `json:"node"`
}

// Resumption is what waits for a node to be entered again, seen from a scope around it.
type Resumption struct {
	Node  string `json:"node"`
	Scope int    `json:"scope"`
	// To is the node that was returned to, from which the token jumps straight back to Node; empty: it comes
	// step by step. Going says that it is on its way.
	To    string `json:"to,omitempty"`
	Going bool   `json:"going,omitempty"`
	// Approval is who signs then, with the votes that stand; nil: the signers are resolved anew.
	Approval *Approval `json:"approval,omitempty"`
}

func setApproval(in *Instance, c Change) { in.scope(c.Scope).Approval = c.Approval }

func passNode(in *Instance, c Change) {
	p := *c.Passed
	p.Version = in.Version
	in.unpass(p.Scope, p.Node)
	in.Passed = append(in.Passed, p)
}

func reopenNodes(in *Instance, c Change) {
	for _, name := range c.Names {
		in.unpass(c.Scope, name)
	}
}

func keepReturn(in *Instance, c Change) {
	in.unkeep(c.Kept.Scope, c.Kept.Node)
	in.Resumptions = append(in.Resumptions, *c.Kept)
}

func endReturn(in *Instance, c Change) { in.unkeep(c.Scope, c.Node) }

// hasApproval is has for the changes of approvals.
func (in *Instance) hasApproval(c Change) bool {
	switch c.Kind {
	case ApprovalChanged:
		return c.Approval != nil && in.scope(c.Scope) != nil
	case NodePassed:
		return c.Passed != nil && in.scope(c.Passed.Scope) != nil
	case ReturnKept:
		return c.Kept != nil && in.scope(c.Kept.Scope) != nil
	}
	return true
}

func (in *Instance) unpass(scope int, node string) {
	in.Passed = slices.DeleteFunc(in.Passed, func(p Passed) bool { return p.Scope == scope && p.Node == node })
}

func (in *Instance) unkeep(scope int, node string) {
	in.Resumptions = slices.DeleteFunc(in.Resumptions, func(r Resumption) bool { return r.Scope == scope && r.Node == node })
}

// forgetApprovals forgets what was seen from a scope that is closed.
func (in *Instance) forgetApprovals(scope int) {
	in.Passed = slices.DeleteFunc(in.Passed, func(p Passed) bool { return p.Scope == scope })
	in.Resumptions = slices.DeleteFunc(in.Resumptions, func(r Resumption) bool { return r.Scope == scope })
}

// resumption returns what waits for the node of a token to be entered again, or nil.
func (in *Instance) resumption(t Token) *Resumption {
	if len(in.Resumptions) == 0 {
		return nil
	}
	for around := range in.outward(t.Scope) {
		for i := range in.Resumptions {
			if r := &in.Resumptions[i]; r.Node == t.Node && r.Scope == around.Number {
				return r
			}
		}
	}
	return nil
}

// resume ends what waited for the node of a token to be entered again.
func (s *step) resume(t Token) {
	if r := s.instance.resumption(t); r != nil {
		s.do(Change{Kind: ReturnEnded, Scope: r.Scope, Node: r.Node})
	}
}
