package bpmn

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	compare "github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/fault"
)

const head = `<definitions xmlns="` + spaceBPMN + `" xmlns:c="` + spaceCamunda + `" xmlns:d="` + spaceDIOM +
	`" xmlns:xsi="` + spaceXSI + `" targetNamespace="t">`

// declarations are the messages and errors that a model may refer to.
const declarations = `<message id="m" name="M"/><message id="m2" name="M2"/><message id="mSame" name=" M "/><message id="mExpression" name="${a}"/>` +
	`<message id="mWrong" name="${"/><message id="mBlank" name=" "/>` +
	`<signal id="sigG" name="G"/><signal id="gBlank" name=" "/><signal id="gExpression" name="g-${a}"/><signal id="gM" name="M"/>` +
	`<error id="E1" errorCode="C"/><error id="E2" errorCode="C"/><error id="bare"/><error id="wrong" errorCode="W" c:errorMessage="${"/>` +
	`<escalation id="X1" escalationCode="X"/><escalation id="X2" escalationCode="X"/><escalation id="X3" escalationCode="Y"/><escalation id="xBare"/>`

// model is a file whose first line opens the process p; the body begins on the second.
func model(body string) string {
	return head + declarations + `<process id="p" isExecutable="true">` + "\n" + body + "\n</process></definitions>"
}

// line is a process of a start event, what body adds between the nodes s and e, and an end event.
func line(body string) string {
	return model(body + "\n" + `<startEvent id="s"/><userTask id="u"/><endEvent id="e"/>` +
		`<sequenceFlow id="f1" sourceRef="s" targetRef="u"/><sequenceFlow id="f2" sourceRef="u" targetRef="e"/>`)
}

// task is a process whose user task t has those attributes and children and begins on line 2.
func task(attributes, children string) string {
	return model(`<userTask id="t" name="T" ` + attributes + `>` + children + `</userTask>
<startEvent id="s"/><endEvent id="e"/><sequenceFlow id="f1" sourceRef="s" targetRef="t"/><sequenceFlow id="f2" sourceRef="t" targetRef="e"/>`)
}

// gateway is a process with two tasks behind the gateway g, which begins on line 2, and flows.
func gateway(attributes, flows string) string {
	return model(`<exclusiveGateway id="g" ` + attributes + `/>` + "\n" + flows + "\n" +
		`<startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="g"/><endEvent id="x"/><endEvent id="y"/>`)
}

func flow(id, to, condition string) string {
	if condition != "" {
		condition = "<conditionExpression>" + condition + "</conditionExpression>"
	}
	return fmt.Sprintf(`<sequenceFlow id=%q sourceRef="g" targetRef=%q>%s</sequenceFlow>`+"\n", id, to, condition)
}

// problems writes details as "line rule element".
func problems(details []fault.Detail) []string {
	var list []string
	for _, d := range details {
		list = append(list, fmt.Sprintf("%d %s %s", d.Line, d.Rule, d.Element))
	}
	return list
}

const owner = `<resourceAssignmentExpression><formalExpression>%s</formalExpression></resourceAssignmentExpression>`

type ruleCase struct {
	name, text string
	want       []string // errors, or warnings when the model is accepted
}

func ruleCases() []ruleCase {
	return slices.Concat(fileCases, extensionCases, flowCases, eventCases, workCases, scopeCases, linkCases, escalationCases, eventSubProcessCases, conditionalCases, multiInstanceCases, compensationCases, transactionCases, callCases, codeCases, approvalCases)
}

func TestRules(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, c := range ruleCases() {
		details, accepted := judged(t, c.text)
		if diff := compare.Diff(c.want, problems(details)); diff != "" {
			t.Errorf("%s:\n%s%+v", c.name, diff, details)
		}
		for _, detail := range details {
			covered[detail.Rule] = true
			if rules[detail.Rule].Warning != accepted || detail.Detail == "" || detail.Fix == "" || detail.Code != detail.Rule {
				t.Errorf("%s: %+v", c.name, detail)
			}
		}
	}
	for code := range rules {
		if !covered[code] && code != ruleMore {
			t.Errorf("no case breaks the rule %s", code)
		}
	}
}

// judged returns the problems of a refused model, or the warnings of an accepted one.
func judged(t *testing.T, text string) (details []fault.Detail, accepted bool) {
	t.Helper()
	d, err := Read([]byte(text), Options{})
	if err == nil {
		consistent(t, d)
		return d.Warnings, true
	}
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	return fault.From(err).Details, false
}

var fileCases = []ruleCase{
	{"fine", line(""), nil},
	{"another root", "\n<definitions xmlns='http://www.omg.org/spec/DMN/20151101/dmn.xsd' id='d' name='n'/>", []string{"2 not_bpmn d"}},
	{"draft namespace", "<definitions xmlns='http://schema.omg.org/spec/BPMN/2.0'/>", []string{"1 not_bpmn "}},
	{"no process", head + "</definitions>", []string{"1 no_executable_process "}},
	{"nothing executable", head + "\n<process id='a'/>\n<process id='b' isExecutable='false'/></definitions>", []string{"1 no_executable_process "}},
	{"one skipped", strings.Replace(line(""), "<process", "<process id='q'><task id='x'/></process>\n<process", 1), []string{"1 process_not_executable q"}},
	{"missing ids", line("<startEvent/>\n<sequenceFlow sourceRef='s' targetRef='e'/>"), []string{"2 missing_id ", "4 several_start_events s"}},
	{"missing process id", strings.Replace(line(""), `id="p"`, "", 1), []string{"1 missing_id "}},
	{"invalid id", line("<userTask id='1 2'/><sequenceFlow id='f' sourceRef='u' targetRef='1 2'/>"), []string{"2 invalid_id 1 2"}},
	{"long process id", strings.Replace(line(""), `id="p"`, `id="`+strings.Repeat("p", 256)+`"`, 1), []string{"1 invalid_id " + clip(strings.Repeat("p", 256))}},
	{"longest process id", strings.Replace(line(""), `id="p"`, `id="`+strings.Repeat("p", 255)+`"`, 1), nil},
	{"process id with colon", strings.Replace(line(""), `id="p"`, `id="a:b"`, 1), []string{"1 invalid_id a:b"}},
	{"id twice", line("<dataObject id='u'/>\n<group id='e'/>"), []string{"4 duplicate_id u", "4 duplicate_id e"}},
	{"id of a diagram twice", strings.Replace(line(""), "</definitions>", "\n<b:BPMNPlane xmlns:b='"+spaceDI+"' id='u'/></definitions>", 1), []string{"5 duplicate_id u"}},
	{"id of a foreign element twice", strings.Replace(line(""), "</definitions>", "<x:a xmlns:x='x' id='u'/></definitions>", 1), nil},
	{"process twice", strings.Replace(line(""), "</definitions>", "\n<process id='p'/></definitions>", 1), []string{"5 duplicate_process_key p"}},
	{"unsupported tasks", line("<adHocSubProcess id='x' name='X'/>\n<adHocSubProcess id='y'><userTask id='i'/>\n<subProcess id='j'><complexGateway id='z'/></subProcess></adHocSubProcess>"),
		[]string{"2 unsupported_element x", "3 unsupported_element y", "4 unsupported_element z"}},
	{"flows to unsupported elements", line("<complexGateway id='x'/><userTask id='w'/><sequenceFlow id='a' sourceRef='u' targetRef='x'/><sequenceFlow id='b' sourceRef='x' targetRef='w'/>"),
		[]string{"2 unsupported_element x"}},
	{"triggers", model("<startEvent id='s'>\n<signalEventDefinition id='x'/></startEvent><endEvent id='e'>\n<eventDefinitionRef>d</eventDefinitionRef></endEvent><sequenceFlow id='f' sourceRef='s' targetRef='e'/>"),
		[]string{"3 missing_signal s", "4 unsupported_element e"}},
	{"global task", strings.Replace(line(""), "</definitions>", "\n<globalTask id='x'/></definitions>", 1), []string{"5 unsupported_element x"}},
	{"declarations", strings.Replace(line(""), "</definitions>", "<message id='x'/><timerEventDefinition id='y'/></definitions>", 1), nil},
	{"unknown element", line("<robotTask id='x'/>"), []string{"2 unknown_element x"}},
	{"misplaced element", task("", "\n<laneSet/>"), []string{"3 unknown_element t"}},
	{"foreign elements", line("<x:robotTask xmlns:x='urn:x' id='x'/>"), nil},
	{"compensation handler", task(`isForCompensation="true"`, ""), []string{"2 compensation_handler_with_flow t"}},
	{"quantity", task(`startQuantity="2" completionQuantity="1"`, ""), []string{"2 unsupported_attribute t"}},
	{"time to live", strings.Replace(line(""), `id="p"`, `id="p" c:historyTimeToLive="soon"`, 1), []string{"1 invalid_history_time_to_live p"}},
	{"time to live of hours", strings.Replace(line(""), `id="p"`, `id="p" c:historyTimeToLive="PT5H"`, 1), []string{"1 invalid_history_time_to_live p"}},
	{"time to live of days", strings.Replace(line(""), `id="p"`, `id="p" c:historyTimeToLive="P30D"`, 1), nil},
}

var extensionCases = []ruleCase{
	{"asynchronous", task(`c:asyncBefore="true" c:asyncAfter="false" c:exclusive="false"`, ""), nil},
	{"listeners", task("", "<extensionElements>\n<c:taskListener event='create'/>\n<c:executionListener/></extensionElements>"),
		[]string{"3 invalid_listener t", "4 invalid_listener t"}},
	{"listener of a flow", line("<sequenceFlow id='f' sourceRef='s' targetRef='e'><extensionElements>\n<c:executionListener event='take'/></extensionElements></sequenceFlow>"),
		[]string{"3 invalid_listener f"}},
	{"mapping", task("", "<extensionElements><c:inputOutput/></extensionElements>"), nil},
	{"attributes of a service task", task(`c:class="a.B" c:type="external"`, ""), []string{"2 ignored_extension t", "2 ignored_extension t"}},
	{"ours unknown", task(`d:approval="all"`, "<extensionElements>\n<d:strange/></extensionElements>"), []string{"2 unsupported_extension t", "3 unsupported_extension t"}},
	{"field rights", task("", "<extensionElements><d:fields default='read'><d:field name='a.b' access='hidden'/><d:field name='c' access='write' required='true'/></d:fields></extensionElements>"), nil},
	{"bad field rights", task("", "<extensionElements><d:fields default='none'>\n<d:field name='a' access='x'/>\n<d:field/>\n<d:field name='a'/>\n<d:field name='b' access='read' required='true'/></d:fields>\n<d:fields/></extensionElements>"),
		[]string{"2 invalid_field_rights t", "3 invalid_field_rights t", "4 invalid_field_rights t", "5 invalid_field_rights t", "6 invalid_field_rights t", "7 invalid_field_rights t"}},
	{"unknown", task(`c:strange="1"`, "<extensionElements>\n<c:strange/><x:y xmlns:x='x'/></extensionElements>"), []string{"2 ignored_extension t", "3 ignored_extension t"}},
	{"properties", task("", "<extensionElements><c:properties/></extensionElements>"), nil},
	{"form handler", task(`c:formHandlerClass="a.B"`, ""), []string{"2 ignored_extension t"}},
	{"other engine", strings.Replace(task(`z:assignee="kermit"`, "\n<x:y xmlns:x='http://flowable.org/bpmn'/>"), "xmlns:c", "xmlns:z='http://flowable.org/bpmn' xmlns:c", 1),
		[]string{"2 foreign_extension t"}},
	{"form key and ref", task(`c:formKey="a" c:formRef="b"`, ""), []string{"2 form_key_and_form_ref t"}},
	{"form ref binding", task(`c:formRef="b" c:formRefBinding="newest"`, ""), []string{"2 invalid_form_ref t"}},
	{"form ref version", task(`c:formRef="b" c:formRefBinding="version"`, ""), []string{"2 invalid_form_ref t"}},
	{"form fields", task("", "<extensionElements><c:formData>\n<c:formField id='a'/>\n<c:formField id='a'/>\n<c:formField/></c:formData></extensionElements>"),
		[]string{"4 invalid_form_field t", "5 invalid_form_field t"}},
	{"form business key", task("", "<extensionElements>\n<c:formData businessKey='a'/></extensionElements>"), nil},
	{"form validator", task("", "<extensionElements><c:formData><c:formField id='a'><c:validation>\n<c:constraint name='validator' config='a.B'/></c:validation></c:formField></c:formData></extensionElements>"),
		[]string{"3 unsupported_extension t"}},
	{"form property", task("", "<extensionElements>\n<c:formProperty id='a' variable='b'/></extensionElements>"), nil},
	{"two assignees", task(`c:assignee="a"`, "\n<humanPerformer>"+fmt.Sprintf(owner, "b")+"</humanPerformer>"), []string{"3 several_assignees t"}},
	{"nobody", task("", "\n<potentialOwner><resourceRef>r</resourceRef></potentialOwner>\n<humanPerformer/>"),
		[]string{"3 assignment_without_expression t", "4 assignment_without_expression t"}},
	{"starters", strings.Replace(line(""), `id="p"`, `id="p" c:candidateStarterUsers="a, ${b}"`, 1), []string{"1 starter_expression p"}},
	{"starters of nobody", strings.Replace(line("<extensionElements>\n<c:potentialStarter/></extensionElements>"), `id="p"`, `id="p" c:candidateStarterUsers="a"`, 1),
		[]string{"3 assignment_without_expression p"}},
	{"priority", task(`c:priority="high"`, ""), []string{"2 invalid_priority t"}},
	{"priority expression", task(`c:priority="${p}"`, ""), nil},
	{"expressions", task(`c:assignee="${" c:dueDate="${ }"`, ""), []string{"2 bad_expression t", "2 bad_expression t"}},
	{"name is an expression", model(`<userTask id="t" name="Check ${"/><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/>`), []string{"2 bad_expression t"}},
	{"documentation is text", task("", "<documentation>${</documentation>"), nil},
	{"owner expression", task("", "\n<potentialOwner>"+fmt.Sprintf(owner, "user(${)")+"</potentialOwner>"), []string{"2 bad_expression t"}},
	{"owner language", task("", "\n<humanPerformer>"+strings.Replace(fmt.Sprintf(owner, "a"), "<formalExpression", "<formalExpression language='groovy'", 1)+"</humanPerformer>"),
		[]string{"3 unsupported_language t"}},
}

func condition(attributes, text string) string {
	return line("<sequenceFlow id='f' sourceRef='u' targetRef='e'>\n<conditionExpression " + attributes + ">" + text + "</conditionExpression></sequenceFlow>")
}

var flowCases = []ruleCase{
	{"condition", condition(`xsi:type="tFormalExpression" language="JUEL"`, " ${a} "), nil},
	{"condition language", condition(`language="javascript"`, "a > 1"), []string{"3 unsupported_language f"}},
	{"condition type", condition(`xsi:type="tExpression"`, "${a}"), []string{"3 unsupported_language f"}},
	{"condition resource", condition(`c:resource="a.js"`, "${a}"), []string{"3 missing_resource f"}},
	{"condition text", condition("", "a > 1"), []string{"3 literal_condition f"}},
	{"condition syntax", condition("", "${a >}"), []string{"3 bad_expression f"}},
	{"condition empty", condition("", " "), []string{"3 empty_condition f"}},
	{"dangling", line("<sequenceFlow id='a' sourceRef='s'/>\n<sequenceFlow id='b' sourceRef='nobody' targetRef='u'/>"), []string{"2 dangling_flow a", "3 dangling_flow b"}},
	{"into a diagram", line("<sequenceFlow id='a' sourceRef='s' targetRef='f1'/>"), []string{"2 dangling_flow a"}},
	{"into a sub-process", line("<subProcess id='x'><startEvent id='i'/><task id='j'/></subProcess>\n<sequenceFlow id='a' sourceRef='u' targetRef='j'/>"),
		[]string{"3 flow_crosses_process a"}},
	{"into a refused sub-process", line("<adHocSubProcess id='x'><task id='i'/></adHocSubProcess>\n<sequenceFlow id='a' sourceRef='u' targetRef='i'/>"),
		[]string{"2 unsupported_element x", "3 flow_crosses_process a"}},
	{"into another process", strings.Replace(line("<sequenceFlow id='a' sourceRef='u' targetRef='o'/>"), "</definitions>", "\n<process id='q'><userTask id='o'/></process></definitions>", 1),
		[]string{"2 flow_crosses_process a"}},
	{"no start", model("<userTask id='u'/>"), []string{"1 no_start_event p"}},
	{"several starts", line("<startEvent id='r'/><sequenceFlow id='a' sourceRef='r' targetRef='u'/>"), []string{"3 several_start_events s"}},
	{"into the start", line("<sequenceFlow id='a' sourceRef='u' targetRef='s'/>"), []string{"3 start_event_with_incoming s"}},
	{"out of the end", line("<sequenceFlow id='a' sourceRef='e' targetRef='u'/>"), []string{"3 end_event_with_outgoing e"}},
	{"unreachable", line("<userTask id='a'/>\n<userTask id='b'/><sequenceFlow id='f' sourceRef='a' targetRef='b'/>"), []string{"2 unreachable_node a", "3 unreachable_node b"}},
	{"endless", line("<userTask id='a'/>\n<userTask id='b'/><sequenceFlow id='f' sourceRef='a' targetRef='b'/><sequenceFlow id='g' sourceRef='b' targetRef='a'/><sequenceFlow id='h' sourceRef='u' targetRef='a'/>"),
		[]string{"2 no_end_reachable a", "3 no_end_reachable b"}},
	{"gateway without outgoing", line("<exclusiveGateway id='g'/><sequenceFlow id='a' sourceRef='u' targetRef='g'/>"), []string{"2 gateway_without_outgoing g"}},
	{"gateway with one", line("<exclusiveGateway id='g' default='b'/><sequenceFlow id='a' sourceRef='u' targetRef='g'/><sequenceFlow id='b' sourceRef='g' targetRef='e'/>"), nil},
	{"gateway with one condition", gateway("", flow("a", "x", "${a}")), []string{"3 gateway_single_condition a"}},
	{"gateway with default", gateway("default='b'", flow("a", "x", "${a}")+flow("b", "y", "")), nil},
	{"gateway default with condition", gateway("default='b'", flow("a", "x", "${a}")+flow("b", "y", "${b}")), []string{"4 default_flow_with_condition b"}},
	{"gateway beside the default", gateway("default='b'", flow("a", "x", "")+flow("b", "y", "")), []string{"3 gateway_unconditioned_flow a"}},
	{"gateway with two open", gateway("", flow("a", "x", "")+flow("b", "y", "")), []string{"3 gateway_unconditioned_flow a", "4 gateway_unconditioned_flow b"}},
	{"gateway with one open", gateway("", flow("a", "x", "")+flow("b", "y", "${b}")), []string{"3 gateway_implicit_default a"}},
	{"gateway with conditions", gateway("", flow("a", "x", "${a}")+flow("b", "y", "${b}")), nil},
	{"gateway with a wrong condition", gateway("", flow("a", "x", "${a}")+flow("b", "y", "${")), []string{"4 bad_expression b"}},
	{"default elsewhere", gateway("default='f0'", flow("a", "x", "${a}")+flow("b", "y", "${b}")), []string{"2 default_flow_not_outgoing g"}},
	{"default of a task", task(`default="f9"`, ""), []string{"2 default_flow_not_outgoing t"}},
	{"default of a task with condition", strings.Replace(condition("", "${a}"), `id="u"`, `id="u" default="f"`, 1), []string{"2 default_condition_ignored f"}},
}

func TestImplicitDefault(t *testing.T) {
	t.Parallel()
	d := accept(t, []byte(gateway("", flow("a", "x", "")+flow("b", "y", "${b}"))))
	if g := d.Processes[0].Node("g"); g.Default == nil || g.Default.ID != "a" {
		t.Errorf("default %v", g.Default)
	}
}

// Every element that the table refuses is refused wherever it may stand, by name, with a fix.
func TestUnsupportedElements(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		k := elements[name]
		for at, file := range map[position]string{
			inProcess:     line("<" + name + " id='x' name='审批'/>"),
			inNode:        task("", "<"+name+"/>"),
			inEvent:       line("<intermediateCatchEvent id='x' name='审批'><" + name + "/></intermediateCatchEvent>"),
			inDefinitions: strings.Replace(line("\n"), "</definitions>", "<"+name+" id='x' name='审批'/></definitions>", 1),
		} {
			if k.refused&at == nowhere {
				continue
			}
			_, err := Read([]byte(file), Options{})
			f := cmp.Or(fault.From(err), &fault.Error{Details: make([]fault.Detail, 1)})
			d := f.Details[0]
			if d.Rule != ruleUnsupportedElement || !strings.Contains(d.Detail, name) || !strings.Contains(d.Detail, k.what) ||
				d.Fix != k.fix || d.Element == "" || d.Name == "" || d.Line == 0 {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
}
