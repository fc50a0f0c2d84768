package main

import "testing"

const callingModel = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
  <process id="outer" isExecutable="true"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="call"/><callActivity id="call" calledElement="middle"/><sequenceFlow id="b" sourceRef="call" targetRef="e"/><endEvent id="e"/></process>
  <process id="middle" isExecutable="true"><startEvent id="s2"/><sequenceFlow id="a2" sourceRef="s2" targetRef="call2"/><callActivity id="call2" calledElement="inner"/><sequenceFlow id="b2" sourceRef="call2" targetRef="e2"/><endEvent id="e2"/></process>
  <process id="inner" isExecutable="true"><startEvent id="s3"/><sequenceFlow id="a3" sourceRef="s3" targetRef="work"/><serviceTask id="work" camunda:type="external" camunda:topic="work"/><sequenceFlow id="b3" sourceRef="work" targetRef="e3"/><endEvent id="e3"/></process>
</definitions>`

// TestEngineRestIncidentsOfCalledInstances: the incident of a called instance is one of its callers too, as long as it
// is open.
func TestEngineRestIncidentsOfCalledInstances(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"calling.bpmn": callingModel})
	r.story([]step{
		{method: "POST", path: "/process-definition/key/outer/start", body: `{}`, status: 200, keep: map[string]string{"outer": "id"}},
	})
	for range 2 { // called in the background
		if _, err := r.demo.App.Workflow.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r.story([]step{
		{method: "GET", path: "/process-instance?superProcessInstance={outer}", status: 200, keep: map[string]string{"middle": "0/id"}},
		{method: "GET", path: "/process-instance?superProcessInstance={middle}", status: 200, keep: map[string]string{"inner": "0/id"}},
		{method: "GET", path: "/process-instance/count?withIncident=true", status: 200, want: `{"count": 0}`},
		{method: "POST", path: "/external-task/fetchAndLock", body: `{"workerId": "w", "maxTasks": 1, "topics": [{"topicName": "work", "lockDuration": 10000}]}`, status: 200, keep: map[string]string{"job": "0/id"}},
		{method: "POST", path: "/external-task/{job}/failure", body: `{"workerId": "w", "errorMessage": "down", "retries": 0, "retryTimeout": 0}`, status: 204},
		{method: "GET", path: "/incident?processInstanceId={inner}", status: 200, want: `[{"activityId": "work", "incidentMessage": "down", "configuration": "{job}"}]`, keep: map[string]string{"cause": "0/id"}},
		{method: "GET", path: "/incident?processInstanceId={middle}", status: 200, keep: map[string]string{"between": "0/id"},
			want: `[{"incidentType": "failedExternalTask", "activityId": "call2", "failedActivityId": "call2", "causeIncidentId": "{cause}", "rootCauseIncidentId": "{cause}", "incidentMessage": null, "configuration": null}]`},
		{method: "GET", path: "/incident?processInstanceId={outer}", status: 200, want: `[{"activityId": "call", "causeIncidentId": "{between}", "rootCauseIncidentId": "{cause}"}]`, keep: map[string]string{"seen": "0/id"}},
		{method: "GET", path: "/incident/{seen}", status: 200, want: `{"processInstanceId": "{outer}"}`},
		{method: "GET", path: "/incident/count?rootCauseIncidentId={cause}", status: 200, want: `{"count": 3}`},
		{method: "GET", path: "/process-instance/{outer}/activity-instances", status: 200, want: `{"childActivityInstances": [{"activityId": "call", "incidentIds": ["{seen}"], "incidents": [{"id": "{seen}", "activityId": "call"}]}]}`},
		{method: "GET", path: "/process-instance/count?withIncident=true", status: 200, want: `{"count": 3}`},
		{method: "PUT", path: "/external-task/{job}/retries", body: `{"retries": 1}`, status: 204},
		{method: "GET", path: "/incident/count", status: 200, want: `{"count": 0}`},
	})
}
