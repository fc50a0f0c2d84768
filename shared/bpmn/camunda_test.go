package bpmn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inBusinessRule, inEvent and inStart are nodes with attributes of an extension.
func inBusinessRule(attributes string) string {
	return line(between("businessRuleTask", attributes, ""))
}

func inThrow(attributes, extensions string) string {
	return line(between("intermediateThrowEvent", "", "<messageEventDefinition "+attributes+"><extensionElements>"+extensions+"</extensionElements></messageEventDefinition>"))
}

func inStart(attributes, extensions string) string {
	return model("<startEvent id='s' " + attributes + "><extensionElements>" + extensions + "</extensionElements></startEvent><endEvent id='e'/><sequenceFlow id='f' sourceRef='s' targetRef='e'/>")
}

func inProcessTag(attributes string) string {
	return strings.Replace(line(""), `id="p"`, `id="p" `+attributes, 1)
}

// verdicts say of each extension of Camunda 7 that real models have what becomes of it: "executed", or the
// rule that tells what else. Those of call activities and decisions are tested with them.
var verdicts = []struct{ name, text, want string }{
	{"class", service("c:class='a.B'", ""), "worker_needed"},
	{"class of a send task", line(between("sendTask", "c:class='a.B'", "")), "worker_needed"},
	{"class of a business rule task", inBusinessRule("c:class='a.B'"), "worker_needed"},
	{"class of a message event", inThrow("c:class='a.B'", ""), "worker_needed"},
	{"delegateExpression", service("c:delegateExpression='${b}'", ""), "worker_needed"},
	{"delegateExpression of more", service("c:delegateExpression='${b.c}'", ""), "unsupported_extension"},
	{"expression", service("c:expression='${true}'", ""), "executed"},
	{"expression that sets", service("c:expression=\"${execution.setVariable('a', 1)}\"", ""), "executed"},
	{"expression of a bean", service("c:expression='${b.m(a)}'", ""), "worker_needed"},
	{"resultVariable", service("c:expression='${a}' c:resultVariable='r'", ""), "executed"},
	{"resultVariable of a script", script("c:resultVariable='r'", "${a}"), "executed"},
	{"type external", service("c:type='external' c:topic='t'", ""), "executed"},
	{"type mail", service("c:type='mail'", ""), "worker_needed"},
	{"type shell", service("c:type='shell'", ""), "unsupported_extension"},
	{"topic of an expression", service("c:type='external' c:topic='${t}'", ""), "executed"},
	{"topic of a message event", inThrow("c:type='external' c:topic='t'", ""), "executed"},
	{"taskPriority", service("c:type='external' c:topic='t' c:taskPriority='${p}'", ""), "executed"},
	{"taskPriority of a process", inProcessTag("c:taskPriority='7'"), "executed"},
	{"async", task("c:async='true'", ""), "executed"},
	{"asyncBefore, asyncAfter", task("c:asyncBefore='true' c:asyncAfter='true'", ""), "executed"},
	{"async of instances", several("c:asyncBefore='true' c:asyncAfter='true'", twice), "executed"},
	{"exclusive", task("c:exclusive='false'", ""), "executed"},
	{"jobPriority", task("c:jobPriority='${p}'", ""), "executed"},
	{"jobPriority of a process", inProcessTag("c:jobPriority='7'"), "executed"},
	{"assignee, candidates", task("c:assignee='${a}' c:candidateUsers='a,${b}' c:candidateGroups='${list}'", ""), "executed"},
	{"dates", task("c:dueDate='P3D' c:followUpDate='${d}'", ""), "executed"},
	{"priority", task("c:priority='${p}'", ""), "executed"},
	{"formKey", task("c:formKey='embedded:app:a.html'", ""), "executed"},
	{"formRef", task("c:formRef='a' c:formRefBinding='version' c:formRefVersion='2'", ""), "executed"},
	{"formKey and formRef", task("c:formKey='a' c:formRef='a'", ""), "form_key_and_form_ref"},
	{"formHandlerClass", task("c:formHandlerClass='a.B'", ""), "ignored_extension"},
	{"initiator", inStart("c:initiator='who'", ""), "executed"},
	{"collection, elementVariable", several("c:collection='list' c:elementVariable='x'", ""), "executed"},
	{"collection of an expression", several("c:collection='${list}' c:elementVariable='x'", ""), "executed"},
	{"historyTimeToLive", inProcessTag("c:historyTimeToLive='P5D'"), "executed"},
	{"versionTag", inProcessTag("c:versionTag='1.0'"), "executed"},
	{"candidate starters", inProcessTag("c:candidateStarterUsers='a' c:candidateStarterGroups='b,c' c:isStartableInTasklist='false'"), "executed"},
	{"resource", script("c:resource='a.juel'", ""), "missing_resource"},
	{"modelerTemplate", task("c:modelerTemplate='a' c:modelerTemplateVersion='1'", ""), "executed"},
	{"an unknown attribute", task("c:srcExpr='a'", ""), "ignored_extension"},
	{"Activiti's skipExpression", task("c:skipExpression='${a}'", ""), "ignored_extension"},

	{"executionListener", listening("<c:executionListener event='start' expression='${a}'/>"), "executed"},
	{"executionListener of a flow", line("<sequenceFlow id='f' sourceRef='s' targetRef='e'><extensionElements><c:executionListener event='take' expression='${a}'/></extensionElements></sequenceFlow>"), "executed"},
	{"executionListener of a class", listening("<c:executionListener event='start' class='a.B'/>"), "unsupported_extension"},
	{"taskListener", listening("<c:taskListener event='assignment' expression='${a}'/>"), "executed"},
	{"taskListener of a bean", listening("<c:taskListener event='create' delegateExpression='${b}'/>"), "unsupported_extension"},
	{"taskListener of timeout", listening("<c:taskListener id='x' event='timeout' expression='${a}'>" + timeout + "</c:taskListener>"), "executed"},
	{"inputOutput", mapped("task", in+out), "executed"},
	{"inputOutput with a list, a map and a script", input("<c:map><c:entry key='a'><c:list><c:value>1</c:value><c:script scriptFormat='juel'>${a}</c:script></c:list></c:entry></c:map>"), "executed"},
	{"outputs of instances", line(between("task", "", fmt.Sprintf(inputOutput, out)+"<multiInstanceLoopCharacteristics>"+twice+"</multiInstanceLoopCharacteristics>")), "misplaced_mapping"},
	{"field", service("c:class='a.B'", "<c:field name='a' stringValue='b'/><c:field name='c'><c:expression>${d}</c:expression></c:field>"), "worker_needed"},
	{"formData", inStart("", "<c:formData businessKey='a'><c:formField id='a' type='enum' label='A' defaultValue='x'><c:value id='x' name='X'/><c:validation><c:constraint name='required'/><c:constraint name='maxlength' config='3'/></c:validation></c:formField></c:formData>"), "executed"},
	{"validator", inStart("", "<c:formData><c:formField id='a' type='string'><c:validation><c:constraint name='validator' config='a.B'/></c:validation></c:formField></c:formData>"), "unsupported_extension"},
	{"formProperty", inStart("", "<c:formProperty id='a' name='A' type='date' datePattern='dd/MM' variable='b' required='true' writable='false'/><c:formProperty id='c' expression='${d}'/>"), "executed"},
	{"errorEventDefinition", service("c:type='external' c:topic='t'", "<c:errorEventDefinition id='x1' errorRef='E1' expression='${externalTask.errorMessage != null}'/>"), "executed"},
	{"failedJobRetryTimeCycle", listening("<c:failedJobRetryTimeCycle>R5/PT5M</c:failedJobRetryTimeCycle>"), "executed"},
	{"failedJobRetryTimeCycle of instances", several("", twice+"<extensionElements><c:failedJobRetryTimeCycle>PT1M,PT5M</c:failedJobRetryTimeCycle></extensionElements>"), "executed"},
	{"properties", listening("<c:properties><c:property name='a' value='b'/></c:properties>"), "executed"},
	{"connector", service("", "<c:connector><c:connectorId>http-connector</c:connectorId><c:inputOutput>"+in+out+"</c:inputOutput></c:connector>"), "worker_needed"},
	{"connector of a message event", inThrow("", "<c:connector><c:connectorId>soap-http-connector</c:connectorId></c:connector>"), "worker_needed"},
	{"potentialStarter", strings.Replace(line(""), "\n", "<extensionElements><c:potentialStarter>"+fmt.Sprintf(owner, "user(a), group(b), c")+"</c:potentialStarter></extensionElements>", 1), "executed"},
	{"humanPerformer, potentialOwner", task("", "<humanPerformer>"+fmt.Sprintf(owner, "a")+"</humanPerformer><potentialOwner>"+fmt.Sprintf(owner, "user(b), c")+"</potentialOwner>"), "executed"},
	{"a bean in a condition", condition("", "${b.check(order)}"), "bean_needed"},
	{"a getter in a condition", condition("", "${order.isPremiumOrder()}"), "executed"},
	{"script in Groovy", script("scriptFormat='groovy'", "a"), "unsupported_language"},
	{"condition in Groovy", condition("language='groovy'", "a"), "unsupported_language"},
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, v := range verdicts {
		details, _ := judged(t, v.text)
		got := "executed"
		if len(details) > 0 {
			got = details[0].Rule
		}
		if diff := cmp.Diff(v.want, got); diff != "" {
			t.Errorf("%s: %s%+v", v.name, diff, details)
		}
		older := strings.Replace(v.text, spaceCamunda, spaceActiviti, 1) // its older name
		if again, _ := judged(t, older); len(again) != len(details) {
			t.Errorf("%s in Activiti's namespace: %+v", v.name, again)
		}
	}
}

// Workers are told the properties of a node, and the parts of a field.
func TestWhatWorkersGet(t *testing.T) {
	t.Parallel()
	n := accept(t, []byte(service("c:class='a.B'", "<c:properties><c:property name='a' value='b'/></c:properties><c:field name='f' stringValue='${x'/><c:field name='g'><c:string> y </c:string></c:field><c:field name='h' expression='${z}'/>"))).Processes[0].Node("x")
	if diff := cmp.Diff(map[string]string{"a": "b"}, n.Properties); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(`"fields"={"f"="${x";"g"=" y ";"h"="${z}";};`, parameterText(n.Work.Locals)); diff != "" {
		t.Error(diff)
	}
}
