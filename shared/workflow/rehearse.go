package workflow

import (
	"context"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// A call and what comes back from it are steps of other instances, which are made after the commit of the one that
// causes them. To Camunda 7 they are one transaction: what fails in one of them undoes all. A strict command
// therefore plays them in memory before it commits. That is no promise: who changes one of the instances in between
// may let the real step fail, which then is an incident.

// rehearsal is what the instances of a strict command would be.
type rehearsal struct {
	*execution
	known map[engine.ID]*subject
	left  int // steps that are played yet
}

// rehearse returns ErrIncident if what a step calls, or gives back to its caller, would raise an incident at once.
func (e *execution) rehearse(ctx context.Context, r *result) error {
	if !e.call.Strict {
		return nil
	}
	x := &rehearsal{execution: e, known: map[engine.ID]*subject{}, left: drainCalls}
	x.keep(r.after, r.definition)
	return x.follow(ctx, r.after, r.changes)
}

func (x *rehearsal) keep(in *engine.Instance, d *definition) {
	x.known[in.ID] = &subject{instance: in, definition: d}
}

// follow plays what a step has to tell other instances, in order.
func (x *rehearsal) follow(ctx context.Context, in *engine.Instance, changes []engine.Change) error {
	for i := range changes {
		c := &changes[i]
		var err error
		switch {
		case x.left <= 0:
			return nil
		case c.Kind == engine.CallStarted:
			err = x.called(ctx, in.ID, *c.Call, c.Variables)
		case c.Kind == engine.CallReturned:
			err = x.returned(ctx, in, *c.Return)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// called plays the start of a called instance.
func (x *rehearsal) called(ctx context.Context, caller engine.ID, call engine.Call, variables engine.Variables) error {
	in := x.known[caller].instance
	if in.Call(call.ID) == nil {
		return nil
	}
	b := beginning{}
	err := x.bind(ctx, in, call, &b)
	var sub *subject
	if err == nil {
		sub, err = b.load(ctx, x.Service)
	}
	if err == nil && sub.definition.Suspended {
		err = ErrSuspendedDefinition
	}
	if err != nil {
		return refused(err, call.Node+": The process "+call.Key+" cannot be called")
	}
	return x.play(ctx, sub, engine.Start{
		Hops: in.Hops, InstanceID: call.ID, DefinitionID: sub.definition.ID, ProcessVersion: sub.definition.Version,
		BusinessKey: call.BusinessKey, CalledBy: in.CalledBy(call), Variables: variables,
	})
}

// returned plays what an instance gives back to its caller.
func (x *rehearsal) returned(ctx context.Context, in *engine.Instance, r engine.Return) error {
	parent := x.known[in.ParentID]
	if parent == nil {
		instance, err := x.store.LoadInstance(ctx, in.ParentID)
		if err != nil {
			return refused(err, "")
		}
		d, err := x.definition(ctx, instance.DefinitionID)
		if err != nil {
			return refused(err, "")
		}
		parent = &subject{instance: instance, definition: d}
	}
	if parent.instance.State == engine.Suspended {
		return engine.ErrSuspended
	}
	if r.Over {
		r.Variables = in.Scopes[0].Variables
	}
	return x.play(ctx, parent, engine.ReturnCall{Call: in.ID, Return: r})
}

// play makes one step by the product itself, in memory, and what follows from it.
func (x *rehearsal) play(ctx context.Context, sub *subject, action engine.Action) error {
	x.left--
	part := execution{Service: x.Service, id: newID(), at: x.at, rehearsed: x.known, call: Call{Strict: true}}
	after, changes, err := part.step(ctx, sub, engine.Command{ID: part.id, Action: action})
	if err != nil {
		return refused(err, "")
	}
	x.keep(after, sub.definition)
	if err := x.call.strictly(&result{after: after, changes: changes}); err != nil {
		return err
	}
	return x.follow(ctx, after, changes)
}

// refused makes an incident of what an operator would have to deal with. What only the moment is against, and what is
// not waited for any more, is left to the real step.
func refused(err error, what string) error {
	switch {
	case fault.VerdictOf(err) == fault.Retry:
		return nil
	case what != "":
	case fault.KindOf(err) == fault.Conflict, fault.KindOf(err) == fault.NotFound:
		return nil
	default:
		return err
	}
	return ErrIncident.Withf("%s: %s", what, fault.From(err).Message)
}

// caller returns who called an instance, as a rehearsal knows it or as it is stored.
func (e *execution) caller(ctx context.Context, parent engine.ID) (*engine.Caller, error) {
	sub := e.rehearsed[parent]
	if sub == nil {
		return e.callers(ctx, parent)
	}
	c := &engine.Caller{Process: sub.definition.process, Instance: sub.instance}
	var err error
	if above := sub.instance.ParentID; !above.IsZero() {
		c.Caller, err = e.caller(ctx, above)
	}
	return c, err
}
