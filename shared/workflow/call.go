package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// A call of another process and what comes back from it are two steps of two instances. Each is delivered
// after the commit of the one that causes it, by drain and by the event of the change; what comes twice the
// engine or the inbox stops.

const (
	callSource = "/diom/calls" // of the starts of called instances, one for each
	// drainCalls is drainDepth for calls and what comes back from them: a caller sees the whole effect of
	// calls inside of one another, as far as drainTime goes.
	drainCalls = 200
)

// ErrNoCallEvent: the change is nothing that one instance has to tell another about a call.
var ErrNoCallEvent = fault.New(fault.Invalid, "no_call", "The event names no call, nor its end.")

// ofCall reports whether a change is for another instance: the called one or its caller.
func ofCall(kind engine.Kind) bool {
	return kind == engine.CallStarted || kind == engine.CallCancelled || kind == engine.CallReturned || kind == engine.CallMoved
}

// drainCalls delivers what a committed step has to tell called instances and the caller, in order. Behind
// what fails the rest is left to the events.
func (s *Service) drainCalls(ctx context.Context, depth int, after *engine.Instance, changes []engine.Change) {
	if depth >= drainCalls || !slices.ContainsFunc(changes, func(c engine.Change) bool { return ofCall(c.Kind) }) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, drainKey{}, depth+1), drainTime)
	defer cancel()
	for n := range changes {
		if !ofCall(changes[n].Kind) {
			continue
		}
		if s.deliverCall(ctx, after, changes[n]) != nil { // its event tries again and reports
			return
		}
	}
}

// DeliverCall delivers the change that an event tells of to the instance that it is for: a call to the called
// instance, which it starts or cancels, or what came of it to the caller. It may be called again for the
// same event.
func (s *Service) DeliverCall(ctx context.Context, id cloudevent.ID) error {
	c, err := s.store.Change(ctx, id)
	if err != nil {
		return err
	}
	if c == nil || !ofCall(c.Kind) {
		return ErrNoCallEvent
	}
	in, err := s.store.LoadInstance(ctx, id.Instance)
	if err != nil {
		return err
	}
	return s.deliverCall(ctx, in, *c)
}

func (s *Service) deliverCall(ctx context.Context, in *engine.Instance, c engine.Change) error {
	switch c.Kind {
	case engine.CallStarted:
		return s.startCalled(ctx, in, c)
	case engine.CallCancelled:
		return s.cancelCalled(ctx, c.CallID, c.Reason)
	case engine.CallMoved:
		return s.moveCaller(ctx, in, c.CallID)
	default:
		return s.returnTo(ctx, in, *c.Return)
	}
}

// startCalled starts the instance of a call. What cannot be started is an incident of the caller.
func (s *Service) startCalled(ctx context.Context, caller *engine.Instance, c engine.Change) error {
	call := *c.Call
	if caller.Call(call.ID) == nil {
		return nil // it is not waited for any more
	}
	b := beginning{
		called: call.ID, by: caller.CalledBy(call), hops: caller.Hops, delivery: started(call.ID),
		request: StartRequest{BusinessKey: call.BusinessKey, Variables: c.Variables}, answer: func(*result) any { return nil },
	}
	err := s.bind(ctx, caller, call, &b)
	if err == nil {
		_, err = s.begin(ctx, Call{Types: c.Types}, b)
	}
	if errors.Is(err, ErrSuspendedDefinition) { // as this process knew it
		s.latest.Invalidate(call.Key)
		s.definitions.Invalidate(b.definition)
		_, err = s.begin(ctx, Call{Types: c.Types}, b)
	}
	switch {
	case err == nil, errors.Is(err, store.ErrDelivered):
		return nil
	case fault.VerdictOf(err) == fault.Retry:
		return err
	}
	failed := fault.From(err)
	return s.tell(ctx, caller.ID, engine.FailCall{
		Call: call.ID, Code: failed.Code, Message: fmt.Sprintf("The process %s cannot be called: %s", call.Key, failed.Message),
	})
}

// started names the start of a called instance, of which there is one.
func started(id engine.ID) *store.Delivery {
	return &store.Delivery{Source: callSource, EventID: id.String()}
}

// bind finds the definition that a call names. Latest is what is the latest at the moment of the start.
func (s *Service) bind(ctx context.Context, caller *engine.Instance, call engine.Call, b *beginning) error {
	if call.Binding == bpmn.CallLatest {
		b.key = call.Key
		return nil
	}
	d, err := s.definition(ctx, caller.DefinitionID)
	if err != nil {
		return err
	}
	b.definition, err = s.store.CalledDefinition(ctx, call, d.DeploymentID)
	return err
}

// cancelCalled cancels the instance of a call that its caller has given up. One that has not been started
// is not started any more.
func (s *Service) cancelCalled(ctx context.Context, id engine.ID, reason string) error {
	err := s.tell(ctx, id, engine.Cancel{Reason: reason, ByCaller: true})
	if !errors.Is(err, store.ErrNoInstance) {
		return err
	}
	err = s.store.Forestall(ctx, *started(id), instant())
	if !errors.Is(err, store.ErrDelivered) {
		return err
	}
	if err = s.tell(ctx, id, engine.Cancel{Reason: reason, ByCaller: true}); errors.Is(err, store.ErrNoInstance) {
		return nil // it was we who forestalled it
	}
	return err
}

// moveCaller tells a called instance by which call activity its caller waits for it. Two migrations of the
// caller may be told in any order: whoever told something looks whether it still holds.
func (s *Service) moveCaller(ctx context.Context, caller *engine.Instance, id engine.ID) error {
	for told := ""; ; {
		call := caller.Call(id)
		if call == nil || call.Node == told {
			return nil // it is not waited for any more, or knows it
		}
		err := s.tell(ctx, id, engine.FollowCaller{Node: call.Node})
		if errors.Is(err, store.ErrNoInstance) {
			return errNotStarted
		}
		if err != nil {
			return err
		}
		told = call.Node
		if caller, err = s.store.LoadInstance(ctx, caller.ID); err != nil {
			return err
		}
	}
}

// errNotStarted: the called instance is about to begin, perhaps with what its caller was before.
var errNotStarted = fault.New(fault.Busy, "call_not_started", "The called instance has not been started yet.")

// returnTo tells the caller of an instance what has become of it. An instance that has ended has its
// variables yet.
func (s *Service) returnTo(ctx context.Context, in *engine.Instance, r engine.Return) error {
	if r.Over {
		r.Variables, r.Types = in.Scopes[0].Variables, in.Scopes[0].Types
	}
	err := s.tell(ctx, in.ParentID, engine.ReturnCall{Call: in.ID, Return: r})
	if errors.Is(err, store.ErrTooLarge) {
		r.Variables, r.Types, r.Lost = nil, nil, true
		err = s.tell(ctx, in.ParentID, engine.ReturnCall{Call: in.ID, Return: r})
	}
	if errors.Is(err, store.ErrNoInstance) {
		return nil
	}
	return err
}

// tell runs an action on an instance by the product itself. That it has been done, or that the instance has
// ended, is no error; that there is none is store.ErrNoInstance.
func (s *Service) tell(ctx context.Context, instance engine.ID, action engine.Action) error {
	t := s.instanceTrigger(instance)
	t.decide = func(*subject) (engine.Action, error) { return action, nil }
	t.answer = func(*result) any { return nil }
	_, err := s.Execute(ctx, Call{}, t)
	if fault.KindOf(err) == fault.Conflict {
		return nil
	}
	return err
}

// callers loads the instance that called another, and those that called it.
func (s *Service) callers(ctx context.Context, parent engine.ID) (*engine.Caller, error) {
	in, err := s.store.LoadInstance(ctx, parent)
	if errors.Is(err, store.ErrNoInstance) {
		return &engine.Caller{}, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := s.definition(ctx, in.DefinitionID)
	if err != nil {
		return nil, err
	}
	c := &engine.Caller{Process: d.process, Instance: in}
	if !in.ParentID.IsZero() {
		c.Caller, err = s.callers(ctx, in.ParentID)
	}
	return c, err
}

// parentOf returns who called the instance that an action is for.
func parentOf(in *engine.Instance, action engine.Action) engine.ID {
	if start, ok := action.(engine.Start); ok && start.CalledBy != nil {
		return start.CalledBy.ParentID
	}
	if in == nil {
		return engine.ID{}
	}
	return in.ParentID
}
