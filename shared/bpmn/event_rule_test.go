package bpmn

import (
	"fmt"
	"strings"
	"testing"

	"diom.io/workflow/shared/fault"
)

// between is a node x on a way of its own from the task u to the end of a line.
func between(tag, attributes, children string) string {
	return fmt.Sprintf("<%s id='x' %s>%s</%[1]s>", tag, attributes, children) +
		"<sequenceFlow id='a' sourceRef='u' targetRef='x'/><sequenceFlow id='b' sourceRef='x' targetRef='e'/>"
}

// ending is an end event x behind the task u of a line.
func ending(attributes, children string) string {
	return fmt.Sprintf("<endEvent id='x' %s>%s</endEvent><sequenceFlow id='a' sourceRef='u' targetRef='x'/>", attributes, children)
}

// border is a boundary event x on the task u of a line.
func border(attributes, children string) string {
	return fmt.Sprintf("<boundaryEvent id='x' attachedToRef='u' %s>%s</boundaryEvent>", attributes, children)
}

// second is another boundary event, y.
func second(children string) string {
	return "<boundaryEvent id='y' attachedToRef='u'>" + children + "</boundaryEvent>"
}

func timer(kind, value string) string {
	return fmt.Sprintf("<timerEventDefinition>\n<%s>%s</%[1]s></timerEventDefinition>", kind, value)
}

// waiting is an intermediate catch event x.
func waiting(children string) string { return line(between("intermediateCatchEvent", "", children)) }

// thrown is a throw event x whose signal has those extensions.
func thrown(extensions string) string {
	return line(between("intermediateThrowEvent", "", "<signalEventDefinition signalRef='sigG'><extensionElements>"+extensions+"</extensionElements></signalEventDefinition>"))
}

// start is a process that begins with the event s and those children.
func start(children string) string {
	return model("<startEvent id='s'>" + children + "</startEvent><userTask id='u'/><sequenceFlow id='f' sourceRef='s' targetRef='u'/>")
}

const (
	message      = "<messageEventDefinition messageRef='m'/>"
	errorC       = "<errorEventDefinition errorRef='E1'/>"
	inputOutput  = "<extensionElements><c:inputOutput>%s</c:inputOutput></extensionElements>"
	gatewayFlows = "<sequenceFlow id='a' sourceRef='u' targetRef='g'/><sequenceFlow id='g1' sourceRef='g' targetRef='y'/>"
)

// behind is an event-based gateway g that leads to the event y and to what flows say.
func behind(attributes, flows string) string {
	return line("<eventBasedGateway id='g' " + attributes + "/><intermediateCatchEvent id='y'>" + timer("timeDuration", "PT1S") +
		"</intermediateCatchEvent>" + gatewayFlows + flows)
}

var eventCases = []ruleCase{
	{"catch without trigger", waiting(""), []string{"2 event_without_trigger x"}},
	{"boundary without trigger", line(border("", "")), []string{"2 event_without_trigger x"}},
	{"throw without trigger", line(between("intermediateThrowEvent", "", "")), nil},
	{"two triggers", waiting(message + "\n" + timer("timeDuration", "PT1S")), []string{"3 several_triggers x"}},
	{"two triggers of a start", start(message + "\n" + message), []string{"3 several_triggers s"}},
	{"timer to throw", line(between("intermediateThrowEvent", "", timer("timeDuration", "PT1S"))), []string{"2 misplaced_trigger x"}},
	{"timer at the end", line(ending("", timer("timeDuration", "PT1S"))), []string{"2 misplaced_trigger x"}},
	{"error at the start", start(errorC), []string{"2 misplaced_trigger s"}},
	{"error to wait for", waiting(errorC), []string{"2 misplaced_trigger x"}},
	{"terminate on the way", line(between("intermediateThrowEvent", "", "<terminateEventDefinition/>")), []string{"2 misplaced_trigger x"}},
	{"terminate on the border", line(border("", "<terminateEventDefinition/>")), []string{"2 misplaced_trigger x"}},
	{"trigger of a task", line(between("task", "", message)), []string{"2 unknown_element x"}},
	{"signal", waiting("<signalEventDefinition signalRef='sigG'/>"), nil},
	{"signal without reference", waiting("\n<signalEventDefinition/>"), []string{"3 missing_signal x"}},
	{"signal of nobody", waiting("\n<signalEventDefinition signalRef='m'/>"), []string{"3 missing_signal x"}},
	{"signal without a name", waiting("<signalEventDefinition signalRef='gBlank'/>"), []string{"2 invalid_signal_name x"}},
	{"signal with a long name", strings.Replace(waiting("<signalEventDefinition signalRef='sigG'/>"), `name="G"`, `name="`+strings.Repeat("讯", 256)+`"`, 1), []string{"2 invalid_signal_name x"}},
	{"signal of an expression", waiting("<signalEventDefinition signalRef='gExpression'/>"), nil},
	{"signal of an expression that starts", start("<signalEventDefinition signalRef='gExpression'/>"), []string{"2 start_signal_expression s"}},
	{"signal thrown", line(ending("", "<signalEventDefinition signalRef='gExpression' c:async='true'/>")), nil},
	{"signal with variables", thrown("<c:in source='a' target='b'/><c:in sourceExpression='${a}' target='c' local='true'/><c:in variables='all'/><c:in businessKey='${k}'/>"), nil},
	{"signal with a variable of nothing", thrown("\n<c:in target='b'/>"), []string{"3 invalid_signal_payload x"}},
	{"signal with a variable for nothing", thrown("\n<c:in source='b'/>"), []string{"3 invalid_signal_payload x"}},
	{"signal with two sources", thrown("\n<c:in source='b' sourceExpression='${a}' target='b'/>"), []string{"3 invalid_signal_payload x"}},
	{"signal with a wrong expression", thrown("\n<c:in sourceExpression='${' target='b'/>"), []string{"3 bad_expression x"}},
	{"variables of a signal that is waited for", waiting("\n<signalEventDefinition signalRef='sigG'><extensionElements><c:in source='b' target='b'/></extensionElements></signalEventDefinition>"), []string{"3 ignored_extension x"}},

	{"message", waiting(message), nil},
	{"message without reference", waiting("\n<messageEventDefinition/>"), []string{"3 missing_message x"}},
	{"message of nobody", waiting("\n<messageEventDefinition messageRef='nobody'/>"), []string{"3 missing_message x"}},
	{"message by an error", waiting("<messageEventDefinition messageRef='E1'/>"), []string{"2 missing_message x"}},
	{"message without a name", waiting("<messageEventDefinition messageRef='mBlank'/>"), []string{"2 invalid_message_name x"}},
	{"message of a wrong expression", waiting("<messageEventDefinition messageRef='mWrong'/>"), []string{"2 bad_expression x"}},
	{"message of an expression", waiting("<messageEventDefinition messageRef='mExpression'/>"), nil},
	{"message with a long name", strings.Replace(waiting(message), `name="M"`, `name="`+strings.Repeat("订", 256)+`"`, 1), []string{"2 invalid_message_name x"}},
	{"message with the longest name", strings.Replace(waiting(message), `name="M"`, `name="`+strings.Repeat("订", 255)+`"`, 1), nil},
	{"message with a prefix", waiting("<messageEventDefinition messageRef='tns:m'/>"), nil},
	{"message of a receive task", line(between("receiveTask", "", "")), []string{"2 receive_without_message x"}},
	{"receive task without a message that starts", model("<receiveTask id='s' instantiate='true'/>"), []string{"2 missing_message s"}},
	{"receive task that starts", line(between("receiveTask", "messageRef='m' instantiate='true'", "")), []string{"2 start_event_with_incoming x"}},
	{"receive task that starts an instance", model("<receiveTask id='s' messageRef='m' instantiate='true'/><endEvent id='e'/><sequenceFlow id='f' sourceRef='s' targetRef='e'/>"), nil},
	{"receive task with an expression that starts", model("<receiveTask id='s' messageRef='mExpression' instantiate='true'/>"), []string{"2 start_message_expression s"}},
	{"receive task inside that starts", sub("", "<receiveTask id='j' messageRef='m' instantiate='true'/>"), []string{"3 unsupported_attribute j"}},
	{"gateway that starts an instance", model("<eventBasedGateway id='g' instantiate='true'/><sequenceFlow id='f' sourceRef='g' targetRef='c'/><intermediateCatchEvent id='c'>" + message + "</intermediateCatchEvent>"), nil},
	{"gateway with an expression that starts", model("<eventBasedGateway id='g' instantiate='true'/><sequenceFlow id='f' sourceRef='g' targetRef='c'/>\n<intermediateCatchEvent id='c'><signalEventDefinition signalRef='gExpression'/></intermediateCatchEvent>"), []string{"3 start_signal_expression c"}},
	{"two that wait for one message", model("<receiveTask id='s' messageRef='m' instantiate='true'/>\n<startEvent id='t'>" + message + "</startEvent>"), []string{"3 duplicate_message t"}},
	{"message that starts", start(message), nil},
	{"message of an expression that starts", start("<messageEventDefinition messageRef='mExpression'/>"), []string{"2 start_message_expression s"}},
	{"message thrown", line(between("intermediateThrowEvent", "", "<messageEventDefinition messageRef='mExpression'/>")), nil},
	{"no message thrown", line(ending("", "\n<messageEventDefinition/>")), []string{"3 message_event_without_message x"}},
	{"no message, but a worker", line(ending("", "<messageEventDefinition c:type='external' c:topic='t'/>")), nil},
	{"worker that waits", waiting("\n<messageEventDefinition messageRef='m' c:class='a.B'/>"), []string{"3 ignored_extension x"}},

	{"date", waiting(timer("timeDate", "2026-12-01")), nil},
	{"wrong date", waiting(timer("timeDate", "tomorrow")), []string{"3 invalid_timer x"}},
	{"duration as a date", waiting(timer("timeDate", "PT5M")), []string{"3 invalid_timer x"}},
	{"duration", line(border("", timer("timeDuration", " P1M "))), nil},
	{"wrong duration", line(border("", timer("timeDuration", "5 minutes"))), []string{"3 invalid_timer x"}},
	{"cron as a duration", waiting(timer("timeDuration", "0 0 8 * * ?")), []string{"3 invalid_timer x"}},
	{"cycle", start(timer("timeCycle", "R3/PT10S")), nil},
	{"cycle that interrupts", line(border("", timer("timeCycle", "R/PT10S"))), nil},
	{"cron", start(timer("timeCycle", "0 0/5 * ? * MON-FRI")), nil},
	{"wrong cycle", start(timer("timeCycle", "PT10S")), []string{"3 invalid_timer s"}},
	{"fast cycle", start(timer("timeCycle", "R/PT0.1S")), []string{"3 invalid_timer s"}},
	{"timer of an expression", waiting(timer("timeDate", "${at}")), nil},
	{"timer of a template", line(border("", timer("timeCycle", "R3/PT${n}S"))), nil},
	{"timer of a wrong expression", waiting(timer("timeDuration", "PT${S")), []string{"3 bad_expression x"}},
	{"timer language", waiting(strings.Replace(timer("timeDate", "x"), "<timeDate", "<timeDate language='groovy'", 1)), []string{"3 unsupported_language x"}},
	{"empty timer", waiting(timer("timeDate", " ")), []string{"3 invalid_timer x"}},
	{"timer of nothing", waiting("\n<timerEventDefinition/>"), []string{"3 invalid_timer x"}},
	{"timer of two", waiting("<timerEventDefinition><timeDate>2026-12-01</timeDate>\n<timeCycle>R/PT1M</timeCycle></timerEventDefinition>"), []string{"3 invalid_timer x"}},

	{"error thrown", line(ending("", errorC)), nil},
	{"error of itself", line(ending("", "<errorEventDefinition errorRef='LATE'/>")), nil},
	{"error of nothing", line(ending("", "\n<errorEventDefinition/>")), []string{"3 error_without_code x"}},
	{"error without a code", line(ending("", "<errorEventDefinition errorRef='bare'/>")), []string{"2 error_without_code x"}},
	{"error with a wrong message", line(ending("", "<errorEventDefinition errorRef='wrong'/>")), []string{"2 bad_expression x"}},
	{"error caught", line(border("", "<errorEventDefinition errorRef='bare' c:errorCodeVariable='c'/>")), nil},
	{"error that does not interrupt", line(border("cancelActivity='false'", errorC)), []string{"2 error_event_not_interrupting x"}},
	{"error variables elsewhere", line(border("", "<messageEventDefinition messageRef='m' c:errorCodeVariable='c'/>")), []string{"2 ignored_extension x"}},
	{"same error", line(border("", errorC) + "\n" + second("<errorEventDefinition errorRef='E2'/>")), []string{"3 duplicate_error_event y"}},
	{"every error twice", line(border("", "<errorEventDefinition/>") + "\n" + second("<errorEventDefinition errorRef='bare'/>")), []string{"3 duplicate_error_event y"}},
	{"every error and one", line(border("", "<errorEventDefinition/>") + second(errorC)), nil},

	{"same signal", line(border("", "<signalEventDefinition signalRef='sigG'/>") + "\n" + second("<signalEventDefinition signalRef='sigG'/>")), []string{"3 duplicate_signal y"}},
	{"signal and message of one name", line(border("", "<signalEventDefinition signalRef='gM'/>") + "\n" + second(message)), nil},
	{"same message", line(border("", message) + "\n" + second("<messageEventDefinition messageRef='mSame'/>")), []string{"3 duplicate_message y"}},
	{"two messages", line(border("", message) + second("<messageEventDefinition messageRef='m2'/>")), nil},
	{"message of a receive task on its border", strings.Replace(line(border("", message)), `<userTask id="u"/>`, "\n"+`<receiveTask id="u" messageRef="m"/>`, 1),
		[]string{"2 duplicate_message x"}},
	{"same message to start", model("<startEvent id='s'>" + message + "</startEvent>\n<startEvent id='t'>" + message + "</startEvent>"), []string{"3 duplicate_message t"}},
	{"same message behind a gateway", behind("", "<intermediateCatchEvent id='x'>"+message+"</intermediateCatchEvent>\n<intermediateCatchEvent id='z'>"+message+"</intermediateCatchEvent>"+
		"<sequenceFlow id='g2' sourceRef='g' targetRef='x'/><sequenceFlow id='g3' sourceRef='g' targetRef='z'/>"), []string{"4 duplicate_message z"}},
	{"same message one after the other", line(between("receiveTask", "messageRef='m'", "") + "<receiveTask id='y' messageRef='m'/><sequenceFlow id='c' sourceRef='x' targetRef='y'/>"), nil},

	{"event-based gateway", behind("", ""), nil},
	{"event-based gateway to a task", behind("", "\n<receiveTask id='x' messageRef='m'/><sequenceFlow id='g2' sourceRef='g' targetRef='x'/>"), []string{"4 event_gateway_target g2"}},
	{"event-based gateway to a shared event", behind("", "<sequenceFlow id='g2' sourceRef='u' targetRef='y'/>"), []string{"2 event_gateway_shared_event y"}},
	{"event-based gateway to nothing", line("<eventBasedGateway id='g'/><sequenceFlow id='a' sourceRef='u' targetRef='g'/>"), []string{"2 gateway_without_outgoing g"}},
	{"event-based gateway that starts", behind("instantiate='true'", ""), []string{"2 start_event_with_incoming g"}},
	{"event-based gateway for all", behind("eventGatewayType='Parallel'", ""), []string{"2 unsupported_attribute g"}},
	{"event-based gateway with a job after", behind("c:asyncAfter='true'", ""), []string{"2 unsupported_extension g"}},
	{"event-based gateway with a job before", behind("c:asyncBefore='true'", ""), nil},
	{"event behind it with a job before", strings.Replace(behind("", ""), "<intermediateCatchEvent", "<intermediateCatchEvent c:asyncBefore='1'", 1), []string{"2 ignored_extension y"}},
	{"event-based gateway with a condition", strings.Replace(behind("", ""), "targetRef='y'/>", "targetRef='y'><conditionExpression>${a}</conditionExpression></sequenceFlow>", 1),
		[]string{"3 flow_condition_ignored g1"}},
	{"parallel gateway with a condition", strings.Replace(gateway("", flow("f", "x", "${a}")+flow("k", "y", "")), "exclusiveGateway", "parallelGateway", 1), []string{"3 flow_condition_ignored f"}},
	{"parallel gateway", strings.Replace(gateway("", flow("f", "x", "")+flow("k", "y", "")), "exclusiveGateway", "parallelGateway", 1), nil},
	{"inclusive gateway with a default", strings.Replace(gateway("default='k'", flow("f", "x", "${a}")+flow("k", "y", "${b}")), "exclusiveGateway", "inclusiveGateway", 1),
		[]string{"4 default_condition_ignored k"}},
	{"inclusive gateway with a wrong default", strings.Replace(gateway("default='f0'", flow("f", "x", "${a}")+flow("k", "y", "")), "exclusiveGateway", "inclusiveGateway", 1),
		[]string{"2 default_flow_not_outgoing g"}},
}

// A wrong value is reported with why it is wrong, and what would be right.
func TestTimerReason(t *testing.T) {
	t.Parallel()
	_, err := Read([]byte(start(timer("timeCycle", "0 0 12 L * ?"))), Options{})
	d := fault.From(err).Details[0]
	if !strings.Contains(d.Detail, "L, W and # are not supported") || !strings.Contains(d.Fix, "MON-FRI") || d.Line != 3 || d.Element != "s" {
		t.Errorf("%+v", d)
	}
}
