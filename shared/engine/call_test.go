package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
)

// caller is the run as its called instance may ask it.
func (r *run) caller() *engine.Caller {
	if r == nil {
		return nil
	}
	return &engine.Caller{Process: r.process, Instance: r.instance, Caller: r.outer.caller()}
}

// enter turns to the instance of a call, which is to be started.
func (r *run) enter(p *bpmn.Process) {
	outer := *r
	*r = run{t: r.t, now: r.now, steps: r.steps, outer: &outer}
	r.load(p)
}

// into turns again to the instance that was called last.
func (r *run) into() {
	outer, inner := *r, r.inner
	*r = *inner
	r.now, r.steps, r.outer = outer.now, outer.steps, &outer
}

// back turns to the caller and tells it what it does not know yet.
func (r *run) back() string {
	inner := *r
	*r = *inner.outer
	r.now, r.steps, r.inner = inner.now, inner.steps, &inner
	var out strings.Builder
	for _, told := range inner.returns() {
		if told.Over {
			told.Variables = inner.instance.Scopes[0].Variables
		}
		changes, err := r.step("", engine.ReturnCall{Call: inner.instance.ID, Return: told})
		if errors.Is(err, engine.ErrNoCall) {
			continue // it knows it
		}
		for _, c := range changes {
			out.WriteString(describe(c) + "\n")
		}
		if err != nil {
			out.WriteString(err.Error() + "\n")
		}
	}
	return out.String()
}

// returns lists what the instance has told its caller.
func (r *run) returns() []engine.Return {
	var list []engine.Return
	for _, changes := range r.history {
		for _, c := range changes {
			if c.Kind == engine.CallReturned {
				list = append(list, *c.Return)
			}
		}
	}
	return list
}

// startCalled starts the instance of the last call.
func (r *run) startCalled() engine.Start {
	in := r.outer.instance
	call := in.Calls[len(in.Calls)-1]
	start := engine.Start{
		InstanceID: call.ID, DefinitionID: seed(902), ProcessVersion: 1, BusinessKey: call.BusinessKey, CalledBy: in.CalledBy(call),
	}
	for _, changes := range r.outer.history {
		for _, c := range changes {
			if c.Kind == engine.CallStarted && c.Call.ID == call.ID {
				start.Variables = c.Variables
			}
		}
	}
	return start
}

// call returns the one at a node.
func (r *run) call(node string) engine.ID {
	for _, c := range r.instance.Calls {
		if c.Node == node {
			return c.ID
		}
	}
	return seed(999)
}

// checkReturns holds that a called instance tells its caller everything in order, its end once and last,
// unless the caller has cancelled it.
func (r *run) checkReturns() {
	r.t.Helper()
	told := r.returns()
	for n, one := range told {
		if one.Number != n+1 || one.Over && n < len(told)-1 {
			r.t.Fatalf("it tells its caller %+v", told)
		}
	}
	over := len(told) > 0 && told[len(told)-1].Over
	if r.instance.Returns != len(told) || over != (r.instance.State.Ended() && !r.instance.ParentID.IsZero()) {
		r.t.Fatalf("%s has told its caller %+v", r.instance.State, told)
	}
}

// call is a call activity.
func (m *model) call(id, attributes, content string) string {
	called := m.one("called", "child", "c${a}", "t:child")
	binding := m.one("binding", "", "", `camunda:calledElementBinding="deployment"`, `camunda:calledElementBinding="version" camunda:calledElementVersion="${a}"`)
	mapping := m.one("passed", "", `<camunda:in variables="all"/><camunda:out variables="all"/>`,
		`<camunda:in source="a" target="b"/><camunda:out sourceExpression="${a + b}" target="sum"/>`, `<camunda:out source="a" target="x" local="true"/>`)
	if mapping != "" && strings.Contains(content, "<extensionElements>") {
		content = strings.Replace(content, "<extensionElements>", "<extensionElements>"+mapping, 1)
	} else if mapping != "" {
		content = "<extensionElements>" + mapping + "</extensionElements>" + content
	}
	m.node("callActivity", id, fmt.Sprintf("calledElement=%q %s %s", called, binding, attributes), content)
	return m.boundaries(id, true)
}

// returned draws what comes back from a call, sometimes out of order, or that it could not be made.
func (d *driver) returned(c engine.Call) engine.Action {
	r := engine.Return{Number: c.Returned + len(c.Kept) + 1, Over: true, Variables: values(d.rt)}
	switch rapid.IntRange(0, 9).Draw(d.rt, "returned") {
	case 0:
		return engine.FailCall{Call: c.ID, Code: "drawn", Message: "drawn"}
	case 1:
		r.Number += rapid.IntRange(-1, 1).Draw(d.rt, "number")
	}
	r.Outcome = rapid.SampledFrom([]engine.Outcome{
		engine.ReturnedCompleted, engine.ReturnedCompleted, engine.ReturnedError, engine.ReturnedEscalation, engine.ReturnedEscalation, engine.ReturnedCancelled,
	}).Draw(d.rt, "outcome")
	switch r.Outcome {
	case engine.ReturnedError:
		r.Code = rapid.SampledFrom([]string{"E1", "E2"}).Draw(d.rt, "code")
	case engine.ReturnedEscalation:
		r.Code = rapid.SampledFrom([]string{"X1", "X2"}).Draw(d.rt, "code")
		r.Over = rapid.Bool().Draw(d.rt, "over")
	}
	return engine.ReturnCall{Call: c.ID, Return: r}
}

// endings counts the calls that ended so.
func (r *run) endings(outcome engine.Outcome) int {
	n := 0
	for _, changes := range r.history {
		for _, c := range changes {
			if c.Kind == engine.CallEnded && c.Outcome == string(outcome) {
				n++
			}
		}
	}
	return n
}

// calledBy lets the instance be one that another process has called, which catches some of what leaves it.
func (d *driver) calledBy(rt *rapid.T) (engine.ID, *engine.CalledBy) {
	event := func(id, attributes, definition string) string {
		return fmt.Sprintf("<boundaryEvent id=%q attachedToRef=\"call\" %s>%s</boundaryEvent>", id, attributes, definition)
	}
	borders := []string{
		event("error", "", `<errorEventDefinition errorRef="E1"/>`), event("every", "", "<errorEventDefinition/>"),
		event("notice", `cancelActivity="false"`, `<escalationEventDefinition escalationRef="X1"/>`), event("stop", "", `<escalationEventDefinition escalationRef="X2"/>`),
	}
	content := `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"><escalation id="X1" escalationCode="X1"/><escalation id="X2" escalationCode="X2"/>` +
		`<process id="outer" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f" sourceRef="start" targetRef="call"/><callActivity id="call" calledElement="p"/>`
	for n, border := range borders {
		if rapid.Bool().Draw(rt, fmt.Sprintf("border %d", n)) {
			content += border
		}
	}
	outer := newRun(rt)
	outer.load(read(rt, []byte(content+"</process></definitions>")))
	if _, err := outer.step("zhangwei", engine.Start{InstanceID: seed(800), DefinitionID: seed(801)}); err != nil {
		rt.Fatal(err)
	}
	d.outer = outer
	call := outer.instance.Calls[0]
	return call.ID, outer.instance.CalledBy(call)
}

// An instance that was called does not decide what becomes of an error or escalation while its caller is
// not known.
func TestNeedCaller(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"error_unhandled", "escalation_unhandled"} {
		r := newRun(t)
		r.load(load(t, model, bpmn.Options{}))
		start := engine.Start{InstanceID: seed(900), DefinitionID: seed(901), CalledBy: &engine.CalledBy{ParentID: seed(1), RootID: seed(1), Depth: 1}}
		in, _, err := engine.Step(r.process, nil, engine.Command{ID: seed(2), Action: start}, r.now, engine.World{})
		for err == nil && len(in.Tasks)+len(in.Jobs) > 0 {
			action := possible(in)[0]
			in, _, err = engine.Step(r.process, in, engine.Command{ID: seed(3), Action: action}, r.now, engine.World{})
		}
		if !errors.Is(err, engine.ErrNeedCaller) {
			t.Errorf("%s: %v", model, err)
		}
	}
}

// What comes twice, or too early, changes nothing.
func TestReturnOrder(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	r.load(load(t, "call_activity", bpmn.Options{}))
	if _, err := r.step("zhangwei", engine.Start{InstanceID: seed(900), DefinitionID: seed(901), Variables: engine.Variables{"amount": int64(1), "called": "c"}}); err != nil {
		t.Fatal(err)
	}
	call := r.instance.Calls[0].ID
	told := func(number int, outcome engine.Outcome, over bool) error {
		_, err := r.step("", engine.ReturnCall{Call: call, Return: engine.Return{Number: number, Outcome: outcome, Over: over, Code: "X", Variables: engine.Variables{"price": int64(1)}}})
		return err
	}
	for _, c := range []struct {
		number  int
		outcome engine.Outcome
		over    bool
		want    error
	}{
		{2, engine.ReturnedCompleted, true, engine.ErrCallOrder},
		{1, engine.ReturnedEscalation, false, nil},
		{1, engine.ReturnedEscalation, false, engine.ErrNoCall},
		{2, engine.ReturnedCompleted, true, nil},
		{2, engine.ReturnedCompleted, true, engine.ErrNoCall},
	} {
		if err := told(c.number, c.outcome, c.over); !errors.Is(err, c.want) {
			t.Errorf("%d: %v, want %v", c.number, err, c.want)
		}
	}
	if _, err := r.step("", engine.FailCall{Call: call}); !errors.Is(err, engine.ErrNoCall) {
		t.Errorf("a failure after the end: %v", err)
	}
	if len(r.instance.Incidents) > 0 {
		t.Errorf("%+v", r.instance.Incidents)
	}
}
