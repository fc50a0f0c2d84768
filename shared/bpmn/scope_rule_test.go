package bpmn

import (
	"fmt"
	"strings"
	"testing"
)

// sub is a sub-process x in a line, with a start event i and what content adds.
func sub(attributes, content string) string {
	return line(between("subProcess", attributes, "\n<startEvent id='i'/>"+content))
}

const inside = "<task id='j'/><sequenceFlow id='k' sourceRef='i' targetRef='j'/>"

var scopeCases = []ruleCase{
	{"sub-process", sub("", inside), nil},
	{"sub-process with several ends", sub("", inside+"<endEvent id='n'/><endEvent id='o'/><sequenceFlow id='l' sourceRef='j' targetRef='n'/><sequenceFlow id='q' sourceRef='j' targetRef='o'/>"), nil},
	{"sub-process without a start", line(between("subProcess", "", "<task id='j'/>")), []string{"2 no_start_event x"}},
	{"sub-process of nothing", line(between("subProcess", "", "")), []string{"2 no_start_event x"}},
	{"sub-process with two starts", sub("", inside+"\n<startEvent id='i2'/><sequenceFlow id='l' sourceRef='i2' targetRef='j'/>"), []string{"4 several_start_events i2"}},
	{"sub-process that a message starts", line(between("subProcess", "", "<startEvent id='i'>"+message+"</startEvent>")), []string{"2 inner_start_with_trigger i"}},
	{"sub-process that a signal starts", line(between("subProcess", "", "<startEvent id='i'><signalEventDefinition/></startEvent>")),
		[]string{"2 missing_signal i", "2 inner_start_with_trigger i"}},
	{"event sub-process", line("<subProcess id='x' triggeredByEvent='true'><startEvent id='i'>" + message + "</startEvent>\n<adHocSubProcess id='j'/></subProcess>"),
		[]string{"3 unsupported_element j"}},
	{"event sub-process in a refused one", line("<adHocSubProcess id='x'>\n<subProcess id='j'>\n<subProcess id='k' triggeredByEvent='1'/></subProcess></adHocSubProcess>"),
		[]string{"2 unsupported_element x"}},
	{"instances of a sub-process", sub("", inside+"<multiInstanceLoopCharacteristics>"+twice+"</multiInstanceLoopCharacteristics>"), nil},
	{"refused task in a sub-process", sub("", "\n<complexGateway id='j'/><sequenceFlow id='k' sourceRef='i' targetRef='j'/>"), []string{"4 unsupported_element j"}},
	{"id of a node in a sub-process", sub("", "\n<task id='u'/><sequenceFlow id='k' sourceRef='i' targetRef='u'/>"),
		[]string{"4 flow_crosses_process a", "5 duplicate_id u", "5 flow_crosses_process f1", "5 flow_crosses_process f2"}},
	{"flow out of a sub-process", sub("", inside+"\n<sequenceFlow id='l' sourceRef='j' targetRef='e'/>"), []string{"4 flow_crosses_process l"}},
	{"flow between sub-processes", sub("", inside+"<subProcess id='y'><startEvent id='n'/><task id='o'/></subProcess>\n<sequenceFlow id='l' sourceRef='j' targetRef='o'/>"),
		[]string{"4 flow_crosses_process l"}},
	{"flow of a sub-process outside of it", strings.Replace(sub("", "<task id='j'/>"), "</process>", "<sequenceFlow id='k' sourceRef='i' targetRef='j'/></process>", 1), nil},
	{"unreachable in a sub-process", sub("", inside+"\n<task id='lost'/>"), []string{"4 unreachable_node lost"}},
	{"unreachable sub-process", line("<subProcess id='x'><startEvent id='i'/>" + inside + "<subProcess id='y'><startEvent id='n'/></subProcess></subProcess>"), []string{"2 unreachable_node x"}},
	{"endless sub-process", sub("", inside+"\n<task id='o'/><sequenceFlow id='l' sourceRef='j' targetRef='o'/><sequenceFlow id='q' sourceRef='o' targetRef='j'/>"),
		[]string{"3 no_end_reachable i", "3 no_end_reachable j", "4 no_end_reachable o"}},
	{"endless sub-process in an endless one", sub("", inside+"<subProcess id='y'><startEvent id='n'/><task id='v'/><sequenceFlow id='w' sourceRef='n' targetRef='v'/>"+
		"<sequenceFlow id='z' sourceRef='v' targetRef='v'/></subProcess><sequenceFlow id='l' sourceRef='j' targetRef='y'/><sequenceFlow id='q' sourceRef='y' targetRef='j'/>"), []string{
		"3 no_end_reachable i", "3 no_end_reachable j", "3 no_end_reachable y", "3 no_end_reachable n", "3 no_end_reachable v"}},
	{"endless, but interrupted", strings.Replace(sub("", inside+"<sequenceFlow id='l' sourceRef='j' targetRef='j'/>"), "</process>",
		"<boundaryEvent id='y' attachedToRef='x'>"+timer("timeDuration", "PT1H")+"</boundaryEvent></process>", 1), nil},
	{"endless, not interrupted", strings.Replace(sub("", inside+"<sequenceFlow id='l' sourceRef='j' targetRef='j'/>"), "</process>",
		"<boundaryEvent id='y' attachedToRef='x' cancelActivity='false'>"+timer("timeDuration", "PT1H")+"</boundaryEvent></process>", 1),
		[]string{"3 no_end_reachable i", "3 no_end_reachable j"}},

	{"boundary event", line(border("", message)), nil},
	{"boundary event of nothing", line("<boundaryEvent id='x'>" + message + "</boundaryEvent>"), []string{"2 boundary_event_not_attached x"}},
	{"boundary event of nobody", line("<boundaryEvent id='x' attachedToRef='nobody'>" + message + "</boundaryEvent>"), []string{"2 boundary_event_not_attached x"}},
	{"boundary event of an event", line("<boundaryEvent id='x' attachedToRef='s'>" + message + "</boundaryEvent>"), []string{"2 boundary_event_not_attached x"}},
	{"boundary event of a gateway", gateway("", flow("f", "x", "")+"<sequenceFlow id='k' sourceRef='g' targetRef='y'/><boundaryEvent id='b' attachedToRef='g'>"+message+"</boundaryEvent>"),
		[]string{"3 gateway_unconditioned_flow f", "4 boundary_event_not_attached b", "4 gateway_unconditioned_flow k"}},
	{"boundary event outside", sub("", inside+"\n<boundaryEvent id='y' attachedToRef='u'>"+message+"</boundaryEvent>"), []string{"4 boundary_event_not_attached y"}},
	{"boundary event of a refused activity", line(between("adHocSubProcess", "", "") + "<boundaryEvent id='y' attachedToRef='x'>" + message + "</boundaryEvent>"), []string{"2 unsupported_element x"}},
	{"into a boundary event", line(border("", message) + "<sequenceFlow id='a' sourceRef='u' targetRef='x'/>"), []string{"2 boundary_event_with_incoming x"}},
	{"boundary event of an unreachable task", line("<task id='t'/><boundaryEvent id='x' attachedToRef='t'>" + message + "</boundaryEvent>"), []string{"2 unreachable_node t"}},
	{"reached by a boundary event", line(border("", message) + "<task id='t'/><sequenceFlow id='a' sourceRef='x' targetRef='t'/>"), nil},
	{"ended by a boundary event", strings.Replace(line(border("", message)+"<sequenceFlow id='a' sourceRef='u' targetRef='u'/>"), `<sequenceFlow id="f2" sourceRef="u" targetRef="e"/>`,
		`<sequenceFlow id="f2" sourceRef="x" targetRef="e"/>`, 1), nil},
}

// Inside of a sub-process everything is read as outside of it.
func TestEveryElementInside(t *testing.T) {
	t.Parallel()
	content := "<exclusiveGateway id='g0'/><parallelGateway id='g1'/><inclusiveGateway id='g2'/><eventBasedGateway id='g3'/><userTask id='t0'/><task id='t1'/><manualTask id='t2'/>" +
		"<serviceTask id='t3' c:type='external' c:topic='a'/><sendTask id='t4' messageRef='m'/><receiveTask id='t5' messageRef='m'/><businessRuleTask id='t6' c:expression='${a}'/><scriptTask id='t10'/>" +
		"<subProcess id='t7'><startEvent id='deep'/></subProcess><transaction id='t8'><startEvent id='deeper'/></transaction><callActivity id='t9' calledElement='child'/><intermediateCatchEvent id='c'>" + timer("timeDuration", "PT1S") + "</intermediateCatchEvent><intermediateThrowEvent id='h'/>" +
		"<boundaryEvent id='bound' attachedToRef='t0'>" + message + "</boundaryEvent><endEvent id='n'/>"
	order := []string{"i", "g0", "g1", "g2", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t10", "t7", "t8", "t9", "h", "g3", "c", "n"}
	for k := range len(order) - 1 {
		content += fmt.Sprintf("<sequenceFlow id='flow%d' sourceRef=%q targetRef=%q/>", k, order[k], order[k+1])
	}
	p := accept(t, []byte(sub("", content))).Processes[0]
	seen := map[Element]bool{}
	for _, n := range p.Nodes {
		if n.Parent == p.Node("x") {
			seen[n.Element] = true
		}
	}
	for name, k := range elements {
		if k.element != 0 && !seen[k.element] {
			t.Errorf("%s is not read in a sub-process", name)
		}
	}
	if deep := p.Node("deep"); deep.Parent.ID != "t7" || deep.Parent.Parent.ID != "x" {
		t.Errorf("deep is in %+v", deep.Parent)
	}
}
