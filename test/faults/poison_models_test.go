package faults_test

import (
	"fmt"
	"strings"

	"diom.io/workflow/test/producttest"
)

// hostile is a model or an instance that would use up what its neighbours need. It is refused, when it
// is deployed or when it is started, or becomes visible to the operators: as an incident of the process,
// or as a dead letter.
type hostile struct {
	name      string
	files     []producttest.File
	variables map[string]any
	fires     bool     // it starts by itself, or is started by a signal or a message of its own
	codes     []string // any of these, of the refusal or of what is visible
}

const (
	bpmnHead = `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="hostile">`
	endless = 100_000
)

// bpmnOf makes a model of one process. root are its messages and signals; the elements in body are
// joined by flows, each written as from>to or from>to?condition.
func bpmnOf(name, root, body string, flows ...string) []producttest.File {
	var b strings.Builder
	fmt.Fprintf(&b, `%s%s<process id="%s" isExecutable="true" camunda:historyTimeToLive="P1D">%s`, bpmnHead, root, name, body)
	for i, flow := range flows {
		ends, condition, conditional := strings.Cut(flow, "?")
		from, to, _ := strings.Cut(ends, ">")
		fmt.Fprintf(&b, `<sequenceFlow id="flow%d" sourceRef="%s" targetRef="%s">`, i, from, to)
		if conditional {
			fmt.Fprintf(&b, `<conditionExpression xsi:type="tFormalExpression">%s</conditionExpression>`, condition)
		}
		b.WriteString(`</sequenceFlow>`)
	}
	b.WriteString(`</process></definitions>`)
	return []producttest.File{{Name: name + ".bpmn", Content: []byte(b.String())}}
}

const ends = `<startEvent id="start"/><endEvent id="end"/>`

// oneNode is a model with one element, called node, between its start and its end.
func oneNode(name, node string) []producttest.File {
	return bpmnOf(name, "", ends+node, "start>node", "node>end")
}

func hostiles() []hostile {
	return []hostile{
		{
			name: "endless_loop", codes: []string{"step_budget_exceeded"},
			files: bpmnOf("endless_loop", "", `<startEvent id="start"/><exclusiveGateway id="again"/><task id="node"/>`, "start>again", "again>node", "node>again"),
		},
		{
			name: "recursive_call", codes: []string{"call_depth_exceeded"},
			files: oneNode("recursive_call", `<callActivity id="node" calledElement="recursive_call"/>`),
		},
		{
			name: "parallel_instances", codes: []string{"too_many_instances"}, variables: map[string]any{"n": endless},
			files: oneNode("parallel_instances", `<userTask id="node"><multiInstanceLoopCharacteristics><loopCardinality>${n}</loopCardinality></multiInstanceLoopCharacteristics></userTask>`),
		},
		{
			name: "sequential_instances", codes: []string{"invalid_model"},
			files: oneNode("sequential_instances", fmt.Sprintf(
				`<task id="node"><multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>%d</loopCardinality></multiInstanceLoopCharacteristics></task>`, endless)),
		},
		{
			name: "forking", codes: []string{"too_many_tokens"},
			files: bpmnOf("forking", "", `<startEvent id="start"/><exclusiveGateway id="again"/><parallelGateway id="fork"/>`, "start>again", "again>fork", "fork>again", "fork>again"),
		},
		{
			name: "timer_flood", codes: []string{"invalid_model"},
			files: bpmnOf("timer_flood", "", ends+`<userTask id="node"/><endEvent id="noted"/><boundaryEvent id="timer" attachedToRef="node" cancelActivity="false">
<timerEventDefinition><timeCycle>R/PT0.001S</timeCycle></timerEventDefinition></boundaryEvent>`, "start>node", "node>end", "timer>noted"),
		},
		{
			name: "cron_bomb", codes: []string{"invalid_model"},
			files: bpmnOf("cron_bomb", "", `<startEvent id="start"><timerEventDefinition><timeCycle>0 0 0 30 2 ?</timeCycle></timerEventDefinition></startEvent><endEvent id="end"/>`, "start>end"),
		},
		{
			name: "large_variable", codes: []string{"body_too_large", "instance_too_large"}, variables: map[string]any{"text": strings.Repeat("x", 1<<20)},
			files: oneNode("large_variable", `<userTask id="node"/>`),
		},
		{
			name: "growing_variable", codes: []string{"budget_exceeded", "instance_too_large", "step_budget_exceeded"}, variables: map[string]any{"text": "0123456789"},
			files: bpmnOf("growing_variable", "", `<startEvent id="start"/><exclusiveGateway id="again"/><task id="node"><extensionElements><camunda:inputOutput>
<camunda:outputParameter name="text">${text.concat(text)}</camunda:outputParameter></camunda:inputOutput></extensionElements></task>`, "start>again", "again>node", "node>again"),
		},
		{
			name: "expression_bomb", codes: []string{"budget_exceeded"}, variables: map[string]any{"text": strings.Repeat("a", 100_000)},
			files: bpmnOf("expression_bomb", "", ends+`<exclusiveGateway id="node" default="flow2"/>`, "start>node",
				"node>end?${"+strings.Repeat("text.concat(", 60)+"text"+strings.Repeat(")", 60)+" == 'b'}", "node>end"),
		},
		{
			name: "deep_expression", codes: []string{"invalid_model"},
			files: bpmnOf("deep_expression", "", ends+`<exclusiveGateway id="node"/>`, "start>node", "node>end?${"+strings.Repeat("(", 20_000)+"1"+strings.Repeat(")", 20_000)+" == 1}"),
		},
		{
			name: "deep_nesting", codes: []string{"xml_limit"},
			files: oneNode("deep_nesting", nested(200)),
		},
		{
			name: "message_to_itself", codes: []string{"too_many_hops", "dead_letter"}, fires: true,
			files: bpmnOf("message_to_itself", `<message id="m" name="hostile-message"/>`, `<startEvent id="start"/><startEvent id="heard"><messageEventDefinition messageRef="m"/></startEvent>
<exclusiveGateway id="merge"/><intermediateThrowEvent id="node"><messageEventDefinition messageRef="m"/></intermediateThrowEvent><endEvent id="end"/>`,
				"start>merge", "heard>merge", "merge>node", "node>end"),
		},
		{
			name: "signal_storm", codes: []string{"dead_letter"}, fires: true,
			files: bpmnOf("signal_storm", `<signal id="s" name="hostile-signal"/>`, `<startEvent id="start"/><startEvent id="heard"><signalEventDefinition signalRef="s"/></startEvent>
<exclusiveGateway id="merge"/><intermediateThrowEvent id="node"><signalEventDefinition signalRef="s"/></intermediateThrowEvent><endEvent id="end"/>`,
				"start>merge", "heard>merge", "merge>node", "node>end"),
		},
		{
			name: "decision_bomb", codes: []string{"decision_too_expensive"},
			files: append(oneNode("decision_bomb", `<businessRuleTask id="node" camunda:decisionRef="bomb" camunda:resultVariable="r" camunda:mapDecisionResult="singleEntry"/>`),
				producttest.File{Name: "bomb.dmn", Content: []byte(decision("for a in 1..1000, b in 1..1000, c in 1..1000 return a * b * c"))}),
		},
		{
			name: "large_decision", codes: []string{"invalid_model", "invalid_decision_model", "decision_model_too_large", "body_too_large"},
			files: []producttest.File{{Name: "large.dmn", Content: []byte(decision(strings.Repeat("1 + ", 400_000) + "1"))}},
		},
	}
}

// nested is a sub-process within a sub-process and so on.
func nested(depth int) string {
	var b strings.Builder
	for i := range depth {
		id := "node"
		if i > 0 {
			id = fmt.Sprint("node", i)
		}
		fmt.Fprintf(&b, `<subProcess id="%s"><startEvent id="s%d"/><sequenceFlow id="n%d" sourceRef="s%d" targetRef="node%d"/>`, id, i, i, i, i+1)
	}
	fmt.Fprintf(&b, `<task id="node%d"/>%s`, depth, strings.Repeat(`</subProcess>`, depth))
	return b.String()
}

func decision(feel string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="hostile" name="hostile" namespace="hostile"><decision id="bomb" name="bomb"><variable name="bomb"/><literalExpression><text>` +
		feel + `</text></literalExpression></decision></definitions>`
}
