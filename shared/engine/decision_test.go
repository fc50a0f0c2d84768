package engine_test

import (
	"errors"
	"maps"
	"os"
	"testing"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/schedule"
)

// advance runs Step, and again with the decisions that it needs. All of them are in testdata/decisions.dmn,
// version 1 with the tag v1.
func advance(p *bpmn.Process, in *engine.Instance, c engine.Command, now time.Time, w engine.World) (*engine.Instance, []engine.Change, error) {
	for {
		after, changes, err := engine.Step(p, in, c, now, w)
		var need *engine.NeedDecision
		var ask *engine.NeedPeople
		if errors.As(err, &ask) {
			w.People = maps.Clone(w.People)
			if w.People == nil {
				w.People = map[engine.Question][]string{}
			}
			w.People[ask.Question] = staff[ask.Question]
			if ask.Question.Method == engine.WorkingAfter {
				w.People[ask.Question] = officeHours(ask.Question)
			}
			continue
		}
		if !errors.As(err, &need) {
			return after, changes, err
		}
		if w.Decisions == nil {
			w.Decisions = map[engine.DecisionRef]engine.Decision{}
		}
		if _, asked := w.Decisions[need.Ref]; asked {
			panic("it is asked for twice: " + need.Error())
		}
		w.Decisions[need.Ref] = decisionOf(need.Ref)
	}
}

// officeHours answers by a calendar without holidays.
func officeHours(q engine.Question) []string {
	from, err := time.Parse(time.RFC3339Nano, q.From)
	if err != nil {
		panic(err)
	}
	at, err := schedule.OfficeHours(time.UTC).After(from, q.Span)
	if err != nil {
		return nil
	}
	return []string{at.Format(time.RFC3339Nano)}
}

var decisions = func() *dmn.Model {
	content, err := os.ReadFile("testdata/decisions.dmn")
	if err != nil {
		panic(err)
	}
	model, err := dmn.Read(content, dmn.Options{})
	if err != nil {
		panic(err)
	}
	return model
}()

func decisionOf(ref engine.DecisionRef) engine.Decision {
	if decisions.Decision(ref.Key) == nil || ref.Version > 1 || ref.VersionTag != "" && ref.VersionTag != "v1" {
		return engine.Decision{}
	}
	return engine.Decision{ID: seed(700), Key: ref.Key, Version: 1, Model: decisions}
}

// Step asks for a decision before anything has happened, and takes the answer for what it is.
func TestStepNeedsDecision(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	r.load(load(t, "decision_task", everything))
	c := engine.Command{ID: seed(1), Action: engine.Start{InstanceID: seed(900), Variables: engine.Variables{"amount": int64(5)}}}
	in, changes, err := engine.Step(r.process, nil, c, r.now, engine.World{})
	var need *engine.NeedDecision
	if !errors.As(err, &need) || in != nil || changes != nil {
		t.Fatalf("got %v with %d changes", err, len(changes))
	}
	want := engine.DecisionRef{Key: "discount", Binding: bpmn.CallLatest}
	if need.Ref != want {
		t.Errorf("needs %+v", need.Ref)
	}
	w := engine.World{Decisions: map[engine.DecisionRef]engine.Decision{want: {}}}
	in, _, err = engine.Step(r.process, nil, c, r.now, w)
	if err != nil || len(in.Incidents) != 1 || in.Incidents[0].Code != "decision_not_found" {
		t.Errorf("a decision that does not exist: %v, %+v", err, in)
	}
}
