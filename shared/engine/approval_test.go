package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"diom.io/workflow/shared/engine"
)

// approvals reads the operations on approvals: return, withdraw, add-signers and remove-signers, and what people do beside them: copy, urge and hand-over. A task is
// named by its node; of=user chooses among several.
func (r *run) approvals(t *testing.T, d *datadriven.TestData) engine.Action {
	t.Helper()
	var node, of, to, users, mode, across, comment string
	for name, into := range map[string]*string{"task": &node, "of": &of, "to": &to, "users": &users, "mode": &mode, "across": &across, "comment": &comment} {
		d.MaybeScanArgs(t, name, into)
	}
	list := strings.FieldsFunc(users, func(c rune) bool { return c == '+' })
	switch d.Cmd {
	case "return":
		return engine.ReturnTask{
			Task: r.taskOf(node, of), To: to, Across: across, Comment: comment, StraightBack: d.HasArg("straight"), Compensate: d.HasArg("compensate"), Keep: d.HasArg("keep"),
		}
	case "add-signers":
		return engine.AddSigners{Task: r.taskOf(node, of), Users: list, Mode: engine.AddMode(mode), Comment: comment}
	case "remove-signers":
		return engine.RemoveSigners{Task: r.taskOf(node, of), Users: list, Comment: comment}
	case "withdraw":
		var user string
		d.MaybeScanArgs(t, "user", &user)
		if of == "" {
			of = user
		}
		return engine.WithdrawTask{Task: r.completedBy(node, of), Comment: comment}
	case "copy":
		id := r.taskOf(node, of)
		if of != "" && r.instance.Task(id) == nil {
			id = r.completedBy(node, of)
		}
		return engine.CopyTask{Task: id, Node: node, Users: list, Comment: comment}
	case "urge":
		return engine.UrgeTask{Task: r.taskOf(node, of), Comment: comment, Pause: 2 * time.Minute, Ladder: 2}
	case "hand-over":
		a := engine.HandOver{From: of, To: to, Reason: engine.Transferred, Comment: comment}
		if d.HasArg("away") {
			a.Reason = engine.Substituted
		}
		return a
	case "withdraw-request":
		return engine.WithdrawInstance{Comment: comment}
	case "vote":
		var outcome string
		d.MaybeScanArgs(t, "outcome", &outcome)
		d.MaybeScanArgs(t, "user", &of)
		a := engine.CompleteTask{Task: r.taskOf(node, of), Outcome: outcome, Comment: comment}
		if err := variablesOf(d.Input, &a.Variables); err != nil {
			t.Fatal(err)
		}
		return a
	}
	return nil
}

func (r *run) taskOf(node, user string) engine.ID {
	for _, t := range r.instance.Tasks {
		if t.Node == node && (user == "" || t.Assignee == user) {
			return t.ID
		}
	}
	return r.task(node)
}

// completedBy returns the task of a node that a user completed last.
func (r *run) completedBy(node, user string) engine.ID {
	for _, changes := range slices.Backward(r.history) {
		for _, c := range slices.Backward(changes) {
			if c.Kind == engine.TaskCompleted && c.Node == node && c.Assignee == user {
				return c.TaskID
			}
		}
	}
	return seed(999)
}

// approval adds who signs and what they said.
func (l *line) approval(c engine.Change) {
	if a := c.Approval; a != nil {
		l.add("result", a.Result)
		*l = append(*l, "signers="+signers(a))
		if len(c.Names) > 0 {
			l.add("users", strings.Join(c.Names, "+"))
		}
	}
	if p := c.Passed; p != nil {
		l.add("scope", p.Scope)
		l.add("node", p.Node)
		l.add("by", p.By)
		l.add("opened", places(p.Opened))
		l.add("merged", places(p.Merged))
		l.add("final", p.Final)
	}
	if k := c.Kept; k != nil {
		l.add("scope", k.Scope)
		l.add("node", k.Node)
		l.add("straight from", k.To)
		l.add("going", k.Going)
		if k.Approval != nil {
			l.add("signers", signers(k.Approval))
		}
	}
}

// checkSigners holds that whoever is not asked waits for somebody who is or waits, that each instance is a
// signer's, and that the result is not certain.
func (r *run) checkSigners(scope engine.Scope, active, completed int64) {
	r.t.Helper()
	live, over := map[int]bool{}, map[int]bool{}
	for _, x := range scope.Approval.Signers {
		token := r.token(x.Token)
		live[x.Token] = token != nil && token.Scope == scope.Number
		over[x.Number] = x.Token != 0 && token == nil
		active, completed = active-number(token != nil), completed-number(over[x.Number])
	}
	if active != 0 || completed != 0 || scope.Approval.Result != "" {
		r.t.Fatalf("the counters are wrong by %d and %d for %s %s", active, completed, signers(scope.Approval), scope.Approval.Result)
	}
	for _, x := range scope.Approval.Signers {
		waits := slices.ContainsFunc(scope.Approval.Signers, func(y engine.Signer) bool { return slices.Contains(x.After, y.Number) && !over[y.Number] })
		if waits == (x.Token != 0) && !r.operated && x.Skipped == "" {
			r.t.Fatalf("%d waits, or is asked too soon: %s", x.Number, signers(scope.Approval))
		}
	}
}

func number(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func signers(a *engine.Approval) string {
	var list []string
	for _, x := range a.Signers {
		text := fmt.Sprintf("%d:%s", x.Number, x.User)
		if x.Weight != 1 {
			text += fmt.Sprintf("*%d", x.Weight)
		}
		switch {
		case x.Skipped != "":
			text += "=" + x.Outcome + " (" + x.Skipped + ")"
		case x.By != "":
			text += "=" + x.Outcome
			if x.By != x.User {
				text += " by " + x.By
			}
		case x.Token == 0:
			text += fmt.Sprintf(" after %v", x.After)
		}
		list = append(list, text)
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func places(list []engine.Place) string {
	var out []string
	for _, p := range list {
		out = append(out, fmt.Sprintf("%d@%s", p.Token, p.Node))
	}
	return strings.Join(out, "+")
}
