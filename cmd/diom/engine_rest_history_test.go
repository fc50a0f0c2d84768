package main

import (
	"fmt"
	"testing"
)

const (
	outerProcess = `<startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="sub"/><subProcess id="sub"><startEvent id="ss"/><sequenceFlow id="f2" sourceRef="ss" targetRef="a"/>
    <userTask id="a" name="First" camunda:assignee="wangfang" camunda:candidateUsers="lina" camunda:candidateGroups="finance" camunda:priority="70" camunda:dueDate="2030-01-01T00:00:00Z"><documentation>Look at it</documentation></userTask>
    <sequenceFlow id="f3" sourceRef="a" targetRef="se"/><endEvent id="se"/></subProcess><sequenceFlow id="f4" sourceRef="sub" targetRef="e"/><endEvent id="e"/>`
	nestedModel = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t"><process id=%q name="Nested" isExecutable="true">` + outerProcess + `</process></definitions>`
)

// TestEngineRestHistoryFilters: each filter of the history's lists narrows them, once with what is there and once with
// what is not.
func TestEngineRestHistoryFilters(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"nested.bpmn": fmt.Sprintf(nestedModel, "nested")})
	r.story([]step{
		{method: "POST", path: "/process-definition/key/nested/start", body: `{"businessKey": "B-1", "variables": {"v": {"value": 1}}}`, status: 200, keep: map[string]string{"instance": "id"}},
		{method: "GET", path: "/history/task", status: 200, want: `[{"description": "Look at it", "priority": 70}]`, keep: map[string]string{"task": "0/id"}},
	})
	for list, filters := range map[string][][2]string{
		"/history/process-instance": {
			{"processInstanceIdNotIn=other", "processInstanceIdNotIn={instance}"}, {"processDefinitionName=Nested", "processDefinitionName=N"},
			{"processDefinitionNameLike=Ne%25", "processDefinitionNameLike=ne%25"}, {"executedActivityAfter=2020-01-01T00:00:00.000%2B0000", "executedActivityBefore=2020-01-01T00:00:00.000%2B0000"},
			{"executedActivityIdIn=a,b", "executedActivityIdIn=e"}, {"activeActivityIdIn=a", "activeActivityIdIn=ss"}, {"startedAfter=2020-01-01T00:00:00.000%2B0000", "executedJobAfter=2020-01-01T00:00:00.000%2B0000"},
		},
		"/history/task": {
			{"taskDescription=Look%20at%20it", "taskDescription=Look"}, {"taskDescriptionLike=Look%25", "taskDescriptionLike=look%25"}, {"taskPriority=70", "taskPriority=50"},
			{"taskHadCandidateUser=lina", "taskHadCandidateUser=wangfang"}, {"taskHadCandidateGroup=finance", "taskHadCandidateGroup=staff"},
			{"taskInvolvedUser=wangfang", "taskInvolvedUser=zhangwei"}, {"taskInvolvedGroup=finance", "taskInvolvedGroup=staff"},
			{"withCandidateGroups=true", "withoutCandidateGroups=true"}, {"taskDueDateAfter=2029-01-01T00:00:00.000%2B0000", "taskDueDateBefore=2029-01-01T00:00:00.000%2B0000"},
			{"taskDueDate=2030-01-01T00:00:00.000%2B0000", "withoutTaskDueDate=true"}, {"withoutTaskFollowUpDate=true", "taskFollowUpDateAfter=2020-01-01T00:00:00.000%2B0000"},
			{"processVariables=v_eq_1", "processVariables=v_eq_2"}, {"processDefinitionName=Nested", "processDefinitionName=N"}, {"processInstanceBusinessKeyLike=B%25", "processInstanceBusinessKeyLike=C%25"},
			{"processInstanceBusinessKeyIn=B-1,x", "processInstanceBusinessKeyIn=x"}, {"assigned=true", "unassigned=true"}, {"taskPriority=70", "taskOwnerLike=%25"}, {"processUnfinished=true", "taskParentTaskId=x"}, {"processUnfinished=true", "processFinished=true"},
		},
		"/history/variable-instance": {
			{"variableTypeIn=integer", "variableTypeIn=string"}, {"variableName=v&variableValue=1", "variableName=v&variableValue=2"}, {"includeDeleted=true", "taskIdIn=none"},
		},
	} {
		for _, f := range filters {
			for i, query := range f {
				r.story([]step{{method: "GET", path: list + "/count?processDefinitionKey=nested&" + query, status: 200, want: fmt.Sprintf(`{"count": %d}`, 1-i)}})
			}
		}
	}
	r.story([]step{
		{method: "GET", path: "/history/variable-instance?variableValue=1", status: 400, want: `{"type": "InvalidRequestException"}`},
		{method: "GET", path: "/history/task?taskDueDateAfter=soon", status: 400},
		{method: "DELETE", path: "/history/process-instance/{instance}", status: 404},
		{method: "POST", path: "/task/{task}/complete", body: `{}`, status: 204},
		{method: "DELETE", path: "/history/process-instance/{instance}", status: 429}, // until its events are sent
	})
	if _, err := r.demo.App.Workflow.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.story([]step{
		{method: "DELETE", path: "/history/process-instance/{instance}", status: 204},
		{method: "GET", path: "/history/process-instance/{instance}", status: 404},
		{method: "GET", path: "/history/task/count", status: 200, want: `{"count": 0}`},
		{method: "DELETE", path: "/history/process-instance/{instance}", status: 404, want: `{"type": "InvalidRequestException"}`},
		{method: "DELETE", path: "/history/process-instance/{instance}?failIfNotExists=false", status: 204},
	})
}

// TestEngineRestTreeAfterMigration: an activity that is mapped without the sub-process around it is inside of the
// target's sub-process, which is newer than it.
func TestEngineRestTreeAfterMigration(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"nested.bpmn": fmt.Sprintf(nestedModel, "nested"), "other.bpmn": fmt.Sprintf(nestedModel, "other")})
	r.story([]step{
		{method: "GET", path: "/process-definition/key/nested", status: 200, keep: map[string]string{"source": "id"}},
		{method: "GET", path: "/process-definition/key/other", status: 200, keep: map[string]string{"target": "id"}},
		{method: "POST", path: "/process-definition/key/nested/start", body: `{}`, status: 200, keep: map[string]string{"instance": "id"}},
		{method: "POST", path: "/migration/execute", status: 204, body: `{"processInstanceIds": ["{instance}"], "migrationPlan": {"sourceProcessDefinitionId": "{source}", "targetProcessDefinitionId": "{target}",
			"instructions": [{"sourceActivityIds": ["a"], "targetActivityIds": ["a"]}]}}`},
		{method: "GET", path: "/process-instance/{instance}/activity-instances", status: 200, want: `{"childActivityInstances": [{"activityId": "sub", "childActivityInstances": [{"activityId": "a"}]}]}`},
		{method: "GET", path: "/task?processInstanceId={instance}", status: 200, want: `[{"taskDefinitionKey": "a"}]`, keep: map[string]string{"task": "0/id"}},
		{method: "POST", path: "/task/{task}/complete", body: `{}`, status: 204},
		{method: "GET", path: "/history/process-instance/{instance}", status: 200, want: `{"state": "COMPLETED"}`},
	})
}
