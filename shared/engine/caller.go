package engine

import (
	"errors"
	"maps"
	"slices"

	"diom.io/workflow/shared/bpmn"
)

// CalledBy says who calls the instance that Start creates.
type CalledBy struct {
	ParentID ID
	Node     string // the call activity
	RootID   ID
	Depth    int    // calls around it
	Starter  string // who started the caller
}

// CalledBy returns what an instance that is called by a call activity of in begins with.
func (in *Instance) CalledBy(call Call) *CalledBy {
	return &CalledBy{ParentID: in.ID, Node: call.Node, RootID: in.Root(), Depth: in.Depth + 1, Starter: in.Starter}
}

// Root returns the id of the outermost caller, which is the instance's own if nobody called it.
func (in *Instance) Root() ID {
	if in.RootID.IsZero() {
		return in.ID
	}
	return in.RootID
}

// FollowCaller tells a called instance by which call activity its caller waits for it now. That it knows it is
// ErrNoCall.
type FollowCaller struct{ Node string }

// Name is the command's name in the history.
func (FollowCaller) Name() string { return "follow-caller" }

func (a FollowCaller) apply(s *step) error {
	switch {
	case s.instance.State.Ended():
		return ErrEnded
	case s.instance.ParentID.IsZero() || s.instance.ParentNode == a.Node:
		return ErrNoCall
	}
	s.do(Change{Kind: CallerMoved, Node: a.Node})
	return nil
}

// Caller is the instance that called another, as it is now, with its own caller; a zero one is gone. It is
// asked whether something catches an error or escalation of the called instance: while it waits for the
// call, that does not change.
type Caller struct {
	Process  *bpmn.Process
	Instance *Instance
	Caller   *Caller
}

// ErrNeedCaller is what Step returns when it needs World.Caller; it is not for people.
var ErrNeedCaller = errors.New("the caller is not known")

// catches reports whether an error or escalation that leaves a called instance is caught, here or further
// outwards, and whether that ends the call. It tries it out on a copy.
func (c *Caller) catches(called ID, r Return) (caught, interrupting bool) {
	if c.Process == nil || c.Instance == nil || c.Instance.Call(called) == nil {
		return false, false
	}
	s := &step{process: c.Process, instance: c.Instance.Clone(), world: World{Caller: c.Caller}}
	if s.world.Caller == nil {
		s.world.Caller = &Caller{}
	}
	t := *s.instance.token(s.instance.Call(called).Token)
	if r.Outcome == ReturnedError {
		s.throwError(t, r.Code, r.Message)
	} else if _, err := s.propagate(t, r.Code); err != nil {
		return false, false
	}
	ignored := slices.ContainsFunc(s.changes, func(c Change) bool { return c.Kind == ErrorUnhandled || c.Kind == EscalationUnhandled })
	return !ignored, s.instance.Call(called) == nil
}

// toCaller puts an error or escalation that nothing in the instance catches to its caller, if that catches
// it. over says that the instance has ended by that: its caller goes on elsewhere.
func (s *step) toCaller(r Return) (told, over bool) {
	switch {
	case s.instance.ParentID.IsZero():
		return false, false
	case s.world.Caller == nil:
		s.failure = ErrNeedCaller
		return true, true
	}
	caught, interrupting := s.world.Caller.catches(s.instance.ID, r)
	if !caught {
		return false, false
	}
	r.Over = interrupting
	if !interrupting {
		r.Variables, r.Types = maps.Clone(s.instance.Scopes[0].Variables), maps.Clone(s.instance.Scopes[0].Types)
		s.report(r)
		return true, false
	}
	s.cancelScope(0, "interrupted")
	s.cancelInstance("interrupted")
	s.report(r)
	return true, true
}

// report records what the caller is to know, if there is one.
func (s *step) report(r Return) {
	if s.instance.ParentID.IsZero() {
		return
	}
	r.Number = s.instance.Returns + 1
	s.do(Change{Kind: CallReturned, Return: &r})
}

// completeInstance ends an instance in which no token is left.
func (s *step) completeInstance() {
	s.do(Change{Kind: InstanceCompleted, At: s.now})
	s.report(Return{Outcome: ReturnedCompleted, Over: true})
}

// cancelled ends an instance whose tokens have been cancelled; its caller is cancelled, too.
func (s *step) cancelled(reason string) {
	s.cancelInstance(reason)
	s.report(Return{Outcome: ReturnedCancelled, Message: reason, Over: true})
}

// cancelInstance ends an instance whose tokens have been cancelled, with what it waits for itself. Its listeners
// hear of it; they cannot stop it.
func (s *step) cancelInstance(reason string) {
	s.unwatch(0)
	_ = s.tellEnd()
	s.do(Change{Kind: InstanceCancelled, Reason: reason, At: s.now})
}
