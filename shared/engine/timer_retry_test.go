package engine_test

import (
	"testing"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
)

// begun reads a model of one process and starts it.
func begun(t *testing.T, process string, variables engine.Variables) *run {
	t.Helper()
	model, err := bpmn.Read([]byte(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t"><process id="p" isExecutable="true">`+process+`</process></definitions>`), bpmn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(t)
	r.load(model.Processes[0])
	r.must(engine.Start{InstanceID: seed(900), DefinitionID: seed(901), Variables: variables})
	return r
}

func (r *run) must(action engine.Action) {
	r.t.Helper()
	if _, err := r.step("zhangwei", action); err != nil {
		r.t.Fatalf("%s: %v", action.Name(), err)
	}
}

// A timer that is fired by hand in vain loses its tries one by one. Without any there is an incident, which
// does not stop what the timer is attached to, and which ends with the timer.
func TestTimerRetries(t *testing.T) {
	t.Parallel()
	r := begun(t, `<startEvent id="s"/><userTask id="t"/><boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
<endEvent id="e"/><endEvent id="e2"/><sequenceFlow id="f1" sourceRef="s" targetRef="t"/><sequenceFlow id="f2" sourceRef="t" targetRef="e"/><sequenceFlow id="f3" sourceRef="b" targetRef="e2"/>`, nil)
	timer := r.instance.Timers[0].ID
	for _, left := range []int{2, 1, 0, 0} {
		r.must(engine.CountFailure{Job: timer, Failed: "e2", Message: "it failed"})
		if got := r.instance.Timers[0].TriesLeft(); got != left {
			t.Fatalf("%d tries left, want %d", got, left)
		}
	}
	if n := len(r.instance.Incidents); n != 1 || r.instance.Incidents[0].Job != timer || r.instance.Timers[0].FailedNode != "e2" {
		t.Fatalf("incidents %+v, timer %+v", r.instance.Incidents, r.instance.Timers[0])
	}
	r.must(engine.RetryTimer{Timer: timer, Retries: 1})
	if len(r.instance.Incidents) != 0 {
		t.Fatal("a try more leaves the incident open")
	}
	r.must(engine.RetryTimer{Timer: timer})
	r.must(engine.RetryIncident{Incident: r.instance.Incidents[0].ID})
	if len(r.instance.Incidents) != 0 || r.instance.Timers[0].TriesLeft() != 1 {
		t.Fatal("the retry of the incident gave the timer no try")
	}
	r.must(engine.RetryTimer{Timer: timer})
	r.must(engine.CompleteTask{Task: r.instance.Tasks[0].ID})
	if r.instance.State != engine.Completed || len(r.instance.Incidents) != 0 {
		t.Fatalf("state %s, incidents %+v: the incident of a timer holds its activity", r.instance.State, r.instance.Incidents)
	}
}

// failedJobRetryTimeCycle counts from the first failure, and is evaluated then; one that cannot be counts for nothing.
func TestRetryCycleIsLate(t *testing.T) {
	t.Parallel()
	const cycle = `<startEvent id="s"/><userTask id="t" c:asyncBefore="true"><extensionElements><c:failedJobRetryTimeCycle>${cycle}</c:failedJobRetryTimeCycle></extensionElements></userTask><sequenceFlow id="f1" sourceRef="s" targetRef="t"/>`
	for _, c := range []struct {
		variables engine.Variables
		retries   []int
		wait      time.Duration
	}{
		{engine.Variables{"cycle": "R5/PT1M"}, []int{4, 3, 2, 1, 0}, time.Minute},
		{nil, []int{2, 1, 0}, 0},
		{engine.Variables{"cycle": "nonsense"}, []int{2, 1, 0}, 0},
	} {
		r := begun(t, cycle, nil)
		if len(r.instance.Incidents) > 0 {
			t.Fatalf("an incident before anything has failed: %+v", r.instance.Incidents)
		}
		r.must(engine.SetVariables{Variables: c.variables})
		for _, want := range c.retries {
			r.must(engine.CountFailure{Job: r.instance.Jobs[0].ID, Failed: "t", Message: "m"})
			job := r.instance.Jobs[0]
			if job.Retries != want || c.wait > 0 && want > 0 && !job.DueAt.Equal(r.now.Add(c.wait)) {
				t.Fatalf("%v: %d tries from %s, want %d", c.variables, job.Retries, job.DueAt, want)
			}
		}
		if len(r.instance.Incidents) != 1 {
			t.Fatalf("%v: %+v", c.variables, r.instance.Incidents)
		}
	}
}
