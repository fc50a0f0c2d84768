package invariant

import (
	"context"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// usualGrace is how long what one instance has to tell another may be under way after its event was sent.
const usualGrace = time.Minute

// calls holds that callers and called instances agree: an open call has its instance, which has not ended
// without the caller's knowledge, and a called instance that goes on is waited for.
func (c *Checker) calls(ctx context.Context, x *store.Inspection, states []*engine.Instance) error {
	var others []engine.ID
	for _, in := range states {
		for _, call := range in.Calls {
			others = append(others, call.ID)
		}
		if !in.ParentID.IsZero() && !in.State.Ended() {
			others = append(others, in.ParentID)
		}
	}
	known, err := x.States(ctx, others)
	for _, in := range states {
		if err == nil {
			err = c.callsOf(ctx, x, in, known)
		}
		if err == nil {
			err = c.caller(ctx, x, in, known)
		}
	}
	return err
}

// callsOf checks the open calls of an instance.
func (c *Checker) callsOf(ctx context.Context, x *store.Inspection, in *engine.Instance, known map[engine.ID]*engine.Instance) error {
	for _, call := range in.Calls {
		called := known[call.ID]
		rule, teller := "", in.ID
		switch {
		case called == nil:
			rule = "call_without_instance"
		case called.ParentID != in.ID:
			rule = "call_of_another"
		case called.ParentNode != call.Node && !called.State.Ended():
			rule = "call_elsewhere"
		case called.Returns > call.Returned+len(call.Kept):
			rule, teller = "call_not_told", called.ID
		}
		if rule == "" {
			continue
		}
		quiet, err := c.quiet(ctx, x, teller)
		if err != nil {
			return err
		}
		if quiet {
			c.violation(rule, in.ID, "the call %s of %s", call.ID, call.Node)
		}
	}
	return nil
}

// caller checks who has called an instance that goes on.
func (c *Checker) caller(ctx context.Context, x *store.Inspection, in *engine.Instance, known map[engine.ID]*engine.Instance) error {
	if in.ParentID.IsZero() || in.State.Ended() {
		return nil
	}
	if caller := known[in.ParentID]; caller != nil && caller.Call(in.ID) != nil {
		return nil
	}
	quiet, err := c.quiet(ctx, x, in.ParentID)
	if err == nil && quiet {
		c.violation("called_in_vain", in.ID, "its caller %s does not wait for it", in.ParentID)
	}
	return err
}

// quiet reports whether an instance has nothing to tell that may be under way.
func (c *Checker) quiet(ctx context.Context, x *store.Inspection, id engine.ID) (bool, error) {
	at, unsent, err := x.LastStep(ctx, id)
	grace := c.Grace
	if grace == 0 {
		grace = usualGrace
	}
	return unsent == 0 && time.Since(at) >= grace, err
}
