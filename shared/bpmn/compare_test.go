package bpmn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	const head = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t"><process id="p" isExecutable="true"><startEvent id="s"/>`
	const tail = `<endEvent id="e"/></process></definitions>`
	from := processOf(t, head+`<userTask id="a" name="A" c:assignee="x"/><userTask id="gone"/><sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="gone"/><sequenceFlow id="f3" sourceRef="gone" targetRef="e"/>`+tail)
	to := processOf(t, head+`<userTask id="a" name="A2" c:candidateGroups="hr"/><userTask id="b"/><sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="b"/><sequenceFlow id="f3" sourceRef="b" targetRef="e"/>`+tail)
	want := Comparison{
		Added:   []Difference{{ID: "b", Element: "userTask"}},
		Removed: []Difference{{ID: "gone", Element: "userTask"}},
		Changed: []Difference{
			{ID: "a", Name: "A2", Element: "userTask", Attributes: []string{"name", "assignee", "candidateGroups"},
				Changes: []AttributeChange{{"name", "A", "A2"}, {"assignee", "x", ""}, {"candidateGroups", "", "hr"}}},
			{ID: "f2", Element: "sequenceFlow", Attributes: []string{"targetRef"}, Changes: []AttributeChange{{"targetRef", "gone", "b"}}},
			{ID: "f3", Element: "sequenceFlow", Attributes: []string{"sourceRef"}, Changes: []AttributeChange{{"sourceRef", "gone", "b"}}},
		},
	}
	if diff := cmp.Diff(want, Compare(from, to)); diff != "" {
		t.Error(diff)
	}
	if c := Compare(from, from); len(c.Added)+len(c.Removed)+len(c.Changed) > 0 {
		t.Errorf("a process differs from itself: %+v", c)
	}
}

// Every attribute of an event, a job or a mapping that changes is named.
func TestCompareAttributes(t *testing.T) {
	t.Parallel()
	const timed = "<timerEventDefinition><%s>%s</%[1]s></timerEventDefinition>"
	catch := func(definition string) string { return line(between("intermediateCatchEvent", "", definition)) }
	parameters := func(text string) string { return mapped("task", text) }
	for _, c := range []struct {
		from, to string
		want     []string
	}{
		{catch(message), catch("<messageEventDefinition messageRef='m2'/>"), []string{"message"}},
		{catch(message), catch(fmt.Sprintf(timed, "timeDuration", "PT1S")), []string{"trigger", "message", "timeDuration"}},
		{catch(fmt.Sprintf(timed, "timeDuration", "PT1S")), catch(fmt.Sprintf(timed, "timeDuration", "PT2S")), []string{"timeDuration"}},
		{catch(fmt.Sprintf(timed, "timeDuration", "PT1S")), catch(fmt.Sprintf(timed, "timeDate", "2026-12-01")), []string{"timeDate", "timeDuration"}},
		{catch(fmt.Sprintf(timed, "timeDate", "2026-12-01")), catch(fmt.Sprintf(timed, "timeCycle", "R/P1D")), []string{"timeCycle", "timeDate"}},
		{line(ending("", errorC)), line(ending("", "<errorEventDefinition errorRef='LATE'/>")), []string{"errorCode"}},
		{line(ending("", "")), line(ending("", "<terminateEventDefinition/>")), []string{"trigger"}},
		{line(ending("", escalate("escalationRef='X1'"))), line(ending("", escalate("escalationRef='X3'"))), []string{"escalationCode"}},
		{escalating(""), escalating("c:escalationCodeVariable='a'"), []string{"escalationCodeVariable"}},
		{line(border("", errorC)), line(border("", "<errorEventDefinition errorRef='E1' c:errorCodeVariable='a' c:errorMessageVariable='b'/>")),
			[]string{"errorCodeVariable", "errorMessageVariable"}},
		{line(border("", message)), line(border("cancelActivity='false'", message)), []string{"cancelActivity"}},
		{compensated("<task id='h'/><sequenceFlow id='a' sourceRef='u' targetRef='h'/>", ""), compensated("<task id='h' isForCompensation='1'/><sequenceFlow id='a' sourceRef='u' targetRef='e'/>", joins),
			[]string{"isForCompensation", "compensation", "targetRef"}},
		{line(ending("", compensating("activityRef='u'"))), line(ending("", compensating(""))), []string{"activityRef"}},
		{line("<task id='t'/><sequenceFlow id='a' sourceRef='u' targetRef='t'/>" + border("", message)),
			line("<task id='t'/><sequenceFlow id='a' sourceRef='u' targetRef='t'/><boundaryEvent id='x' attachedToRef='t'>" + message + "</boundaryEvent>"), []string{"attachedToRef"}},
		{service("c:type='external' c:topic='a'", ""), service("c:type='external' c:topic='b' c:taskPriority='1'", ""), []string{"topic", "taskPriority"}},
		{service("c:expression='${a}'", ""), service("c:expression='${b}' c:resultVariable='r'", ""), []string{"expression", "resultVariable"}},
		{service("c:expression='${a}'", ""), service("c:expression='${a}' c:async='1' c:asyncAfter='1' c:jobPriority='3'", "<c:failedJobRetryTimeCycle>PT1M</c:failedJobRetryTimeCycle>"),
			[]string{"failedJobRetryTimeCycle", "jobPriority", "asyncBefore", "asyncAfter"}},
		{service("c:expression='${a}' c:asyncBefore='1'", ""), service("c:expression='${a}'", ""), []string{"asyncBefore"}},
		{several("", twice), several("isSequential='true' c:async='true' c:asyncAfter='true'", "<loopCardinality>3</loopCardinality><completionCondition>${a}</completionCondition>"),
			[]string{"isSequential", "loopCardinality", "completionCondition", "asyncBefore of an instance", "asyncAfter of an instance"}},
		{line(between("task", "", "")), several("c:collection='a' c:elementVariable='b'", ""), []string{"isSequential", "collection", "elementVariable"}},
		{calling(called, ""), calling("calledElement='other' c:calledElementBinding='version' c:calledElementVersion='1'", carried("<c:in variables='all'/><c:out source='a' target='b'/>")),
			[]string{"calledElement", "calledElementBinding", "calledElementVersion", "in", "out"}},
		{parameters(in), parameters(out), []string{"inputParameter", "outputParameter"}},
		{parameters("<c:inputParameter name='a'/>"), parameters("<c:inputParameter name='a'><c:list/></c:inputParameter>"), []string{"inputParameter"}},
		{parameters("<c:inputParameter name='a'><c:map/></c:inputParameter>"), parameters("<c:inputParameter name='a'><c:list/></c:inputParameter>"), []string{"inputParameter"}},
		{sub("", inside+"<task id='v'/><sequenceFlow id='w' sourceRef='j' targetRef='v'/>"),
			strings.Replace(sub("", inside), "</process>", "<task id='v'/><sequenceFlow id='w' sourceRef='x' targetRef='v'/></process>", 1), []string{"parent", "sourceRef"}},
	} {
		var got []string
		comparison := Compare(processOf(t, c.from), processOf(t, c.to))
		for _, d := range comparison.Changed {
			got = append(got, d.Attributes...)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || len(comparison.Added)+len(comparison.Removed) > 0 {
			t.Errorf("%s: %s", c.to, diff)
		}
	}
}

func processOf(t *testing.T, content string) *Process {
	t.Helper()
	d, err := Read([]byte(content), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Processes[0]
}
