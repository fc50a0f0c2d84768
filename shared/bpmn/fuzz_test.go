package bpmn

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/shared/fault"
)

// consistent checks what the engine relies on in every model that Read accepts.
func consistent(t testing.TB, d *Definitions) {
	t.Helper()
	if len(d.Processes) == 0 {
		t.Error("no process")
	}
	for _, p := range d.Processes {
		if p.NoneStart() == nil && len(p.Starts()) == 0 {
			t.Errorf("process %s has no start event", p.Key)
		}
		for _, f := range p.Flows {
			consistentFlow(t, p, f)
		}
		ends := 0
		for _, n := range p.Nodes {
			consistentNode(t, p, n)
			ends += len(n.Incoming) + len(n.Outgoing)
			if n.links(ElementIntermediateThrowEvent) {
				ends -= 2 // of the way to the other event, which is no flow of the file
			}
		}
		if ends != 2*len(p.Flows) {
			t.Errorf("process %s: %d ends of %d flows", p.Key, ends, len(p.Flows))
		}
	}
}

func consistentFlow(t testing.TB, p *Process, f *SequenceFlow) {
	t.Helper()
	if p.Flow(f.ID) != f || p.Node(f.Source.ID) != f.Source || p.Node(f.Target.ID) != f.Target {
		t.Errorf("flow %s is not of the process", f.ID)
	}
	if !slices.Contains(f.Source.Outgoing, f) || !slices.Contains(f.Target.Incoming, f) || f.Source.Parent != f.Target.Parent {
		t.Errorf("flow %s is not at its ends", f.ID)
	}
}

func consistentNode(t testing.TB, p *Process, n *FlowNode) {
	t.Helper()
	if p.Node(n.ID) != n || n.ID == "" || n.Line == 0 || n.Element == 0 {
		t.Errorf("node %+v", n)
	}
	if (n.Element == ElementUserTask) != (n.UserTask != nil) || (n.Element == ElementStartEvent) != (n.StartEvent != nil) {
		t.Errorf("node %s: user task %v, start event %v", n.ID, n.UserTask, n.StartEvent)
	}
	if n.Default != nil && !slices.Contains(n.Outgoing, n.Default) {
		t.Errorf("node %s: default flow %s", n.ID, n.Default.ID)
	}
	consistentScope(t, p, n)
	consistentEvent(t, n)
	consistentCompensation(t, p, n)
	consistentWork(t, n)
	if n.Element != ElementExclusiveGateway {
		return
	}
	for _, f := range n.Outgoing {
		if len(n.Outgoing) > 1 && (f.Condition == nil) != (f == n.Default) {
			t.Errorf("gateway %s: condition of %s", n.ID, f.ID)
		}
	}
}

func consistentScope(t testing.TB, p *Process, n *FlowNode) {
	t.Helper()
	if n.Parent != nil && (!n.Parent.Element.Embeds() || slices.Index(p.Nodes, n.Parent) > slices.Index(p.Nodes, n)) {
		t.Errorf("node %s is in %+v", n.ID, n.Parent)
	}
	if n.Element.Embeds() && p.InnerStart(n) == nil {
		t.Errorf("sub-process %s has no start event", n.ID)
	}
	if (n.Element == ElementBoundaryEvent) != (n.AttachedTo != nil) || (n.AttachedTo == nil && n.Interrupting && !n.StartsEventSubProcess()) {
		t.Errorf("node %s is attached to %v", n.ID, n.AttachedTo)
	}
	if n.AttachedTo != nil && (!slices.Contains(n.AttachedTo.Boundary, n) || n.AttachedTo.Parent != n.Parent) {
		t.Errorf("boundary event %s is not at its activity", n.ID)
	}
	starts := n.Element == ElementStartEvent || n.Element == ElementBoundaryEvent
	if (starts && len(n.Incoming) > 0) || (n.Element == ElementEndEvent && len(n.Outgoing) > 0) {
		t.Errorf("event %s has flows %v, %v", n.ID, n.Incoming, n.Outgoing)
	}
}

// consistentCompensation checks what undoes a node, and what a cancelled transaction is left by.
func consistentCompensation(t testing.TB, p *Process, n *FlowNode) {
	t.Helper()
	if h := n.Compensation; h != nil {
		within := h.TriggeredByEvent && h.Parent == n
		beside := !h.TriggeredByEvent && h.Parent == n.Parent && slices.ContainsFunc(n.Boundary, func(b *FlowNode) bool { return b.Event.Trigger == TriggerCompensation })
		if !n.Element.isActivity() || !h.ForCompensation || p.Node(h.ID) != h || within == beside {
			t.Errorf("%s is undone by %s", n.ID, h.ID)
		}
	}
	if n.ForCompensation && (len(n.Incoming)+len(n.Outgoing)+len(n.Boundary) > 0 || !n.Element.isActivity()) {
		t.Errorf("the compensation handler %s has flows or boundary events", n.ID)
	}
	if n.Compensates() && n.Event.Trigger == TriggerCancel && n.Parent.Cancelled() == nil {
		t.Errorf("%s cancels nothing", n.ID)
	}
	if ref := n.Event; ref != nil && ref.ActivityRef != "" && p.Node(ref.ActivityRef) == nil {
		t.Errorf("%s compensates nothing", n.ID)
	}
}

// triggersOf says which triggers a node may have; 0 is none.
var triggersOf = map[Element][]Trigger{
	ElementStartEvent:             {0, TriggerConditional, TriggerMessage, TriggerSignal, TriggerTimer, TriggerCompensation},
	ElementIntermediateCatchEvent: {TriggerConditional, TriggerMessage, TriggerSignal, TriggerTimer, TriggerLink},
	ElementIntermediateThrowEvent: {0, TriggerMessage, TriggerSignal, TriggerLink, TriggerEscalation, TriggerCompensation},
	ElementEndEvent:               {0, TriggerMessage, TriggerSignal, TriggerError, TriggerTerminate, TriggerEscalation, TriggerCompensation, TriggerCancel},
	ElementBoundaryEvent:          {TriggerConditional, TriggerMessage, TriggerSignal, TriggerTimer, TriggerError, TriggerEscalation, TriggerCompensation, TriggerCancel},
	ElementReceiveTask:            {TriggerMessage},
	ElementSendTask:               {0, TriggerMessage},
}

func consistentEvent(t testing.TB, n *FlowNode) {
	t.Helper()
	e := n.Event
	if e == nil {
		if allowed := triggersOf[n.Element]; allowed != nil && allowed[0] != 0 {
			t.Errorf("%s waits for nothing", n.ID)
		}
		return
	}
	inEventSub := n.StartsEventSubProcess() && (e.Trigger == TriggerError || e.Trigger == TriggerEscalation)
	if !inEventSub && !slices.Contains(triggersOf[n.Element], e.Trigger) || (n.Element == ElementStartEvent && (n.Parent != nil && !n.StartsEventSubProcess() ||
		(e.Trigger == TriggerCompensation) != (n.StartsEventSubProcess() && n.Parent.ForCompensation))) {
		t.Errorf("%s %s has the trigger %d", n.Element, n.ID, e.Trigger)
	}
	if (e.Trigger == TriggerMessage) != (e.Message != nil) || (e.Trigger == TriggerSignal) != (e.Signal != nil) || (e.Trigger == TriggerTimer) != (e.Timer != nil) ||
		(e.Trigger == TriggerConditional) != (e.Condition != nil) || (e.Timer != nil && (e.Timer.Value == nil || e.Timer.Kind == 0)) {
		t.Errorf("%s has the event %+v", n.ID, e)
	}
	if e.Trigger == TriggerError && (n.Element != ElementEndEvent) != n.Interrupting {
		t.Errorf("%s does not interrupt", n.ID)
	}
	if e.Trigger == TriggerError && n.Element == ElementEndEvent && e.ErrorCode == "" {
		t.Errorf("%s throws no code", n.ID)
	}
	if e.Trigger == TriggerEscalation && ((n.Element.throws() && e.EscalationCode == "") || (n.AttachedTo != nil && !n.AttachedTo.Element.escalates())) {
		t.Errorf("%s has the event %+v", n.ID, e)
	}
	if e.Trigger == TriggerLink && n.Element.throws() && (len(n.Outgoing) != 1 || n.Outgoing[0].Target.Event.Link != e.Link) {
		t.Errorf("%s leads to %+v", n.ID, n.Outgoing)
	}
}

func consistentWork(t testing.TB, n *FlowNode) {
	t.Helper()
	w := n.Work
	if w != nil && (w.Decision == nil) == ((w.Topic == nil) == (w.Expression == nil)) {
		t.Errorf("%s has the work %+v", n.ID, w)
	}
	switch n.Element {
	case ElementServiceTask, ElementBusinessRuleTask:
		if w == nil {
			t.Errorf("nobody does %s", n.ID)
		}
	case ElementSendTask:
		if w == nil && n.Event == nil {
			t.Errorf("%s sends nothing", n.ID)
		}
	case ElementEventBasedGateway:
		for _, f := range n.Outgoing {
			if f.Target.Element != ElementIntermediateCatchEvent || len(f.Target.Incoming) != 1 {
				t.Errorf("%s leads to %s", n.ID, f.Target.ID)
			}
		}
	case ElementIntermediateThrowEvent, ElementEndEvent, ElementScriptTask:
	default:
		if w != nil {
			t.Errorf("%s has work", n.ID)
		}
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		f.Add(load(f, filepath.Base(file)))
	}
	for _, c := range ruleCases() {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, err := Read(data, Options{File: "f"}); err != nil {
			classified(t, err)
		} else {
			consistent(t, d)
		}
	})
}

// classified checks that an error says what is wrong, and where, in the order of the file.
func classified(t testing.TB, err error) {
	t.Helper()
	e := fault.From(err)
	if e == nil || e.Kind == fault.Internal || (len(e.Details) == 0 && e.Code != ErrTooLarge.Code) {
		t.Fatalf("unclassified: %v", err)
	}
	for i, detail := range e.Details {
		if detail.Line < 1 || detail.Detail == "" || (i > 0 && detail.Line < e.Details[i-1].Line) {
			t.Errorf("detail %d: %+v", i, detail)
		}
	}
}

// large is a model of about 50 KB as a modeler writes it, with its diagram.
func large() []byte {
	var flow, diagram strings.Builder
	previous := "s"
	const tasks = 75
	for i := range tasks {
		id := fmt.Sprintf("Activity_%03d", i)
		fmt.Fprintf(&flow, `    <userTask id="%s" name="审批 %d ${applicant}" c:assignee="${manager}" c:candidateGroups="hr,finance">
      <incoming>Flow_%[2]d</incoming>
      <outgoing>Flow_%d</outgoing>
    </userTask>
    <sequenceFlow id="Flow_%[2]d" sourceRef="%[4]s" targetRef="%[1]s" />
`, id, i, i+1, previous)
		fmt.Fprintf(&diagram, `      <di:BPMNShape id="%s_di" bpmnElement="%[1]s">
        <dc:Bounds x="%d" y="80" width="100" height="80" />
      </di:BPMNShape>
      <di:BPMNEdge id="Flow_%[3]d_di" bpmnElement="Flow_%[3]d">
        <dd:waypoint x="188" y="120" />
        <dd:waypoint x="240" y="120" />
      </di:BPMNEdge>
`, id, 100*i, i)
		previous = id
	}
	return []byte(strings.Replace(head, "<definitions", `<definitions xmlns:di="`+spaceDI+`" xmlns:dc="urn:dc" xmlns:dd="urn:dd"`, 1) +
		"\n  <process id=\"p\" isExecutable=\"true\">\n    <startEvent id=\"s\" />\n" + flow.String() +
		"  </process>\n  <di:BPMNDiagram id=\"d\">\n    <di:BPMNPlane id=\"plane\">\n" + diagram.String() +
		"    </di:BPMNPlane>\n  </di:BPMNDiagram>\n</definitions>\n")
}

func BenchmarkRead(b *testing.B) {
	data := large()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(data, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
