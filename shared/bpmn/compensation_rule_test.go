package bpmn

import (
	"strings"
	"testing"
)

// compensating is a trigger that throws compensation; it stands on a line of its own.
func compensating(attributes string) string {
	return "\n<compensateEventDefinition " + attributes + "/>"
}

const (
	// joins leads from the compensation event x to the handler h.
	joins   = "\n<association id='j' sourceRef='x' targetRef='h'/>"
	undoing = "<task id='h' isForCompensation='true'/>"
	// undoer is an event sub-process that undoes the sub-process around it.
	undoer = "\n<subProcess id='w' triggeredByEvent='true'><startEvent id='ws'><compensateEventDefinition/></startEvent></subProcess>"
)

// compensated is the task u of a line with the compensation event x, and what more adds.
func compensated(more, last string) string {
	return line(border("", "<compensateEventDefinition/>") + "\n" + more + last)
}

var compensationCases = []ruleCase{
	{"compensation", compensated(undoing, joins), nil},
	{"compensation drawn elsewhere", strings.Replace(sub("", inside+"<boundaryEvent id='y' attachedToRef='j'><compensateEventDefinition/></boundaryEvent>"+undoing), "</process>",
		"<association id='o' sourceRef='y' targetRef='h'/></process>", 1), nil},
	{"compensation by a sub-process", compensated("<subProcess id='h' isForCompensation='true'><startEvent id='i'/></subProcess>", joins), nil},
	{"compensation by several instances", compensated("<task id='h' isForCompensation='1'><multiInstanceLoopCharacteristics>"+twice+"</multiInstanceLoopCharacteristics></task>", joins), nil},
	{"compensation without a handler", compensated("", ""), []string{"2 compensation_without_handler x"}},
	{"compensation with a note", compensated("<textAnnotation id='n'/>", "<association id='j' sourceRef='x' targetRef='n'/>"), []string{"2 compensation_without_handler x"}},
	{"handler of nothing", line("\n" + undoing), []string{"3 compensation_handler_unused h"}},
	{"handler that is none", compensated("<task id='h'/><sequenceFlow id='a' sourceRef='u' targetRef='h'/>", joins), []string{"4 invalid_compensation_handler x"}},
	{"handler elsewhere", sub("", inside+"<task id='h' isForCompensation='1'/>"+
		"<boundaryEvent id='y' attachedToRef='x'><compensateEventDefinition/></boundaryEvent>"), []string{"3 boundary_event_not_attached y"}},
	{"handler in a sub-process", strings.Replace(sub("", inside+undoing), "</process>",
		"\n<boundaryEvent id='y' attachedToRef='x'><compensateEventDefinition/></boundaryEvent>\n<association id='o' sourceRef='y' targetRef='h'/></process>", 1),
		[]string{"7 invalid_compensation_handler y"}},
	{"handler with a flow", compensated(undoing+"<sequenceFlow id='a' sourceRef='u' targetRef='h'/>", joins), []string{"3 compensation_handler_with_flow h"}},
	{"handler that goes on", compensated(undoing+"<sequenceFlow id='a' sourceRef='h' targetRef='e'/>", joins), []string{"3 compensation_handler_with_flow h"}},
	{"handler with a boundary event", compensated(undoing+"\n<boundaryEvent id='y' attachedToRef='h'>"+message+"</boundaryEvent>", joins),
		[]string{"4 compensation_handler_with_boundary_event y"}},
	{"two compensation events", compensated(undoing, joins+"\n<boundaryEvent id='y' attachedToRef='u'><compensateEventDefinition/></boundaryEvent>"),
		[]string{"5 duplicate_compensation y"}},
	{"compensation event with a flow", compensated(undoing+"<sequenceFlow id='a' sourceRef='x' targetRef='e'/>", joins), []string{"2 compensation_event_with_outgoing x"}},
	{"compensation event that names one", line(border("", compensating("activityRef='u'")) + undoing + "<association id='j' sourceRef='x' targetRef='h'/>"), []string{"3 compensation_attribute_ignored x"}},
	{"compensation event that waits", line(border("", compensating("waitForCompletion='true'")) + undoing + "<association id='j' sourceRef='x' targetRef='h'/>"),
		[]string{"3 compensation_attribute_ignored x"}},
	{"compensation waited for", waiting(compensating("")), []string{"3 misplaced_trigger x"}},
	{"compensation that starts", start(compensating("")), []string{"3 misplaced_trigger s"}},
	{"compensation that starts a sub-process", line(between("subProcess", "", "<startEvent id='i'>"+compensating("")+"</startEvent>")), []string{"2 inner_start_with_trigger i", "3 misplaced_trigger i"}},

	{"compensation thrown", line(between("intermediateThrowEvent", "", compensating("activityRef='u'"))), nil},
	{"compensation at an end", line(ending("", compensating("waitForCompletion='true'"))), nil},
	{"compensation not waited for", line(ending("", compensating("waitForCompletion='false'"))), []string{"3 compensation_attribute_ignored x"}},
	{"compensation of nobody", line(ending("", compensating("activityRef='nobody'"))), []string{"2 invalid_activity_ref x"}},
	{"compensation of an event", line(ending("", compensating("activityRef='s'"))), []string{"2 invalid_activity_ref x"}},
	{"compensation inside of another", strings.Replace(sub("", inside), "</process>", "\n<endEvent id='o'><compensateEventDefinition activityRef='j'/></endEvent><sequenceFlow id='q' sourceRef='u' targetRef='o'/></process>", 1),
		[]string{"6 invalid_activity_ref o"}},
	{"compensation of what is outside", sub("", inside+"\n<endEvent id='o'><compensateEventDefinition activityRef='u'/></endEvent><sequenceFlow id='q' sourceRef='j' targetRef='o'/>"),
		[]string{"4 invalid_activity_ref o"}},

	{"compensation sub-process", sub("", inside+undoer), nil},
	{"compensation sub-process for compensation", sub("", inside+strings.Replace(undoer, "id='w'", "id='w' isForCompensation='true'", 1)), nil},
	{"compensation sub-process that throws", sub("", inside+strings.Replace(undoer, "</subProcess>",
		"<endEvent id='we'><compensateEventDefinition activityRef='j'/></endEvent><sequenceFlow id='wf' sourceRef='ws' targetRef='we'/></subProcess>", 1)), nil},
	{"compensation sub-process that throws afar", sub("", inside+strings.Replace(undoer, "</subProcess>",
		"<endEvent id='we'><compensateEventDefinition activityRef='u'/></endEvent><sequenceFlow id='wf' sourceRef='ws' targetRef='we'/></subProcess>", 1)), []string{"4 invalid_activity_ref we"}},
	{"compensation sub-process of a process", line(undoer), []string{"3 compensation_of_process w"}},
	{"two compensation sub-processes", sub("", inside+undoer+strings.NewReplacer("'w'", "'v'", "'ws'", "'vs'").Replace(undoer)), []string{"5 duplicate_compensation v"}},
	{"compensation sub-process and event", strings.Replace(sub("", inside+undoer), "</process>", "<boundaryEvent id='y' attachedToRef='x'><compensateEventDefinition/></boundaryEvent>"+undoing+
		"<association id='o' sourceRef='y' targetRef='h'/></process>", 1), []string{"4 duplicate_compensation w"}},
	{"compensation sub-process with a flow", sub("", inside+undoer+"<sequenceFlow id='q' sourceRef='j' targetRef='w'/>"), []string{"4 compensation_handler_with_flow w"}},
	{"compensation sub-process with two starts", sub("", inside+strings.Replace(undoer, "</subProcess>", "<startEvent id='wt'><compensateEventDefinition/></startEvent></subProcess>", 1)),
		[]string{"4 several_start_events wt"}},
	{"compensation event for a sub-process", compensated("", "<association id='j' sourceRef='x' targetRef='w'/>"+
		strings.Replace(undoer, "\n", "", 1)), []string{"3 invalid_compensation_handler x", "3 compensation_of_process w"}},
}

// cancelling is the transaction x in a line with what content adds, and what stands on its border.
func cancelling(content, outside string) string {
	text := line(between("transaction", "", "<startEvent id='i'/>"+content))
	return strings.Replace(text, "</process>", outside+"</process>", 1)
}

const (
	cancelEnd = "\n<endEvent id='j'><cancelEventDefinition/></endEvent><sequenceFlow id='k' sourceRef='i' targetRef='j'/>"
	cancelled = "\n<boundaryEvent id='y' attachedToRef='x'><cancelEventDefinition/></boundaryEvent>"
)

var transactionCases = []ruleCase{
	{"transaction", cancelling(inside, ""), nil},
	{"transaction without a start", line(between("transaction", "", "<task id='j'/>")), []string{"2 no_start_event x"}},
	{"transaction that is cancelled", cancelling(cancelEnd, cancelled), nil},
	{"transaction that escalates", cancelling(inside, "<boundaryEvent id='y' attachedToRef='x'><escalationEventDefinition/></boundaryEvent>"), nil},
	{"cancel that nothing throws", cancelling(inside, cancelled), nil},
	{"cancel that nothing catches", cancelling(cancelEnd, ""), []string{"3 cancel_without_boundary_event j"}},
	{"cancel of a process", line(ending("", "<cancelEventDefinition/>")), []string{"2 cancel_outside_transaction x"}},
	{"cancel inside of a sub-process", cancelling("<subProcess id='z'><startEvent id='zs'/>"+strings.NewReplacer("'i'", "'zs'", "'j'", "'zj'", "'k'", "'zk'").Replace(cancelEnd)+"</subProcess>"+
		"<sequenceFlow id='k' sourceRef='i' targetRef='z'/>", cancelled), []string{"3 cancel_outside_transaction zj"}},
	{"two cancel events", cancelling(cancelEnd, cancelled+strings.Replace(cancelled, "'y'", "'z'", 1)), []string{"7 duplicate_cancel_event z"}},
	{"cancel event of a task", line(border("", "<cancelEventDefinition/>")), []string{"2 cancel_event_host x"}},
	{"cancel waited for", waiting("\n<cancelEventDefinition/>"), []string{"3 misplaced_trigger x"}},
}

func TestReadCompensation(t *testing.T) {
	t.Parallel()
	p := accept(t, []byte(compensated(undoing, joins))).Processes[0]
	if u, x := p.Node("u"), p.Node("x"); u.Compensation != p.Node("h") || !u.Compensation.ForCompensation || x.Interrupting {
		t.Errorf("%+v", u)
	}
	p = accept(t, []byte(sub("", inside+undoer))).Processes[0]
	if x, w := p.Node("x"), p.Node("w"); x.Compensation != w || !w.TriggeredByEvent || p.InnerStart(w) != p.Node("ws") || p.InnerStart(x) != p.Node("i") {
		t.Errorf("%+v", x)
	}
	p = accept(t, []byte(cancelling(cancelEnd, cancelled))).Processes[0]
	if x := p.Node("x"); x.Cancelled() != p.Node("y") || !p.Node("y").Interrupting || !p.Node("j").Compensates() || !x.Holds() {
		t.Errorf("%+v", x)
	}
}
