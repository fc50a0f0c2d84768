package platform

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"diom.io/workflow/test/producttest"
)

// callAndDecide is a process that decides, calls another one and goes on when that one has ended.
const callAndDecide = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="caller" isExecutable="true"><startEvent id="start"/><businessRuleTask id="decide" c:decisionRef="level" c:mapDecisionResult="singleEntry" c:resultVariable="level"/>
<callActivity id="call" calledElement="called"><extensionElements><c:in source="level" target="level"/><c:out source="said" target="said"/></extensionElements></callActivity>
<endEvent id="end"/><sequenceFlow id="f1" sourceRef="start" targetRef="decide"/><sequenceFlow id="f2" sourceRef="decide" targetRef="call"/>
<sequenceFlow id="f3" sourceRef="call" targetRef="end"/></process>
<process id="called" isExecutable="true"><startEvent id="start2"/><userTask id="approve" name="${level}" c:assignee="wangfang"/><endEvent id="end2"/>
<sequenceFlow id="f4" sourceRef="start2" targetRef="approve"/><sequenceFlow id="f5" sourceRef="approve" targetRef="end2"/></process></definitions>`

// levels decides how far up a request goes.
const levels = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="levels" name="levels" namespace="t">
<decision id="level" name="level"><decisionTable id="table" hitPolicy="FIRST"><input id="i"><inputExpression id="e" typeRef="number"><text>days</text></inputExpression></input>
<output id="o" name="level" typeRef="string"/><rule id="r1"><inputEntry id="a"><text>&lt;= 3</text></inputEntry><outputEntry id="b"><text>"manager"</text></outputEntry></rule>
<rule id="r2"><inputEntry id="c"><text></text></inputEntry><outputEntry id="d"><text>"director"</text></outputEntry></rule></decisionTable></decision></definitions>`

// called takes a process with a decision and a call through the functions: three of them tell one another.
func called(t *testing.T, designer, starter, approver *producttest.Client) {
	deployed, err := designer.Deploy("caller", producttest.File{Name: "caller.bpmn", Content: []byte(callAndDecide)},
		producttest.File{Name: "levels.dmn", Content: []byte(levels)})
	expect(t, "deploy", deployed, err, http.StatusCreated)
	begun, err := starter.Send(http.MethodPost, "/api/v1/processes/caller/start", map[string]any{"variables": map[string]any{"days": 5}})
	expect(t, "start", begun, err, http.StatusCreated)
	var started struct{ Instance struct{ ID string } }
	unpack(t, begun, &started)
	var tasks struct {
		Items []struct{ ID, Name string }
	}
	await(t, "a task of the called process", func() bool {
		inbox, err := approver.Send(http.MethodGet, "/api/v1/tasks?view=todo&processKey=called", nil)
		expect(t, "inbox", inbox, err, http.StatusOK)
		unpack(t, inbox, &tasks)
		return len(tasks.Items) == 1
	})
	if name := tasks.Items[0].Name; name != "director" {
		t.Errorf("the called process was given the level %q", name)
	}
	done, err := approver.Send(http.MethodPost, "/api/v1/tasks/"+tasks.Items[0].ID+"/complete", map[string]any{"variables": map[string]any{"said": "yes"}})
	expect(t, "complete", done, err, http.StatusOK)
	caller := "/api/v1/instances/" + started.Instance.ID
	await(t, "the end of the caller", func() bool {
		now, err := starter.Send(http.MethodGet, caller, nil)
		expect(t, "read the caller", now, err, http.StatusOK)
		var instance struct{ State string }
		unpack(t, now, &instance)
		return instance.State == "completed"
	})
	left, err := starter.Send(http.MethodGet, caller+"/variables", nil)
	expect(t, "variables of the caller", left, err, http.StatusOK)
	var held map[string]any
	unpack(t, left, &held)
	if held["said"] != "yes" || held["level"] != "director" {
		t.Errorf("the caller has %v", held)
	}
}

func unpack(t *testing.T, a producttest.Answer, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("%v in %s", err, a.Body)
	}
}

// await asks until something is so. What takes longer than two minutes is lost.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}
