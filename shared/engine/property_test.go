package engine_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
)

// TestRandomProcesses draws block-structured processes and random orders of commands. After every
// step it holds: the same input gives the same output, replaying the stored history gives the state,
// tokens are conserved, each waits on exactly one thing, and a join is left no more often than its
// split. At last everything that waits is done: then the instance ends, unless tokens that were lost
// or made before a parallel join keep it waiting.
func TestRandomProcesses(t *testing.T) {
	t.Parallel()
	processes, steps := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		processes++
		steps += play(rt, newRun(rt))
	})
	concluded(t, processes, steps)
}

// play draws a process and a random order of commands, and returns how many steps they made.
func play(rt *rapid.T, r *run) int {
	m := &model{rt: rt}
	content := m.draw()
	rt.Logf("%s", content)
	d := &driver{rt: rt, run: r, pairs: m.pairs}
	d.load(readWith(rt, []byte(content), everything))
	start := engine.Start{InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1, Variables: values(rt)}
	if rapid.IntRange(0, 2).Draw(rt, "called") == 0 {
		start.InstanceID, start.CalledBy = d.calledBy(rt)
	}
	if err := d.do(start); err != nil {
		rt.Fatal(err)
	}
	for range rapid.IntRange(1, 40).Draw(rt, "commands") {
		if d.instance.State.Ended() {
			break
		}
		d.advance()
		_ = d.do(d.choose()) // a refused command changes nothing; step checks the rest
	}
	d.circles = m.circles
	d.finish(!m.hangs)
	return d.steps
}

// values draws the variables that the conditions of a model read.
func values(rt *rapid.T) engine.Variables {
	v := engine.Variables{}
	for _, name := range []string{"a", "b", "again"} {
		if rapid.IntRange(0, 9).Draw(rt, "set "+name) > 0 {
			v[name] = rapid.Int64Range(0, 3).Draw(rt, name)
		}
	}
	switch rapid.IntRange(0, 9).Draw(rt, "set list") {
	case 0:
	case 1:
		v["list"] = "no list"
	default:
		v["list"] = rapid.SampledFrom([][]expr.Value{{}, {"x"}, {"x", "y"}, {"x", "y", "z"}}).Draw(rt, "list")
	}
	return v
}

// good are values with which every condition of a model has a flow that is true and every loop ends.
var good = engine.Variables{"a": int64(1), "b": int64(1), "again": int64(0), "list": []expr.Value{"x", "y", "z"}}

// driver makes the commands of one instance.
type driver struct {
	*run
	rt    *rapid.T
	pairs []pair
	// circles says that the model may go on for ever by itself.
	circles bool
	steps   int
}

func (d *driver) do(action engine.Action) error {
	_, err := d.step("zhangwei", action)
	if err == nil {
		d.steps++
		d.checkJoins()
	}
	return err
}

// checkJoins holds that a join is left at most once for each time that its split was left. Of the
// tokens that leave a gateway at once one is moved, the others are created.
func (d *driver) checkJoins() {
	d.rt.Helper()
	left := map[string]int{}
	for _, changes := range d.history {
		for _, c := range changes {
			if flow := d.process.Flow(c.Flow); flow != nil && c.Kind == engine.TokenMoved {
				left[flow.Source.ID]++
			}
		}
	}
	for _, p := range d.pairs {
		if left[p.join] > left[p.split] {
			d.rt.Fatalf("%s was left %d times, %s %d times", p.join, left[p.join], p.split, left[p.split])
		}
	}
}

// advance lets time pass, often until the next timer is due.
func (d *driver) advance() {
	d.now = d.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(d.rt, "seconds")) * time.Second)
	if len(d.instance.Timers) > 0 && rapid.Bool().Draw(d.rt, "until due") {
		due := rapid.SampledFrom(d.instance.Timers).Draw(d.rt, "timer").DueAt
		if due.After(d.now) {
			d.now = due
		}
	}
}

// choose draws a command that fits the instance, sometimes one that does not.
func (d *driver) choose() engine.Action {
	kind := rapid.IntRange(0, 29).Draw(d.rt, "command")
	switch {
	case d.instance.State == engine.Suspended && kind > 9:
		return engine.Resume{}
	case kind == 0:
		return engine.Suspend{}
	case kind == 1 && rapid.IntRange(0, 4).Draw(d.rt, "cancel") == 0:
		return engine.Cancel{Reason: "drawn"}
	case kind < 4:
		return engine.RetryIncident{Variables: values(d.rt)}
	}
	if open := d.open(); len(open) > 0 {
		return rapid.SampledFrom(open).Draw(d.rt, "open")()
	}
	return engine.RetryIncident{Variables: good}
}

// open lists what can be done with what the instance waits for.
func (d *driver) open() []func() engine.Action {
	var list []func() engine.Action
	add := func(make func() engine.Action) { list = append(list, make) }
	for _, t := range d.instance.Tasks {
		add(func() engine.Action { return d.task(t) })
	}
	for _, j := range d.instance.Jobs {
		add(func() engine.Action { return d.job(j) })
	}
	for _, t := range d.instance.Timers {
		add(func() engine.Action { return engine.FireTimer{Timer: t.ID} })
	}
	for _, s := range d.instance.Subscriptions {
		if s.Condition {
			continue
		}
		add(func() engine.Action { return engine.Correlate{Subscription: s.ID, Variables: values(d.rt)} })
	}
	for _, c := range d.instance.Calls {
		add(func() engine.Action { return d.returned(c) })
	}
	for _, i := range d.instance.Incidents {
		add(func() engine.Action { return engine.RetryIncident{Incident: i.ID, Variables: values(d.rt)} })
	}
	return list
}

func (d *driver) task(t engine.Task) engine.Action {
	switch rapid.IntRange(0, 9).Draw(d.rt, "throw") {
	case 0:
		return engine.ThrowTaskError{Task: t.ID, Code: rapid.SampledFrom([]string{"E1", "E2"}).Draw(d.rt, "code"), Variables: values(d.rt)}
	case 1, 2:
		return engine.ThrowTaskEscalation{Task: t.ID, Code: rapid.SampledFrom([]string{"X1", "X2"}).Draw(d.rt, "code"), Variables: values(d.rt)}
	}
	if rapid.IntRange(0, 3).Draw(d.rt, "assign") > 0 {
		return engine.CompleteTask{Task: t.ID, Variables: values(d.rt)}
	}
	reason := rapid.SampledFrom([]string{engine.Claimed, engine.Unclaimed, engine.Transferred, engine.Delegated, engine.Resolved}).Draw(d.rt, "reason")
	return engine.AssignTask{Task: t.ID, Assignee: rapid.SampledFrom([]string{"lina", "zhaolei"}).Draw(d.rt, "to"), Reason: reason}
}

func (d *driver) job(j engine.Job) engine.Action {
	switch rapid.IntRange(0, 6).Draw(d.rt, "job") {
	case 0:
		return engine.FailJob{Job: j.ID, Message: "drawn"}
	case 1:
		retries := rapid.IntRange(0, 2).Draw(d.rt, "retries")
		return engine.FailJob{Job: j.ID, Retries: &retries}
	case 3:
		if j.Kind == engine.ExternalJob {
			return engine.ThrowJobEscalation{Job: j.ID, Code: rapid.SampledFrom([]string{"X1", "X2"}).Draw(d.rt, "code"), Variables: values(d.rt)}
		}
	case 2:
		return engine.ThrowJobError{Job: j.ID, Code: rapid.SampledFrom([]string{"E1", "E2"}).Draw(d.rt, "code"), Variables: values(d.rt)}
	case 4:
		return engine.ThrowJobEscalation{Job: j.ID, Code: rapid.SampledFrom([]string{"X1", "X2"}).Draw(d.rt, "code"), Variables: values(d.rt), Completes: true}
	}
	return d.complete(j, values(d.rt))
}

func (d *driver) complete(j engine.Job, v engine.Variables) engine.Action {
	if j.Kind == engine.ExternalJob {
		return engine.CompleteJob{Job: j.ID, Variables: v}
	}
	return engine.Continue{Job: j.ID}
}

// finish does everything that waits, each thing once it is there, until nothing is left to do.
func (d *driver) finish(ends bool) {
	d.rt.Helper()
	if d.instance.State == engine.Suspended {
		if err := d.do(engine.Resume{}); err != nil {
			d.rt.Fatal(err)
		}
	}
	patience := 3000
	if d.circles { // it may never end
		patience = 50
	}
	for range patience {
		action := d.next()
		if action == nil || d.instance.State.Ended() {
			break
		}
		if err := d.do(action); err != nil {
			d.rt.Fatalf("%T: %v", action, err)
		}
	}
	if d.instance.State.Ended() || (d.operated || d.circles) && d.next() != nil { // an operator may have begun what begins itself for ever
		return
	}
	if ends && d.count(engine.ErrorUnhandled) == 0 && d.count(engine.CallEnded) == d.endings(engine.ReturnedCompleted) || d.next() != nil {
		d.rt.Fatalf("it does not end: %s", state(d.instance))
	}
	for _, t := range d.instance.Tokens { // the innermost wait for a token that was lost
		node := d.process.Node(t.Node)
		if node.Event != nil && node.Event.Trigger == bpmn.TriggerConditional {
			continue
		}
		if !node.Holds() && !slices.Contains([]bpmn.Element{bpmn.ElementParallelGateway, bpmn.ElementInclusiveGateway}, node.Element) {
			d.rt.Fatalf("token %d waits at %s", t.Number, t.Node)
		}
	}
}

// next returns what lets the oldest thing that is waited for happen, or nil. Boundary events and event
// sub-processes are left out: whoever waits for one waits for something else, too.
func (d *driver) next() engine.Action {
	in := d.instance
	switch {
	case len(in.Incidents) > 0:
		return engine.RetryIncident{Incident: in.Incidents[0].ID, Variables: good}
	case len(in.Jobs) > 0:
		return d.complete(in.Jobs[0], good)
	case len(in.Tasks) > 0:
		return engine.CompleteTask{Task: in.Tasks[0].ID, Variables: good}
	case len(in.Calls) > 0:
		c := in.Calls[0]
		return engine.ReturnCall{Call: c.ID, Return: engine.Return{Number: c.Returned + len(c.Kept) + 1, Outcome: engine.ReturnedCompleted, Over: true, Variables: good}}
	}
	for _, s := range in.Subscriptions {
		if s.Token > 0 && !s.Condition && d.process.Node(s.Node).AttachedTo == nil {
			return engine.Correlate{Subscription: s.ID, Variables: good}
		}
	}
	for _, t := range in.Timers {
		if t.Listener != "" {
			continue
		}
		if t.Token == 0 || d.process.Node(t.Node).AttachedTo != nil {
			continue
		}
		if t.DueAt.After(d.now) {
			d.now = t.DueAt
		}
		return engine.FireTimer{Timer: t.ID}
	}
	return nil
}
