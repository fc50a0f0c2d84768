package engine_test

import (
	"fmt"
	"testing"

	"diom.io/workflow/shared/engine"
)

// An error that nothing catches ends its activity. Where what the activity gives cannot be evaluated, an
// incident waits, and the work is over all the same.
func TestUnhandledErrorWithABadOutput(t *testing.T) {
	t.Parallel()
	const model = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="p" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="work"/>
%s<extensionElements><camunda:inputOutput><camunda:outputParameter name="result">${missing}</camunda:outputParameter></camunda:inputOutput>%s</extensionElements></%s>
<sequenceFlow id="f2" sourceRef="work" targetRef="end"/><endEvent id="end"/></process></definitions>`
	const listener = `<camunda:executionListener event="start" class="com.acme.Listener"/>`
	for name, content := range map[string]string{
		"a job":            fmt.Sprintf(model, `<serviceTask id="work" camunda:type="external" camunda:topic="work">`, "", "serviceTask"),
		"a listener's job": fmt.Sprintf(model, `<userTask id="work" camunda:assignee="lina">`, listener, "userTask"),
		"a task":           fmt.Sprintf(model, `<userTask id="work" camunda:assignee="lina">`, "", "userTask"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRun(t)
			r.load(readWith(t, []byte(content), everything))
			if _, err := r.step("zhangwei", engine.Start{InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1}); err != nil {
				t.Fatal(err)
			}
			var throw engine.Action
			if name == "a task" {
				throw = engine.ThrowTaskError{Task: r.instance.Tasks[0].ID, Code: "E"}
			} else {
				throw = engine.ThrowJobError{Job: r.instance.Jobs[0].ID, Code: "E"}
			}
			if _, err := r.step("lina", throw); err != nil {
				t.Fatal(err)
			}
			in := r.instance
			if len(in.Jobs)+len(in.Tasks) != 0 || len(in.Incidents) != 1 {
				t.Fatalf("%d jobs, %d tasks, %d incidents", len(in.Jobs), len(in.Tasks), len(in.Incidents))
			}
			if _, err := r.step("lina", engine.RetryIncident{Incident: in.Incidents[0].ID, Variables: engine.Variables{"missing": int64(1)}}); err != nil || !r.instance.State.Ended() {
				t.Errorf("%v %s", err, r.instance.State)
			}
		})
	}
}
