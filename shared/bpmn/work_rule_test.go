package bpmn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// service is a service task x in a line.
func service(attributes, extensions string) string {
	return line(between("serviceTask", attributes, "<extensionElements>"+extensions+"</extensionElements>"))
}

// mapped is a node of that element with parameters.
func mapped(tag, parameters string) string {
	attributes, children := "", ""
	switch tag {
	case "serviceTask":
		attributes = "c:expression='${a}'"
	case "intermediateCatchEvent":
		children = message
	case "receiveTask":
		attributes = "messageRef='m'"
	}
	return line(between(tag, attributes, fmt.Sprintf(inputOutput, parameters)+children))
}

func input(content string) string {
	return mapped("task", "\n<c:inputParameter name='a'>"+content+"</c:inputParameter>")
}

const (
	in  = "<c:inputParameter name='a'>1</c:inputParameter>"
	out = "<c:outputParameter name='a'>1</c:outputParameter>"
)

var workCases = []ruleCase{
	{"nobody's work", service("", ""), []string{"2 missing_implementation x"}},
	{"nobody's rule", line(between("businessRuleTask", "implementation='##unspecified'", "")), []string{"2 missing_implementation x"}},
	{"nothing to send", line(between("sendTask", "", "")), []string{"2 missing_implementation x"}},
	{"message to send", line(between("sendTask", "messageRef='mExpression'", "")), nil},
	{"message of nobody to send", line(between("sendTask", "messageRef='nobody'", "")), []string{"2 missing_message x"}},
	{"external", service("c:type='external' c:topic='a.${b}' c:taskPriority='${p}'", ""), nil},
	{"external without topic", service("c:type='external'", ""), []string{"2 invalid_topic x"}},
	{"topic without type", service("c:topic='a'", ""), []string{"2 missing_implementation x"}},
	{"long topic", service("c:type='external' c:topic='"+strings.Repeat("题", 256)+"'", ""), []string{"2 invalid_topic x"}},
	{"longest topic", service("c:type='external' c:topic='"+strings.Repeat("题", 255)+"'", ""), nil},
	{"wrong topic", service("c:type='external' c:topic='${'", ""), []string{"2 bad_expression x"}},
	{"function", service("d:function='send-invoice'", ""), nil},
	{"function that is none", service("d:function='Send/../x'", ""), []string{"2 invalid_topic x"}},
	{"function on a user task", line(between("userTask", "d:function='a'", "")), []string{"2 ignored_extension x"}},
	{"somebody else's function", service("c:function='a'", ""), []string{"2 missing_implementation x"}},
	{"mail", service("c:type='mail'", ""), []string{"2 worker_needed x"}},
	{"shell", service("c:type='shell'", ""), []string{"2 unsupported_extension x"}},
	{"class", service("c:class='com.acme.Pay'", ""), []string{"2 worker_needed x"}},
	{"long class", service("c:class='"+strings.Repeat("c", 256)+"'", ""), []string{"2 invalid_topic x"}},
	{"class with fields", service("c:class='com.acme.Pay'", "\n<c:field name='a' stringValue='b'/>"), []string{"2 worker_needed x"}},
	{"bean", service("c:delegateExpression='${ payer }'", ""), []string{"2 worker_needed x"}},
	{"bean of a call", service("c:delegateExpression='${payer.get(a)}'", ""), []string{"2 unsupported_extension x"}},
	{"bean of a property", service("c:delegateExpression='${payer.a}'", ""), []string{"2 unsupported_extension x"}},
	{"bean of text", service("c:delegateExpression='payer'", ""), []string{"2 unsupported_extension x"}},
	{"bean in text", service("c:delegateExpression='a${payer}'", ""), []string{"2 unsupported_extension x"}},
	{"wrong bean", service("c:delegateExpression='${'", ""), []string{"2 bad_expression x"}},
	{"expression", service("c:expression='${a}' c:resultVariable='r'", ""), nil},
	{"wrong expression", service("c:expression='${a'", ""), []string{"2 bad_expression x"}},
	{"result of a worker", service("c:type='external' c:topic='a' c:resultVariable='r'", ""), []string{"2 ignored_extension x"}},
	{"connector", service("", "\n<c:connector><c:connectorId>http-connector</c:connectorId></c:connector>"), []string{"3 worker_needed x"}},
	{"decision", line(between("businessRuleTask", "c:decisionRef='d'", "")), nil},
	{"decision with all", line(between("businessRuleTask", "c:decisionRef='${d}' c:decisionRefBinding='version' c:decisionRefVersion='${v}' c:mapDecisionResult='singleEntry' c:resultVariable='r'", "")), nil},
	{"decision before the rest", line(between("businessRuleTask", "c:decisionRef='d' c:class='a.B'", "")), nil},
	{"wrong decision", line(between("businessRuleTask", "c:decisionRef='${'", "")), []string{"2 bad_expression x"}},
	{"decision binding", line(between("businessRuleTask", "c:decisionRef='d' c:decisionRefBinding='newest'", "")), []string{"2 invalid_decision_binding x"}},
	{"decision without version", line(between("businessRuleTask", "c:decisionRef='d' c:decisionRefBinding='version'", "")), []string{"2 invalid_decision_binding x"}},
	{"decision of version 0", line(between("businessRuleTask", "c:decisionRef='d' c:decisionRefBinding='version' c:decisionRefVersion='0'", "")), []string{"2 invalid_decision_binding x"}},
	{"decision without tag", line(between("businessRuleTask", "c:decisionRef='d' c:decisionRefBinding='versionTag'", "")), []string{"2 invalid_decision_binding x"}},
	{"decision mapping", line(between("businessRuleTask", "c:decisionRef='d' c:mapDecisionResult='first'", "")), []string{"2 invalid_decision_mapping x"}},
	{"decision of a service task", service("c:decisionRef='d'", ""), []string{"2 missing_implementation x"}},
	{"script in FEEL", input("<c:script scriptFormat='feel'>if a > 1 then b else null</c:script>"), nil},
	{"script in wrong FEEL", input("\n<c:script scriptFormat='feel'>if a</c:script>"), []string{"4 bad_expression x"}},
	{"condition in FEEL", condition(`language="feel"`, "a > 1"), nil},
	{"owner in FEEL", task("", "\n<humanPerformer>"+strings.Replace(fmt.Sprintf(owner, "a"), "<formalExpression", "<formalExpression language='feel'", 1)+"</humanPerformer>"), []string{"3 unsupported_language t"}},
	{"error of an expression", service("c:type='external' c:topic='a'", "\n<c:errorEventDefinition expression='${true}'/>"), []string{"3 error_without_code x"}},
	{"task priority", service("c:type='external' c:topic='a' c:taskPriority='high'", ""), []string{"2 invalid_priority x"}},
	{"process's task priority", strings.Replace(line(""), `id="p"`, `id="p" c:taskPriority="high"`, 1), []string{"1 invalid_priority p"}},
	{"process's job priority", strings.Replace(line(""), `id="p"`, `id="p" c:jobPriority="1.5"`, 1), []string{"1 invalid_priority p"}},
	{"job priority", task(`c:jobPriority="-7"`, ""), nil},
	{"wrong job priority", task(`c:jobPriority="7 "`, ""), nil},
	{"job priority of text", task(`c:jobPriority="a"`, ""), []string{"2 invalid_priority t"}},
	{"retries", task("", "<extensionElements><c:failedJobRetryTimeCycle>PT1M,PT5M</c:failedJobRetryTimeCycle></extensionElements>"), nil},
	{"retries of an expression", task("", "<extensionElements><c:failedJobRetryTimeCycle>${r}</c:failedJobRetryTimeCycle></extensionElements>"), nil},
	{"wrong retries", task("", "<extensionElements>\n<c:failedJobRetryTimeCycle>5</c:failedJobRetryTimeCycle></extensionElements>"), []string{"3 invalid_retry_cycle t"}},

	{"parameters of a task", mapped("task", in+out), nil},
	{"parameters of a receive task", mapped("receiveTask", in+out), nil},
	{"parameters of an event", mapped("intermediateCatchEvent", in+out), nil},
	{"parameters of a throw event", mapped("intermediateThrowEvent", in+out), nil},
	{"parameters of an end event", line(ending("", fmt.Sprintf(inputOutput, in))), nil},
	{"outputs of an end event", line(ending("", fmt.Sprintf(inputOutput, out))), []string{"2 misplaced_mapping x"}},
	{"parameters of a gateway", mapped("parallelGateway", in), []string{"2 misplaced_mapping x"}},
	{"parameters of a start event", start(fmt.Sprintf(inputOutput, in)), []string{"2 misplaced_mapping s"}},
	{"parameters of a boundary event", line(border("", fmt.Sprintf(inputOutput, out)+message)), []string{"2 misplaced_mapping x"}},
	{"parameter without a name", mapped("task", "\n<c:outputParameter>1</c:outputParameter>"), []string{"3 invalid_mapping x"}},
	{"parameter of a wrong expression", input("${"), []string{"3 bad_expression x"}},
	{"parameter of two values", input("<c:list/>\n<c:map/>"), []string{"4 invalid_mapping x"}},
	{"entry without a key", input("<c:map>\n<c:entry>1</c:entry></c:map>"), []string{"4 invalid_mapping x"}},
	{"entry with a key of an expression", input("<c:map><c:entry key='${k}'>1</c:entry></c:map>"), []string{"3 invalid_mapping x"}},
	{"entry of two values", input("<c:map><c:entry key='k'><c:list/>\n<c:list/></c:entry></c:map>"), []string{"4 invalid_mapping x"}},
	{"value of a wrong expression", input("<c:list>\n<c:value>${</c:value></c:list>"), []string{"4 bad_expression x"}},
	{"script in JUEL", input("<c:script scriptFormat='JUEL'>${a}</c:script>"), nil},
	{"script in Groovy", input("\n<c:script scriptFormat='groovy'>a</c:script>"), []string{"4 unsupported_language x"}},
	{"script without a format", input("<c:script>a</c:script>"), []string{"3 unsupported_language x"}},
	{"script of a file", input("<c:script scriptFormat='juel' resource='a'/>"), []string{"3 missing_resource x"}},
	{"script in a list", input("<c:list><c:script scriptFormat='groovy'>a</c:script></c:list>"), []string{"3 unsupported_language x"}},
}

// The first of type, class, delegateExpression and expression counts, as in Camunda 7, and ours before
// theirs.
func TestWorkOrder(t *testing.T) {
	t.Parallel()
	for attributes, want := range map[string]string{
		"c:expression='${a}'":                                                                         "- ${a} ",
		"c:expression='${a}' c:resultVariableName='r'":                                                "- ${a} r",
		"c:expression='${a}' c:delegateExpression='${b}'":                                             "b - ",
		"c:expression='${a}' c:delegateExpression='${b}' c:class='c.C'":                               "c.C - ",
		"c:expression='${a}' c:delegateExpression='${b}' c:class='c.C' c:topic='t' c:type='external'": "t - ",
		"c:type='external' c:topic='t' d:function='pay'":                                              "function:pay - ",
		"c:type='external' c:topic='theirs' d:topic='ours'":                                           "ours - ",
		"c:type='external' c:topic=' padded ${x}'":                                                    "padded ${x} - ",
	} {
		w := accept(t, []byte(service(attributes, ""))).Processes[0].Node("x").Work
		if diff := cmp.Diff(want, source(w.Topic)+" "+source(w.Expression)+" "+w.ResultVariable); diff != "" {
			t.Errorf("%s: %s", attributes, diff)
		}
	}
}
