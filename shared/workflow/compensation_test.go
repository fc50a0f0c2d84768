package workflow_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
)

// booking books in a sub-process whose clerk is its own variable; at the end all of it is undone.
const booking = `<process id="booking" isExecutable="true"><startEvent id="start"/>
<subProcess id="trip"><extensionElements><c:inputOutput><c:inputParameter name="clerk">${who}</c:inputParameter></c:inputOutput></extensionElements>
 <startEvent id="begin"/><userTask id="book" c:assignee="zhangwei"/><sequenceFlow id="g1" sourceRef="begin" targetRef="book"/>
 <boundaryEvent id="undo" attachedToRef="book"><compensateEventDefinition/></boundaryEvent>
 <userTask id="refund" isForCompensation="true" c:assignee="${clerk}"/><association id="a" sourceRef="undo" targetRef="refund"/></subProcess>
<userTask id="decide" c:assignee="zhangwei"/><endEvent id="back"><compensateEventDefinition/></endEvent>
<sequenceFlow id="f1" sourceRef="start" targetRef="trip"/><sequenceFlow id="f2" sourceRef="trip" targetRef="decide"/><sequenceFlow id="f3" sourceRef="decide" targetRef="back"/></process>`

// TestCompensation holds that what can be undone is in the stored state with its variables, that the
// activities show what undoes others, and the timeline shows when.
func TestCompensation(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(booking)
	id := f.begin("booking", engine.Variables{"who": "zhangwei"})
	complete := func(variables engine.Variables) {
		t.Helper()
		in, err := f.store.LoadInstance(t.Context(), id)
		if err != nil || len(in.Tasks) != 1 {
			t.Fatalf("%+v %v", in, err)
		}
		if _, err := f.CompleteTask(t.Context(), workflow.Call{Principal: employee}, in.Tasks[0].ID, workflow.Completion{Variables: variables}); err != nil {
			t.Fatal(err)
		}
		if problems := f.problems(id); len(problems) > 0 {
			t.Fatal(problems)
		}
	}
	complete(engine.Variables{"who": "lina"})
	in, err := f.store.LoadInstance(t.Context(), id)
	if err != nil || len(in.Compensations) != 2 || in.Compensations[1].Variables["clerk"] != "zhangwei" {
		t.Fatalf("%+v %v", in, err)
	}
	complete(nil)
	var open []string
	activities, err := f.Activity(t.Context(), employee, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range activities {
		if a.LeftAt != nil {
			continue
		}
		name := a.NodeID
		if a.Undoes {
			name += " undoes"
		}
		open = append(open, name)
	}
	if diff := cmp.Diff([]string{"back", "trip undoes", "refund undoes"}, open); diff != "" {
		t.Error(diff)
	}
	complete(nil)
	timeline, err := f.Timeline(t.Context(), employee, id)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []engine.Kind
	for _, e := range timeline {
		if slices.Contains([]engine.Kind{engine.CompensationRecorded, engine.CompensationThrown, engine.CompensationStarted}, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
	}
	if diff := cmp.Diff([]engine.Kind{engine.CompensationThrown, engine.CompensationStarted, engine.CompensationStarted}, kinds); diff != "" {
		t.Error(diff)
	}
}
