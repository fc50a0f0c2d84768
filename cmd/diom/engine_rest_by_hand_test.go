package main

import (
	"testing"

	"diom.io/workflow/shared/config"
)

const byHand = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
  <process id="byHand" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="later"/>
    <manualTask id="later" camunda:asyncBefore="true"/><sequenceFlow id="b" sourceRef="later" targetRef="wait"/>
    <intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>PT0S</timeDuration></timerEventDefinition></intermediateCatchEvent>
    <sequenceFlow id="c" sourceRef="wait" targetRef="end"/><userTask id="end"/>
  </process></definitions>`

// TestJobsByHand: with DIOM_JOBS_AUTOMATIC=false ticking runs no continuation and no timer that is due; a request
// does.
func TestJobsByHand(t *testing.T) {
	t.Setenv("DIOM_JOBS_AUTOMATIC", "false")
	cfg, err := config.Load()
	if err != nil || cfg.RunsJobs() {
		t.Fatalf("%v %v", cfg.JobsAutomatic, err)
	}
	r := newRest(t)
	app := r.demo.App
	app.Config.JobsAutomatic, app.Workflow.ByHand = cfg.JobsAutomatic, !cfg.RunsJobs()
	r.deploy(200, nil, map[string]string{"byHand.bpmn": byHand})
	r.story([]step{
		{method: "POST", path: "/process-definition/key/byHand/start", body: `{}`, status: 200, keep: map[string]string{"instance": "id"}},
		{method: "GET", path: "/job?processInstanceId={instance}", status: 200, keep: map[string]string{"job": "0/id"}},
	})
	idle := func(job string) {
		t.Helper()
		for range 3 {
			if _, err := app.Workflow.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		r.known["same"] = job
		r.story([]step{{method: "GET", path: "/job?processInstanceId={instance}", status: 200, want: `[{"id": "{same}"}]`}})
	}
	idle(r.known["job"])
	r.story([]step{
		{method: "POST", path: "/job/{job}/execute", status: 204},
		{method: "GET", path: "/job?processInstanceId={instance}", status: 200, keep: map[string]string{"timer": "0/id"}},
	})
	idle(r.known["timer"])
	r.story([]step{
		{method: "POST", path: "/job/{timer}/execute", status: 204},
		{method: "GET", path: "/task?processInstanceId={instance}", status: 200, want: `[{"taskDefinitionKey": "end"}]`},
	})
}
