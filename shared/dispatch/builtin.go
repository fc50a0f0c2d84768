package dispatch

import (
	"context"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// builtins is the one table of what the product does itself, by name.
var builtins = map[string]func(*Dispatcher, context.Context, workflow.FetchedJob) outcome{
	workflow.BuiltinHTTP:   (*Dispatcher).connect,
	workflow.BuiltinMail:   (*Dispatcher).mail,
	workflow.BuiltinNotify: (*Dispatcher).notify,
}

func (d *Dispatcher) builtin(ctx context.Context, job workflow.FetchedJob, b *store.TopicBinding) outcome {
	do := builtins[b.Target]
	if do == nil {
		return failed("There is no built-in %s.", b.Target)
	}
	return do(d, ctx, job)
}

// notify tells users, and the members of groups and roles, a title and a text.
func (d *Dispatcher) notify(ctx context.Context, job workflow.FetchedJob) outcome {
	in := inputs(job.Variables)
	m := notification.Message{
		ID: job.ID.String(), Users: in.list("users", "to"), Groups: in.list("groups"), Title: in.text("title", "subject"), Text: in.text("text"),
		At: job.CreatedAt, InstanceID: job.InstanceID, ProcessKey: job.ProcessKey, NodeID: job.NodeID,
	}
	if job.BusinessKey != nil {
		m.BusinessKey = *job.BusinessKey
	}
	if m.Title == "" || len(m.Users)+len(m.Groups) == 0 {
		return refused("A notification needs the variable title, and users or groups.")
	}
	told, err := d.Notifications.Tell(ctx, m)
	switch {
	case err != nil:
		return failed("The notification cannot be kept now: %s", err.Error())
	case told == 0:
		return refused("There is no enabled user among those who are to be told.")
	}
	return outcome{}
}

// inputs are the variables of a job as a built-in reads them. A field of a Camunda mail task is found as
// an entry of the variable fields too.
type inputs engine.Variables

// value returns the first of some variables that is there and not null.
func (in inputs) value(names ...string) expr.Value {
	fields, _ := in["fields"].(map[string]expr.Value) // nil reads as empty
	for _, name := range names {
		for _, v := range []expr.Value{in["fields."+name], fields[name], in[name]} {
			if v != nil {
				return v
			}
		}
	}
	return nil
}

func (in inputs) text(names ...string) string {
	v := in.value(names...)
	if v == nil {
		return ""
	}
	return expr.String(v)
}

// list reads a list, or a text whose parts are divided by commas or semicolons.
func (in inputs) list(names ...string) []string {
	var parts []string
	switch v := in.value(names...).(type) {
	case nil:
	case []expr.Value:
		for _, item := range v {
			parts = append(parts, expr.String(item))
		}
	default:
		parts = strings.FieldsFunc(expr.String(v), func(r rune) bool { return strings.ContainsRune(",;，；", r) })
	}
	var list []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
