package bpmn

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/fault"
)

// several is a task x in a line with a multi-instance marker.
func several(attributes, content string) string {
	return line(between("task", "", fmt.Sprintf("\n<multiInstanceLoopCharacteristics %s>%s</multiInstanceLoopCharacteristics>", attributes, content)))
}

const twice = "<loopCardinality>2</loopCardinality>"

var multiInstanceCases = []ruleCase{
	{"cardinality", several("", twice), nil},
	{"cardinality by an expression", several("isSequential='true'", "<loopCardinality>${n}</loopCardinality>"), nil},
	{"collection", several("c:collection='people' c:elementVariable='person'", ""), nil},
	{"collection by an expression", several("c:collection='${people}'", ""), nil},
	{"collection as BPMN writes it", several("", "<loopDataInputRef>people</loopDataInputRef><inputDataItem name='person'/>"), nil},
	{"both", several("c:collection='people' c:elementVariable='person'", twice), nil},
	{"condition", several("", twice+"<completionCondition>${nrOfCompletedInstances == 1}</completionCondition>"), nil},
	{"asynchronous instances", several("c:asyncBefore='true' c:asyncAfter='true' c:exclusive='false'", twice), nil},
	{"neither", several("", ""), []string{"3 multi_instance_without_count x"}},
	{"empty reference", several("", "<loopDataInputRef> </loopDataInputRef>"), []string{"3 multi_instance_without_count x"}},
	{"empty cardinality", several("", "\n<loopCardinality> </loopCardinality>"), []string{"4 invalid_loop_cardinality x"}},
	{"negative", several("", "\n<loopCardinality>-1</loopCardinality>"), []string{"4 invalid_loop_cardinality x"}},
	{"not whole", several("", "\n<loopCardinality>1.5</loopCardinality>"), []string{"4 invalid_loop_cardinality x"}},
	{"not a number", several("", "\n<loopCardinality>many</loopCardinality>"), []string{"4 invalid_loop_cardinality x"}},
	{"most", several("", "<loopCardinality>1000</loopCardinality>"), nil},
	{"too many", several("", "\n<loopCardinality>1001</loopCardinality>"), []string{"4 invalid_loop_cardinality x"}},
	{"wrong cardinality", several("", "\n<loopCardinality>${</loopCardinality>"), []string{"4 bad_expression x"}},
	{"cardinality in another language", several("", "\n<loopCardinality language='groovy'>n</loopCardinality>"), []string{"4 unsupported_language x"}},
	{"wrong collection", several("c:collection='${'", ""), []string{"3 bad_expression x"}},
	{"wrong condition", several("", twice+"\n<completionCondition>${</completionCondition>"), []string{"4 bad_expression x"}},
	{"condition in another language", several("", twice+"\n<completionCondition language='groovy'>n</completionCondition>"), []string{"4 unsupported_language x"}},
	{"condition of text", several("", twice+"\n<completionCondition>true</completionCondition>"), []string{"4 literal_condition x"}},
	{"element of nothing", several("c:elementVariable='person'", twice), []string{"3 invalid_element_variable x"}},
	{"element without a name", several("c:collection='people'", "\n<inputDataItem/>"), []string{"4 invalid_element_variable x"}},
	{"element named as a counter", several("c:collection='people' c:elementVariable='loopCounter'", ""), []string{"3 invalid_element_variable x"}},
	{"results", several("", twice+"\n<loopDataOutputRef>r</loopDataOutputRef>\n<outputDataItem name='o'/>"), []string{"4 unsupported_element x", "5 unsupported_element x"}},
	{"events of instances", several("behavior='One'", twice), []string{"3 unsupported_attribute x"}},
	{"no events of instances", several("behavior='All'", twice), nil},
	{"retries of instances", several("", twice+"<extensionElements><c:failedJobRetryTimeCycle>R3/PT1M</c:failedJobRetryTimeCycle></extensionElements>"), nil},
	{"unknown child", several("", twice+"\n<robot/>"), []string{"4 unknown_element x"}},
	{"collection of a task", line(between("task", "c:collection='people'", "")), []string{"2 ignored_extension x"}},
	{"two markers", line(between("task", "", "<multiInstanceLoopCharacteristics>"+twice+"</multiInstanceLoopCharacteristics>\n<multiInstanceLoopCharacteristics>"+twice+"</multiInstanceLoopCharacteristics>")),
		[]string{"3 misplaced_loop_marker x"}},
	{"marker of an event", line(between("intermediateThrowEvent", "", "\n<multiInstanceLoopCharacteristics>"+twice+"</multiInstanceLoopCharacteristics>")), []string{"3 misplaced_loop_marker x"}},
	{"input parameters", line(between("task", "", fmt.Sprintf(inputOutput, in)+"<multiInstanceLoopCharacteristics>"+twice+"</multiInstanceLoopCharacteristics>")), nil},
	{"output parameters", line(between("task", "", fmt.Sprintf(inputOutput, out)+"\n<multiInstanceLoopCharacteristics>"+twice+"</multiInstanceLoopCharacteristics>")),
		[]string{"3 misplaced_mapping x"}},
	{"loop without an end", line(between("task", "", "\n<standardLoopCharacteristics/>")), []string{"3 loop_once x"}},
	{"loop with a condition", line(between("task", "", "<standardLoopCharacteristics testBefore='true'><loopCondition>${a}</loopCondition></standardLoopCharacteristics>")), nil},
	{"loop with a maximum", line(between("task", "", "<standardLoopCharacteristics loopMaximum='3'/>")), nil},
	{"loop with a wrong maximum", line(between("task", "", "\n<standardLoopCharacteristics loopMaximum='0'/>")), []string{"3 invalid_loop_maximum x"}},
	{"loop with text", line(between("task", "", "<standardLoopCharacteristics>\n<loopCondition>a</loopCondition></standardLoopCharacteristics>")), []string{"3 literal_condition x"}},
	{"loop in another language", line(between("task", "", "<standardLoopCharacteristics>\n<loopCondition language='groovy'>a</loopCondition></standardLoopCharacteristics>")), []string{"3 unsupported_language x"}},
	{"loop and instances", several("", twice+"</multiInstanceLoopCharacteristics>\n<standardLoopCharacteristics loopMaximum='2'/><multiInstanceLoopCharacteristics>"+twice), []string{"4 misplaced_loop_marker x", "4 misplaced_loop_marker x"}},
}

// TestMultiInstance reads which part of a node is of the whole and which of an instance.
func TestMultiInstance(t *testing.T) {
	t.Parallel()
	const marker = "<multiInstanceLoopCharacteristics isSequential='true' c:asyncAfter='true' c:collection='people' c:elementVariable='person'>" +
		"<completionCondition>${done}</completionCondition></multiInstanceLoopCharacteristics>"
	d, err := Read([]byte(line(between("receiveTask", "messageRef='m' c:asyncBefore='true'", fmt.Sprintf(inputOutput, in)+marker)+
		"<boundaryEvent id='y' attachedToRef='x'>"+timer("timeDuration", "PT1H")+"</boundaryEvent>")), Options{})
	if err != nil {
		t.Fatalf("%+v", fault.From(err).Details)
	}
	whole := d.Processes[0].Node("x")
	m := whole.MultiInstance
	one := m.Instance
	got := []any{
		m.Sequential, m.Collection.Source(), m.ElementVariable, m.Condition.Source(), m.Cardinality == nil,
		whole.AsyncBefore, whole.AsyncAfter, len(whole.Inputs), len(whole.Incoming), len(whole.Outgoing), len(whole.Boundary), whole.HasScope(), whole.Holds(),
		one.AsyncBefore, one.AsyncAfter, len(one.Inputs), len(one.Incoming), len(one.Outgoing), len(one.Boundary), one.HasScope(), one.Holds(), one.Event == whole.Event,
	}
	want := []any{
		true, "people", "person", "${done}", true,
		true, false, 0, 1, 1, 1, true, true,
		false, true, 1, 0, 0, 0, true, false, true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
