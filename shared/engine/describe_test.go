package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
)

// The ids of what is open at a node, or an id that names nothing.

func (r *run) task(node string) engine.ID {
	for _, t := range r.instance.Tasks {
		if t.Node == node {
			return t.ID
		}
	}
	return seed(999)
}

func (r *run) job(node string) engine.ID {
	for _, j := range r.instance.Jobs {
		if j.Node == node {
			return j.ID
		}
	}
	return seed(999)
}

func (r *run) continuations() []engine.Job {
	var list []engine.Job
	for _, j := range r.instance.Jobs {
		if j.Kind != engine.ExternalJob {
			list = append(list, j)
		}
	}
	return list
}

// continuation returns the one at a node, or the oldest.
func (r *run) continuation(node string) engine.ID {
	for _, j := range r.continuations() {
		if node == "" || j.Node == node {
			return j.ID
		}
	}
	return r.job(node)
}

func (r *run) timer(node string) engine.ID {
	for _, t := range r.instance.Timers {
		if t.Node == node {
			return t.ID
		}
	}
	return seed(999)
}

func (r *run) subscription(message, node string) engine.ID {
	for _, s := range r.instance.Subscriptions {
		if s.Message == message && (node == "" || s.Node == node) {
			return s.ID
		}
	}
	return seed(999)
}

// incident returns the one at a node; no node means all, which a zero id names.
func (r *run) incident(node string) engine.ID {
	for _, i := range r.instance.Incidents {
		if i.Node == node {
			return i.ID
		}
	}
	if node == "" {
		return engine.ID{}
	}
	return seed(999)
}

// state prints what an instance has, without ids.
func state(in *engine.Instance) string {
	var out strings.Builder
	fmt.Fprintln(&out, in.State)
	for _, s := range in.Scopes {
		fmt.Fprintf(&out, "scope %d of token %d in %d %s\n", s.Number, s.Token, s.Parent, compact(s.Variables))
	}
	for _, t := range in.Tokens {
		fmt.Fprintf(&out, "token %d in scope %d at %s\n", t.Number, t.Scope, t.Node)
		if t.Undoes {
			fmt.Fprintf(&out, "token %d undoes it\n", t.Number)
		}
	}
	for _, t := range in.Tasks {
		fmt.Fprintf(&out, "task %s of token %d\n", t.Node, t.Token)
	}
	for _, j := range in.Jobs {
		fmt.Fprintf(&out, "job %s %s of token %d with %d retries\n", j.Kind, j.Node, j.Token, j.Retries)
	}
	for _, t := range in.Timers {
		fmt.Fprintf(&out, "timer %s of %s\n", t.Node, waiter(t.Token, t.Scope))
	}
	for _, s := range in.Subscriptions {
		fmt.Fprintf(&out, "subscription %s of %s\n", s.Node, waiter(s.Token, s.Scope))
	}
	for _, c := range in.Calls {
		fmt.Fprintf(&out, "call %s of token %d, %d kept\n", c.Node, c.Token, len(c.Kept))
	}
	for _, i := range in.Incidents {
		fmt.Fprintf(&out, "incident %s of token %d\n", i.Node, i.Token)
	}
	for _, c := range in.Compensations {
		fmt.Fprintf(&out, "compensation %d in scope %d of %s", c.Number, c.Scope, c.Node)
		if c.Kept > 0 {
			fmt.Fprintf(&out, " keeps scope %d %s", c.Kept, compact(c.Variables))
		}
		fmt.Fprintln(&out)
	}
	return out.String()
}

func waiter(token, scope int) string {
	if token == 0 {
		return fmt.Sprintf("scope %d", scope)
	}
	return fmt.Sprintf("token %d", token)
}

func compact(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// line is the description of a change under way; what is empty is left out.
type line []string

func (l *line) add(name string, value any) {
	if at, ok := value.(time.Time); ok {
		if at.IsZero() {
			return
		}
		value = at.Format("2006-01-02T15:04:05.999Z07:00")
	}
	if s := fmt.Sprint(value); s != "" && s != "0" && s != "false" && s != "[]" {
		*l = append(*l, name+"="+s)
	}
}

// describe prints a change without ids and without the time at which it happened.
func describe(c engine.Change) string {
	l := line{string(c.Kind)}
	if s := c.Instance; s != nil {
		l.add("process", s.ProcessKey)
		l.add("key", s.BusinessKey)
		l.add("starter", s.Starter)
		l.add("caller", s.ParentNode)
		l.add("depth", s.Depth)
		if c.Kind == engine.InstanceMigrated {
			l.add("version", s.ProcessVersion)
		}
	}
	l.add("scope", c.Scope)
	l.add("parent", c.Parent)
	l.add("token", c.Token)
	l.add("node", c.Node)
	l.add("flow", c.Flow)
	l.task(c.Task)
	l.waits(c)
	l.decision(c.Decision)
	l.approval(c)
	l.add("assignee", c.Assignee)
	l.add("owner", c.Owner)
	l.add("delegated", c.Delegated)
	l.add("outcome", c.Outcome)
	l.add("topic", c.Topic)
	if c.Kind == engine.SignalReceived || c.Kind == engine.SignalThrown {
		l.add("signal", c.Message)
	} else {
		l.add("message", c.Message)
	}
	l.add("key", c.BusinessKey)
	l.add("code", c.Code)
	l.add("undoes", c.Undoes)
	l.add("returns", c.Returns)
	l.add("number", c.Compensated)
	if k := c.Compensation; k != nil {
		l.add("scope", k.Scope)
		l.add("node", k.Node)
		l.add("kept", k.Kept)
		l.add("number", k.Number)
	}
	if c.Kind == engine.JobFailed || c.Kind == engine.JobRetried {
		l = append(l, fmt.Sprintf("retries=%d", c.Retries))
	}
	l.add("due", c.DueAt)
	l.add("comment", c.Comment)
	l.add("reason", c.Reason)
	if len(c.Variables) > 0 {
		l.add("variables", compact(c.Variables))
	}
	if len(c.Names) > 0 && c.Approval == nil {
		l.add("names", strings.Join(c.Names, ","))
	}
	for _, w := range c.Why {
		l = append(l, fmt.Sprintf("why[%s: %s %s → %s]", w.Subject, w.Expression, compact(w.Inputs), w.Result))
	}
	return strings.Join(l, " ")
}

func (l *line) task(t *engine.Task) {
	if t == nil {
		return
	}
	l.add("node", t.Node)
	l.add("name", t.Name)
	l.add("assignee", t.Assignee)
	l.add("users", t.CandidateUsers)
	l.add("groups", t.CandidateGroups)
	l.add("priority", t.Priority)
	l.add("due", t.DueAt)
}

func (l *line) decision(d *engine.Decided) {
	if d == nil {
		return
	}
	l.add("decision", d.Key)
	l.add("version", d.Version)
	for _, m := range d.Decisions {
		*l = append(*l, "made["+compact(m)+"]")
	}
}

// waits adds what a token begins to wait for.
func (l *line) waits(c engine.Change) {
	if j := c.Job; j != nil {
		l.add("token", j.Token)
		l.add("node", j.Node)
		l.add("kind", j.Kind)
		l.add("topic", j.Topic)
		l.add("priority", j.Priority)
		l.add("retries", j.Retries)
		l.add("delays", j.Delays)
		l.add("due", j.DueAt)
		l.add("steps", j.Steps)
		if j.Listener != nil {
			l.add("listener", j.Listener.Event)
		}
	}
	if t := c.Timer; t != nil {
		l.add("scope", t.Scope)
		l.add("token", t.Token)
		l.add("node", t.Node)
		l.add("due", t.DueAt)
		l.add("cycle", t.Cycle)
		l.add("anchor", t.Anchor)
		l.add("fired", t.Fired)
		l.add("listener", t.Listener)
	}
	if s := c.Subscription; s != nil {
		l.add("scope", s.Scope)
		l.add("token", s.Token)
		l.add("node", s.Node)
		switch {
		case s.Signal:
			l.add("signal", s.Message)
		case s.Condition:
			*l = append(*l, "condition")
		default:
			l.add("message", s.Message)
		}
	}
	if c := c.Call; c != nil {
		l.add("token", c.Token)
		l.add("node", c.Node)
		l.add("process", c.Key)
		l.add("binding", c.Binding)
		l.add("version", c.Version)
		l.add("tag", c.VersionTag)
		l.add("key", c.BusinessKey)
	}
	if r := c.Return; r != nil {
		l.add("number", r.Number)
		l.add("outcome", r.Outcome)
		l.add("over", r.Over)
		l.add("code", r.Code)
		l.add("message", r.Message)
		if len(r.Variables) > 0 {
			l.add("variables", compact(r.Variables))
		}
	}
	if i := c.Incident; i != nil {
		l.add("node", i.Node)
		l.add("leaving", i.Leaving)
		*l = append(*l, "code="+i.Code, "message="+i.Message)
	}
}
