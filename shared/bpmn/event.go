package bpmn

import (
	"strings"
	"time"
	"unicode/utf8"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/schedule"
)

// occasion is where a trigger may stand, and how it is read there.
type occasion struct {
	elements []Element
	read     func(*reader, *node, *FlowNode)
}

// occasions are the event definitions that are executed, by local name (BPMN 2.0.2 §10.5, table 10.93).
var occasions = map[string]occasion{
	"messageEventDefinition": {[]Element{
		ElementStartEvent, ElementIntermediateCatchEvent, ElementIntermediateThrowEvent, ElementEndEvent, ElementBoundaryEvent,
	}, readMessageEvent},
	"signalEventDefinition": {[]Element{
		ElementStartEvent, ElementIntermediateCatchEvent, ElementIntermediateThrowEvent, ElementEndEvent, ElementBoundaryEvent,
	}, readSignalEvent},
	"timerEventDefinition":       {[]Element{ElementStartEvent, ElementIntermediateCatchEvent, ElementBoundaryEvent}, readTimerEvent},
	"conditionalEventDefinition": {[]Element{ElementStartEvent, ElementIntermediateCatchEvent, ElementBoundaryEvent}, readConditionalEvent},
	"errorEventDefinition":       {[]Element{ElementEndEvent, ElementBoundaryEvent}, readErrorEvent},
	"terminateEventDefinition":   {[]Element{ElementEndEvent}, readTerminateEvent},
	"escalationEventDefinition":  {[]Element{ElementIntermediateThrowEvent, ElementEndEvent, ElementBoundaryEvent}, readEscalationEvent},
	"compensateEventDefinition":  {[]Element{ElementStartEvent, ElementIntermediateThrowEvent, ElementEndEvent, ElementBoundaryEvent}, readCompensateEvent},
	"cancelEventDefinition":      {[]Element{ElementEndEvent, ElementBoundaryEvent}, readCancelEvent},
	"linkEventDefinition":        {[]Element{ElementIntermediateCatchEvent, ElementIntermediateThrowEvent}, readLinkEvent},
}

func (e Element) isEvent() bool {
	switch e {
	case ElementStartEvent, ElementEndEvent, ElementIntermediateCatchEvent, ElementIntermediateThrowEvent, ElementBoundaryEvent:
		return true
	}
	return false
}

// throws reports whether an event does something, where the others wait for it.
func (e Element) throws() bool { return e == ElementEndEvent || e == ElementIntermediateThrowEvent }

// triggers returns the event definitions of an event, refused ones and references among them.
func (n *node) triggers() []*node {
	var list []*node
	for _, c := range n.children {
		if c.space == spaceBPMN && (strings.HasSuffix(c.local, "EventDefinition") || c.local == "eventDefinitionRef") {
			list = append(list, c)
		}
	}
	return list
}

// readEvent reads the one trigger of an event. Refused triggers have been reported already.
func readEvent(r *reader, n *node, f *FlowNode) {
	definitions := n.triggers()
	s := f.subject()
	switch {
	case len(definitions) > 1:
		s.line = definitions[1].line
		r.add(ruleSeveralTriggers, s, "")
		return
	case len(definitions) == 0:
		if f.Element == ElementIntermediateCatchEvent || f.Element == ElementBoundaryEvent {
			r.add(ruleNoTrigger, s, "")
		}
		return
	}
	d := definitions[0]
	s.line = d.line
	known, found := occasions[d.local]
	if !found {
		return
	}
	if !known.fits(d.local, f) {
		r.add(ruleMisplacedTrigger, s, "a %s cannot stand at this event", d.local)
		return
	}
	r.judge(d, s)
	known.read(r, d, f)
}

func readStartEvent(r *reader, n *node, f *FlowNode) {
	f.StartEvent = &StartEvent{Initiator: n.extension("initiator"), BusinessKey: businessKeyField(n), Form: r.form(n, f.subject())}
	readEvent(r, n, f)
	r.interrupts(n, f)
}

// readBoundaryEvent reads how the event acts; attach finds the activity it belongs to.
func readBoundaryEvent(r *reader, n *node, f *FlowNode) {
	f.Interrupting = n.attr("cancelActivity") == "" || n.flag("cancelActivity")
	readEvent(r, n, f)
	if f.Event != nil && f.Event.Trigger == TriggerError && !f.Interrupting {
		r.add(ruleErrorInterrupts, f.subject(), "")
		f.Interrupting = true
	}
}

// readMessageEvent reads what a message event waits for or sends. A throwing one may be given to a
// worker as a service task is.
func readMessageEvent(r *reader, d *node, f *FlowNode) {
	s := f.subject()
	s.line = d.line
	name, named := r.message(d, s)
	if name != nil {
		f.Event = &EventDefinition{Trigger: TriggerMessage, Message: name}
	}
	if f.Element.throws() {
		work, given := r.work(d, s)
		f.Work = work
		if !named && !given {
			r.add(ruleNothingThrown, s, "")
		}
		return
	}
	for _, attribute := range workAttributes {
		if d.extension(attribute) != "" {
			r.add(ruleIgnoredExtension, s, "the attribute %s is ignored at an event that waits for a message", attribute)
		}
	}
	switch {
	case !named:
		r.add(ruleNoMessage, s, "")
	case f.startsProcess() && name != nil && !name.IsLiteral():
		r.add(ruleStartMessage, s, "the message name %s of the start event is an expression, but nothing is known before the start", clip(name.Source()))
	}
}

// startsProcess reports whether the event starts something of which nothing is known before.
func (f *FlowNode) startsProcess() bool {
	return f.Element == ElementStartEvent && !f.StartsEventSubProcess()
}

// maxName is the longest message name or topic in characters.
const maxName = 255

// message resolves a messageRef: named is whether there is one, name what it gives unless it is wrong.
func (r *reader) message(n *node, s subject) (name *expr.Expression, named bool) {
	ref := n.attr("messageRef")
	if ref == "" {
		return nil, false
	}
	m := referred(r.messages, ref)
	if m == nil {
		r.add(ruleNoMessage, s, "the messageRef %s is no message of the file", clip(ref))
		return nil, true
	}
	text := strings.TrimSpace(m.raw("name"))
	if text == "" {
		r.add(ruleMessageName, s, "the message %s has no name", clip(ref))
		return nil, true
	}
	name = r.expression(s, "name of the message "+clip(ref), m.raw("name"))
	if name != nil && name.IsLiteral() && utf8.RuneCountInString(text) > maxName {
		r.add(ruleMessageName, s, "the name of the message %s is longer than %d characters", clip(ref), maxName)
	}
	return name, true
}

// referred looks up what a QName refers to. Its prefix stands for another file, or for this one.
func referred(declared map[string]*node, ref string) *node {
	if n := declared[ref]; n != nil {
		return n
	}
	return declared[ref[strings.LastIndexByte(ref, ':')+1:]]
}

// timerKinds are the values of a timer by the local names of their elements.
var timerKinds = map[string]TimerKind{"timeDate": TimerDate, "timeDuration": TimerDuration, "timeCycle": TimerCycle}

func readTimerEvent(r *reader, d *node, f *FlowNode) {
	if t := r.timerOf(d, f.subject()); t != nil {
		f.Event = &EventDefinition{Trigger: TriggerTimer, Timer: t}
	}
}

// timerOf reads a timerEventDefinition; nil when it is wrong, which has been reported.
func (r *reader) timerOf(d *node, s subject) *Timer {
	var value *node
	for _, c := range d.children {
		if c.space != spaceBPMN || timerKinds[c.local] == 0 {
			continue
		}
		if value != nil {
			s.line = c.line
			r.add(ruleTimer, s, "the timer has a %s and a %s", value.local, c.local)
			return nil
		}
		value = c
	}
	s.line = d.line
	if value == nil {
		r.add(ruleTimer, s, "the timer has no timeDate, timeDuration or timeCycle")
		return nil
	}
	s.line = value.line
	if !r.formal(value, s) {
		return nil
	}
	if strings.TrimSpace(value.text) == "" {
		r.add(ruleTimer, s, "the %s of the timer is empty", value.local)
		return nil
	}
	when := r.formula(value, s, value.local, value.text)
	if when == nil {
		return nil
	}
	t := &Timer{Kind: timerKinds[value.local], Value: when}
	r.literalTimer(t, value.local, s)
	return t
}

// literalTimer checks what can be known of a timer before it runs; the rest is checked when it does.
func (r *reader) literalTimer(t *Timer, element string, s subject) {
	if !t.Value.IsLiteral() {
		return
	}
	var err error
	switch text := t.Value.Source(); t.Kind {
	case TimerDate:
		_, err = schedule.Date(text, nil)
	case TimerDuration:
		_, err = schedule.After(time.Unix(0, 0), text, nil)
	case TimerCycle:
		_, err = schedule.ParseCycle(text)
	}
	if err != nil {
		r.add(ruleTimer, s, "the %s of the timer is wrong: %s", element, err)
	}
}

// readErrorEvent reads what an error end event throws or a boundary event catches. A reference that no
// error of the file answers is itself the code, as in Camunda 7.
func readErrorEvent(r *reader, d *node, f *FlowNode) {
	s := f.subject()
	s.line = d.line
	e := &EventDefinition{Trigger: TriggerError, ErrorCode: d.attr("errorRef")}
	declared := referred(r.thrown, e.ErrorCode)
	if declared != nil {
		e.ErrorCode = declared.attr("errorCode")
	}
	f.Event = e
	if !f.Element.throws() {
		e.CodeVariable, e.MessageVariable = d.extension("errorCodeVariable"), d.extension("errorMessageVariable")
		return
	}
	if e.ErrorCode == "" {
		r.add(ruleNoErrorCode, s, "")
	}
	if declared != nil {
		e.ErrorMessage = r.expression(s, "errorMessage of the error", declared.rawExtension("errorMessage"))
	}
}

func readTerminateEvent(_ *reader, _ *node, f *FlowNode) {
	f.Event = &EventDefinition{Trigger: TriggerTerminate}
}
