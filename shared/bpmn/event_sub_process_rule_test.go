package bpmn

import (
	"fmt"
	"strings"
	"testing"
)

// watching is an event sub-process w, on a line of its own, whose start event v has those attributes and that trigger.
func watching(attributes, trigger string) string {
	return watchingAs("w", attributes, trigger)
}

func watchingAs(id, attributes, trigger string) string {
	return fmt.Sprintf("\n<subProcess id='%s' triggeredByEvent='true'><startEvent id='%[1]sStart' %s>%s</startEvent></subProcess>", id, attributes, trigger)
}

const nonInterrupting = "isInterrupting='false'"

var eventSubProcessCases = []ruleCase{
	{"event sub-process of a message", line(watching("", message)), nil},
	{"event sub-process of a signal", line(watching(nonInterrupting, "<signalEventDefinition signalRef='sigG'/>")), nil},
	{"event sub-process of a message with an expression", line(watching("", "<messageEventDefinition messageRef='mExpression'/>")), nil},
	{"event sub-process of a signal with an expression", line(watching("", "<signalEventDefinition signalRef='gExpression'/>")), nil},
	{"event sub-process of a cycle", line(watching(nonInterrupting, "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition>")), nil},
	{"event sub-process of an error", line(watching("", errorC)), nil},
	{"event sub-process of every error", line(watching("", "<errorEventDefinition c:errorCodeVariable='c'/>")), nil},
	{"event sub-process of an error that does not interrupt", line(watching(nonInterrupting, errorC)), []string{"3 error_event_not_interrupting wStart"}},
	{"event sub-process of an escalation", line(watching(nonInterrupting, escalate("escalationRef='X1'"))), nil},
	{"event sub-process in a sub-process", sub("", inside+watching("", message)), nil},
	{"event sub-process in an event sub-process", line("<subProcess id='o' triggeredByEvent='true'><startEvent id='oStart'>" + errorC + "</startEvent>" + watching("", message) + "</subProcess>"), nil},
	{"event sub-process that terminates", line(watching("", "<terminateEventDefinition/>")), []string{"3 misplaced_trigger wStart"}},

	{"event sub-process without a start", line("\n<subProcess id='w' triggeredByEvent='true'><task id='j'/></subProcess>"), []string{"3 event_sub_process_start w"}},
	{"event sub-process without a trigger", line(watching("", "")), []string{"3 event_sub_process_start w"}},
	{"event sub-process with two starts", line("\n<subProcess id='w' triggeredByEvent='true'><startEvent id='i'>" + message + "</startEvent><startEvent id='j'>" + errorC + "</startEvent></subProcess>"),
		[]string{"3 event_sub_process_start w"}},
	{"flow to an event sub-process", line(watching("", message) + "\n<sequenceFlow id='a' sourceRef='u' targetRef='w'/>"), []string{"4 event_sub_process_with_flow a"}},
	{"flow out of an event sub-process", line(watching("", message) + "\n<sequenceFlow id='a' sourceRef='w' targetRef='e'/>"), []string{"4 event_sub_process_with_flow a"}},
	{"boundary event of an event sub-process", line(watching("", message) + "\n<boundaryEvent id='y' attachedToRef='w'>" + errorC + "</boundaryEvent>"), []string{"4 boundary_event_not_attached y"}},
	{"instances of an event sub-process", line("<subProcess id='w' triggeredByEvent='true'><startEvent id='i'>" + message + "</startEvent><multiInstanceLoopCharacteristics>" + twice + "</multiInstanceLoopCharacteristics></subProcess>"),
		[]string{"2 event_sub_process_as_activity w"}},
	{"parameters of an event sub-process", line("<subProcess id='w' triggeredByEvent='true'>" + fmt.Sprintf(inputOutput, "") + "<startEvent id='i'>" + message + "</startEvent></subProcess>"),
		[]string{"2 event_sub_process_as_activity w"}},
	{"event sub-process beside a boundary event", strings.Replace(sub("", inside+watching("", message)), "</process>", "\n<boundaryEvent id='y' attachedToRef='x'>"+message+"</boundaryEvent></process>", 1),
		[]string{"4 duplicate_message wStart"}},
	{"event sub-processes of one message", line(watching("", message) + watchingAs("w2", "", message)), []string{"4 duplicate_message w2Start"}},
	{"event sub-processes of one error", line(watching("", errorC) + watchingAs("w2", "", "<errorEventDefinition errorRef='E2'/>")), []string{"4 duplicate_error_event w2Start"}},
	{"event sub-processes of one escalation", line(watching("", "<escalationEventDefinition escalationRef='X1'/>") + watchingAs("w2", "", "<escalationEventDefinition escalationRef='X2'/>")),
		[]string{"4 duplicate_escalation_event w2Start"}},
	{"event sub-processes of every escalation and one", line(watching("", "<escalationEventDefinition/>") + watchingAs("w2", "", "<escalationEventDefinition escalationRef='X2'/>")),
		[]string{"4 duplicate_escalation_event w2Start"}},
	{"event sub-process and boundary event of one escalation", strings.Replace(escalating("escalationRef='X1'"), "</subProcess>", watching("", "<escalationEventDefinition escalationRef='X2'/>")+"</subProcess>", 1),
		[]string{"5 duplicate_escalation_event y"}},
	{"event sub-process of every escalation, boundary event of one", strings.Replace(escalating("escalationRef='X1'"), "</subProcess>", watching("", "<escalationEventDefinition/>")+"</subProcess>", 1), nil},
	{"endless, but an event sub-process interrupts", sub("", inside+"<sequenceFlow id='l' sourceRef='j' targetRef='j'/>"+watching("", message)), nil},
	{"endless beside an event sub-process", sub("", inside+"<sequenceFlow id='l' sourceRef='j' targetRef='j'/>"+watching(nonInterrupting, message)),
		[]string{"3 no_end_reachable i", "3 no_end_reachable j"}},
}

func TestReadEventSubProcess(t *testing.T) {
	t.Parallel()
	p := accept(t, []byte(sub("", inside+watching(nonInterrupting, message)+watchingAs("w2", "", errorC)))).Processes[0]
	starts := p.EventStarts(p.Node("x"))
	if len(starts) != 2 || starts[0].ID != "wStart" || starts[0].Interrupting || !starts[1].Interrupting || len(p.EventStarts(nil)) != 0 {
		t.Errorf("%+v", starts)
	}
	if p.InnerStart(p.Node("w2")) != starts[1] || p.InnerStart(p.Node("x")).ID != "i" || p.NoneStart().ID != "s" || len(p.Starts()) != 0 {
		t.Error("the start events are mixed up")
	}
}
