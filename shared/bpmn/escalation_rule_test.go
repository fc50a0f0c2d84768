package bpmn

import (
	"fmt"
	"strings"
	"testing"
)

// escalating is the sub-process x of a line with boundary events y, z … that have those attributes; each
// stands on a line of its own, the first on the fourth.
func escalating(events ...string) string {
	var b strings.Builder
	for i, attributes := range events {
		fmt.Fprintf(&b, "\n<boundaryEvent id='%c' attachedToRef='x'><escalationEventDefinition %s/></boundaryEvent>", 'y'+i, attributes)
	}
	return strings.Replace(sub("", inside), "</subProcess>", "</subProcess>"+b.String(), 1)
}

func escalate(attributes string) string { return "\n<escalationEventDefinition " + attributes + "/>" }

var escalationCases = []ruleCase{
	{"escalation thrown", line(between("intermediateThrowEvent", "", escalate("escalationRef='X1'"))), nil},
	{"escalation with a prefix", line(between("intermediateThrowEvent", "", escalate("escalationRef='tns:X1'"))), nil},
	{"escalation at an end", line(ending("", escalate("escalationRef='X1'"))), nil},
	{"escalation of nobody", line(ending("", escalate("escalationRef='nobody'"))), []string{"3 missing_escalation x"}},
	{"escalation by an error", line(ending("", escalate("escalationRef='E1'"))), []string{"3 missing_escalation x"}},
	{"escalation of nothing", line(ending("", escalate(""))), []string{"3 escalation_without_code x"}},
	{"escalation without a code", line(between("intermediateThrowEvent", "", escalate("escalationRef='xBare'"))), []string{"3 escalation_without_code x"}},
	{"escalation that names a variable", line(ending("", escalate("escalationRef='X1' c:escalationCodeVariable='c'"))), []string{"3 ignored_extension x"}},
	{"escalation variable elsewhere", line(border("", "<errorEventDefinition c:escalationCodeVariable='c'/>")), []string{"2 ignored_extension x"}},
	{"escalation waited for", waiting(escalate("escalationRef='X1'")), []string{"3 misplaced_trigger x"}},
	{"escalation that starts", start(escalate("escalationRef='X1'")), []string{"3 misplaced_trigger s"}},

	{"escalation caught", escalating("escalationRef='X1' c:escalationCodeVariable='c'"), nil},
	{"escalations caught", escalating("escalationRef='X1'", "escalationRef='X3'"), nil},
	{"every escalation caught", escalating(""), nil},
	{"escalation caught without a code", escalating("escalationRef='xBare'"), nil},
	{"escalation of nobody caught", escalating("escalationRef='nobody'"), []string{"4 missing_escalation y"}},
	{"same escalation", escalating("escalationRef='X1'", "escalationRef='X2'"), []string{"5 duplicate_escalation_event z"}},
	{"every escalation twice", escalating("", "escalationRef='xBare'"), []string{"5 duplicate_escalation_event z"}},
	{"every escalation and one", escalating("", "escalationRef='X1'"), []string{"5 duplicate_escalation_event z"}},
	{"one escalation and every", escalating("escalationRef='X1'", ""), []string{"5 duplicate_escalation_event z"}},
	{"escalation of a user task", line(border("", escalate("escalationRef='X1'"))), nil},
	{"escalation of a manual task", line(between("manualTask", "", "") + "<boundaryEvent id='y' attachedToRef='x'>" + escalate("escalationRef='X1'") + "</boundaryEvent>"), []string{"2 escalation_event_host y"}},
}

func TestReadEscalation(t *testing.T) {
	t.Parallel()
	p := accept(t, []byte(escalating("escalationRef='X1' c:escalationCodeVariable='c'"))).Processes[0]
	if e := p.Node("y").Event; e.Trigger != TriggerEscalation || e.EscalationCode != "X" || e.CodeVariable != "c" || !p.Node("y").Interrupting {
		t.Errorf("%+v", e)
	}
	open := strings.Replace(escalating(""), "attachedToRef='x'", "attachedToRef='x' cancelActivity='false'", 1)
	if y := accept(t, []byte(open)).Processes[0].Node("y"); y.Event.EscalationCode != "" || y.Interrupting {
		t.Errorf("%+v", y)
	}
}
