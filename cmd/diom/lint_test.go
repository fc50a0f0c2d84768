package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// modelFolder holds a model that runs, one that needs a worker and has a dead join, and one that is refused.
func modelFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	const head = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
<process id="p" isExecutable="true">`
	for name, content := range map[string]string{
		"good.bpmn": `<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/><endEvent id="e"/>`,
		"below/work.bpmn20.xml": `<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="x"/>
<exclusiveGateway id="x" default="a"/><sequenceFlow id="a" sourceRef="x" targetRef="w"/>
<sequenceFlow id="b" sourceRef="x" targetRef="j"><conditionExpression>${n}</conditionExpression></sequenceFlow>
<serviceTask id="w" camunda:class="com.example.Pay"/><sequenceFlow id="c" sourceRef="w" targetRef="j"/>
<parallelGateway id="j"/><sequenceFlow id="d" sourceRef="j" targetRef="e"/><endEvent id="e"/>`,
		"bad.bpmn": `<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="x"/><complexGateway id="x"/>`,
	} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(head+content+"</process></definitions>"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestLint(t *testing.T) {
	t.Parallel()
	folder := modelFolder(t)
	out, err := execute(t, "lint", folder)
	if err == nil || !strings.Contains(err.Error(), "1 of 3 files would be refused") {
		t.Error(err)
	}
	for _, want := range []string{
		filepath.Join(folder, "good.bpmn") + ": good\n",
		"bad.bpmn:2: error: x: ",
		"work.bpmn20.xml:6: warning: j: The join waits for 2 tokens",
		"way: s → f → x → b → j\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if out, err := execute(t, "lint", filepath.Join(folder, "good.bpmn")); err != nil {
		t.Error(err, out)
	}
	if _, err := execute(t, "lint", filepath.Join(folder, "none.bpmn")); err == nil {
		t.Error("a file that is not there is no error")
	}
}

func TestCamunda7Check(t *testing.T) {
	t.Parallel()
	out, err := execute(t, "camunda7", "check", modelFolder(t))
	if err == nil {
		t.Error("a refused file is no error")
	}
	for _, want := range []string{"good.bpmn: runs\n", "work.bpmn20.xml: runs with workers for the topics com.example.Pay\n", "bad.bpmn: refused\n", "1 run, 1 run with workers, 1 are refused\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	out, _ = execute(t, "camunda7", "check", "--json", modelFolder(t))
	got := map[string]verdict{}
	for line := range strings.Lines(out) {
		var v verdict
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err, line)
		}
		got[filepath.Base(v.File)] = v
	}
	if got["good.bpmn"].Verdict != verdictRuns || got["work.bpmn20.xml"].Topics[0] != "com.example.Pay" || len(got["bad.bpmn"].Refused) != 1 {
		t.Error(out)
	}
}
