package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// TestForeignDefinition runs what an instance waits for against the definition of another process, as
// a damaged row or a wrong cache would: nodes are missing or are something else. Whatever that makes of
// the instance, a command is refused or done, and does not break the process that runs it.
func TestForeignDefinition(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	processes := map[string]*bpmn.Process{}
	for _, name := range names {
		model := strings.TrimSuffix(filepath.Base(name), ".bpmn")
		if model != "endless_loop" && !strings.HasSuffix(model, "_bomb") { // many steps that show nothing here
			processes[model] = load(t, model, everything)
		}
	}
	for model, p := range processes {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			for _, in := range states(t, p) {
				for other, foreign := range processes {
					for _, action := range possible(in) {
						c := engine.Command{ID: seed(1), Actor: "zhangwei", Action: action}
						_, _, err := advance(foreign, in, c, newRun(t).now.AddDate(1, 0, 0), engine.World{})
						if f := new(fault.Error); err != nil && !errors.As(err, &f) {
							t.Fatalf("%s of %T: %v", other, action, err)
						}
					}
				}
			}
		})
	}
}

// TestForeignEscalation holds that an escalation which has to pass a sub-process that the definition has not
// is an incident: who catches it is not known.
func TestForeignEscalation(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/escalation_nested.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(t)
	r.load(read(t, content))
	if _, err := r.step("zhangwei", engine.Start{InstanceID: seed(900), DefinitionID: seed(901)}); err != nil {
		t.Fatal(err)
	}
	foreign := read(t, []byte(strings.ReplaceAll(string(content), `"outer"`, `"renamed"`)))
	c := engine.Command{ID: seed(1), Actor: "zhangwei", Action: engine.CompleteTask{Task: r.task("decide")}}
	in, changes, err := advance(foreign, r.instance, c, r.now, engine.World{})
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Incidents) != 1 || in.Incidents[0].Code != "node_unknown" || in.Incidents[0].Node != "over" {
		t.Errorf("incidents %+v after %+v", in.Incidents, changes)
	}
}

// TestForeignCompensation holds that what the definition does not know is an incident at the event that
// would undo it, and that nothing is lost; so is a cancel that nothing catches.
func TestForeignCompensation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		model, from, to, code string
		tasks                 []string
		spoil                 func(*bpmn.Process)
	}{
		{model: "compensation_nested", from: `"room"`, to: `"hall"`, code: "node_unknown", tasks: []string{"ticket", "room", "decide"}},
		{model: "compensation_nested", from: `sourceRef="roomUndo"`, to: `sourceRef="decide"`, code: "node_unknown", tasks: []string{"ticket", "room", "decide"}},
		{model: "transaction", code: "cancel_uncaught", tasks: []string{"flight", "confirm"}, spoil: func(p *bpmn.Process) { p.Node("tx").Boundary = nil }},
	} {
		content, err := os.ReadFile("testdata/" + c.model + ".bpmn")
		if err != nil {
			t.Fatal(err)
		}
		r := newRun(t)
		r.load(read(t, content))
		variables := engine.Variables{"clerk": "lina", "cost": int64(7), "confirmed": false, "failed": false}
		if _, err := r.step("zhangwei", engine.Start{InstanceID: seed(900), DefinitionID: seed(901), Variables: variables}); err != nil {
			t.Fatal(err)
		}
		last := len(c.tasks) - 1
		for _, task := range c.tasks[:last] {
			if _, err := r.step("zhangwei", engine.CompleteTask{Task: r.task(task)}); err != nil {
				t.Fatal(err)
			}
		}
		foreign := read(t, []byte(strings.ReplaceAll(string(content), c.from, c.to)))
		if c.spoil != nil {
			c.spoil(foreign)
		}
		command := engine.Command{ID: seed(1), Actor: "zhangwei", Action: engine.CompleteTask{Task: r.task(c.tasks[last])}}
		in, changes, err := advance(foreign, r.instance, command, r.now, engine.World{})
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Incidents) != 1 || in.Incidents[0].Code != c.code || len(in.Compensations) != len(r.instance.Compensations) {
			t.Errorf("%s: incidents %+v after %+v", c.model, in.Incidents, changes)
		}
	}
}

// states returns what an instance of a process looks like on its way to the end, from every start.
func states(t *testing.T, p *bpmn.Process) []*engine.Instance {
	t.Helper()
	var list []*engine.Instance
	two := []expr.Value{"x", "y"}
	for _, variables := range []engine.Variables{nil, {
		"a": int64(1), "n": int64(2), "amount": int64(1), "id": "x", "name": "y", "pause": "PT1M", "people": two, "items": two,
		"departments": []expr.Value{two, two}, "rejected": false, "refused": false, "enough": false, "last": int64(1),
	}} {
		for _, node := range p.Nodes {
			if node.Element != bpmn.ElementStartEvent || node.Parent != nil {
				continue
			}
			r := newRun(t)
			r.load(p)
			if _, err := r.step("zhangwei", engine.Start{Node: node.ID, InstanceID: seed(900), DefinitionID: seed(901), Variables: variables}); err != nil {
				t.Fatal(err)
			}
			for range 12 {
				list = append(list, r.instance)
				actions := possible(r.instance)
				r.now = r.now.AddDate(0, 0, 1)
				if _, err := r.step("zhangwei", actions[0]); err != nil || r.instance.State.Ended() {
					break
				}
			}
		}
	}
	return list
}

// possible lists a command for everything that an instance waits for, and those that fit always.
func possible(in *engine.Instance) []engine.Action {
	var list []engine.Action
	for _, t := range in.Tasks {
		list = append(list, engine.CompleteTask{Task: t.ID}, engine.ThrowTaskError{Task: t.ID, Code: "E1"}, engine.ThrowTaskEscalation{Task: t.ID, Code: "X1"})
	}
	for _, j := range in.Jobs {
		if j.Kind != engine.ExternalJob {
			list = append(list, engine.Continue{Job: j.ID})
			continue
		}
		list = append(list, engine.CompleteJob{Job: j.ID}, engine.FailJob{Job: j.ID}, engine.ThrowJobError{Job: j.ID, Code: "E1"}, engine.ThrowJobEscalation{Job: j.ID, Code: "X1"}, engine.ThrowJobEscalation{Job: j.ID, Code: "X1", Completes: true})
	}
	for _, t := range in.Timers {
		list = append(list, engine.FireTimer{Timer: t.ID})
	}
	for _, s := range in.Subscriptions {
		list = append(list, engine.Correlate{Subscription: s.ID})
	}
	for _, c := range in.Calls {
		next := c.Returned + len(c.Kept) + 1
		for _, r := range []engine.Return{
			{Outcome: engine.ReturnedCompleted, Over: true}, {Outcome: engine.ReturnedError, Code: "E1", Over: true},
			{Outcome: engine.ReturnedEscalation, Code: "X1"}, {Outcome: engine.ReturnedEscalation, Code: "X2", Over: true}, {Outcome: engine.ReturnedCancelled, Over: true},
		} {
			r.Number = next
			list = append(list, engine.ReturnCall{Call: c.ID, Return: r})
		}
		list = append(list, engine.FailCall{Call: c.ID, Code: "unknown"})
	}
	for _, i := range in.Incidents {
		list = append(list, engine.RetryIncident{Incident: i.ID})
	}
	return append(list, engine.RetryIncident{}, engine.Suspend{}, engine.Cancel{})
}
