package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// revocable are the kinds of change that a withdrawal can take back, or may leave as they are: variables are not
// reset. Whatever else a completion does is final.
var revocable = map[Kind]bool{
	TaskCompleted: true, TaskCreated: true, TaskCancelled: true, TaskAssigned: true, VariablesSet: true, VariablesRemoved: true,
	TokenCreated: true, TokenMoved: true, TokenConsumed: true, ScopeOpened: true, ScopeClosed: true,
	TimerCreated: true, TimerCancelled: true, SubscriptionOpened: true, SubscriptionClosed: true,
	ApprovalChanged: true, DecisionEvaluated: true, ReturnEnded: true, TaskCopied: true,
}

// passing does what ends the work of a token at a user task, up to where every token waits, and records what came
// of it, for those who return to the task or take it back. Only processes with approvals have such records.
func (s *step) passing(t Token, task ID, end func()) {
	if !s.process.Approves() {
		end()
		return
	}
	place := t
	if body := s.instance.body(t); body != nil {
		place = *body
	}
	node := s.process.Node(place.Node)
	if node == nil {
		end()
		return
	}
	trail := trail{step: s, place: place, before: slices.Clone(s.instance.Tokens), from: len(s.changes), scopes: map[int]bool{}}
	if own := s.instance.owned(place.Number); own != nil {
		trail.scope = own.Number
	}
	for _, x := range s.instance.Scopes {
		trail.scopes[x.Number] = x.Number != trail.scope && (x.Parent != trail.scope || trail.scope == 0)
	}
	since := s.instance.LastCompensation
	end()
	s.types = nil
	s.run()
	if s.failure != nil || s.instance.State.Ended() || s.instance.scope(place.Scope) == nil {
		return
	}
	p := &Passed{Node: place.Node, Scope: place.Scope, By: s.command.Actor, Task: task, Since: since}
	if policy(node) != nil {
		if p.Approval = trail.decided(); p.Approval == nil {
			return
		}
	}
	trail.follow(p)
	s.do(Change{Kind: NodePassed, Passed: p})
}

// trail is what a completion sets in motion.
type trail struct {
	step   *step
	place  Token        // at the task, as a whole
	scope  int          // that it has opened; 0: none
	before []Token      // that there were
	scopes map[int]bool // that were open, but that of the task and those of its instances
	from   int          // number of changes before
}

// decided returns the approval of the place if its result became certain, else nil.
func (x *trail) decided() *Approval {
	for _, c := range x.step.changes[x.from:] {
		if c.Kind == ApprovalChanged && c.Scope == x.scope && c.Approval.Result != "" {
			return c.Approval
		}
	}
	return nil
}

// follow finds out which tokens have moved, which of other branches were taken, and whether all of it can be
// taken back.
func (x *trail) follow(p *Passed) {
	moved := map[int]bool{}
	for _, c := range x.step.changes[x.from:] {
		if c.Kind == TokenCreated || c.Kind == TokenMoved {
			moved[c.Token] = true
		}
		if !revocable[c.Kind] || c.Kind == ScopeClosed && x.scopes[c.Scope] {
			p.Final = true
		}
	}
	for _, t := range x.step.instance.Tokens {
		if moved[t.Number] {
			p.Opened = append(p.Opened, Place{Token: t.Number, Scope: t.Scope, Node: t.Node})
		}
	}
	for _, t := range x.before {
		if !x.taken(t, moved) {
			continue
		}
		p.Merged = append(p.Merged, Place{Scope: t.Scope, Node: t.Node})
		p.Final = p.Final || !x.step.joinsAt(t.Node)
	}
}

// taken reports whether a token of another branch has ended or moved.
func (x *trail) taken(t Token, moved map[int]bool) bool {
	own := t.Number == x.place.Number || t.Scope == x.scope && x.scope != 0
	return !own && (x.step.instance.token(t.Number) == nil || moved[t.Number])
}

// joinsAt reports whether tokens wait for others at a node.
func (s *step) joinsAt(id string) bool {
	node := s.process.Node(id)
	return node != nil && (node.Element == bpmn.ElementParallelGateway || node.Element == bpmn.ElementInclusiveGateway)
}
