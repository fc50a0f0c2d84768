package workflow_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// variable returns a variable of the process scope as text.
func variable(in *engine.Instance, name string) any { return in.Scopes[0].Variables[name] }

// A call starts an instance with what is passed to it, and its end brings back what is asked for.
func TestCall(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		parent := c.start("parent", engine.Variables{"called": "child", "amount": int64(21), "secret": "x"})
		child := c.called(parent, 0)
		if diff := cmp.Diff(engine.Variables{"amount": int64(21), "how": nil, "next": "child"}, child.Scopes[0].Variables); diff != "" {
			t.Errorf("it begins with %s", diff)
		}
		shown := store.ShowInstance(child)
		if child.ParentID != parent.ID || *shown.ParentID != parent.ID || *shown.ParentNodeID != "call" || shown.RootID != parent.ID ||
			child.BusinessKey != "B-1" || child.Starter != employee.Username || child.Depth != 1 {
			t.Errorf("%+v", child)
		}
		if visits, err := c.Activity(t.Context(), operator, parent.ID); err != nil || visits[len(visits)-1].CalledInstanceID != child.ID {
			t.Errorf("%+v, %v", visits, err)
		}
		c.finish(child, "work", engine.Variables{"result": "good"})
		c.at(child, engine.Completed)
		c.at(parent, engine.Active, "after")
		parent = c.load(parent.ID)
		if variable(parent, "result") != "good" || variable(parent, "twice") != int64(42) || len(parent.Calls) > 0 {
			t.Errorf("%+v", parent)
		}
		c.at(c.finish(parent, "after", nil), engine.Completed)
	})
}

// An error that the called instance does not catch is its end, and the caller's boundary event goes on with
// what the instance had; so it is through an instance in between.
func TestCallThatFails(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		for _, called := range []string{"child", "middle"} {
			parent := c.start("parent", engine.Variables{"called": called, "how": "fail"})
			inner := c.called(parent, 0)
			outer := inner
			if called == "middle" {
				inner = c.called(outer, 0)
			}
			c.finish(inner, "work", engine.Variables{"result": "half"})
			c.at(inner, engine.Cancelled)
			c.at(outer, engine.Cancelled)
			c.at(parent, engine.Active, "failed")
			if parent = c.load(parent.ID); variable(parent, "result") != "half" || variable(parent, "code") != "E1" {
				t.Errorf("%s: %v", called, parent.Scopes[0].Variables)
			}
		}
	})
}

// What nobody catches ends its own path only, and the caller goes on as after any end.
func TestCallWithUnhandledError(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		parent := c.start("middle", engine.Variables{"how": "fail"})
		child := c.called(parent, 0)
		c.finish(child, "work", nil)
		c.at(child, engine.Completed)
		c.at(parent, engine.Completed)
	})
}

// An escalation goes on in the called instance unless what catches it interrupts.
func TestCallThatEscalates(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		for _, called := range []string{"child", "middle"} {
			parent := c.start("parent", engine.Variables{"called": called, "how": "notice"})
			inner := c.called(parent, 0)
			if called == "middle" {
				inner = c.called(inner, 0)
			}
			c.finish(inner, "work", engine.Variables{"result": "so far"})
			c.at(inner, engine.Active, "more")
			c.at(parent, engine.Active, "noticed")
			if in := c.load(parent.ID); variable(in, "result") != "so far" {
				t.Errorf("%v", in.Scopes[0].Variables)
			}
			c.finish(inner, "more", engine.Variables{"result": "all"})
			c.at(parent, engine.Active, "noticed", "after")
			if in := c.load(parent.ID); variable(in, "result") != "all" {
				t.Errorf("%v", in.Scopes[0].Variables)
			}
			stopped := c.start("parent", engine.Variables{"called": called, "how": "stop"})
			inner = c.called(stopped, 0)
			if called == "middle" {
				inner = c.called(inner, 0)
			}
			c.finish(inner, "work", nil)
			c.at(inner, engine.Cancelled)
			c.at(stopped, engine.Active, "stopped")
		}
	})
}

// Several instances of a call, at once and one after the other, also when each is over at once.
func TestCallsOfSeveral(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		items := []any{"a", "b", "c"}
		parent := c.start("several", engine.Variables{"called": "child", "items": items})
		for n := range items {
			child := c.load(parent.Calls[n].ID)
			if variable(child, "amount") != items[n] {
				t.Errorf("call %d has %v", n, child.Scopes[0].Variables)
			}
			c.finish(child, "work", engine.Variables{"how": "well"})
		}
		c.at(parent, engine.Active, "s-after")
		c.at(c.start("several", engine.Variables{"called": "quick", "items": items}), engine.Active, "s-after")
		c.at(c.start("sequence", engine.Variables{"called": "quick", "items": items}), engine.Active, "r-after")
		parent = c.start("sequence", engine.Variables{"called": "child", "items": items})
		for range items {
			c.finish(c.called(parent, 0), "work", engine.Variables{"how": "well"})
			parent = c.load(parent.ID)
		}
		c.at(parent, engine.Active, "r-after")
	})
}

// Who cancels an instance cancels what it has called, down to the last; who cancels a called instance
// cancels its path in the caller, and the caller if nothing else is left of it.
func TestCallCancelled(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		cancel := func(in *engine.Instance) {
			if _, err := c.CancelInstance(c.ctx, workflow.Call{Principal: operator}, in.ID, "no more"); err != nil {
				t.Fatal(err)
			}
			c.settle()
		}
		for n := range 3 {
			parent := c.start("parent", engine.Variables{"called": "middle"})
			middle := c.called(parent, 0)
			all := []*engine.Instance{parent, middle, c.called(middle, 0)}
			cancel(all[n])
			for _, in := range all {
				c.at(in, engine.Cancelled)
			}
		}
		branches := c.start("branches", nil)
		cancel(c.called(branches, 0))
		c.at(branches, engine.Active, "b-task")
		c.at(c.finish(branches, "b-task", nil), engine.Completed)
		several := c.start("several", engine.Variables{"called": "child", "items": []any{"a", "b"}})
		cancel(c.called(several, 0))
		c.finish(c.called(c.load(several.ID), 0), "work", engine.Variables{"how": "well"})
		c.at(several, engine.Active, "s-after")
	})
}

// A suspended caller keeps what comes back until it is resumed; a suspended called instance is cancelled
// with its caller all the same.
func TestCallSuspended(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		do := func(operation func() error) {
			t.Helper()
			if err := operation(); err != nil {
				t.Fatal(err)
			}
			c.settle()
		}
		call := workflow.Call{Principal: operator}
		suspend := func(in *engine.Instance) {
			do(func() error { _, err := c.SuspendInstance(c.ctx, call, in.ID, ""); return err })
		}
		parent := c.start("parent", engine.Variables{"called": "child", "how": "notice"})
		child := c.called(parent, 0)
		suspend(parent)
		c.finish(child, "work", engine.Variables{"result": "so far"})
		c.finish(child, "more", engine.Variables{"result": "all"})
		c.at(child, engine.Completed)
		c.at(parent, engine.Suspended)
		do(func() error { _, err := c.ResumeInstance(c.ctx, call, parent.ID, ""); return err })
		c.at(parent, engine.Active, "noticed", "after")
		if in := c.load(parent.ID); variable(in, "result") != "all" || len(in.Calls) > 0 {
			t.Errorf("%+v", in)
		}
		parent = c.start("parent", engine.Variables{"called": "child"})
		child = c.called(parent, 0)
		suspend(child)
		do(func() error { _, err := c.CancelInstance(c.ctx, call, parent.ID, ""); return err })
		c.at(child, engine.Cancelled)
	})
}

// What cannot be called is an incident, and a retry calls anew.
func TestCallOfNothing(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		call := workflow.Call{Principal: operator}
		for _, unknown := range []bool{true, false} {
			variables, code := engine.Variables{"called": "later"}, "definition_not_found"
			if !unknown {
				c.later()
				c.setSuspended("later", true)
				code = "definition_suspended"
			}
			parent := c.start("parent", variables)
			if len(parent.Incidents) != 1 || parent.Incidents[0].Code != code || parent.Incidents[0].Node != "call" || len(parent.Calls) > 0 {
				t.Fatalf("%+v", parent)
			}
			if unknown {
				c.later()
			} else {
				c.setSuspended("later", false)
			}
			if _, err := c.RetryIncidents(c.ctx, call, parent.ID, nil); err != nil {
				t.Fatal(err)
			}
			c.settle()
			c.at(parent, engine.Active, "after")
		}
	})
}

func (c *calls) later() {
	c.model(`<process id="later" isExecutable="true"><startEvent id="start"/></process>`)
}

func (c *calls) setSuspended(process string, suspended bool) {
	c.t.Helper()
	d, _, err := c.store.LatestDefinition(c.t.Context(), process)
	if err == nil {
		_, err = c.SetDefinitionSuspended(c.ctx, workflow.Call{Principal: operator}, d.ID, suspended)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// A process that calls itself comes to an end.
func TestCallWithoutEnd(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		in := c.start("endless", nil)
		for len(in.Calls) > 0 {
			in = c.called(in, 0)
		}
		if in.Depth != 16 || len(in.Incidents) != 1 || in.Incidents[0].Code != "call_depth_exceeded" {
			t.Errorf("%+v", in)
		}
		if n := c.countAll("workflow_instance"); n != 17 {
			t.Errorf("%d instances", n)
		}
	})
}

// A call binds to the latest version of the moment, to that of its deployment, to a version or to a tag.
func TestCallBindings(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	c := &calls{f, t.Context()}
	process := func(key, tag, content string) string {
		return `<process id="` + key + `" isExecutable="true" c:versionTag="` + tag + `"><startEvent id="` + key + `s"/><sequenceFlow id="` + key + `f" sourceRef="` + key +
			`s" targetRef="` + key + `t"/>` + content + `</process>`
	}
	bound := func(key, attributes string) string {
		return process(key, "", `<callActivity id="`+key+`t" calledElement="it" `+attributes+`/>`)
	}
	it := func(tag string) string { return process("it", tag, `<userTask id="itt"/>`) }
	c.model(it("one") + bound("latest", "") + bound("deployment", `c:calledElementBinding="deployment"`) +
		bound("version", `c:calledElementBinding="version" c:calledElementVersion="${v}"`) +
		bound("tag", `c:calledElementBinding="versionTag" c:calledElementVersionTag="${tag}"`))
	c.model(it("two"))
	c.model(it("two"))
	for _, call := range []struct {
		key       string
		variables engine.Variables
		version   int
		incident  string
	}{
		{"latest", nil, 3, ""},
		{"deployment", nil, 1, ""},
		{"version", engine.Variables{"v": int64(2)}, 2, ""},
		{"version", engine.Variables{"v": int64(9)}, 0, "definition_not_found"},
		{"version", engine.Variables{"v": int64(0)}, 0, "bad_call"},
		{"tag", engine.Variables{"tag": "one"}, 1, ""},
		{"tag", engine.Variables{"tag": "two"}, 0, "ambiguous_version_tag"},
		{"tag", engine.Variables{"tag": "none"}, 0, "definition_not_found"},
	} {
		in := c.start(call.key, call.variables)
		if call.incident != "" {
			if !slices.ContainsFunc(in.Incidents, func(i engine.Incident) bool { return i.Code == call.incident }) {
				t.Errorf("%s %v: %+v", call.key, call.variables, in.Incidents)
			}
			continue
		}
		if called := c.called(in, 0); called.ProcessVersion != call.version {
			t.Errorf("%s %v: version %d", call.key, call.variables, called.ProcessVersion)
		}
	}
}

// What does not fit into the caller is an incident, and who retries says what is needed of it.
func TestCallThatGivesBackTooMuch(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		large := func() string { return strings.Repeat("x", 250_000) }
		parent := c.start("parent", engine.Variables{"called": "child", "how": "well", "a": large(), "b": large(), "c": large(), "d": large()})
		c.finish(c.called(parent, 0), "work", engine.Variables{"result": large()})
		if parent = c.load(parent.ID); len(parent.Incidents) != 1 || parent.Incidents[0].Code != "call_result_too_large" {
			t.Fatalf("%+v", parent.Incidents)
		}
		if _, err := c.RetryIncidents(c.ctx, workflow.Call{Principal: operator}, parent.ID, engine.Variables{"result": "short", "amount": int64(1)}); err != nil {
			t.Fatal(err)
		}
		c.settle()
		c.at(parent, engine.Active, "after")
		if in := c.load(parent.ID); variable(in, "result") != "short" {
			t.Errorf("%v", variable(in, "result"))
		}
	})
}
